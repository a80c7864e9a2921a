public import Basics
internal import RTP

/// The way of a packet: from its socket to those who hear it.
extension MediaGraph {
    /// Takes in a datagram. It may be changed, and waits in ``outbox`` where it is relayed.
    ///
    /// - Parameters:
    ///   - bytes: the datagram, with ``tailroom`` bytes free behind it.
    ///   - isRTCP: whether it came on the RTCP port.
    public mutating func receive(
        _ bytes: UnsafeMutableRawPointer, count: Int, on node: EndpointPointer, isRTCP: Bool, from source: IPEndpoint,
        now: Moment
    ) {
        if node.pointee.demultiplexes {
            guard isMedia(bytes, count, on: node, isRTCP: isRTCP, from: source, now: now) else { return }
        }
        guard let count = open(bytes, count, on: node, isRTCP: isRTCP, from: source, now: now) else { return }
        let packet = UnsafeRawBufferPointer(start: bytes, count: count)
        guard !isRTCP, node.pointee.endpoint.plan.carriesRTP, !RTP.isRTCP(packet), let header = RTPHeader(packet) else {
            return receiveOther(bytes, count, on: node, isRTCP: isRTCP, from: source, now: now)
        }
        let verdict: MediaVerdict = node.pointee.endpoint.receive(header, count: count, from: source, now: now)
        if !verdict.events.isEmpty { note(verdict.events, of: node) }
        if verdict.route == .rtp { take(header, bytes, count, from: node, now: now) }
    }

    /// What is no RTP packet: reports, streams of other kinds, noise.
    @inline(never)
    private mutating func receiveOther(
        _ bytes: UnsafeMutableRawPointer, _ count: Int, on node: EndpointPointer, isRTCP: Bool, from source: IPEndpoint,
        now: Moment
    ) {
        let packet = UnsafeRawBufferPointer(start: bytes, count: count)
        let verdict: MediaVerdict =
            isRTCP
            ? node.pointee.endpoint.receiveRTCP(packet, from: source, now: now)
            : node.pointee.endpoint.receiveRTP(packet, from: source, now: now)
        if !verdict.events.isEmpty { note(verdict.events, of: node) }
        switch verdict.route {
        case .drop: return
        case .rtcp: takeReports(bytes, count, verdict, from: node, now: now)
        case .rtp:
            guard node.pointee.fax == nil, let first = node.pointee.firstListener, first.pointee.takesRTP,
                !first.pointee.endpoint.plan.carriesRTP
            else { return takeFax(packet, from: node) }
            send(bytes, count, .rtp, to: first)
        }
    }

    @inline(__always)
    private mutating func take(
        _ header: RTPHeader, _ bytes: UnsafeMutableRawPointer, _ count: Int, from node: EndpointPointer, now: Moment
    ) {
        node.pointee.heardPayloadType = header.payloadType
        if node.pointee.isEvent(header.payloadType) {
            takeEvent(header, UnsafeRawBufferPointer(start: bytes, count: count), from: node, now: now)
        } else if node.pointee.signals != nil,
            listen(header, UnsafeRawBufferPointer(start: bytes, count: count), from: node, now: now)
        {
            return
        }
        pass(header, bytes, count, from: node, isTone: false, now: now)
    }

    /// Brings a packet to all that hear its source.
    ///
    /// - Parameter isTone: a key sounds in it that some listeners get in another way.
    mutating func pass(
        _ header: RTPHeader, _ bytes: UnsafeMutableRawPointer, _ count: Int, from node: EndpointPointer, isTone: Bool,
        now: Moment
    ) {
        let packet = UnsafeRawBufferPointer(start: bytes, count: count)
        if let ear = node.pointee.ear, !node.pointee.isEvent(header.payloadType) {
            let noise: (UInt8, UInt32) = (node.pointee.noiseType, node.pointee.noiseClockRate)
            ear.pointee.insert(header, packet, noise: noise, now: now) { node.pointee.codec(of: $0) }
        }
        if let fax = node.pointee.fax, !node.pointee.isEvent(header.payloadType),
            !fax.pointee.hear(header, packet, node.pointee.codec(of: header.payloadType))
        {
            node.pointee.endpoint.unknownPayloadType()
        }
        // Before headers are written anew.
        if node.pointee.needsAudio {
            if isNeeded(header.payloadType, of: node) {
                hearAudio(header, packet, from: node, isTone: isTone, now: now)
            } else {
                passOver(node)
            }
        }
        guard node.pointee.firstListener != nil else {
            if node.pointee.ear == nil, !node.pointee.needsAudio { node.pointee.endpoint.undeliverable() }
            return
        }
        relay(header, bytes, count, from: node, isTone: isTone, now: now)
    }

    /// Whether a packet has to be decoded: somebody records it, or somebody does not take what it carries. Two that share the coding in
    /// use cost nothing, whatever others were announced.
    private func isNeeded(_ payloadType: UInt8, of node: EndpointPointer) -> Bool {
        if payloadType != node.pointee.noiseType, !node.pointee.isEvent(payloadType) {
            node.pointee.spokenType = payloadType
        }
        if node.pointee.isRecorded { return true }
        var listener = node.pointee.firstListener
        while let one = listener {
            if isMade(for: one, from: node) { return true }
            listener = one.pointee.nextListener
        }
        return false
    }

    /// Whether what a source says at the moment is made anew for a listener, and the noise of its pauses with it.
    private func isMade(for listener: EndpointPointer, from node: EndpointPointer) -> Bool {
        let spoken: UInt8 = node.pointee.spokenType
        return spoken < 128 ? listener.pointee.map[spoken] == PayloadMap.audio : listener.pointee.map.hasAudio
    }

    /// What is not decoded leaves no gap in what is decoded after it.
    mutating func passOver(_ node: EndpointPointer) {
        guard let ingress = node.pointee.ingress else { return }
        ingress.pointee.restart()
        endPause(of: node)
    }

    private mutating func relay(
        _ header: RTPHeader, _ bytes: UnsafeMutableRawPointer, _ count: Int, from node: EndpointPointer, isTone: Bool,
        now: Moment
    ) {
        var listener: EndpointPointer? = node.pointee.firstListener
        while let one = listener {
            listener = one.pointee.nextListener
            guard one.pointee.endpoint.plan.carriesRTP else {
                // The gateway has it, where there is one.
                if one.pointee.fax == nil { node.pointee.endpoint.undeliverable() }
                continue
            }
            let payloadType: UInt8 = one.pointee.map[header.payloadType]
            if header.payloadType == node.pointee.noiseType, node.pointee.needsAudio, isMade(for: one, from: node) {
                one.pointee.stream.leaveOut(header)
                continue
            }
            guard payloadType < 128 else {
                switch payloadType {
                case PayloadMap.audio: break
                case PayloadMap.unknown: node.pointee.endpoint.unknownPayloadType()
                default: one.pointee.stream.leaveOut(header)
                }
                continue
            }
            guard one.pointee.takesRTP else {
                node.pointee.endpoint.undeliverable()
                continue
            }
            // A key that is pressed here is all it hears.
            guard one.pointee.presser == nil else { continue }
            if isTone, one.pointee.isSparedTones {
                one.pointee.stream.leaveOut(header)
                continue
            }
            // The packet itself goes to the last; each before it gets a copy.
            var copy: UnsafeMutableRawPointer = bytes
            if listener != nil {
                guard let room = outbox.reserve(count + Self.tailroom) else { continue }
                room.copyMemory(from: bytes, byteCount: count)
                copy = room
            }
            one.pointee.stream.relay(
                header, in: copy, count: count, payloadType: payloadType,
                clockRate: one.pointee.endpoint.plan.clockRate, now: now)
            one.pointee.made.stop()
            send(copy, count, .rtp, to: one)
        }
    }

    mutating func send(
        _ bytes: UnsafeMutableRawPointer, _ count: Int, _ channel: Outbox.Packet.Channel, to node: EndpointPointer
    ) {
        var count: Int = count
        if node.pointee.isProtected {
            // Nothing leaves in the clear.
            guard let keys = node.pointee.guardian(onRTCPPort: channel == .rtcp) else {
                return node.pointee.endpoint.heldBack()
            }
            guard let length = keys.pointee.protect(bytes, count, isRTCP: channel == .rtcp) else { return }
            count = length
        }
        outbox.append(node, channel, bytes, count)
        if channel == .rtp { node.pointee.endpoint.sent(bytes: count) }
    }

    /// The driver could not send a packet: it had nowhere to go, or the system took it not.
    public func unsent(_ packet: Outbox.Packet) {
        guard packet.destination == nil else { return }
        packet.node.pointee.endpoint.unsent(bytes: packet.count, isRTP: packet.channel == .rtp)
    }

    @inline(never)
    mutating func note(_ events: MediaEvents, of node: EndpointPointer) {
        let id: MediaEndpointID = node.pointee.id
        if events.contains(.latched) { node.pointee.events?.restart() }
        if events.contains(.latched), let source = node.pointee.endpoint.pinned {
            facts.append(.latched(id, source: source, ssrc: node.pointee.endpoint.pinnedSSRC))
        }
        if events.contains(.heardAgain) { facts.append(.heardAgain(id)) }
        if events.contains(.destination) { node.pointee.aim() }
    }
}
