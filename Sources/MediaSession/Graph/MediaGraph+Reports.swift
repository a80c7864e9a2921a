public import Basics
internal import Codecs
internal import RTP

/// Reports (RTCP): those of a peer whose stream is relayed are written anew for the listener; where none come, or where the audio
/// is made here, the reports are ours.
extension MediaGraph {
    static let reportSize: Int = 512
    static let qualityInterval: Int64 = 5_000_000_000

    /// The civil time at a moment, for sender reports. To be called at the start and now and then.
    public mutating func setWall(_ wall: WallTime, at now: Moment) {
        (wallNTP, wallAt) = (wall.ntpTimestamp, now)
    }

    private func ntp(_ now: Moment) -> UInt64 {
        let (seconds, rest) = max(0, now.nanoseconds &- wallAt.nanoseconds).quotientAndRemainder(
            dividingBy: 1_000_000_000)
        return wallNTP &+ UInt64(seconds) << 32 &+ (UInt64(rest) << 32) / 1_000_000_000
    }

    mutating func takeReports(
        _ bytes: UnsafeMutableRawPointer, _ count: Int, _ verdict: MediaVerdict, from node: EndpointPointer,
        now: Moment
    ) {
        let datagram = UnsafeRawBufferPointer(start: bytes, count: count)
        guard node.pointee.endpoint.plan.carriesRTP else { return }
        node.pointee.exchange.receive(
            datagram, about: node.pointee.stream.ssrc, clockRate: node.pointee.endpoint.plan.clockRate, now: now)
        if let loss = node.pointee.exchange.lossTold(at: now) {
            node.pointee.packer?.pointee.noteLoss(percent: loss)
            node.pointee.group?.pointee.noteLoss(percent: loss, now: now)
        }
        guard let first = node.pointee.firstListener else { return node.pointee.endpoint.undeliverable() }
        var listener: EndpointPointer? = first
        while let one = listener {
            listener = one.pointee.nextListener
            relay(datagram, verdict, from: node, to: one, now: now)
        }
    }

    private mutating func relay(
        _ datagram: UnsafeRawBufferPointer, _ verdict: MediaVerdict, from node: EndpointPointer,
        to listener: EndpointPointer, now: Moment
    ) {
        // Audio made here has reports of its own.
        guard !listener.pointee.map.hasAudio || listener.pointee.stream.relays(node.pointee.endpoint.pinnedSSRC),
            listener.pointee.takesRTCP, listener.pointee.endpoint.plan.carriesRTP,
            let room = outbox.reserve(datagram.count + 300 + Self.tailroom)
        else { return }
        var mapping = RTCPMapping(reporter: listener.pointee.stream.ssrc)
        let stream: SentStream = listener.pointee.stream
        let source: UInt32 = node.pointee.endpoint.pinnedSSRC
        if stream.relays(source) {
            mapping.add(
                RTCPMapping.Entry(
                    from: source, to: stream.ssrc,
                    sequenceOffset: UInt32(truncatingIfNeeded: Int(Int16(bitPattern: stream.sequenceOffset))),
                    timestampOffset: stream.timestampOffset))
        }
        // What it hears of us is what the listener says, where that is relayed to it.
        let heard: SentStream = node.pointee.stream
        if node.pointee.heard == listener, heard.relays(listener.pointee.endpoint.pinnedSSRC) {
            mapping.add(
                RTCPMapping.Entry(
                    from: heard.ssrc, to: heard.sourceSSRC,
                    sequenceOffset: 0 &- UInt32(truncatingIfNeeded: Int(Int16(bitPattern: heard.sequenceOffset))),
                    timestampOffset: 0 &- heard.timestampOffset))
        }
        let length: Int = RTCPRewriter.rewrite(
            datagram, into: UnsafeMutableRawBufferPointer(start: room, count: datagram.count + 300), mapping: mapping,
            cname: UnsafeRawBufferPointer(start: cname, count: Self.cnameLength))
        guard length > 0 else { return }
        send(room, length, .rtcp, to: listener)
        listener.pointee.scheduler.sent(length + 28, at: now, random: &random)
        guard verdict.senderReport != 0 else { return }
        listener.pointee.endpoint.sentSenderReport(verdict.senderReport, at: now)
        listener.pointee.exchange.relayed(senderReport: verdict.senderReport, now: now)
    }

    /// Sends the reports that are due, and tells the figures of intervals that are over.
    mutating func report(_ node: EndpointPointer, now: Moment) {
        guard node.pointee.endpoint.plan.carriesRTP else { return }
        if node.pointee.scheduler.nextDue <= now { sendReport(node, goodbye: false, now: now) }
        guard now.nanoseconds &- node.pointee.intervalFrom.nanoseconds >= Self.qualityInterval else { return }
        facts.append(.quality(node.pointee.id, takeQuality(node, now: now)))
    }

    /// - Parameter isLast: the endpoint closes; packets that are still to come are not waited for.
    mutating func takeQuality(_ node: EndpointPointer, isLast: Bool = false, now: Moment) -> MediaQuality {
        node.pointee.intervalFrom = now
        if let ear = node.pointee.ear { node.pointee.endpoint.meter.concealed(ms: ear.pointee.takeConcealedMs()) }
        var quality: MediaQuality =
            isLast
            ? node.pointee.endpoint.meter.takeLastInterval(now: now)
            : node.pointee.endpoint.meter.takeInterval(now: now)
        node.pointee.exchange.complete(&quality, now: now)
        let counters: MediaStatistics = node.pointee.endpoint.statistics
        let before: MediaStatistics = node.pointee.countersBefore
        node.pointee.countersBefore = counters
        quality.packetsSent = UInt32(truncatingIfNeeded: counters.packetsSent &- before.packetsSent)
        quality.packetsFromElsewhere = UInt32(
            truncatingIfNeeded: counters.droppedWrongSource &- before.droppedWrongSource)
        quality.packetsOfUnknownType = UInt32(
            truncatingIfNeeded: counters.droppedPayloadType &- before.droppedPayloadType)
        quality.elsewhere = quality.packetsFromElsewhere > 0 ? node.pointee.endpoint.elsewhere : nil
        quality.codec = node.pointee.heardCodec
        quality.rate(codec: quality.codec, packetTimeMs: node.pointee.plan.packetTimeMs)
        return quality
    }

    /// What comes from the peer, for an extended report; nil where it is no audio.
    private func metrics(of node: EndpointPointer, peer: UInt32?) -> RTCPVoIPMetrics? {
        guard let peer, let codec = node.pointee.heardCodec else { return nil }
        var quality: MediaQuality = node.pointee.endpoint.meter.totals
        quality.roundTripMicroseconds = node.pointee.exchange.roundTripMicroseconds
        return quality.voipMetrics(ssrc: peer, codec: codec, packetTimeMs: node.pointee.plan.packetTimeMs)
    }

    mutating func sendReport(_ node: EndpointPointer, goodbye: Bool, now: Moment) {
        defer { node.pointee.scheduler.sent(Self.reportSize / 4, at: now, random: &random) }
        guard node.pointee.takesRTCP, node.pointee.stream.hasSent || node.pointee.endpoint.meter.hasArrived,
            let room = outbox.reserve(Self.reportSize + Self.tailroom)
        else { return }
        let stream: SentStream = node.pointee.stream
        let clockRate: UInt32 = node.pointee.packer?.pointee.codec.clockRate ?? node.pointee.endpoint.plan.clockRate
        let stamp: UInt64 = ntp(now)
        var own = ReportExchange.OwnStream(ssrc: stream.ssrc, report: nil)
        if stream.hasSent, now.nanoseconds &- stream.sentAt.nanoseconds < 2 * Self.qualityInterval {
            own.report = RTCPSenderReport(
                ssrc: stream.ssrc, ntpTimestamp: stamp,
                rtpTimestamp: stream.timestampNow(clockRate: clockRate, now: now), packetCount: stream.packets,
                octetCount: stream.octets)
        }
        let peer: UInt32? = node.pointee.endpoint.meter.hasArrived ? node.pointee.endpoint.pinnedSSRC : nil
        let length: Int = node.pointee.exchange.write(
            into: UnsafeMutableRawBufferPointer(start: room, count: Self.reportSize), stream: own, peer: peer,
            meter: &node.pointee.endpoint.meter, cname: UnsafeRawBufferPointer(start: cname, count: Self.cnameLength),
            metrics: metrics(of: node, peer: peer), ntp: stamp, goodbye: goodbye, now: now)
        if length > 0 { send(room, length, .rtcp, to: node) }
    }
}
