public import Basics
public import RTP

/// The reports between us and one leg's peer: what the peer's say, and what ours have to say.
///
/// Plain memory. Its driver hands it every RTCP datagram of the pinned source, and asks it for ours when an ``RTCPScheduler`` says so.
public struct ReportExchange: Sendable {
    /// A peer's figures older than this are no longer told as those of an interval: reports come every 7.5 s at the latest.
    static let staleAfter: Int64 = 10_000_000_000

    /// Our sender reports and reference times, to measure their echoes by.
    private var senderReports = SentStamps()
    private var referenceTimes = SentStamps()
    /// The peer's last sender report and reference time, to be echoed.
    private var heardReport: HeardStamp?
    private var heardReference: HeardStamp?
    private var reportedAt: Int64?

    /// By the peer's last echo, without the time it held it, in microseconds; nil while none came.
    public private(set) var roundTripMicroseconds: UInt32?
    /// The peer's last report block about our stream; nil while none came.
    public private(set) var reported: RTCPReportBlock?
    /// The clock of our stream as the peer hears it, in Hz, when that block came.
    private var reportedClockRate: UInt32 = 0
    /// The peer's last VoIP metrics about our stream (RFC 3611 §4.7).
    public private(set) var metrics: RTCPVoIPMetrics?
    /// Datagrams that were RTCP.
    public private(set) var received: UInt32 = 0
    /// The peer sends extended reports: it understands them too.
    public private(set) var peerSendsExtended = false
    /// The peer took leave of its stream (BYE).
    public private(set) var saidGoodbye = false

    struct HeardStamp: Sendable {
        var stamp: UInt32
        var at: Int64
        var from: UInt32
    }

    public init() {}

    // MARK: The peer's

    /// Takes in a datagram of the peer.
    /// - Parameters:
    ///   - ssrc: of our stream to the peer; blocks about others are not looked at.
    ///   - clockRate: of our stream, in Hz.
    /// - Returns: false when it is no RTCP; nothing is changed then.
    @discardableResult
    public mutating func receive(
        _ datagram: UnsafeRawBufferPointer, about ssrc: UInt32, clockRate: UInt32, now: Moment
    ) -> Bool {
        guard var reader = RTCPReader(datagram, allowReducedSize: true) else { return false }
        received &+= 1
        while let packet = reader.next() {
            switch packet {
            case .senderReport(let report, let blocks):
                if report.compactTimestamp != 0 {
                    heardReport = HeardStamp(stamp: report.compactTimestamp, at: now.nanoseconds, from: report.ssrc)
                }
                take(blocks, about: ssrc, clockRate, now)
            case .receiverReport(_, let blocks):
                take(blocks, about: ssrc, clockRate, now)
            case .goodbye:
                saidGoodbye = true
            case .sourceDescription, .other:
                guard let extended = reader.extendedReport else { continue }
                take(extended, about: ssrc, now)
            }
        }
        return true
    }

    /// What the peer lost of our stream since its report before, as a datagram taken in at `now` told it; in per cent, rounded up.
    func lossTold(at now: Moment) -> UInt8? {
        guard reportedAt == now.nanoseconds, let reported else { return nil }
        return UInt8((UInt32(reported.fractionLost) * 100 + 255) / 256)
    }

    private mutating func take(_ blocks: RTCPReportBlocks, about ssrc: UInt32, _ clockRate: UInt32, _ now: Moment) {
        for index in 0..<blocks.count {
            let block: RTCPReportBlock = blocks[index]
            guard block.ssrc == ssrc else { continue }
            reported = block
            reportedClockRate = clockRate
            reportedAt = now.nanoseconds
            guard let sentAt = senderReports.sentAt(block.lastSenderReport),
                let trip = block.roundTrip(sentAt: sentAt, receivedAt: now)
            else { continue }
            roundTripMicroseconds = UInt32(clamping: trip.wholeNanoseconds / 1000)
        }
    }

    private mutating func take(_ report: RTCPExtendedReport, about ssrc: UInt32, _ now: Moment) {
        var report = report
        peerSendsExtended = true
        while let block = report.next() {
            switch block {
            case .receiverReferenceTime(let time):
                let stamp = UInt32(truncatingIfNeeded: time >> 16)
                if stamp != 0 { heardReference = HeardStamp(stamp: stamp, at: now.nanoseconds, from: report.ssrc) }
            case .referenceTimeAnswers(let answers):
                for index in 0..<answers.count where answers[index].ssrc == ssrc {
                    guard let sentAt = referenceTimes.sentAt(answers[index].lastReferenceTime),
                        let trip = answers[index].roundTrip(sentAt: sentAt, receivedAt: now)
                    else { continue }
                    roundTripMicroseconds = UInt32(clamping: trip.wholeNanoseconds / 1000)
                }
            case .voipMetrics(let metrics) where metrics.ssrc == ssrc:
                self.metrics = metrics
            case .voipMetrics, .statisticsSummary, .other:
                break
            }
        }
    }

    /// What the peer says of our stream goes into the figures of an interval that ends now.
    public func complete(_ quality: inout MediaQuality, now: Moment) {
        quality.roundTripMicroseconds = roundTripMicroseconds
        guard let reported, let reportedAt, now.nanoseconds &- reportedAt < Self.staleAfter else { return }
        quality.reportedLossFraction = reported.fractionLost
        guard reportedClockRate > 0 else { return }
        quality.reportedJitterMicroseconds = UInt32(
            clamping: UInt64(reported.jitter) * 1_000_000 / UInt64(reportedClockRate))
    }

    // MARK: Ours

    /// Our stream, as a report tells of it.
    public struct OwnStream: Sendable {
        /// What the peer hears us as; also where nothing is sent.
        public var ssrc: UInt32
        /// Nil where nothing was sent since the report before the last (RFC 3550 §6.4): then it is a receiver's report.
        public var report: RTCPSenderReport?
        public init(ssrc: UInt32, report: RTCPSenderReport?) { (self.ssrc, self.report) = (ssrc, report) }
    }

    /// Writes our compound report.
    /// - Parameters:
    ///   - peer: SSRC of the peer's stream; nil while none came.
    ///   - metrics: what is said by extended report; nil sends none.
    ///   - ntp: the civil time; see `WallTime.ntpTimestamp`.
    ///   - goodbye: our stream ends with this report.
    /// - Returns: the length; 0 when it does not fit (300 bytes are enough for a name of 64).
    public mutating func write(
        into buffer: UnsafeMutableRawBufferPointer, stream: OwnStream, peer: UInt32?, meter: inout ReceptionMeter,
        cname: UnsafeRawBufferPointer, metrics: RTCPVoIPMetrics?, ntp: UInt64, goodbye: Bool = false, now: Moment
    ) -> Int {
        var writer = RTCPWriter(buffer)
        if let report = stream.report {
            guard writer.senderReport(report) else { return 0 }
            senderReports.add(report.compactTimestamp, at: now)
        } else {
            guard writer.receiverReport(ssrc: stream.ssrc) else { return 0 }
        }
        if let peer, meter.hasArrived {
            let echo: (stamp: UInt32, delay: UInt32) = Self.echo(heardReport, now)
            let block = meter.takeReportBlock(ssrc: peer, lastSenderReport: echo.stamp, delay: echo.delay)
            guard writer.reportBlock(block) else { return 0 }
        }
        guard writer.sourceDescription(ssrc: stream.ssrc, cname: cname) else { return 0 }
        if let metrics { writeExtended(metrics, stream, ntp, &writer, now) }
        if goodbye { writer.goodbye(ssrc: stream.ssrc) }
        return writer.count
    }

    private mutating func writeExtended(
        _ metrics: RTCPVoIPMetrics, _ stream: OwnStream, _ ntp: UInt64, _ writer: inout RTCPWriter, _ now: Moment
    ) {
        guard writer.extendedReport(ssrc: stream.ssrc) else { return }
        if stream.report == nil, writer.receiverReferenceTime(ntp) {
            referenceTimes.add(UInt32(truncatingIfNeeded: ntp >> 16), at: now)
        }
        if let heard = heardReference {
            let echo: (stamp: UInt32, delay: UInt32) = Self.echo(heard, now)
            writer.delaySinceReferenceTime(
                RTCPReferenceTimeAnswer(ssrc: heard.from, lastReferenceTime: echo.stamp, delay: echo.delay))
            heardReference = nil
        }
        writer.voipMetrics(metrics)
    }

    private static func echo(_ heard: HeardStamp?, _ now: Moment) -> (stamp: UInt32, delay: UInt32) {
        guard let heard else { return (0, 0) }
        return (heard.stamp, Duration.nanoseconds(now.nanoseconds &- heard.at).compactNTP)
    }

    /// A sender report of another reached the peer by us (relayed): its echo measures the same way.
    /// - Parameter stamp: ``RTCPSenderReport/compactTimestamp``.
    public mutating func relayed(senderReport stamp: UInt32, now: Moment) { senderReports.add(stamp, at: now) }
}

/// When the last stamps went to a peer.
struct SentStamps: Sendable {
    private var stamps: InlineArray<4, UInt32> = InlineArray(repeating: 0)
    private var moments: InlineArray<4, Int64> = InlineArray(repeating: 0)
    private var next: Int = 0

    mutating func add(_ stamp: UInt32, at now: Moment) {
        guard stamp != 0 else { return }
        stamps[next] = stamp
        moments[next] = now.nanoseconds
        next = (next + 1) & 3
    }

    func sentAt(_ stamp: UInt32) -> Moment? {
        guard stamp != 0 else { return nil }
        for index in 0..<4 where stamps[index] == stamp { return Moment(nanoseconds: moments[index]) }
        return nil
    }
}
