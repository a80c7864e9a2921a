import Codecs
import Testing

@Suite("L16")
struct L16Tests {
    @Test("samples go in network order, one or two channels of them (RFC 3551 §4.5.11)")
    func order() throws {
        var mono = try AudioEncoder(.l16(sampleRate: 16_000, channels: 1))
        #expect(mono.encode([0x1234, -2, 0, .min]) == [0x12, 0x34, 0xFF, 0xFE, 0, 0, 0x80, 0])
        var stereo = try AudioEncoder(.l16(sampleRate: 44_100, channels: 2))
        #expect(stereo.encode([0x1234, -2]) == [0x12, 0x34, 0x12, 0x34, 0xFF, 0xFE, 0xFF, 0xFE])

        var decoder = try AudioDecoder(.l16(sampleRate: 16_000, channels: 1))
        #expect(decoder.decode([0x12, 0x34, 0xFF, 0xFE]) == [0x1234, -2])
        // Two channels become their mean, without a carry.
        var both = try AudioDecoder(.l16(sampleRate: 44_100, channels: 2))
        #expect(both.decode([0x7F, 0xFF, 0x7F, 0xFF, 0x80, 0, 0x80, 0, 0, 10, 0, 20]) == [.max, .min, 15])
    }

    @Test(
        "a payload that is no whole number of samples is refused",
        arguments: [
            (1, 0, nil), (1, 1, nil), (1, 2, 1), (1, 3, nil), (2, 2, nil), (2, 4, 1), (2, 6, nil), (2, 640, 160),
        ]
            as [(UInt8, Int, UInt32?)])
    func lengths(channels: UInt8, bytes: Int, samples: UInt32?) throws {
        let codec = AudioCodec.l16(sampleRate: 48_000, channels: channels)
        let payload = [UInt8](repeating: 1, count: bytes)
        #expect(duration(payload, codec) == samples)
        var decoder = try AudioDecoder(codec)
        #expect(decoder.decode(payload)?.count == samples.map { Int($0) })
    }

    @Test(
        "rates and channels that L16 is not asked for are refused",
        arguments: [(22_050, 1), (8_000, 3), (8_000, 0)] as [(UInt32, UInt8)])
    func refused(rate: UInt32, channels: UInt8) {
        #expect(throws: CodecError.self) { _ = try AudioDecoder(.l16(sampleRate: rate, channels: channels)) }
        #expect(throws: CodecError.self) { _ = try AudioEncoder(.l16(sampleRate: rate, channels: channels)) }
        #expect(
            duration([0, 0], .l16(sampleRate: rate, channels: channels))
                == (channels == 0 ? nil : channels == 3 ? nil : 1))
    }
}
