import CBcg729
import COpus
import CSpanDSP

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

/// Set up as our encoder sets it up.
struct BareOpus: BareCodec {
    let encoder: OpaquePointer
    let decoder: OpaquePointer

    init(rate: Int32) {
        guard let encoder = opus_encoder_create(rate, 1, OPUS_APPLICATION_VOIP, nil),
            let decoder = opus_decoder_create(rate, 1, nil)
        else { fail("no opus at \(rate) Hz") }
        (self.encoder, self.decoder) = (encoder, decoder)
        _ = copus_encoder_set(
            encoder, OPUS_SET_BITRATE_REQUEST, rate == 8_000 ? 12_000 : rate == 16_000 ? 20_000 : 32_000)
        _ = copus_encoder_set(encoder, OPUS_SET_COMPLEXITY_REQUEST, 5)
        _ = copus_encoder_set(
            encoder, OPUS_SET_MAX_BANDWIDTH_REQUEST,
            rate == 8_000
                ? OPUS_BANDWIDTH_NARROWBAND : rate == 16_000 ? OPUS_BANDWIDTH_WIDEBAND : OPUS_BANDWIDTH_FULLBAND)
    }

    func encode(_ samples: UnsafePointer<Int16>, _ count: Int, _ bytes: UnsafeMutablePointer<UInt8>, _ room: Int) -> Int
    {
        Int(opus_encode(encoder, samples, Int32(count), bytes, Int32(room)))
    }

    func decode(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ samples: UnsafeMutablePointer<Int16>) {
        _ = opus_decode(decoder, bytes, Int32(count), samples, 5_760, 0)
    }
}
