/// Takes the protected packets of one direction (RFC 3711): authenticates, refuses what came before, decrypts.
///
/// Owned by one thread. Nothing is allocated for a packet. A refused packet is counted by its reason.
public struct SRTPReceiver: ~Copyable {
    /// After as many packets under new keys, the keys before them are given up.
    private static let overlap: Int = 256

    private var sessions = SessionList()
    private var sinceReplaced: Int = 0
    public private(set) var counters = SRTPCounters()

    public init(_ key: SRTPKey) throws(SRTPKeyFault) { try self.init([key]) }

    /// - Parameter keys: one, or several told apart by identifiers of one length (RFC 4568 §6.1); at most eight.
    public init(_ keys: [SRTPKey]) throws(SRTPKeyFault) { _ = try sessions.replace(with: keys) }

    package init(_ key: SRTPKey, rtp: SessionKeys, rtcp: SessionKeys) throws(SRTPKeyFault) {
        sessions.replace(with: try KeyedSession(key, rtp: rtp, rtcp: rtcp))
    }

    /// Takes packets of these keys from now on. A key in use keeps its roll-over counters and replay windows; one that is replaced
    /// is still good until 256 packets of the new ones came, for what is on the way.
    /// - Returns: whether anything changed.
    @discardableResult
    public mutating func use(_ keys: [SRTPKey]) throws(SRTPKeyFault) -> Bool {
        guard try sessions.replace(with: keys) else { return false }
        sinceReplaced = 0
        return true
    }

    @discardableResult
    public mutating func use(_ key: SRTPKey) throws(SRTPKeyFault) -> Bool { try use([key]) }

    /// Gives up the keys that were replaced, at once.
    public mutating func dropReplacedKeys() { sessions.dropRetired() }

    /// Whether packets of replaced keys are still taken.
    public var hasReplacedKeys: Bool { sessions.count > sessions.active }

    /// How many more RTP packets the peer may send under its first key by the lifetime it declared, or by RFC 3711 §9.2. At 0 its
    /// packets are still taken: whether to end the call is not decided here.
    public var packetsLeft: UInt64 { sessions[0].pointee.rtpLeft }

    /// Takes an RTP packet in place.
    /// - Parameter packet: as it came, all of it.
    /// - Returns: its length without tag and identifier, in bytes. A refused packet is left as it was.
    public mutating func unprotectRTP(_ packet: UnsafeMutableRawBufferPointer) -> Result<Int, SRTPFailure> {
        let outcome: Outcome =
            sessions.count == 1 ? sessions[0].pointee.takeRTP(packet, hint: nil) : takeRTPByAny(packet)
        counters.count(outcome)
        return outcome
    }

    /// Takes an RTCP packet in place, which may be a compound one and need not be encrypted; as ``unprotectRTP(_:)``.
    public mutating func unprotectRTCP(_ packet: UnsafeMutableRawBufferPointer) -> Result<Int, SRTPFailure> {
        let outcome: Outcome = sessions.count == 1 ? sessions[0].pointee.takeRTCP(packet) : takeRTCPByAny(packet)
        counters.count(outcome)
        return outcome
    }

    private mutating func takeRTPByAny(_ packet: UnsafeMutableRawBufferPointer) -> Outcome {
        let hint: UInt64? = highestIndex(packet)
        var outcome: Outcome = .failure(.unknownMKI)
        for index in 0..<sessions.count {
            let found: Outcome = sessions[index].pointee.takeRTP(packet, hint: hint)
            if settle(found, &outcome, session: index) { break }
        }
        return outcome
    }

    private mutating func takeRTCPByAny(_ packet: UnsafeMutableRawBufferPointer) -> Outcome {
        var outcome: Outcome = .failure(.unknownMKI)
        for index in 0..<sessions.count {
            let found: Outcome = sessions[index].pointee.takeRTCP(packet)
            if settle(found, &outcome, session: index) { break }
        }
        return outcome
    }

    /// Keeps the first verdict that says more than that the packet is of another key; true where it is the last word.
    private mutating func settle(_ found: Outcome, _ outcome: inout Outcome, session: Int) -> Bool {
        switch (found, outcome) {
        case (.success, _):
            outcome = found
            if session < sessions.active { noteUnderNewKeys() }
            return true
        case (.failure, .failure(.unknownMKI)): outcome = found
        case (.failure, _): break
        }
        return false
    }

    private mutating func noteUnderNewKeys() {
        guard hasReplacedKeys else { return }
        sinceReplaced += 1
        if sinceReplaced >= Self.overlap { sessions.dropRetired() }
    }

    /// How far the packet's source came under any key.
    private mutating func highestIndex(_ packet: UnsafeMutableRawBufferPointer) -> UInt64? {
        guard packet.count >= rtpFixedLength, let base = packet.baseAddress else { return nil }
        let ssrc: UInt32 = load32(base, 8)
        var highest: UInt64?
        for index in 0..<sessions.count {
            guard let source = sessions[index].pointee.sources.find(ssrc), source.pointee.rtp.isStarted else {
                continue
            }
            highest = max(highest ?? 0, source.pointee.rtp.highest)
        }
        return highest
    }
}
