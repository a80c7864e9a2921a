import Codecs
import Testing

@Suite("G.711")
struct G711Tests {
    private func decode(_ codes: [UInt8], _ law: G711.Law) -> [Int16] {
        var samples = [Int16](repeating: 0, count: codes.count)
        codes.withUnsafeBytes { codes in
            _ = samples.withUnsafeMutableBufferPointer { G711.decode(codes, law: law, into: $0) }
        }
        return samples
    }

    private func encode(_ samples: [Int16], _ law: G711.Law) -> [UInt8] {
        var codes = [UInt8](repeating: 0, count: samples.count)
        samples.withUnsafeBufferPointer { samples in
            _ = codes.withUnsafeMutableBytes { G711.encode(samples, law: law, into: $0) }
        }
        return codes
    }

    private func transcode(_ codes: [UInt8], from law: G711.Law) -> [UInt8] {
        var other = codes
        codes.withUnsafeBytes { codes in
            _ = other.withUnsafeMutableBytes { G711.transcode(codes, from: law, into: $0) }
        }
        return other
    }

    @Test("every code of both laws is decoded as ffmpeg and sox decode it", arguments: [G711.Law.mu, .a])
    func everyCode(law: G711.Law) throws {
        #expect(decode(Array(0...255), law) == (try goldenSamples(law == .mu ? "codes-ulaw.raw" : "codes-alaw.raw")))
    }

    @Test(
        "values of the tables of G.711, in 16 bits",
        arguments: [
            // Table 2a of the Recommendation, times four: character signal and output value.
            (G711.Law.mu, 0b1000_0000, 8_031 * 4), (.mu, 0b1000_1111, 4_191 * 4), (.mu, 0b1001_1111, 2_079 * 4),
            (.mu, 0b1010_1111, 1_023 * 4), (.mu, 0b1011_1111, 495 * 4), (.mu, 0b1100_1111, 231 * 4),
            (.mu, 0b1101_1111, 99 * 4), (.mu, 0b1110_1111, 33 * 4), (.mu, 0b1111_1110, 2 * 4), (.mu, 0b1111_1111, 0),
            (.mu, 0b0000_0000, -8_031 * 4), (.mu, 0b0111_1110, -2 * 4),
            // Table 1a, times eight, with the even bits inverted as they are sent.
            (.a, 0b1111_1111 ^ 0x55, 4_032 * 8), (.a, 0b1111_0000 ^ 0x55, 2_112 * 8),
            (.a, 0b1110_0000 ^ 0x55, 1_056 * 8),
            (.a, 0b1101_0000 ^ 0x55, 528 * 8), (.a, 0b1100_0000 ^ 0x55, 264 * 8), (.a, 0b1011_0000 ^ 0x55, 132 * 8),
            (.a, 0b1010_0000 ^ 0x55, 66 * 8), (.a, 0b1000_0000 ^ 0x55, 1 * 8), (.a, 0b0000_0000 ^ 0x55, -1 * 8),
            (.a, 0b0111_1111 ^ 0x55, -4_032 * 8),
        ] as [(G711.Law, UInt8, Int16)])
    func tables(law: G711.Law, code: UInt8, value: Int16) {
        #expect(decode([code], law) == [value])
        #expect(encode([value], law) == [code])
    }

    @Test("what was decoded is encoded to the code it came from", arguments: [G711.Law.mu, .a])
    func thereAndBack(law: G711.Law) {
        let codes = [UInt8](0...255)
        // Negative zero of the µ-law is no other sample than zero.
        let expected = codes.map { law == .mu && $0 == 0x7F ? 0xFF : $0 }
        #expect(encode(decode(codes, law), law) == expected)
    }

    @Test(
        "every sample is encoded as spandsp 0.0.6 encodes it",
        arguments: [(G711.Law.mu, 0x94D7_5252_14C7_5EB2), (.a, 0xF030_666E_B780_CF25)] as [(G711.Law, UInt64)])
    func everySample(law: G711.Law, hash: UInt64) {
        let codes = encode((Int16.min...Int16.max).map { $0 }, law)
        let value = codes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        #expect(value == hash)
    }

    @Test(
        "the codes of one law become those of the other nearest in value, and come back", arguments: [G711.Law.mu, .a])
    func transcodes(law: G711.Law) {
        let other: G711.Law = law == .mu ? .a : .mu
        let codes = [UInt8](0...255)
        let transcoded = transcode(codes, from: law)
        for (before, after) in zip(decode(codes, law), decode(transcoded, other)) {
            // Half a step of the coarser law.
            #expect(abs(Int(before) - Int(after)) <= max(16, abs(Int(before)) / 24))
        }
        // 240 of them come back: the laws' steps differ, and 16 codes share one of the other law with a neighbour.
        let back = zip(codes, transcode(transcoded, from: other))
        #expect(back.filter { $0 != $1 }.count == 16)
    }

    @Test("buffers of any length are filled, and nothing beyond them", arguments: [0, 1, 15, 16, 17, 160, 161])
    func lengths(count: Int) throws {
        let samples = (0..<count).map { Int16(truncatingIfNeeded: $0 * 417) }
        for law in [G711.Law.mu, .a] {
            var codes = [UInt8](repeating: 0x33, count: count + 2)
            let written = samples.withUnsafeBufferPointer { samples in
                codes.withUnsafeMutableBytes { codes in
                    G711.encode(samples, law: law, into: UnsafeMutableRawBufferPointer(rebasing: codes[..<count]))
                }
            }
            #expect(written == count)
            #expect(codes[count...].allSatisfy { $0 == 0x33 })
            #expect(Array(codes[..<count]) == samples.map { encode([$0], law)[0] })
        }
    }
}
