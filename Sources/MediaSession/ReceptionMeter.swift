public import Basics
public import RTP

/// Measures one leg's incoming stream, packet by packet: loss and its bursts, order, jitter, delay variation, gaps in time.
///
/// Plain memory of a fixed size; a packet in order costs a few nanoseconds. Whoever feeds it has decided that the packets are of the
/// stream, and calls ``restart()`` where another source takes over.
///
/// A packet counts as lost once 32 others came after its place, or at the end of an interval once 16 did: what comes later is of no
/// use to a listener.
public struct ReceptionMeter: Sendable {
    /// A gap in the numbers below this is loss; above, the source may have started anew (RFC 3550 §A.1).
    static let maximumDropout: UInt16 = 3000
    static let maximumMisorder: UInt16 = 100
    /// How many places are kept open for packets that come out of order.
    static let depth: UInt32 = 32
    static let depthAtInterval: UInt32 = 16
    /// A step of a second and more is a new series of timestamps and not jitter.
    static let seriesStep: Int64 = 1_000_000_000
    /// A time without packets longer than this is looked at; packets of 60 ms and some jitter stay below.
    static let gapStep: Int64 = 150_000_000

    private(set) var highest: UInt16 = 0
    private(set) var isStarted = false
    /// Bit n: the packet n places before the highest came.
    private var window: UInt64 = 0
    /// Bit n: it came, but the jitter buffer had no use for it.
    private var discards: UInt64 = 0
    /// Places at the near end of the window that may still be filled.
    private var pending: UInt32 = 0
    private var expectedAfterStray: UInt32 = 1 << 16

    var report = ReceptionReport()
    private var clock = ReceptionClock()
    /// When the last packet came; before the first, since when the stream is expected.
    private var lastArrival: Int64
    private(set) var hasArrived = false

    private var losses = LossPattern()
    private var interval = Figures()
    private var whole = Figures()
    private var intervalStart: Int64
    private let start: Int64

    /// Counts of an interval or of the whole stream.
    struct Figures: Sendable {
        var received: UInt32 = 0
        var duplicated: UInt32 = 0
        var reordered: UInt32 = 0
        var concealedMs: UInt32 = 0
        var longestGap: Int64 = 0
        var longestPause: Int64 = 0
        var variation = DelayHistogram()
    }

    /// - Parameters:
    ///   - clockRate: of the RTP timestamps, in Hz; 0 is unknown, and times are not measured then.
    ///   - now: when the stream is expected from.
    public init(clockRate: UInt32, now: Moment) {
        (start, intervalStart, lastArrival) = (now.nanoseconds, now.nanoseconds, now.nanoseconds)
        clock.setRate(clockRate)
    }

    // MARK: Packets

    /// Takes in a packet of the stream.
    public mutating func receive(sequenceNumber: UInt16, timestamp: UInt32, at now: Moment) {
        let ahead: UInt16 = sequenceNumber &- highest
        guard ahead == 1, isStarted else {
            return receiveOutOfOrder(sequenceNumber, timestamp, ahead, now)
        }
        highest = sequenceNumber
        if sequenceNumber == 0 { report.wrap() }
        shift(isThere: 1)
        count(timestamp, now, follows: true)
    }

    /// Moves the window by a place.
    @inline(__always)
    private mutating func shift(isThere: UInt64) {
        window = window << 1 | isThere
        discards <<= 1
        guard pending == Self.depth else {
            pending &+= 1
            return
        }
        settle(Self.depth)
    }

    /// Decides what became of the packet `place` places back.
    @inline(__always)
    private mutating func settle(_ place: UInt32) {
        let bit: UInt64 = 1 &<< UInt64(place)
        if window & bit != 0 { losses.came() } else { losses.missed(isDiscard: discards & bit != 0) }
    }

    /// Gives up the places beyond the nearest `kept`.
    private mutating func settle(keeping kept: UInt32) {
        while pending > kept {
            pending -= 1
            settle(pending)
        }
    }

    /// - Parameter follows: on the packet sent just before it.
    @inline(__always)
    private mutating func count(_ timestamp: UInt32, _ now: Moment, follows: Bool) {
        interval.received &+= 1
        report.received &+= 1
        let step: Int64 = clock.receive(timestamp, now.nanoseconds)
        interval.variation.add(clock.delay)
        let silence: Int64 = now.nanoseconds &- lastArrival
        lastArrival = now.nanoseconds
        // Before the first packet nothing is a gap.
        if silence > Self.gapStep, hasArrived { noteSilence(silence, step, follows) }
        hasArrived = true
    }

    /// A time without packets ended: one that the numbers and timestamps know of is a pause of the sender (comfort noise, DTX).
    private mutating func noteSilence(_ silence: Int64, _ step: Int64, _ follows: Bool) {
        if follows, clock.isRunning, step < Self.gapStep {
            interval.longestPause = max(interval.longestPause, silence)
        } else {
            interval.longestGap = max(interval.longestGap, silence)
        }
    }

    private mutating func receiveOutOfOrder(_ number: UInt16, _ timestamp: UInt32, _ ahead: UInt16, _ now: Moment) {
        guard isStarted else { return begin(number, timestamp, now) }
        if ahead != 0, ahead < Self.maximumDropout {
            if number < highest { report.wrap() }
            highest = number
            advance(by: UInt32(ahead))
            return count(timestamp, now, follows: false)
        }
        let behind: UInt16 = 0 &- ahead
        if behind < Self.maximumMisorder { return receiveLate(behind) }
        if UInt32(number) == expectedAfterStray {
            restart()
            return begin(number, timestamp, now)
        }
        expectedAfterStray = UInt32(number &+ 1)
    }

    private mutating func begin(_ number: UInt16, _ timestamp: UInt32, _ now: Moment) {
        isStarted = true
        highest = number
        (window, discards, pending) = (1, 0, 1)
        expectedAfterStray = 1 << 16
        report.begin(at: number)
        count(timestamp, now, follows: false)
    }

    private mutating func advance(by steps: UInt32) {
        var left: UInt32 = steps
        if left > 2 * Self.depth {
            settle(keeping: 0)
            losses.missed(count: left - Self.depth)
            (left, window, discards) = (Self.depth, 0, 0)
        }
        // What lies between is missing until it comes.
        while left > 1 {
            shift(isThere: 0)
            left -= 1
        }
        shift(isThere: 1)
    }

    private mutating func receiveLate(_ behind: UInt16) {
        report.received &+= 1
        guard behind >= 64 || (window | discards) & 1 << UInt64(behind) == 0 else {
            interval.duplicated &+= 1
            return
        }
        interval.reordered &+= 1
        interval.received &+= 1
        guard UInt32(behind) < pending else { return }  // Its place was given up.
        window |= 1 << UInt64(behind)
    }

    // MARK: What others tell

    /// Another source, or another series of numbers of the same, follows: nothing between is lost.
    public mutating func restart() {
        settle(keeping: 0)
        losses.restart()
        report.end(at: highest, isStarted: isStarted)
        isStarted = false
        expectedAfterStray = 1 << 16
        clock.restart()
    }

    /// The stream's timestamps run by another clock from now on; 0 is unknown.
    public mutating func setClockRate(_ rate: UInt32) { clock.setRate(rate) }

    /// The jitter buffer dropped a packet that had come, as it was too late or there was no room.
    public mutating func discarded(sequenceNumber: UInt16) {
        let behind: UInt16 = highest &- sequenceNumber
        guard isStarted, UInt32(behind) < pending, window & 1 << UInt64(behind) != 0 else {
            losses.discardedLate()
            return
        }
        window &= ~(1 << UInt64(behind))
        discards |= 1 << UInt64(behind)
    }

    /// Media is expected from now on, as after a hold: the time before is no gap.
    public mutating func expect(from now: Moment) { lastArrival = max(lastArrival, now.nanoseconds) }

    /// So much audio was made up in place of what was missing.
    public mutating func concealed(ms: UInt32) { interval.concealedMs &+= ms }

    // MARK: What it measured

    /// Interarrival jitter in timestamp units, as a report block carries it (RFC 3550 §6.4.1).
    public var jitterTimestampUnits: UInt32 { clock.jitterUnits }
    public var jitterMicroseconds: UInt32 { clock.jitterMicroseconds }
    /// The highest sequence number with its wraps; nil before the first packet.
    public var extendedHighest: UInt32? { isStarted ? report.extended(highest) : nil }
    /// Missing by number over all series, never below zero (RFC 3550 §A.3).
    public var packetsLost: UInt64 { report.lost(highest: highest, isStarted: isStarted) }
    /// When the last packet came, or media was expected anew.
    public var quietSince: Moment { Moment(nanoseconds: lastArrival) }

    /// What a receiver report says of the stream; the next one's fraction counts from here.
    /// - Parameters:
    ///   - ssrc: of the stream.
    ///   - lastSenderReport: ``RTCPSenderReport/compactTimestamp`` of the peer's last one; 0 when none came.
    ///   - delay: since it came, in 1/65 536 s; see `Duration.compactNTP`.
    public mutating func takeReportBlock(ssrc: UInt32, lastSenderReport: UInt32, delay: UInt32) -> RTCPReportBlock {
        RTCPReportBlock(
            ssrc: ssrc, fractionLost: report.takeFraction(highest: highest, isStarted: isStarted),
            cumulativeLost: report.cumulativeLost(highest: highest, isStarted: isStarted),
            extendedHighestSequence: extendedHighest ?? 0, jitter: jitterTimestampUnits,
            lastSenderReport: lastSenderReport, delaySinceLastSenderReport: lastSenderReport == 0 ? 0 : delay)
    }

    /// The figures since the last call, or the start; the next interval begins.
    ///
    /// Ratings and what others know are left open; see ``MediaQuality/rate(codec:packetTimeMs:jitterBufferMs:)``.
    public mutating func takeInterval(now: Moment) -> MediaQuality {
        let silence: Int64 = now.nanoseconds &- lastArrival
        settle(keeping: silence > Self.seriesStep ? 0 : Self.depthAtInterval)
        // A gap that still lasts counts in full, also what of it lies before the interval.
        if silence > Self.gapStep { interval.longestGap = max(interval.longestGap, silence) }
        var result = quality(interval, losses.interval, from: intervalStart, to: now)
        if silence > Self.gapStep { result.silentMs = UInt32(clamping: silence / 1_000_000) }
        whole.add(interval)
        interval = Figures()
        losses.endInterval()
        clock.endInterval()
        intervalStart = now.nanoseconds
        return result
    }

    /// The figures since the start up to the last interval's end.
    public var totals: MediaQuality {
        quality(whole, losses.whole, from: start, to: Moment(nanoseconds: intervalStart))
    }

    /// Ends the last interval for good: places still open are given up.
    public mutating func takeLastInterval(now: Moment) -> MediaQuality {
        settle(keeping: 0)
        return takeInterval(now: now)
    }

    private func quality(_ figures: Figures, _ losses: LossPattern.Counts, from: Int64, to: Moment) -> MediaQuality {
        var result = MediaQuality(from: Moment(nanoseconds: from), to: to)
        result.packetsReceived = figures.received
        result.packetsLost = losses.lost
        result.packetsExpected = losses.came &+ losses.lost &+ losses.discarded
        result.packetsDiscarded = losses.discarded
        result.longestLoss = UInt16(clamping: losses.longest)
        result.packetsLostInBursts = losses.lostInBursts
        result.packetsInBursts = losses.packetsInBursts
        result.bursts = losses.bursts
        result.lossRuns = losses.runs
        result.packetsDuplicated = figures.duplicated
        result.packetsReordered = figures.reordered
        result.concealedMs = figures.concealedMs
        result.longestGapMs = UInt32(clamping: figures.longestGap / 1_000_000)
        result.longestPauseMs = UInt32(clamping: figures.longestPause / 1_000_000)
        result.jitterMicroseconds = clock.jitterMicroseconds
        result.delayVariationMicroseconds = figures.variation.percentile(50)
        result.highDelayVariationMicroseconds = figures.variation.percentile(95)
        return result
    }
}

extension ReceptionMeter.Figures {
    mutating func add(_ other: Self) {
        received &+= other.received
        duplicated &+= other.duplicated
        reordered &+= other.reordered
        concealedMs &+= other.concealedMs
        longestGap = max(longestGap, other.longestGap)
        longestPause = max(longestPause, other.longestPause)
        variation.add(other.variation)
    }
}
