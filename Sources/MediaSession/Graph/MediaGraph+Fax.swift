internal import Basics
internal import Fax
internal import RTP

/// Faxes between an end of T.38 and an end of sound.
extension MediaGraph {
    /// Starts a gateway between an endpoint and its partner where one is needed, and ends one that is not any more.
    mutating func settleFax(_ node: EndpointPointer) {
        guard let partner = node.pointee.heard, partner.pointee.heard == node else { return endFax(of: node) }
        let isPacketEnd: Bool = !node.pointee.plan.carriesRTP
        let (packets, sound) = isPacketEnd ? (node, partner) : (partner, node)
        guard let settings = packets.pointee.plan.fax, !packets.pointee.plan.carriesRTP, sound.pointee.speaksG711 else {
            endFax(of: node)
            return endFax(of: partner)
        }
        if let fax = node.pointee.fax, fax.pointee.packets == packets, fax.pointee.sound == sound,
            fax.pointee.gateway.settings == settings
        {
            return
        }
        endFax(of: node)
        endFax(of: partner)
        start(settings, packets: packets, sound: sound)
    }

    private mutating func start(_ settings: T38Settings, packets: EndpointPointer, sound: EndpointPointer) {
        let phase: Int = wheel.enter(now: latest)
        guard let node = FaxNode(settings, packets: packets, sound: sound, phase: phase) else {
            return wheel.leave(phase)
        }
        let fax = FaxPointer.allocate(capacity: 1)
        fax.initialize(to: node)
        packets.pointee.fax = fax
        sound.pointee.fax = fax
        phaseFaxes[phase].append(fax)
        silence(sound)
    }

    /// Ends the gateway an endpoint is an end of.
    mutating func endFax(of node: EndpointPointer) {
        guard let fax = node.pointee.fax else { return }
        if fax.pointee.gateway.result != .waiting { tell(fax) }
        fax.pointee.packets.pointee.fax = nil
        fax.pointee.sound.pointee.fax = nil
        silence(fax.pointee.sound)
        wheel.leave(fax.pointee.phase)
        phaseFaxes[fax.pointee.phase].removeAll { $0 == fax }
        fax.deinitialize(count: 1)
        fax.deallocate()
    }

    private mutating func tell(_ fax: FaxPointer) {
        fax.pointee.told = fax.pointee.gateway.result
        facts.append(.fax(fax.pointee.packets.pointee.id, fax.pointee.gateway.figures))
    }

    /// A datagram of the end of T.38.
    func takeFax(_ datagram: UnsafeRawBufferPointer, from node: EndpointPointer) {
        guard let fax = node.pointee.fax else { return node.pointee.endpoint.undeliverable() }
        if !fax.pointee.gateway.receive(datagram) { _ = node.pointee.endpoint.dropMalformed() }
    }

    /// 20 ms of a fax.
    mutating func run(_ fax: FaxPointer, now: Moment) {
        fax.pointee.run()
        let sound: EndpointPointer = fax.pointee.sound
        let frame = UnsafeBufferPointer(fax.pointee.frame)
        recordHeard(frame, rate: 8000, of: sound, now: now)
        if let packer = packer(of: sound) {
            packer.pointee.push(frame, rate: 8000)
            emit(packer, to: sound, now: now)
        }
        let packets: EndpointPointer = fax.pointee.packets
        while let datagram = fax.pointee.gateway.nextDatagram() {
            guard packets.pointee.takesRTP, let from = datagram.baseAddress,
                let room = outbox.reserve(datagram.count + Self.tailroom)
            else { continue }
            room.copyMemory(from: from, byteCount: datagram.count)
            send(room, datagram.count, .rtp, to: packets)
        }
        if fax.pointee.gateway.result != fax.pointee.told { tell(fax) }
    }
}

extension EndpointNode {
    /// Whether modems can be heard and made by this endpoint: what both ends say first is G.711.
    var speaksG711: Bool {
        guard plan.carriesRTP, FaxNode.law(of: madeFormat?.codec) != nil else { return false }
        return plan.incoming.contains { FaxNode.law(of: $0.codec) != nil }
    }
}
