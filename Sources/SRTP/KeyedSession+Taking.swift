/// Where the parts of a protected RTP packet lie.
private struct RTPParts {
    var base: UnsafeMutableRawPointer
    /// Where the payload starts, and where it ends.
    var start: Int
    var end: Int
    var ssrc: UInt32
}

extension KeyedSession {
    /// Takes an RTP packet: authenticated, then decrypted in place (RFC 3711 §3.3).
    /// - Parameter hint: the highest index of the source under an older key: a peer that keeps its roll-over counter through a
    ///   change of key goes on from there (RFC 3711 §3.3.1), another starts again at 0. Both are understood.
    @inline(__always)
    mutating func takeRTP(_ packet: UnsafeMutableRawBufferPointer, hint: UInt64?) -> Outcome {
        let end: Int = packet.count &- rtpTagLength &- mkiLength
        guard end >= rtpFixedLength, let base = packet.baseAddress else { return .failure(.tooShort) }
        guard packet.count <= longestPacket else { return .failure(.noRoom) }
        guard let start = rtpPayloadStart(base, end: end) else { return .failure(.malformed) }
        guard hasMKI(at: base + end + (isAEAD ? rtpTagLength : 0)) else { return .failure(.unknownMKI) }
        let parts = RTPParts(base: base, start: start, end: end, ssrc: load32(base, 8))
        let sequence: UInt16 = load16(base, 2)
        guard let source = sources.find(parts.ssrc), source.pointee.rtp.isStarted else {
            return takeFirstRTP(parts, sequence, hint: hint)
        }
        switch openKnown(parts, sequence, source.pointee.rtp, failures: source.pointee.failures) {
        case .success(let index):
            source.pointee.failures = 0
            source.pointee.rtp.take(index)
            sources.touch(source)
            countRTP()
            return .success(parts.end)
        case .failure(let failure):
            source.pointee.failures &+= 1
            return .failure(failure)
        }
    }

    /// Finds the index under which a packet of a source that was heard before is authentic, and decrypts it.
    ///
    /// After a silence of more than 2^15 packets, as a hold of eleven minutes is, the roll-over counter may be some turns ahead of the
    /// guess of RFC 3711 §3.3.1. So each packet that fails, or seems far too old, tries one turn further ahead: never back, where
    /// packets were taken.
    @inline(__always)
    private func openKnown(_ parts: RTPParts, _ sequence: UInt16, _ window: borrowing ReplayWindow, failures: UInt32)
        -> Result<UInt64, SRTPFailure>
    {
        let guess: UInt64 = PacketIndex.guess(sequence: sequence, after: window.highest)
        var failure: SRTPFailure = .replayed
        if guess < PacketIndex.limit {
            switch window.verdict(guess) {
            case .fresh:
                if openRTP(parts, guess) { return .success(guess) }
                failure = .authenticationFailed
            case .taken: return .failure(.replayed)
            case .tooOld: break
            }
        } else if guess >> 63 == 0 {
            return .failure(.keyExhausted)
        }
        let ahead: UInt64 = guess &+ UInt64(1 &+ (failures & 3)) << 16
        guard ahead < PacketIndex.limit, ahead > window.highest, openRTP(parts, ahead) else { return .failure(failure) }
        return .success(ahead)
    }

    /// The first packet of a source under this key: its counter is 0, unless the turn was lost on the way, the source had to
    /// leave the table, or it goes on from an older key.
    private mutating func takeFirstRTP(_ parts: RTPParts, _ sequence: UInt16, hint: UInt64?) -> Outcome {
        var state: SourceState = sources.find(parts.ssrc)?.pointee ?? sources.recall(parts.ssrc) ?? SourceState()
        state.ssrc = parts.ssrc
        let opened: Result<UInt64, SRTPFailure> =
            state.rtp.isStarted
            ? openKnown(parts, sequence, state.rtp, failures: strangerFailures)
            : openNew(parts, sequence, hint: hint, failures: strangerFailures)
        switch opened {
        case .success(let index):
            strangerFailures = 0
            state.rtp.take(index)
            keep(state)
            countRTP()
            return .success(parts.end)
        case .failure(let failure):
            strangerFailures &+= 1
            return .failure(failure)
        }
    }

    private func openNew(_ parts: RTPParts, _ sequence: UInt16, hint: UInt64?, failures: UInt32)
        -> Result<UInt64, SRTPFailure>
    {
        if openRTP(parts, UInt64(sequence)) { return .success(UInt64(sequence)) }
        var other: UInt64 = UInt64(1 &+ (failures >> 1 & 3)) << 16 | UInt64(sequence)
        if let hint, failures & 1 == 0 { other = PacketIndex.guess(sequence: sequence, after: hint) }
        guard other < PacketIndex.limit, openRTP(parts, other) else { return .failure(.authenticationFailed) }
        return .success(other)
    }

    private mutating func keep(_ state: SourceState) {
        if let source = sources.find(state.ssrc) {
            source.pointee = state
            sources.touch(source)
        } else {
            _ = sources.insert(state, evicts: true)
        }
    }

    @inline(__always)
    private func openRTP(_ parts: RTPParts, _ index: UInt64) -> Bool {
        let (base, end) = (parts.base, parts.end)
        if isAEAD {
            let aead = AEADParts(
                header: base, headerLength: parts.start, trailer: nil, text: base + parts.start,
                textLength: end &- parts.start, tag: base + end)
            return rtp.open(aead, source: parts.ssrc, index: index)
        }
        let tag: UnsafeMutableRawPointer = base + end + mkiLength
        guard rtp.isTag(tag, rtpTagLength, of: base, end, rollOver: UInt32(truncatingIfNeeded: index >> 16)) else {
            return false
        }
        return rtp.crypt(base + parts.start, end &- parts.start, source: parts.ssrc, index: index)
    }

    /// Takes an RTCP packet: authenticated, then decrypted in place where it is encrypted (RFC 3711 §3.4).
    mutating func takeRTCP(_ packet: UnsafeMutableRawBufferPointer) -> Outcome {
        let end: Int = packet.count &- rtcpTagLength &- rtcpIndexLength &- mkiLength
        guard end >= rtcpFixedLength, let base = packet.baseAddress else { return .failure(.tooShort) }
        guard packet.count <= longestPacket else { return .failure(.noRoom) }
        guard base.load(as: UInt8.self) >> 6 == 2 else { return .failure(.malformed) }
        let wordPlace: Int = isAEAD ? end &+ rtcpTagLength : end
        guard hasMKI(at: base + wordPlace + rtcpIndexLength) else { return .failure(.unknownMKI) }
        let word: UInt32 = load32(base, wordPlace)
        let (isEncrypted, index) = (word >> 31 == 1, UInt64(word & 0x7FFF_FFFF))
        let ssrc: UInt32 = load32(base, 4)
        var state: SourceState? = nil
        let source = sources.find(ssrc)
        if source == nil { state = sources.recall(ssrc) }
        if let window = source?.pointee.rtcp ?? state?.rtcp, window.verdict(index) != .fresh {
            return .failure(.replayed)
        }
        let isGood: Bool =
            isAEAD
            ? openAEAD(base, end, ssrc, index, isEncrypted: isEncrypted)
            : openCM(base, end, ssrc, index, isEncrypted: isEncrypted)
        guard isGood else { return .failure(.authenticationFailed) }
        if let source {
            source.pointee.rtcp.take(index)
            sources.touch(source)
        } else {
            var new: SourceState = state ?? SourceState()
            new.ssrc = ssrc
            new.rtcp.take(index)
            keep(new)
        }
        countRTCP()
        return .success(end)
    }

    private func openAEAD(
        _ base: UnsafeMutableRawPointer, _ end: Int, _ ssrc: UInt32, _ index: UInt64, isEncrypted: Bool
    ) -> Bool {
        let headerLength: Int = isEncrypted ? rtcpFixedLength : end
        let parts = AEADParts(
            header: base, headerLength: headerLength, trailer: base + end + rtcpTagLength, text: base + headerLength,
            textLength: end &- headerLength, tag: base + end)
        return rtcp.open(parts, source: ssrc, index: index)
    }

    private func openCM(
        _ base: UnsafeMutableRawPointer, _ end: Int, _ ssrc: UInt32, _ index: UInt64, isEncrypted: Bool
    ) -> Bool {
        let authenticated: Int = end &+ rtcpIndexLength
        guard rtcp.isTag(base + authenticated + mkiLength, rtcpTagLength, of: base, authenticated, rollOver: nil) else {
            return false
        }
        guard isEncrypted else { return true }
        return rtcp.crypt(base + rtcpFixedLength, end &- rtcpFixedLength, source: ssrc, index: index)
    }
}
