internal import SRTP

/// The keys of one leg's stream: what protects packets for the peer, and what opens those of the peer.
///
/// A plan that brings the same key again changes nothing: index and roll-over counter go on (RFC 3711 §3.3.1).
struct StreamGuard: ~Copyable {
    private(set) var sender: SRTPSender?
    private(set) var receiver: SRTPReceiver?

    /// - Throws: for a key that cannot be used; the stream then carries nothing.
    mutating func use(local: SRTPKey, remote: [SRTPKey]) throws(SRTPKeyFault) {
        if sender == nil { sender = try SRTPSender(local) } else { _ = try sender!.use(local) }
        guard !remote.isEmpty else { return }
        if receiver == nil { receiver = try SRTPReceiver(remote) } else { _ = try receiver!.use(remote) }
    }

    /// Opens a packet in place; its length then, or nil when it is none of the peer's.
    mutating func open(_ packet: UnsafeMutableRawBufferPointer, isRTCP: Bool) -> Int? {
        guard receiver != nil else { return nil }
        let result: Result<Int, SRTPFailure> =
            isRTCP ? receiver!.unprotectRTCP(packet) : receiver!.unprotectRTP(packet)
        guard case .success(let length) = result else { return nil }
        return length
    }

    /// Protects a packet in place, with ``MediaGraph/tailroom`` free behind it; nil when it must not be sent.
    mutating func protect(_ packet: UnsafeMutableRawPointer, _ count: Int, isRTCP: Bool) -> Int? {
        guard sender != nil else { return nil }
        let room = UnsafeMutableRawBufferPointer(start: packet, count: count + MediaGraph.tailroom)
        return isRTCP ? sender!.protectRTCP(room, length: count) : sender!.protectRTP(room, length: count)
    }
}
