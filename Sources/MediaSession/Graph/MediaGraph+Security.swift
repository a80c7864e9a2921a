internal import Basics
internal import RTP
internal import SRTP

extension MediaGraph {
    /// Takes over how a plan's packets are protected.
    mutating func secure(_ node: EndpointPointer) {
        switch node.pointee.plan.security {
        case .none:
            node.pointee.unsecure()
        case .sdes:
            if node.pointee.keys == nil {
                let fresh = UnsafeMutablePointer<StreamGuard>.allocate(capacity: 1)
                fresh.initialize(to: StreamGuard())
                node.pointee.keys = fresh
            }
            do {
                try node.pointee.keys?.pointee.use(node.pointee.plan.security)
            } catch {
                facts.append(.insecure(node.pointee.id, "the key cannot be used: \(error)"))
            }
        case .dtls:
            facts.append(.insecure(node.pointee.id, "keys by DTLS cannot be agreed yet"))
        }
    }

    /// Opens a protected datagram; its length then, or nil when it is to be dropped.
    mutating func open(
        _ bytes: UnsafeMutableRawPointer, _ count: Int, on node: EndpointPointer, isRTCP onRTCPPort: Bool,
        from source: IPEndpoint, now: Moment
    ) -> Int? {
        guard let keys = node.pointee.keys else { return count }
        let isReport: Bool =
            onRTCPPort
            || node.pointee.endpoint.plan.rtcpMux && isRTCP(UnsafeRawBufferPointer(start: bytes, count: count))
        // A flood of strangers costs no cipher.
        guard node.pointee.endpoint.isAllowed(source.address) || node.pointee.endpoint.pinned == source else {
            _ = node.pointee.endpoint.dropWrongSource(source)
            return nil
        }
        let packet = UnsafeMutableRawBufferPointer(start: bytes, count: count)
        guard let length = keys.pointee.open(packet, isRTCP: isReport) else {
            node.pointee.endpoint.unauthenticated()
            return nil
        }
        return length
    }
}
