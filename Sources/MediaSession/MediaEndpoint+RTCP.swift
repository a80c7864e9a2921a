public import Basics
import RTP

extension MediaEndpoint {
    /// Takes in a packet of the RTCP port.
    ///
    /// RTCP flows on hold as well (RFC 3264 §5.1), so the plan's directions do not matter. Its source is pinned to address and
    /// port by the rule for RTP, and to the address of the RTP source where that is pinned and any source is allowed.
    public mutating func receiveRTCP(_ packet: UnsafeRawBufferPointer, from source: IPEndpoint, now: Moment)
        -> MediaVerdict
    {
        guard isRTCP(packet) else { return dropMalformed() }
        var events: MediaEvents = []
        if source != pinnedRTCP {
            guard mayLatchRTCP(source, now: now) else { return dropWrongSource(source) }
            pinnedRTCP = source
            events = .destination
        }
        lastRTCP = now
        return takeReports(packet, events, now: now)
    }

    /// RTCP on the RTP port (RFC 5761): of the pinned source, or of an allowed one while none is pinned. It never pins.
    mutating func receiveMultiplexed(_ packet: UnsafeRawBufferPointer, from source: IPEndpoint, now: Moment)
        -> MediaVerdict
    {
        guard plan.usesICE || pinned.map({ $0 == source }) ?? isAllowed(source.address) else {
            return dropWrongSource(source)
        }
        return takeReports(packet, [], now: now)
    }

    /// A sender report went to the peer: what it reports later is measured against it.
    ///
    /// - Parameter stamp: ``RTCPSenderReport/compactTimestamp``.
    public mutating func sentSenderReport(_ stamp: UInt32, at now: Moment) { reports.add(stamp, at: now) }

    func mayLatchRTCP(_ source: IPEndpoint, now: Moment) -> Bool {
        guard isAllowed(source.address) else { return false }
        if plan.usesICE {
            if source == selectedRTCP { return true }
        } else if plan.latch == .anySource, let pinned, pinned.address != source.address {
            return false
        }
        return pinnedRTCP == nil || now.nanoseconds < windowEnd
            || now.nanoseconds &- lastRTCP.nanoseconds >= relatchRTCPAfter
    }

    private mutating func takeReports(_ packet: UnsafeRawBufferPointer, _ events: MediaEvents, now: Moment)
        -> MediaVerdict
    {
        counters.rtcpReceived &+= 1
        var verdict = MediaVerdict(.rtcp, events.union(heard(at: now)))
        // Encrypted reports do not read as RTCP beyond their head and are relayed unread.
        guard var reader = RTCPReader(packet, allowReducedSize: true) else { return verdict }
        while let next = reader.next() {
            switch next {
            case .senderReport(let report, let blocks):
                verdict.senderReport = report.compactTimestamp
                take(blocks, now: now)
            case .receiverReport(_, let blocks):
                take(blocks, now: now)
            case .sourceDescription, .goodbye, .other:
                break
            }
        }
        return verdict
    }

    private mutating func take(_ blocks: RTCPReportBlocks, now: Moment) {
        for index in 0..<blocks.count {
            let block: RTCPReportBlock = blocks[index]
            counters.reportedLossFraction = block.fractionLost
            guard let sentAt = reports.sentAt(block.lastSenderReport),
                let trip = block.roundTrip(sentAt: sentAt, receivedAt: now)
            else { continue }
            counters.roundTripMicroseconds = UInt32(clamping: trip.wholeNanoseconds / 1000)
        }
    }
}

/// When the last sender reports went to a peer.
struct SentReports: Sendable {
    private var stamps: InlineArray<4, UInt32> = InlineArray(repeating: 0)
    private var moments: InlineArray<4, Moment> = InlineArray(repeating: .zero)
    private var next: Int = 0

    mutating func add(_ stamp: UInt32, at now: Moment) {
        guard stamp != 0 else { return }
        stamps[next] = stamp
        moments[next] = now
        next = (next + 1) & 3
    }

    func sentAt(_ stamp: UInt32) -> Moment? {
        guard stamp != 0 else { return nil }
        for index in 0..<4 where stamps[index] == stamp { return moments[index] }
        return nil
    }
}
