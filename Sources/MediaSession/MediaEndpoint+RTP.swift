public import Basics
import RTP

extension MediaEndpoint {
    /// Takes in a packet of the RTP port.
    public mutating func receiveRTP(_ packet: UnsafeRawBufferPointer, from source: IPEndpoint, now: Moment)
        -> MediaVerdict
    {
        guard plan.carriesRTP else { return receiveRaw(packet, from: source, now: now) }
        if isRTCP(packet) {
            // Without multiplexing these payload types are not legal for RTP (RFC 5761 §4).
            guard plan.rtcpMux else { return dropMalformed() }
            return receiveMultiplexed(packet, from: source, now: now)
        }
        guard let header = RTPHeader(packet) else { return dropMalformed() }
        return receive(header, count: packet.count, from: source, now: now)
    }

    /// Takes in a packet whose header was read.
    @inline(__always)
    mutating func receive(_ header: RTPHeader, count: Int, from source: IPEndpoint, now: Moment) -> MediaVerdict {
        var events: MediaEvents = []
        if source != pinned || header.ssrc != pinnedSSRC {
            guard let latched = latch(header, from: source, now: now) else { return .drop }
            events = latched
        }
        meter.receive(sequenceNumber: header.sequenceNumber, timestamp: header.timestamp, at: now)
        return take(count, events, now: now)
    }

    /// What comes from another source than the pinned one is taken, or not.
    @inline(never)
    private mutating func latch(_ header: RTPHeader, from source: IPEndpoint, now: Moment) -> MediaEvents? {
        if source == pinned {
            guard admits(header, now: now) else {
                _ = dropWrongSSRC()
                return nil
            }
        } else {
            guard mayLatch(source, now: now) else {
                _ = dropWrongSource(source)
                return nil
            }
        }
        return pin(source, ssrc: header.ssrc)
    }

    /// A stream that is no RTP: the same rules for its source, without an SSRC.
    private mutating func receiveRaw(_ packet: UnsafeRawBufferPointer, from source: IPEndpoint, now: Moment)
        -> MediaVerdict
    {
        var events: MediaEvents = []
        if source != pinned {
            guard mayLatch(source, now: now) else { return dropWrongSource(source) }
            events = pin(source, ssrc: 0)
        }
        return take(packet.count, events, now: now)
    }

    @inline(__always)
    private mutating func take(_ count: Int, _ events: MediaEvents, now: Moment) -> MediaVerdict {
        lastRTP = now
        counters.packetsReceived &+= 1
        counters.bytesReceived &+= UInt64(truncatingIfNeeded: count)
        if counters.packetsReceived == 1 { counters.firstPacketAt = now }
        let all: MediaEvents = events.union(heard(at: now))
        guard plan.receives else {
            undeliverable()
            return MediaVerdict(.drop, all)
        }
        return MediaVerdict(.rtp, all)
    }

    /// A packet was forwarded for this endpoint: it is counted. It came from the source that was pinned then.
    mutating func forwarded(_ header: RTPHeader, count: Int, from source: IPEndpoint, now: Moment) -> MediaEvents {
        if source == pinned, header.ssrc == pinnedSSRC {
            meter.receive(sequenceNumber: header.sequenceNumber, timestamp: header.timestamp, at: now)
        }
        return take(count, [], now: now).events
    }

    /// Whether the plan allows a source at `address`; nothing is allowed while the peer sent no SDP.
    func isAllowed(_ address: IPAddress) -> Bool {
        if plan.usesICE { return true }
        guard plan.generation > 0 || plan.remoteRTP != nil else { return false }
        if let named = plan.remoteRTP?.address, !named.isUnspecified, named == address { return true }
        if let named = plan.signallingAddress, named == address { return true }
        if let named = plan.remoteRTCP?.address, !named.isUnspecified, named == address { return true }
        return plan.latch == .anySource
    }

    private func mayLatch(_ source: IPEndpoint, now: Moment) -> Bool {
        guard isAllowed(source.address) else { return false }
        if plan.usesICE, source == selectedRTP { return true }
        return pinned == nil || now.nanoseconds < windowEnd || now.nanoseconds &- lastRTP.nanoseconds >= relatchAfter
    }

    /// Whether a source may agree keys on a port now: as its media may come there.
    func mayHandshake(_ source: IPEndpoint, onRTCPPort: Bool, now: Moment) -> Bool {
        onRTCPPort
            ? source == pinnedRTCP || mayLatchRTCP(source, now: now) : source == pinned || mayLatch(source, now: now)
    }

    /// Whether another SSRC from the pinned address and port is taken now.
    private mutating func admits(_ header: RTPHeader, now: Moment) -> Bool {
        if now.nanoseconds < windowEnd { return true }
        if candidateRun > 0, header.ssrc == candidateSSRC, header.sequenceNumber == candidateNext {
            if candidateRun < .max { candidateRun += 1 }
        } else {
            (candidateSSRC, candidateRun) = (header.ssrc, 1)
        }
        candidateNext = header.sequenceNumber &+ 1
        return candidateRun >= ssrcRun && now.nanoseconds &- lastRTP.nanoseconds >= ssrcQuiet
    }

    private mutating func pin(_ source: IPEndpoint, ssrc: UInt32) -> MediaEvents {
        pinned = source
        pinnedSSRC = ssrc
        windowEnd = .min
        followsPlan = false
        candidateRun = 0
        meter.restart()
        if let rtcp = pinnedRTCP, rtcp.address != source.address { pinnedRTCP = nil }
        return [.latched, .destination]
    }

    mutating func dropMalformed() -> MediaVerdict {
        counters.packetsDropped &+= 1
        counters.droppedMalformed &+= 1
        return .drop
    }

    mutating func dropWrongSource(_ source: IPEndpoint) -> MediaVerdict {
        elsewhere = source
        counters.packetsDropped &+= 1
        counters.droppedWrongSource &+= 1
        return .drop
    }

    private mutating func dropWrongSSRC() -> MediaVerdict {
        counters.packetsDropped &+= 1
        counters.droppedWrongSSRC &+= 1
        return .drop
    }
}
