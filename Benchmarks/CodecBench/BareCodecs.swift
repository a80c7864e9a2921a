import CBcg729
import COpus
import CSpanDSP
import Codecs

/// A library called in a loop with nothing around it: what our own work is measured against.
protocol BareCodec {
    func encode(_ samples: UnsafePointer<Int16>, _ count: Int, _ bytes: UnsafeMutablePointer<UInt8>, _ room: Int) -> Int
    func decode(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ samples: UnsafeMutablePointer<Int16>)
}

struct BareG722: BareCodec {
    let encoder: OpaquePointer?
    let decoder: OpaquePointer?

    init(options: Int32) {
        encoder = g722_encode_init(nil, 64_000, options)
        decoder = g722_decode_init(nil, 64_000, options)
    }

    func encode(_ samples: UnsafePointer<Int16>, _ count: Int, _ bytes: UnsafeMutablePointer<UInt8>, _ room: Int) -> Int
    {
        Int(g722_encode(encoder, bytes, samples, Int32(count)))
    }

    func decode(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ samples: UnsafeMutablePointer<Int16>) {
        _ = g722_decode(decoder, samples, bytes, Int32(count))
    }
}

struct BareG729: BareCodec {
    let encoder: OpaquePointer? = initBcg729EncoderChannel(0)
    let decoder: OpaquePointer? = initBcg729DecoderChannel()

    func encode(_ samples: UnsafePointer<Int16>, _ count: Int, _ bytes: UnsafeMutablePointer<UInt8>, _ room: Int) -> Int
    {
        var size: UInt8 = 0
        bcg729Encoder(encoder, samples, bytes, &size)
        bcg729Encoder(encoder, samples + 80, bytes + 10, &size)
        return 20
    }

    func decode(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ samples: UnsafeMutablePointer<Int16>) {
        bcg729Decoder(decoder, bytes, 10, 0, 0, 0, samples)
        bcg729Decoder(decoder, bytes + 10, 10, 0, 0, 0, samples + 80)
    }
}

struct BareOpus: BareCodec {
    let encoder: OpaquePointer
    let decoder: OpaquePointer
    let channels: Int

    /// - Parameter bandwidth: the widest it may send (OPUS_BANDWIDTH_…); nil leaves it to the library.
    init(rate: Int32, channels: Int32 = 1, bitrate: Int32, complexity: Int32, bandwidth: Int32? = nil) {
        guard let encoder = opus_encoder_create(rate, channels, OPUS_APPLICATION_VOIP, nil),
            let decoder = opus_decoder_create(rate, channels, nil)
        else { fail("no opus at \(rate) Hz with \(channels) channels") }
        (self.encoder, self.decoder, self.channels) = (encoder, decoder, Int(channels))
        _ = copus_encoder_set(encoder, OPUS_SET_BITRATE_REQUEST, bitrate)
        _ = copus_encoder_set(encoder, OPUS_SET_COMPLEXITY_REQUEST, complexity)
        if let bandwidth { _ = copus_encoder_set(encoder, OPUS_SET_MAX_BANDWIDTH_REQUEST, bandwidth) }
    }

    /// Set up as our encoder is.
    init(like state: OpusEncoderState) {
        let bandwidth: Int32 =
            switch state.bandwidthHz {
            case ...4_000: OPUS_BANDWIDTH_NARROWBAND
            case ...8_000: OPUS_BANDWIDTH_WIDEBAND
            default: OPUS_BANDWIDTH_FULLBAND
            }
        self.init(
            rate: Int32(state.sampleRate), bitrate: Int32(state.bitrate), complexity: Int32(state.complexity),
            bandwidth: bandwidth)
    }

    /// `count` samples a channel.
    func encode(_ samples: UnsafePointer<Int16>, _ count: Int, _ bytes: UnsafeMutablePointer<UInt8>, _ room: Int) -> Int
    {
        Int(opus_encode(encoder, samples, Int32(count), bytes, Int32(room)))
    }

    func decode(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ samples: UnsafeMutablePointer<Int16>) {
        _ = opus_decode(decoder, bytes, Int32(count), samples, 5_760, 0)
    }
}
