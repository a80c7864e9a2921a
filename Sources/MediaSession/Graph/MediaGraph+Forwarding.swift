internal import Basics
internal import RTP

/// Streams that others may forward, and what they forwarded.
extension MediaGraph {
    /// What may be forwarded of what an endpoint's peer sends; nil where packets have to be looked into, changed beyond their headers, or
    /// taken by several, and where a change of source is not yet through.
    public func forwardedFlow(of node: EndpointPointer) -> ForwardedFlow? {
        guard node.pointee.isForwardable, let source = node.pointee.endpoint.pinned,
            let listener = node.pointee.firstListener, listener.pointee.nextListener == nil,
            listener.pointee.takesForwarded, let destination = listener.pointee.rtpDestination,
            listener.pointee.stream.isSteady(source: node.pointee.endpoint.pinnedSSRC)
        else { return nil }
        return ForwardedFlow(
            source: source, sourceSSRC: node.pointee.endpoint.pinnedSSRC, destination: destination,
            line: listener.pointee.line, ssrc: listener.pointee.stream.ssrc,
            sequenceOffset: listener.pointee.stream.sequenceOffset,
            timestampOffset: listener.pointee.stream.timestampOffset)
    }

    /// Writes what becomes of each payload type of a flow: a number of the wire, or 0xFF for what has to be looked at here (events, comfort
    /// noise, reports on the same port, what nobody announced).
    public func writePayloadTypes(of node: EndpointPointer, to types: UnsafeMutablePointer<UInt8>) {
        guard let listener = node.pointee.firstListener else {
            types.update(repeating: 0xFF, count: 128)
            return
        }
        for number in 0..<UInt8(128) {
            let mapped: UInt8 = listener.pointee.map[number]
            // 64 ... 95 are those of RTCP (RFC 5761 §4).
            let isKept: Bool = (64...95).contains(number) || mapped > 127 || node.pointee.codec(of: number) == nil
            types[Int(number)] = isKept ? 0xFF : mapped
        }
    }

    /// A packet of ``forwardedFlow(of:)`` was forwarded: everything is noted as if it had come through here.
    public mutating func forwarded(_ packet: ForwardedPacket, of flow: ForwardedFlow, on node: EndpointPointer) {
        withUnsafeTemporaryAllocation(byteCount: RTPHeader.minimumLength, alignment: 4) { room in
            guard let bytes = room.baseAddress else { return }
            RTPHeader.write(
                bytes, payloadType: packet.type & 0x7F, marker: packet.type & 0x80 != 0,
                sequenceNumber: packet.sequenceNumber, timestamp: packet.timestamp, ssrc: flow.sourceSSRC)
            guard let header = RTPHeader(UnsafeRawBufferPointer(room)) else { return }
            let events: MediaEvents = node.pointee.endpoint.forwarded(
                header, count: packet.count, from: flow.source, now: packet.arrival)
            if !events.isEmpty { note(events, of: node) }
            node.pointee.heardPayloadType = header.payloadType
            if node.pointee.needsAudio {
                node.pointee.spokenType = header.payloadType
                passOver(node)
            }
            guard let listener = node.pointee.firstListener else { return }
            if listener.pointee.stream.relays(header.ssrc) {
                listener.pointee.stream.relay(
                    header, in: bytes, count: packet.count, payloadType: packet.type & 0x7F,
                    clockRate: listener.pointee.endpoint.plan.clockRate, now: packet.arrival)
            }
            listener.pointee.endpoint.sent(bytes: packet.count)
        }
    }

    /// Calls `body` with every endpoint.
    public func forEachEndpoint(_ body: (EndpointPointer) -> Void) {
        for node in nodes.values { body(node) }
    }
}

extension EndpointNode {
    /// Nothing but headers of what its peer sends is of interest here.
    fileprivate var isForwardable: Bool {
        endpoint.plan.carriesRTP && endpoint.plan.receives && !endpoint.plan.usesICE && !demultiplexes && !isProtected
            && !isRecorded && ear == nil && fax == nil && signals == nil && room == nil && firstRecorder == nil
    }

    /// What it hears may be sent by others.
    fileprivate var takesForwarded: Bool {
        endpoint.plan.carriesRTP && takesRTP && !endpoint.plan.usesICE && !isProtected && !isSparedTones
            && presser == nil && !isHeldBack && fax == nil && room == nil
    }

    /// Keys are brought to it in another way that is looked for in the audio; events go up to us by themselves.
    private var isHeldBack: Bool { converter.map { $0.pointee.speaker != .events } ?? false }

    /// Whom it hears, where that is another endpoint.
    public var heardEndpoint: EndpointPointer? { heard }
}
