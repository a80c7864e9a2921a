internal import CBcg729
internal import COpus

/// What an encoder is asked for beside its codec; the receiver's own wishes are in the codec's parameters.
public struct AudioEncoderSettings: Hashable, Sendable {
    /// Of Opus, in bit/s, 6 000 ... 510 000; nil is what suits the bandwidth. Never above the receiver's maxaveragebitrate.
    public var bitrate: UInt32?
    /// Of Opus: 0 (least work) ... 10 (best quality).
    public var complexity: UInt8
    /// Of Opus: how many packets may get lost, in per cent; above 0, packets bring parts of the one before where ``fec`` allows it.
    public var expectedLossPercent: UInt8
    /// Whether Opus may send in-band FEC. It does so only to receivers that say useinbandfec=1.
    public var fec: Bool
    /// Whether silence may be left out. That is done only for receivers that like it: Opus with usedtx=1, G.729 with Annex B.
    public var dtx: Bool
    /// How much audio a packet is to hold, in ms: 10, 20, 30, 40, 50 or 60.
    public var packetTimeMs: UInt8

    public init(
        bitrate: UInt32? = nil, complexity: UInt8 = 5, expectedLossPercent: UInt8 = 0, fec: Bool = true,
        dtx: Bool = false,
        packetTimeMs: UInt8 = 20
    ) {
        self.bitrate = bitrate
        self.complexity = complexity
        self.expectedLossPercent = expectedLossPercent
        self.fec = fec
        self.dtx = dtx
        self.packetTimeMs = packetTimeMs
    }
}

/// Samples to payloads of one RTP stream.
///
/// Belongs to one thread; allocates nothing after `init`.
public struct AudioEncoder: ~Copyable {
    private enum Coding {
        case pcmu
        case pcma
        case l16(channels: Int)
        case g722(UnsafeMutablePointer<G722>)
        case g729(OpaquePointer)
        case opus(OpaquePointer)
    }

    public let codec: AudioCodec
    /// The rate of the samples taken, in Hz.
    public private(set) var sampleRate: Int
    private let settings: AudioEncoderSettings
    private var coding: Coding
    private let leavesOutSilence: Bool
    /// Only where packets of 30 or 50 ms are to be made.
    private let bundle: OpusBundle?
    /// How many samples at the beginning of the last packet are not in it, because they were silence (G.729 Annex B); the packet's
    /// timestamp is so much later.
    public private(set) var skippedSamples = 0

    /// - Parameter sampleRate: the rate of what is given, in Hz; nil is that of the codec. Opus takes 8, 12, 16, 24 or 48 kHz, and
    ///   G.722 8 kHz for less than half of the work (its upper half is then silent); the other codecs have only their own.
    /// - Throws: for a codec, rate or packet time that cannot be had.
    public init(
        _ codec: AudioCodec, settings: AudioEncoderSettings = AudioEncoderSettings(), sampleRate: UInt32? = nil
    ) throws(CodecError) {
        let rate = sampleRate ?? codec.sampleRate
        try codec.check(sampleRate: rate)
        guard settings.packetTimeMs % 10 == 0, (10...60).contains(settings.packetTimeMs) else {
            throw CodecError("packets of \(settings.packetTimeMs) ms", "they are 10, 20, 30, 40, 50 or 60 ms")
        }
        let needsBundle = codec.name == "opus" && (settings.packetTimeMs == 30 || settings.packetTimeMs == 50)
        let bundle = needsBundle ? OpusBundle() : nil
        if needsBundle, bundle == nil { throw CodecError("encoder of opus", "the library made none") }
        let coding: Coding
        do throws(CodecError) {
            coding = try Self.coding(codec, settings, rate)
        } catch {
            bundle?.deallocate()
            throw error
        }
        (self.coding, self.bundle) = (coding, bundle)
        (self.codec, self.settings, self.sampleRate) = (codec, settings, Int(rate))
        leavesOutSilence = settings.dtx && codec.receiverLikesDTX
    }

    private static func coding(
        _ codec: AudioCodec, _ settings: AudioEncoderSettings, _ rate: UInt32
    ) throws(CodecError) -> Coding {
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
            state = initBcg729EncoderChannel(settings.dtx && codec.receiverLikesDTX ? 1 : 0)
            if let state { return .g729(state) }
        case .opus(let parameters):
            state = opus_encoder_create(Int32(rate), 1, OPUS_APPLICATION_VOIP, nil)
            if let state {
                setUp(state, settings, parameters, rate)
                return .opus(state)
            }
        }
        throw CodecError("encoder of \(codec.name)", "the library made none")
    }

    deinit {
        switch coding {
        case .pcmu, .pcma, .l16: break
        case .g722(let state):
            state.pointee.deallocate()
            state.deallocate()
        case .g729(let state): closeBcg729EncoderChannel(state)
        case .opus(let state): opus_encoder_destroy(state)
        }
        bundle?.deallocate()
    }

    /// Encodes one packet.
    ///
    /// - Parameters:
    ///   - samples: a packet's worth of ``sampleRate``: for Opus 10, 20, 40 or 60 ms (30 and 50 where the settings say so), for G.729 any 10 ms, for G.722 an even number.
    ///   - payload: 1 500 bytes do; L16 takes two bytes a sample and channel.
    /// - Returns: the bytes written; 0 where nothing is to be sent (silence that is left out); nil for a number of samples that the codec
    ///   doesn't have, or that doesn't fit.
    public mutating func encode(
        _ samples: UnsafeBufferPointer<Int16>, into payload: UnsafeMutableRawBufferPointer
    ) -> Int? {
        guard let from = samples.baseAddress, let to = payload.baseAddress, samples.count > 0 else { return nil }
        guard samples.count <= AudioDecoder.mostSamples else { return nil }
        let bytes = to.assumingMemoryBound(to: UInt8.self)
        switch coding {
        case .pcmu:
            guard samples.count <= payload.count else { return nil }
            return G711.encode(samples, law: .mu, into: payload)
        case .pcma:
            guard samples.count <= payload.count else { return nil }
            return G711.encode(samples, law: .a, into: payload)
        case .l16(let channels):
            let size = 2 * channels * samples.count
            guard size <= payload.count else { return nil }
            L16.encode(from, samples.count, channels: channels, into: to)
            return size
        case .g722(let state):
            let isNarrow = sampleRate == 8_000
            let size = isNarrow ? samples.count : samples.count / 2
            guard isNarrow || samples.count % 2 == 0, size <= payload.count else { return nil }
            // A byte is two samples for whoever decodes all of the band.
            guard 2 * size <= AudioDecoder.mostSamples else { return nil }
            if isNarrow {
                state.pointee.encodeLower(from, bytes: size, into: bytes)
            } else {
                state.pointee.encode(from, bytes: size, into: bytes)
            }
            return size
        case .g729(let state): return encodeG729(state, samples, into: payload)
        case .opus(let state):
            let tenth = sampleRate / 100
            if let bundle, samples.count == 3 * tenth || samples.count == 5 * tenth {
                let sound = OpusBundle.Sound(samples: from, count: samples.count / tenth, size: tenth)
                return bundle.encode(state, sound, mayBeLeftOut: leavesOutSilence, into: payload)
            }
            let room = Int32(truncatingIfNeeded: min(payload.count, 4_000))
            let given = opus_encode(state, from, Int32(samples.count), bytes, room)
            if given < 0 { return nil }
            // Two bytes or fewer are a frame that need not be sent.
            return leavesOutSilence && given <= 2 ? 0 : Int(given)
        }
    }

    /// Whether ``change(sampleRate:)`` can change to a rate, in Hz.
    public func takes(sampleRate rate: UInt32) -> Bool {
        if Int(rate) == sampleRate { return true }
        guard case .g722 = codec else { return false }
        return rate == 8_000 || rate == 16_000
    }

    /// Takes samples of another rate from the next packet on, while the stream goes on: G.722 takes audio of 8 kHz as its lower band, for
    /// half of the work and without resampling.
    /// - Returns: false where the codec has no such rate, or not without beginning anew.
    public mutating func change(sampleRate rate: UInt32) -> Bool {
        guard takes(sampleRate: rate) else { return false }
        guard Int(rate) != sampleRate, case .g722(let state) = coding else { return true }
        if rate == 16_000 { state.pointee.widen() }
        sampleRate = Int(rate)
        return true
    }

    /// What the library is set to; nil where it is not Opus.
    public var opusState: OpusEncoderState? {
        guard case .opus(let state) = coding else { return nil }
        return OpusEncoderState(state, sampleRate: sampleRate)
    }

    /// How many packets get lost, in per cent (of Opus; the others have nothing to change by it). Above 0 it sends FEC where it may.
    public mutating func setExpectedLoss(percent: UInt8) {
        guard case .opus(let state) = coding, case .opus(let parameters) = codec else { return }
        Self.setLoss(state, percent, mayProtect: settings.fec && parameters.inBandFEC)
    }

    /// Forgets the stream: what follows is the beginning of another one.
    public mutating func reset() {
        switch coding {
        case .pcmu, .pcma, .l16: break
        case .g722(let state): state.pointee.reset()
        case .g729(let state):
            // Without memory for a new state, the old one goes on.
            guard let new = initBcg729EncoderChannel(leavesOutSilence ? 1 : 0) else { return }
            closeBcg729EncoderChannel(state)
            coding = .g729(new)
        case .opus(let state): _ = copus_encoder_reset(state)
        }
    }
}

// Opus.
extension AudioEncoder {
    private static func setUp(
        _ state: OpaquePointer, _ settings: AudioEncoderSettings, _ receiver: OpusParameters, _ rate: UInt32
    ) {
        let playback = min(rate, receiver.maxPlaybackRate)
        var bitrate = settings.bitrate ?? usualBitrate(playback)
        bitrate = min(max(bitrate, 6_000), receiver.maxAverageBitrate ?? 510_000, 510_000)
        set(state, OPUS_SET_BITRATE_REQUEST, Int32(bitrate))
        set(state, OPUS_SET_MAX_BANDWIDTH_REQUEST, bandwidth(playback))
        set(state, OPUS_SET_COMPLEXITY_REQUEST, Int32(min(settings.complexity, 10)))
        set(state, OPUS_SET_VBR_REQUEST, receiver.constantBitrate ? 0 : 1)
        set(state, OPUS_SET_DTX_REQUEST, settings.dtx && receiver.dtx ? 1 : 0)
        setLoss(state, settings.expectedLossPercent, mayProtect: settings.fec && receiver.inBandFEC)
    }

    private static func setLoss(_ state: OpaquePointer, _ percent: UInt8, mayProtect: Bool) {
        set(state, OPUS_SET_PACKET_LOSS_PERC_REQUEST, Int32(min(percent, 100)))
        set(state, OPUS_SET_INBAND_FEC_REQUEST, mayProtect && percent > 0 ? 1 : 0)
    }

    private static func set(_ state: OpaquePointer, _ request: Int32, _ value: Int32) {
        let result = copus_encoder_set(state, request, value)
        assert(result == OPUS_OK, "opus refused \(value) for \(request)")
    }

    /// In the ranges that RFC 7587 §3.1.1 gives for speech.
    private static func usualBitrate(_ rate: UInt32) -> UInt32 {
        switch rate {
        case ...8_000: 12_000
        case ...16_000: 20_000
        case ...24_000: 24_000
        default: 32_000
        }
    }

    /// The widest band that a playback rate holds (RFC 7587 §6.1).
    private static func bandwidth(_ rate: UInt32) -> Int32 {
        switch rate {
        case ..<12_000: OPUS_BANDWIDTH_NARROWBAND
        case ..<16_000: OPUS_BANDWIDTH_MEDIUMBAND
        case ..<24_000: OPUS_BANDWIDTH_WIDEBAND
        case ..<48_000: OPUS_BANDWIDTH_SUPERWIDEBAND
        default: OPUS_BANDWIDTH_FULLBAND
        }
    }
}

// G.729: frames of 10 ms, 80 samples.
extension AudioEncoder {
    /// A packet holds frames without a gap, and a frame of silence only as its last (RFC 3551 §4.5.6). So what is left out at the beginning
    /// makes the packet start later, and what is left out between two frames is filled with the one before it once more.
    private mutating func encodeG729(
        _ state: OpaquePointer, _ samples: UnsafeBufferPointer<Int16>, into payload: UnsafeMutableRawBufferPointer
    ) -> Int? {
        let frames = samples.count / 80
        guard samples.count % 80 == 0, frames * 10 <= payload.count else { return nil }
        guard let from = samples.baseAddress, let to = payload.baseAddress else { return nil }
        let bytes = to.assumingMemoryBound(to: UInt8.self)
        // Frames of speech written, and left out since; where silence was described, if it was.
        var (speech, gap, silence) = (0, 0, false)
        skippedSamples = 0
        for frame in 0..<frames {
            var size: UInt8 = 0
            let next = bytes + 10 * (speech + gap)
            bcg729Encoder(state, from + 80 * frame, next, &size)
            if size == 10 {
                if speech == 0 {
                    skippedSamples = 80 * gap
                    bytes.update(from: next, count: 10)
                } else {
                    for filled in 0..<gap {
                        (bytes + 10 * (speech + filled)).update(from: bytes + 10 * (speech - 1), count: 10)
                    }
                    speech += gap
                }
                (speech, gap, silence) = (speech + 1, 0, false)
                continue
            }
            if size == 2 {
                (bytes + 10 * speech).update(from: next, count: 2)
                silence = true
                if speech == 0 { skippedSamples = 80 * gap }
            }
            gap += 1
        }
        return 10 * speech + (silence ? 2 : 0)
    }
}

extension AudioCodec {
    /// Whether the receiver has said that it would rather have silence left out.
    var receiverLikesDTX: Bool {
        switch self {
        case .pcmu, .pcma, .g722, .l16: false
        case .g729(let annexB): annexB
        case .opus(let parameters): parameters.dtx
        }
    }
}
