import Codecs
import Testing

@Suite("Opus on a bad network")
struct OpusLossTests {
    private static let protected = AudioCodec.opus(OpusParameters(maxPlaybackRate: 16_000, inBandFEC: true))

    /// The golden voice four times over: 1.92 s at 16 kHz.
    private func voice() throws -> [Int16] {
        let once = try goldenSamples("voice16.raw")
        return once + once + once + once
    }

    @Test(
        "a lost packet recovered from the next one is nearer to the original than one made up", arguments: [20, 40, 60])
    func recovers(ms: Int) throws {
        let settings = AudioEncoderSettings(bitrate: 32_000, expectedLossPercent: 20, packetTimeMs: UInt8(ms))
        var encoder = try AudioEncoder(Self.protected, settings: settings)
        let size = 16 * ms
        let packets = try encoder.packets(voice(), of: size)
        var better = 0
        var recovered = 0
        for lost in 2..<(packets.count - 1) {
            var whole = try AudioDecoder(Self.protected)
            var protected = try AudioDecoder(Self.protected)
            var concealed = try AudioDecoder(Self.protected)
            for packet in packets[..<lost] {
                _ = whole.decode(packet)
                _ = protected.decode(packet)
                _ = concealed.decode(packet)
            }
            let original = whole.decode(packets[lost]) ?? []
            guard let fec = protected.recover(samples: size, from: packets[lost + 1]) else { continue }
            #expect(fec.count == size)
            recovered += 1
            if likeness(original, fec) > likeness(original, concealed.conceal(samples: size)) { better += 1 }
            #expect(protected.decode(packets[lost + 1])?.count == size)
        }
        #expect(recovered > packets.count / 2)
        #expect(better * 10 >= recovered * 8)
    }

    @Test(
        "FEC is sent where loss is expected, the settings allow it and the receiver takes it",
        arguments: [true, false], [true, false])
    func whereItIsSent(allowed: Bool, taken: Bool) throws {
        let codec = AudioCodec.opus(OpusParameters(maxPlaybackRate: 16_000, inBandFEC: taken))
        let settings = AudioEncoderSettings(bitrate: 32_000, expectedLossPercent: 20, fec: allowed)
        var encoder = try AudioEncoder(codec, settings: settings)
        var decoder = try AudioDecoder(codec)
        func brings() throws -> Int {
            try encoder.packets(voice(), of: 320).filter { packet in
                defer { _ = decoder.decode(packet) }
                return decoder.recover(samples: 320, from: packet) != nil
            }.count
        }
        #expect(try (brings() > 0) == (allowed && taken))
        encoder.setExpectedLoss(percent: 0)
        _ = try encoder.packets(voice(), of: 320)
        #expect(try brings() == 0)
        encoder.setExpectedLoss(percent: 10)
        _ = try encoder.packets(voice(), of: 320)
        #expect(try (brings() > 0) == (allowed && taken))
    }

    @Test("packets without FEC, illegal ones and other codecs recover nothing")
    func nothingToRecover() throws {
        var decoder = try AudioDecoder(.opus(OpusParameters(maxPlaybackRate: 16_000)))
        for packet in try goldenPackets("opus.packets") { #expect(decoder.recover(samples: 320, from: packet) == nil) }
        #expect(decoder.recover(samples: 320, from: []) == nil)
        #expect(decoder.recover(samples: 320, from: [3]) == nil)
        // CELT has none, whatever its bits say.
        #expect(decoder.recover(samples: 320, from: [31 << 3, 255, 255, 255]) == nil)
        var other = try AudioDecoder(.pcmu)
        #expect(other.recover(samples: 160, from: [UInt8](repeating: 0, count: 160)) == nil)
    }

    @Test("recovery asks for at least a frame, in steps of 2.5 ms")
    func amounts() throws {
        var encoder = try AudioEncoder(
            Self.protected, settings: AudioEncoderSettings(bitrate: 32_000, expectedLossPercent: 20))
        var decoder = try AudioDecoder(Self.protected)
        let packets = try encoder.packets(voice(), of: 320)
        for packet in packets[..<7] { _ = decoder.decode(packet) }
        let next = try #require(packets[7...].first { packet in decoder.recover(samples: 320, from: packet) != nil })
        #expect(decoder.recover(samples: 160, from: next) == nil)
        #expect(decoder.recover(samples: 333, from: next) == nil)
        #expect(decoder.recover(samples: 0, from: next) == nil)
        #expect(decoder.recover(samples: -320, from: next) == nil)
        // More than it brings: the beginning is made up.
        #expect(decoder.recover(samples: 640, from: next)?.count == 640)
    }

    @Test(
        "in silence nothing is sent but a packet now and then, where the receiver likes it so",
        arguments: [true, false])
    func dtx(liked: Bool) throws {
        let codec = AudioCodec.opus(OpusParameters(maxPlaybackRate: 16_000, dtx: liked))
        var encoder = try AudioEncoder(codec, settings: AudioEncoderSettings(dtx: true))
        var decoder = try AudioDecoder(codec)
        let packets = try encoder.packets(voice() + [Int16](repeating: 0, count: 32_000), of: 320)
        let silence = packets[(packets.count - 90)...]
        let sent = silence.filter { !$0.isEmpty }.count
        if liked { #expect(sent < 10) } else { #expect(sent == 90) }
        #expect(packets[..<80].filter(\.isEmpty).count < 20)
        // What is not sent is heard as silence.
        var heard: [Int16] = []
        for packet in packets { heard += packet.isEmpty ? decoder.conceal(samples: 320) : decoder.decode(packet) ?? [] }
        #expect(loudness(heard[(heard.count - 90 * 320)...]) < 20)
    }

    @Test("a packet of silence alone is left out in packets of any time", arguments: [10, 20, 30, 40, 50, 60])
    func dtxTimes(ms: Int) throws {
        let codec = AudioCodec.opus(OpusParameters(maxPlaybackRate: 16_000, dtx: true))
        var encoder = try AudioEncoder(codec, settings: AudioEncoderSettings(dtx: true, packetTimeMs: UInt8(ms)))
        let packets = try encoder.packets([Int16](repeating: 0, count: 48_000), of: 16 * ms)
        #expect(packets.filter(\.isEmpty).count > packets.count / 2)
    }
}
