import CSpanDSP
import Codecs
import Testing

/// Our G.722 beside that of spandsp 0.0.6, which passes the Recommendation's tests.
@Suite("G.722 beside spandsp")
struct G722OracleTests {
    /// Noise, tones, steps and silence, from faint to the utmost.
    private func sound(_ samples: Int) -> [Int16] {
        var seed: UInt64 = 4
        func next() -> UInt64 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return seed >> 33
        }
        var sound: [Int16] = []
        while sound.count < samples {
            let length = Int(next() % 2_000) + 1
            let shift = Int16(next() % 16)
            switch next() % 4 {
            case 0: sound += (0..<length).map { _ in Int16(truncatingIfNeeded: next()) >> shift }
            case 1:
                let hertz = Double(next() % 8_000)
                sound += sine(hertz, rate: 16_000, samples: length, loudness: Double(32_767 >> shift))
            case 2:
                let width = Int(next() % 50) + 1
                sound += (0..<length).map { $0 / width % 2 == 0 ? Int16.max >> shift : Int16.min >> shift }
            default: sound += [Int16](repeating: Int16(truncatingIfNeeded: next()) >> shift, count: length)
            }
        }
        return Array(sound.prefix(samples))
    }

    @Test("a million samples of all kinds are encoded to the same bytes", arguments: [16_000, 8_000] as [UInt32])
    func encodes(rate: UInt32) throws {
        var ours = try AudioEncoder(.g722, sampleRate: rate)
        let theirs = g722_encode_init(nil, 64_000, rate == 8_000 ? Int32(G722_SAMPLE_RATE_8000) : 0)
        defer { g722_encode_free(theirs) }
        let sound = sound(1_000_000)
        let packet = Int(rate) / 50
        var differing = 0
        for start in stride(from: 0, to: sound.count - packet, by: packet) {
            let part = Array(sound[start..<(start + packet)])
            var expected = [UInt8](repeating: 0, count: packet)
            expected.removeLast(packet - Int(g722_encode(theirs, &expected, part, Int32(packet))))
            if ours.encode(part) != expected { differing += 1 }
        }
        #expect(differing == 0)
    }

    @Test(
        "a million bytes of anything are decoded to the same samples, but where spandsp wraps round",
        arguments: [16_000, 8_000] as [UInt32])
    func decodes(rate: UInt32) throws {
        var ours = try AudioDecoder(.g722, sampleRate: rate)
        let theirs = g722_decode_init(nil, 64_000, rate == 8_000 ? Int32(G722_SAMPLE_RATE_8000) : 0)
        defer { g722_decode_free(theirs) }
        var seed: UInt32 = 1
        var encoder = try AudioEncoder(.g722, sampleRate: rate)
        let packet = Int(rate) / 50
        let sound = sound(200_000)
        var payloads = stride(from: 0, to: sound.count - packet, by: packet).compactMap { start in
            encoder.encode(Array(sound[start..<(start + packet)]))
        }
        for _ in 0..<6_000 {
            payloads.append(
                (0..<160).map { _ in
                    seed = seed &* 1_664_525 &+ 1_013_904_223
                    return UInt8(truncatingIfNeeded: seed >> 24)
                })
        }
        var (differing, limited) = (0, 0)
        for payload in payloads {
            var expected = [Int16](repeating: 0, count: 2 * payload.count)
            expected.removeLast(expected.count - Int(g722_decode(theirs, &expected, payload, Int32(payload.count))))
            let samples = ours.decode(payload) ?? []
            for (one, other) in zip(samples, expected) where one != other {
                if one == .max || one == .min { limited += 1 } else { differing += 1 }
            }
            if samples.count != expected.count { differing += 1 }
        }
        #expect(differing == 0)
        #expect(limited > 0 || rate == 8_000)
    }
}
