import Codecs
import Testing

@Suite("G.722")
struct G722Tests {
    @Test("a voice is encoded to the bytes that ffmpeg's encoder makes of it", arguments: ["g722", "g722-loud"])
    func encodes(name: String) throws {
        let samples = try goldenSamples(name == "g722" ? "voice16.raw" : "loud16.raw")
        var encoder = try AudioEncoder(.g722)
        #expect(encoder.sampleRate == 16_000)
        #expect(try encoder.packets(samples, of: 320) == goldenPackets("\(name).packets"))
    }

    @Test("packets are decoded to the samples that ffmpeg's decoder makes of them", arguments: ["g722", "g722-loud"])
    func decodes(name: String) throws {
        var decoder = try AudioDecoder(.g722)
        #expect(decoder.sampleRate == 16_000)
        let samples = try goldenPackets("\(name).packets").compactMap { decoder.decode($0) }.flatMap { $0 }
        let isSame = samples == (try goldenSamples("\(name).raw"))
        #expect(isSame)
    }

    @Test("packets of any length make the same stream", arguments: [160, 320, 480, 640, 960])
    func packetTimes(size: Int) throws {
        let samples = try goldenSamples("voice16.raw")
        var encoder = try AudioEncoder(.g722)
        var decoder = try AudioDecoder(.g722)
        let packets = try encoder.packets(samples, of: size)
        let whole = try goldenPackets("g722.packets").flatMap { $0 }
        #expect(packets.flatMap { $0 } == Array(whole.prefix(packets.count * size / 2)))
        let decoded = packets.compactMap { decoder.decode($0) }.flatMap { $0 }
        #expect(decoded == Array(try goldenSamples("g722.raw").prefix(decoded.count)))
        #expect(decoded.count == packets.count * size)
    }

    @Test("an odd number of samples is refused, an odd number of bytes is not")
    func oddSizes() throws {
        var encoder = try AudioEncoder(.g722)
        var decoder = try AudioDecoder(.g722)
        #expect(encoder.encode([Int16](repeating: 0, count: 321)) == nil)
        #expect(decoder.decode([UInt8](repeating: 0xFA, count: 161))?.count == 322)
        #expect(duration([UInt8](repeating: 0, count: 160), .g722) == 160)
    }

    @Test("after a reset both ends start anew")
    func reset() throws {
        let samples = try goldenSamples("voice16.raw")
        var encoder = try AudioEncoder(.g722)
        var decoder = try AudioDecoder(.g722)
        _ = try encoder.packets(samples, of: 320).map { decoder.decode($0) }
        encoder.reset()
        decoder.reset()
        let packets = try encoder.packets(samples, of: 320)
        #expect(packets == (try goldenPackets("g722.packets")))
        #expect(packets.compactMap { decoder.decode($0) }.flatMap { $0 } == (try goldenSamples("g722.raw")))
    }

    @Test("at 8 kHz the lower half of the band goes through, and meets a wideband phone")
    func lowerHalf() throws {
        var narrow = try AudioEncoder(.g722, sampleRate: 8_000)
        var wide = try AudioDecoder(.g722)
        let tone = sine(1_000, rate: 8_000, samples: 1_600)
        let heard = try narrow.packets(tone, of: 160).compactMap { wide.decode($0) }.flatMap { $0 }
        #expect(heard.count == 3_200)
        #expect(abs(decibels(strength(of: 1_000, rate: 16_000, in: heard[640...]) / 10_000)) < 1)

        var wideEncoder = try AudioEncoder(.g722)
        var narrowDecoder = try AudioDecoder(.g722, sampleRate: 8_000)
        let wideTone = sine(1_000, rate: 16_000, samples: 3_200)
        let back = try wideEncoder.packets(wideTone, of: 320).compactMap { narrowDecoder.decode($0) }.flatMap { $0 }
        #expect(back.count == 1_600)
        #expect(abs(decibels(strength(of: 1_000, rate: 8_000, in: back[320...]) / 10_000)) < 1)
    }
}
