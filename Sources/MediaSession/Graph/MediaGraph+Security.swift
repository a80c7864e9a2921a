internal import Basics
internal import RTP
internal import SRTP

extension MediaGraph {
    /// Takes over how a plan's packets are protected.
    /// - Parameter isRenewed: the peer sent a description: handshakes that failed may be tried again.
    mutating func secure(_ node: EndpointPointer, isRenewed: Bool, now: Moment) {
        switch node.pointee.plan.security {
        case .none:
            node.pointee.forgetKeys()
            node.pointee.forgetHandshakes()
        case .sdes(let local, let remote):
            node.pointee.forgetHandshakes()
            use(local, remote, of: node, onRTCPPort: false)
        case .dtls(let plan):
            agreeKeys(node, plan, isRenewed: isRenewed, now: now)
        }
        handshakes.time(node)
    }

    /// Protects with these keys from now on; the same ones go on with their counters.
    mutating func use(_ local: SRTPKey, _ remote: [SRTPKey], of node: EndpointPointer, onRTCPPort: Bool) {
        let place: UnsafeMutablePointer<StreamGuard>
        if let known = node.pointee.guardian(onRTCPPort: onRTCPPort) {
            place = known
        } else {
            place = .allocate(capacity: 1)
            place.initialize(to: StreamGuard())
            if onRTCPPort, node.pointee.splitsKeys { node.pointee.rtcpKeys = place } else { node.pointee.keys = place }
        }
        do {
            try place.pointee.use(local: local, remote: remote)
        } catch {
            facts.append(.insecure(node.pointee.id, "the key cannot be used: \(error)"))
        }
    }

    /// Opens a protected datagram; its length then, or nil when it is to be dropped.
    mutating func open(
        _ bytes: UnsafeMutableRawPointer, _ count: Int, on node: EndpointPointer, isRTCP onRTCPPort: Bool,
        from source: IPEndpoint, now: Moment
    ) -> Int? {
        guard node.pointee.isProtected else { return count }
        let isReport: Bool =
            onRTCPPort
            || node.pointee.endpoint.plan.rtcpMux && isRTCP(UnsafeRawBufferPointer(start: bytes, count: count))
        // A flood of strangers costs no cipher.
        guard node.pointee.endpoint.isAllowed(source.address) || node.pointee.endpoint.pinned == source else {
            _ = node.pointee.endpoint.dropWrongSource(source)
            return nil
        }
        let packet = UnsafeMutableRawBufferPointer(start: bytes, count: count)
        guard let keys = node.pointee.guardian(onRTCPPort: onRTCPPort),
            let length = keys.pointee.open(packet, isRTCP: isReport)
        else {
            node.pointee.endpoint.unauthenticated()
            return nil
        }
        return length
    }
}
