internal import CBcg729
internal import COpus

/// Payloads of one RTP stream to samples, with what is missing made up.
///
/// Decoders keep the state of their stream: every packet is given once and in order, and ``conceal(samples:into:)`` stands in for
/// each that doesn't come. Belongs to one thread; allocates nothing after `init`.
public struct AudioDecoder: ~Copyable {
    /// The samples that a packet holds at most: 120 ms at 48 kHz (RFC 6716 §3.2.5). A buffer of so many takes what ``decode(_:into:)``
    /// gives, whatever the codec.
    public static let mostSamples = 5_760

    private enum Coding {
        case pcmu
        case pcma
        case l16(channels: Int)
        case g722(UnsafeMutablePointer<G722>)
        case g729(OpaquePointer)
        case opus(OpaquePointer)
    }

    public let codec: AudioCodec
    /// The rate of the samples given out, in Hz.
    public let sampleRate: Int
    private var coding: Coding
    /// For codecs that don't conceal by themselves.
    private var concealer: Concealer
    /// What G.729 made up since the last packet, in samples; silence that goes on by itself is not made up.
    private var lost = 0
    private var isSilence = false
    /// What the last packet said about those after it.
    public private(set) var pause: Pause = .none

    /// Whether a sender leaves silence out.
    public enum Pause: Sendable {
        case none
        /// Nobody spoke in the last packet, so that the ones after it may be left out (Opus).
        case likely
        /// Silence was described, and is left out until something else comes.
        case announced
    }

    /// - Parameter sampleRate: the rate wanted, in Hz; nil is that of the codec. Opus gives 8, 12, 16, 24 or 48 kHz whatever was sent, and
    ///   G.722 its lower half at 8 kHz for less than half of the work; the other codecs have only their own.
    /// - Throws: for a codec or rate that cannot be had.
    public init(_ codec: AudioCodec, sampleRate: UInt32? = nil) throws(CodecError) {
        let rate = sampleRate ?? codec.sampleRate
        try codec.check(sampleRate: rate)
        coding = try Self.coding(codec, rate)
        concealer = Concealer(sampleRate: codec.concealsItself ? 0 : Int(rate))
        self.codec = codec
        self.sampleRate = Int(rate)
    }

    private static func coding(_ codec: AudioCodec, _ rate: UInt32) throws(CodecError) -> Coding {
        let state: OpaquePointer?
        switch codec {
        case .pcmu: return .pcmu
        case .pcma: return .pcma
        case .l16(_, let channels): return .l16(channels: Int(channels))
        case .g722:
            let state = UnsafeMutablePointer<G722>.allocate(capacity: 1)
            state.initialize(to: G722())
            return .g722(state)
        case .g729:
            state = initBcg729DecoderChannel()
            if let state { return .g729(state) }
        case .opus:
            state = opus_decoder_create(Int32(rate), 1, nil)
            if let state { return .opus(state) }
        }
        throw CodecError("decoder of \(codec.name)", "the library made none")
    }

    deinit {
        switch coding {
        case .pcmu, .pcma, .l16: break
        case .g722(let state):
            state.pointee.deallocate()
            state.deallocate()
        case .g729(let state): closeBcg729DecoderChannel(state)
        case .opus(let state): opus_decoder_destroy(state)
        }
    }

    /// Decodes one packet.
    /// - Returns: the samples written; nil for a payload that is no legal packet of this codec, or that holds more than `samples` does.
    ///   The state is then what it was, unless the library itself refused the packet half-way.
    public mutating func decode(
        _ payload: UnsafeRawBufferPointer, into samples: UnsafeMutableBufferPointer<Int16>
    ) -> Int? {
        guard let bytes = payload.baseAddress, let out = samples.baseAddress else { return nil }
        guard let count = length(payload), count <= samples.count else { return nil }
        switch coding {
        case .pcmu: G711.decode(payload, law: .mu, into: samples)
        case .pcma: G711.decode(payload, law: .a, into: samples)
        case .l16(let channels): L16.decode(bytes, channels: channels, into: out, count)
        case .g722(let state):
            let bytes = bytes.assumingMemoryBound(to: UInt8.self)
            if sampleRate == 8_000 {
                state.pointee.decodeLower(bytes, payload.count, into: out)
            } else {
                state.pointee.decode(bytes, payload.count, into: out)
            }
        case .g729(let state):
            decodeG729(state, payload, into: out)
            pause = isSilence ? .announced : .none
            return count
        case .opus(let state):
            let given = opus_decode(
                state, bytes.assumingMemoryBound(to: UInt8.self), Int32(payload.count), out, Int32(count), 0)
            // Frames of two bytes or fewer need not be sent (RFC 7587 §3.1.3 and the library's own word).
            pause = payload.count <= 2 ? .announced : OpusPacket(payload)?.lacksVoice == true ? .likely : .none
            return given > 0 ? Int(given) : nil
        }
        concealer.hear(out, count)
        return count
    }

    /// Writes audio made up for what is missing, fading to silence as the gap grows; for silence that the sender leaves out by the codec's
    /// own means (G.729 Annex B, Opus DTX), the noise goes on.
    ///
    /// - Parameter samples: of ``sampleRate``; Opus makes up multiples of 2.5 ms and G.729 of 10 ms, and less is written for others.
    /// - Returns: the samples written; no more than fit.
    public mutating func conceal(samples: Int, into out: UnsafeMutableBufferPointer<Int16>) -> Int {
        guard let start = out.baseAddress else { return 0 }
        let count = max(0, min(samples, out.count, sampleRate * 10))
        switch coding {
        case .pcmu, .pcma, .l16:
            concealer.makeUp(start, count)
            return count
        case .g722(let state):
            concealG722(state, count, into: start)
            return count
        case .g729(let state): return concealG729(state, frames: count / 80, into: start)
        case .opus(let state):
            let step = sampleRate / 400
            guard count >= step else { return 0 }
            return max(0, Int(opus_decode(state, nil, 0, start, Int32(count / step * step), 0)))
        }
    }

    /// Decodes what a packet brings of the one before it, which is missing (Opus in-band FEC, RFC 6716 §2.1.7). Then
    /// ``decode(_:into:)`` takes the packet itself.
    ///
    /// - Parameters:
    ///   - samples: how many are missing; where the packet brings fewer, the beginning is made up.
    ///   - next: the packet after the gap.
    /// - Returns: the samples written; nil where it brings nothing: conceal.
    public mutating func recover(
        samples: Int, from next: UnsafeRawBufferPointer, into out: UnsafeMutableBufferPointer<Int16>
    ) -> Int? {
        guard case .opus(let state) = coding, let start = out.baseAddress, samples <= out.count else { return nil }
        guard let packet = OpusPacket(next), packet.bringsPreviousFrame, let bytes = next.baseAddress else {
            return nil
        }
        guard samples % (sampleRate / 400) == 0, samples >= Int(packet.frameDuration) * sampleRate / 48_000 else {
            return nil
        }
        let given = opus_decode(
            state, bytes.assumingMemoryBound(to: UInt8.self), Int32(next.count), start, Int32(samples), 1)
        return given > 0 ? Int(given) : nil
    }

    /// Forgets the stream: what follows is the beginning of another one.
    public mutating func reset() {
        (lost, isSilence, pause) = (0, false, .none)
        concealer.reset()
        switch coding {
        case .pcmu, .pcma, .l16: break
        case .g722(let state): state.pointee.reset()
        case .g729(let state):
            // Without memory for a new state, the old one goes on: a stale state is heard for some 20 ms.
            guard let new = initBcg729DecoderChannel() else { return }
            closeBcg729DecoderChannel(state)
            coding = .g729(new)
        case .opus(let state): _ = copus_decoder_reset(state)
        }
    }
}

extension AudioDecoder {
    /// How long a payload lasts on the codec's RTP clock, read from its length and first bytes.
    /// - Returns: nil for what is no legal packet of the codec.
    public static func duration(of payload: UnsafeRawBufferPointer, codec: AudioCodec) -> UInt32? {
        guard payload.count > 0, payload.count <= 65_535 else { return nil }
        let count = UInt32(payload.count)
        switch codec {
        case .pcmu, .pcma: return count <= UInt32(mostSamples) ? count : nil
        // Two samples a byte, which are one of the clock (RFC 3551 §4.5.2).
        case .g722: return 2 * count <= UInt32(mostSamples) ? count : nil
        case .g729:
            // Frames of 10 bytes, then one of silence at most, of 2 (RFC 3551 §4.5.6).
            guard count % 10 == 0 || count % 10 == 2 else { return nil }
            let samples = (count + 8) / 10 * 80
            return samples <= UInt32(mostSamples) ? samples : nil
        case .opus: return OpusPacket(payload)?.duration
        case .l16(_, let channels):
            let width = 2 * UInt32(channels)
            guard width > 0, count % width == 0, count / width <= UInt32(mostSamples) else { return nil }
            return count / width
        }
    }

    /// The same in samples of what this decoder gives out.
    private func length(_ payload: UnsafeRawBufferPointer) -> Int? {
        guard let duration = Self.duration(of: payload, codec: codec) else { return nil }
        let clock = Int(codec.clockRate)
        return clock == sampleRate ? Int(duration) : Int(duration) * sampleRate / clock
    }
}

// G.722: the decoder hears what is made up, and goes on from it.
extension AudioDecoder {
    private mutating func concealG722(
        _ state: UnsafeMutablePointer<G722>, _ count: Int, into out: UnsafeMutablePointer<Int16>
    ) {
        let isFirst = concealer.missing == 0
        concealer.makeUp(out, count)
        if sampleRate == 8_000 { return state.pointee.followLower(out, count) }
        guard count % 2 == 0, count >= G722.delay else { return }
        if isFirst { state.pointee.lookAhead(out, G722.delay) }
        state.pointee.follow(out + G722.delay, count - G722.delay)
        withUnsafeTemporaryAllocation(of: Int16.self, capacity: G722.delay) { ahead in
            guard let ahead = ahead.baseAddress else { return }
            concealer.peek(ahead, G722.delay)
            state.pointee.follow(ahead, G722.delay)
        }
    }
}

// G.729: frames of 10 ms, 80 samples.
extension AudioDecoder {
    private mutating func decodeG729(
        _ state: OpaquePointer, _ payload: UnsafeRawBufferPointer, into out: UnsafeMutablePointer<Int16>
    ) {
        guard let bytes = payload.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        var (index, written) = (0, 0)
        while index < payload.count {
            isSilence = payload.count - index == 2
            let size = isSilence ? 2 : 10
            bcg729Decoder(state, bytes + index, UInt8(size), 0, isSilence ? 1 : 0, 0, out + written)
            index += size
            written += 80
        }
        lost = 0
    }

    /// The library lowers what it makes up over some 200 ms; here it is silent after 60 to 120 ms.
    private mutating func concealG729(
        _ state: OpaquePointer, frames: Int, into out: UnsafeMutablePointer<Int16>
    ) -> Int {
        for frame in 0..<frames {
            let start = out + 80 * frame
            bcg729Decoder(state, nil, 0, 1, 0, 0, start)
            if isSilence { continue }
            if lost >= 480 { fade(start) }
            lost += 80
        }
        return 80 * frames
    }

    private func fade(_ samples: UnsafeMutablePointer<Int16>) {
        for index in 0..<80 {
            let left = max(0, 960 - lost - index)
            samples[index] = Int16(truncatingIfNeeded: Int32(samples[index]) &* Int32(left) / 480)
        }
    }
}

extension AudioCodec {
    /// Whether audio of this rate can go in and out of the codec.
    func check(sampleRate rate: UInt32) throws(CodecError) {
        let rates: [UInt32]
        switch self {
        case .pcmu, .pcma, .g729: rates = [8_000]
        case .g722: rates = [8_000, 16_000]
        case .opus: rates = [8_000, 12_000, 16_000, 24_000, 48_000]
        case .l16(let own, let channels):
            guard [8_000, 16_000, 44_100, 48_000].contains(own), (1...2).contains(channels) else {
                throw CodecError("L16/\(own)/\(channels)", "L16 has 8, 16, 44.1 or 48 kHz and one or two channels")
            }
            rates = [own]
        }
        guard rates.contains(rate) else {
            let list = rates.map { "\($0)" }.joined(separator: ", ")
            throw CodecError("\(name) at \(rate) Hz", "it has \(list) Hz; resample")
        }
    }

    var concealsItself: Bool {
        switch self {
        case .g729, .opus: true
        case .pcmu, .pcma, .g722, .l16: false
        }
    }
}
