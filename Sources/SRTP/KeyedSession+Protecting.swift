extension KeyedSession {
    /// Protects an RTP packet in place (RFC 3711 §3.3).
    @inline(__always)
    mutating func protectRTP(_ packet: UnsafeMutableRawBufferPointer, length: Int) -> Outcome {
        guard length >= rtpFixedLength, let base = packet.baseAddress else { return .failure(.tooShort) }
        let grown: Int = length &+ rtpTagLength &+ mkiLength
        guard grown <= packet.count, grown <= longestPacket else { return .failure(.noRoom) }
        guard let start = rtpPayloadStart(base, end: length) else { return .failure(.malformed) }
        guard rtpLeft > 0 else { return .failure(.keyExhausted) }
        let ssrc: UInt32 = load32(base, 8)
        guard let source = sources.find(ssrc) ?? newSource(ssrc) else { return .failure(.tooManySources) }
        let sequence: UInt16 = load16(base, 2)
        var index = UInt64(sequence)
        if source.pointee.rtp.isStarted {
            index = PacketIndex.guess(sequence: sequence, after: source.pointee.rtp.highest)
            // Before the first packet, or after the last that an index can count.
            guard index < PacketIndex.limit else { return .failure(index >> 63 == 1 ? .replayed : .keyExhausted) }
            guard source.pointee.rtp.verdict(index) == .fresh else { return .failure(.replayed) }
        }
        if isAEAD {
            let parts = AEADParts(
                header: base, headerLength: start, trailer: nil, text: base + start, textLength: length &- start,
                tag: base + length)
            guard rtp.seal(parts, source: ssrc, index: index) else { return .failure(.cipherFailed) }
            putMKI(at: base + length + rtpTagLength)
        } else {
            guard rtp.crypt(base + start, length &- start, source: ssrc, index: index) else {
                return .failure(.cipherFailed)
            }
            putMKI(at: base + length)
            rtp.putTag(
                base + length + mkiLength, rtpTagLength, of: base, length,
                rollOver: UInt32(truncatingIfNeeded: index >> 16))
        }
        source.pointee.rtp.take(index)
        countRTP()
        return .success(grown)
    }

    /// Protects an RTCP packet, which may be a compound one, in place (RFC 3711 §3.4).
    mutating func protectRTCP(_ packet: UnsafeMutableRawBufferPointer, length: Int) -> Outcome {
        guard length >= rtcpFixedLength, let base = packet.baseAddress else { return .failure(.tooShort) }
        let grown: Int = length &+ rtcpTagLength &+ rtcpIndexLength &+ mkiLength
        guard grown <= packet.count, grown <= longestPacket else { return .failure(.noRoom) }
        guard base.load(as: UInt8.self) >> 6 == 2 else { return .failure(.malformed) }
        guard rtcpLeft > 0 else { return .failure(.keyExhausted) }
        let ssrc: UInt32 = load32(base, 4)
        guard let source = sources.find(ssrc) ?? newSource(ssrc) else { return .failure(.tooManySources) }
        let index: UInt64 = source.pointee.rtcpIndex &+ 1
        guard index < Self.rtcpLimit else { return .failure(.keyExhausted) }
        let word: UInt32 = (0x8000_0000 | UInt32(truncatingIfNeeded: index)).bigEndian
        let textLength: Int = length &- rtcpFixedLength
        if isAEAD {
            let trailer: UnsafeMutableRawPointer = base + length + rtcpTagLength
            trailer.storeBytes(of: word, as: UInt32.self)
            let parts = AEADParts(
                header: base, headerLength: rtcpFixedLength, trailer: trailer, text: base + rtcpFixedLength,
                textLength: textLength, tag: base + length)
            guard rtcp.seal(parts, source: ssrc, index: index) else { return .failure(.cipherFailed) }
            putMKI(at: trailer + rtcpIndexLength)
        } else {
            guard rtcp.crypt(base + rtcpFixedLength, textLength, source: ssrc, index: index) else {
                return .failure(.cipherFailed)
            }
            (base + length).storeBytes(of: word, as: UInt32.self)
            let end: Int = length &+ rtcpIndexLength
            putMKI(at: base + end)
            rtcp.putTag(base + end + mkiLength, rtcpTagLength, of: base, end, rollOver: nil)
        }
        source.pointee.rtcpIndex = index
        countRTCP()
        return .success(grown)
    }

    private mutating func newSource(_ ssrc: UInt32) -> UnsafeMutablePointer<SourceState>? {
        var state = SourceState()
        state.ssrc = ssrc
        return sources.insert(state, evicts: false)
    }
}
