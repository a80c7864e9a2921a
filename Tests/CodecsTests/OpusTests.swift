import Codecs
import Testing

@Suite("Opus")
struct OpusTests {
    private let any = AudioCodec.opus(OpusParameters())
    private let wide = AudioCodec.opus(OpusParameters(maxPlaybackRate: 16_000))

    @Test("packets of opusenc are decoded to what ffmpeg's own decoder makes of them")
    func decodes() throws {
        var decoder = try AudioDecoder(any)
        #expect(decoder.sampleRate == 48_000)
        let samples = try goldenPackets("opus.packets").compactMap { decoder.decode($0) }.flatMap { $0 }
        let expected = try goldenSamples("opus-48k.raw")
        #expect(samples.count == 13 * 960)
        // The Ogg file says that 312 samples are to be skipped, and ffmpeg's way from 16 to 48 kHz is 2 samples longer.
        #expect(likeness(expected, samples[310...]) > 30)
    }

    @Test(
        "the rate of decoding is the receiver's choice", arguments: [8_000, 12_000, 16_000, 24_000, 48_000] as [UInt32])
    func rates(rate: UInt32) throws {
        var encoder = try AudioEncoder(any)
        var decoder = try AudioDecoder(any, sampleRate: rate)
        let heard = try encoder.packets(sine(800, rate: 48_000, samples: 19_200), of: 960)
            .compactMap { decoder.decode($0) }.flatMap { $0 }
        #expect(heard.count == Int(rate) * 2 / 5)
        #expect(abs(decibels(strength(of: 800, rate: Int(rate), in: heard[(heard.count / 4)...]) / 10_000)) < 1)
    }

    @Test("a stereo packet becomes the mean of its channels")
    func stereo() throws {
        var decoder = try AudioDecoder(wide)
        let samples = try goldenPackets("opus-stereo.packets").compactMap { decoder.decode($0) }.flatMap { $0 }
        // The voice is on the left alone.
        let voice = try goldenSamples("voice16.raw")
        let heard = loudness(samples[640..<4_160])
        #expect(abs(decibels(heard / loudness(voice[536..<4_056])) + 6) < 1)
    }

    @Test(
        "every packet time has its duration and is decoded",
        arguments: zip(0..<6, [120, 240, 480, 960, 1_920, 2_880] as [UInt32]))
    func packetTimes(index: Int, expected: UInt32) throws {
        let packet = try goldenPackets("opus-times.packets")[index]
        #expect(duration(packet, any) == expected)
        var decoder = try AudioDecoder(any)
        #expect(decoder.decode(packet)?.count == Int(expected))
        var narrow = try AudioDecoder(any, sampleRate: 8_000)
        #expect(narrow.decode(packet)?.count == Int(expected) / 6)
    }

    @Test(
        "the first bytes alone tell the duration (RFC 6716 §3)",
        arguments: [
            ("SILK 60 ms", [3 << 3], 2_880), ("hybrid 20 ms", [13 << 3], 960), ("CELT 2.5 ms", [16 << 3], 120),
            ("two frames of one size", [31 << 3 | 1, 1, 2, 3, 4], 1_920),
            ("two frames of two sizes", [31 << 3 | 2, 1, 9, 8, 7], 1_920),
            ("three frames, constant", [31 << 3 | 3, 3, 1, 2, 3], 2_880),
            ("48 frames of 2.5 ms", [28 << 3 | 3, 48], 5_760),
            ("three frames, sizes", [31 << 3 | 3, 0x83, 1, 1, 9, 9, 9], 2_880),
            ("padding", [31 << 3 | 3, 0x41, 2, 7, 0, 0], 960), ("padding and no frame", [31 << 3 | 3, 0x41, 0], 960),
        ] as [(String, [UInt8], UInt32)])
    func legal(label: String, packet: [UInt8], expected: UInt32) throws {
        #expect(duration(packet, any) == expected)
    }

    @Test(
        "what breaks a rule of RFC 6716 §3.4 is refused and changes nothing",
        arguments: [
            ("R1: empty", []), ("R2: frame too long", [0] + [UInt8](repeating: 1, count: 1_276)),
            ("R3: two frames of one size, odd", [1, 5, 6, 7]), ("R4: length beyond the end", [2, 9, 1]),
            ("R4: no length", [2]), ("R4: half a length", [2, 255]), ("R5: no frame count", [3]),
            ("R5: no frames", [3, 0]),
            ("R5: more than 120 ms", [3 << 3 | 3, 3, 1, 2, 3]), ("R6: not a whole number", [31 << 3 | 3, 2, 1, 2, 3]),
            ("R6: padding beyond the end", [31 << 3 | 3, 0x41, 9, 1]),
            ("R6: endless padding", [31 << 3 | 3, 0x41, 255, 255, 255]),
            ("R7: sizes beyond the end", [31 << 3 | 3, 0x83, 9, 9, 1]), ("R7: no sizes", [31 << 3 | 3, 0x83]),
        ] as [(String, [UInt8])])
    func illegal(label: String, packet: [UInt8]) throws {
        #expect(duration(packet, any) == nil)
        let packets = try goldenPackets("opus.packets")
        var one = try AudioDecoder(wide)
        var other = try AudioDecoder(wide)
        _ = (one.decode(packets[0]), other.decode(packets[0]))
        let isRefused = one.decode(packet) == nil
        #expect(isRefused)
        let isUnchanged = one.decode(packets[1]) == other.decode(packets[1])
        #expect(isUnchanged)
    }

    @Test("a voice goes through in packets of any time", arguments: [10, 20, 30, 40, 50, 60])
    func times(ms: Int) throws {
        let voice = try goldenSamples("voice16.raw")
        var encoder = try AudioEncoder(wide, settings: AudioEncoderSettings(bitrate: 32_000, packetTimeMs: UInt8(ms)))
        var decoder = try AudioDecoder(wide)
        let packets = try encoder.packets(voice, of: 16 * ms)
        #expect(packets.allSatisfy { duration($0, wide) == UInt32(48 * ms) })
        let heard = packets.compactMap { decoder.decode($0) }.flatMap { $0 }
        #expect(heard.count == packets.count * 16 * ms)
        // The encoder looks 6.5 ms ahead.
        #expect(likeness(voice[1_600...], heard[1_704...]) > 8)
    }

    @Test(
        "packets of 30 and 50 ms are whole while the encoder changes mode and bandwidth", arguments: [30, 50],
        [40_000, 48_000] as [UInt32])
    func changingSound(ms: Int, bitrate: UInt32) throws {
        let settings = AudioEncoderSettings(bitrate: bitrate, complexity: 10, packetTimeMs: UInt8(ms))
        var encoder = try AudioEncoder(any, settings: settings, sampleRate: 16_000)
        // What the encoder takes for speech and for music, a second and a half of each.
        let voice = try goldenSamples("voice16.raw")
        let music = zip(sine(440, rate: 16_000, samples: 24_000), sine(659, rate: 16_000, samples: 24_000)).map {
            ($0 + $1) / 2
        }
        var packets: [[UInt8]] = []
        for part in 0..<6 {
            encoder.setExpectedLoss(percent: UInt8(part * 5))
            packets += try encoder.packets(part % 2 == 0 ? voice + voice + voice : music, of: 16 * ms)
        }
        #expect(packets.allSatisfy { duration($0, any) == UInt32(48 * ms) })
        #expect(Set(packets.compactMap { $0.first.map { $0 >> 3 } }).count > 1)
    }

    @Test("the receiver's wishes bound what is sent")
    func wishes() throws {
        let voice = try goldenSamples("voice16.raw")
        func bytes(_ parameters: OpusParameters, _ settings: AudioEncoderSettings) throws -> [Int] {
            var encoder = try AudioEncoder(.opus(parameters), settings: settings, sampleRate: 16_000)
            return try encoder.packets(voice, of: 320).map(\.count)
        }
        let usual = AudioEncoderSettings(bitrate: 40_000)
        let free = try bytes(OpusParameters(), usual).reduce(0, +)
        let bound = try bytes(OpusParameters(maxAverageBitrate: 12_000), usual).reduce(0, +)
        #expect(bound < free / 2)
        // 40 kbit/s are 100 bytes in 20 ms.
        let constant = try bytes(OpusParameters(constantBitrate: true), usual)
        #expect(constant.allSatisfy { $0 == 100 })
    }

    @Test(
        "the bandwidth is no wider than the receiver plays",
        arguments: [(8_000, 0), (16_000, 2), (24_000, 3), (48_000, 4)] as [(UInt32, UInt8)])
    func bandwidth(rate: UInt32, widest: UInt8) throws {
        let codec = AudioCodec.opus(OpusParameters(maxPlaybackRate: rate))
        var encoder = try AudioEncoder(codec, settings: AudioEncoderSettings(bitrate: 64_000), sampleRate: 48_000)
        var noise: UInt32 = 1
        let samples = (0..<48_000).map { _ in
            noise = noise &* 1_664_525 &+ 1_013_904_223
            return Int16(truncatingIfNeeded: noise >> 18)
        }
        let packets = try encoder.packets(samples, of: 960)
        // The bandwidth that the configuration in a packet's first byte names (RFC 6716 §3.1).
        let bandwidths = packets.map { packet -> UInt8 in
            let configuration = packet[0] >> 3
            switch configuration {
            case ..<12: return configuration / 4
            case ..<16: return 3 + (configuration - 12) / 2
            default: return [0, 2, 3, 4][Int(configuration - 16) / 4]
            }
        }
        #expect(bandwidths.max() == widest)
    }

    @Test("rates that Opus has not are refused with those it has")
    func badRate() {
        #expect(throws: CodecError("opus at 44100 Hz", "it has 8000, 12000, 16000, 24000, 48000 Hz; resample")) {
            _ = try AudioDecoder(any, sampleRate: 44_100)
        }
        #expect(throws: CodecError.self) { _ = try AudioEncoder(any, settings: AudioEncoderSettings(packetTimeMs: 25)) }
    }
}
