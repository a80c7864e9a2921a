/// Protects the packets of one direction (RFC 3711), for up to eight sources.
///
/// Owned by one thread. Nothing is allocated for a packet. A refused packet is counted by its reason, and its bytes are then worthless
/// only if ``SRTPCounters/cipherFailed`` grew.
public struct SRTPSender: ~Copyable {
    private var sessions = SessionList()
    public private(set) var counters = SRTPCounters()

    public init(_ key: SRTPKey) throws(SRTPKeyFault) { _ = try sessions.replace(with: [key]) }

    package init(_ key: SRTPKey, rtp: SessionKeys, rtcp: SessionKeys) throws(SRTPKeyFault) {
        sessions.replace(with: try KeyedSession(key, rtp: rtp, rtcp: rtcp))
    }

    /// Protects with another key from now on. The key in use keeps its roll-over counter and indices, as does the one before it:
    /// under one key no index is ever used twice. A new key starts with a counter of 0.
    /// - Returns: whether it is another key.
    @discardableResult
    public mutating func use(_ key: SRTPKey) throws(SRTPKeyFault) -> Bool { try sessions.replace(with: [key]) }

    /// What a packet grows by at most, in bytes.
    public var overhead: Int {
        let session = sessions[0]
        return max(session.pointee.rtpTagLength, session.pointee.rtcpTagLength + rtcpIndexLength)
            + session.pointee.mkiLength
    }

    /// How many more RTP packets the key may protect: by its lifetime, or 2^48 (RFC 3711 §9.2). A new key is due long before 0.
    public var packetsLeft: UInt64 { sessions[0].pointee.rtpLeft }

    /// Protects an RTP packet in place.
    /// - Parameters:
    ///   - packet: the packet, with room for ``overhead`` behind it.
    ///   - length: of the packet, in bytes.
    /// - Returns: its length now; nil when it was refused and must not be sent: shorter than its header, another version, no room,
    ///   an index used before, a ninth source, or a used-up key.
    public mutating func protectRTP(_ packet: UnsafeMutableRawBufferPointer, length: Int) -> Int? {
        finish(sessions[0].pointee.protectRTP(packet, length: length))
    }

    /// Protects an RTCP packet in place, which may be a compound one; as ``protectRTP(_:length:)``.
    public mutating func protectRTCP(_ packet: UnsafeMutableRawBufferPointer, length: Int) -> Int? {
        finish(sessions[0].pointee.protectRTCP(packet, length: length))
    }

    @inline(__always)
    private mutating func finish(_ outcome: Outcome) -> Int? {
        counters.count(outcome)
        guard case .success(let length) = outcome else { return nil }
        return length
    }
}
