import Codecs
import Testing

@Suite("comfort noise")
struct ComfortNoiseTests {
    /// Noise of a given loudness in -dBov; `colour` is how much of a sample the next one keeps.
    private func noise(level: Double, colour: Double = 0, samples: Int) -> [Int16] {
        var (seed, last): (UInt32, Double) = (99, 0)
        var values: [Double] = []
        for _ in 0..<samples {
            seed = seed &* 1_664_525 &+ 1_013_904_223
            last = last * colour + Double(Int32(bitPattern: seed)) / 2_147_483_648
            values.append(last)
        }
        let size = (values.reduce(0) { $0 + $1 * $1 } / Double(samples)).squareRoot()
        let wanted = 32_768 * decibelsToRatio(-level)
        return values.map { Int16(clamping: Int(($0 / size * wanted).rounded())) }
    }

    private func decibelsToRatio(_ decibels: Double) -> Double {
        var ratio = 1.0
        // Tenths of a decibel.
        for _ in 0..<Int(abs(decibels) * 10) { ratio *= 1.011_579_454_259_898_5 }
        return decibels < 0 ? 1 / ratio : ratio
    }

    private func describe(_ samples: [Int16], rate: Int, room: Int = 20) throws -> [UInt8] {
        var encoder = try ComfortNoiseEncoder(sampleRate: rate)
        samples.withUnsafeBufferPointer { encoder.hear($0) }
        var payload = [UInt8](repeating: 0xEE, count: room)
        let count = payload.withUnsafeMutableBytes { encoder.encode(into: $0) }
        #expect(payload[count...].allSatisfy { $0 == 0xEE })
        return Array(payload[..<count])
    }

    private func make(_ payload: [UInt8], rate: Int, samples: Int) throws -> [Int16] {
        var decoder = try ComfortNoiseDecoder(sampleRate: rate)
        #expect(payload.withUnsafeBytes { decoder.decode($0) })
        var noise = [Int16](repeating: 0, count: samples)
        noise.withUnsafeMutableBufferPointer { decoder.generate(into: $0) }
        return noise
    }

    @Test(
        "a level that is described and made anew is the same within 1 dB", arguments: [20.0, 30, 40, 50, 60, 65],
        [0.0, 0.5, 0.9, -0.7])
    func level(level: Double, colour: Double) throws {
        let original = noise(level: level, colour: colour, samples: 8_000)
        let payload = try describe(original, rate: 8_000)
        #expect(abs(Double(payload[0]) - level) <= 1)
        #expect(payload.count == 11)
        let made = try make(payload, rate: 8_000, samples: 16_000)
        #expect(abs(decibels(loudness(made) / loudness(original))) < 1)
    }

    @Test("the noise has the colour of the original", arguments: [0.9, 0.5, -0.7])
    func colour(colour: Double) throws {
        let original = noise(level: 40, colour: colour, samples: 16_000)
        let made = try make(try describe(original, rate: 8_000), rate: 8_000, samples: 16_000)
        func likenessOfNeighbours(_ samples: [Int16]) -> Double {
            let products = zip(samples, samples.dropFirst()).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            return products / samples.reduce(0.0) { $0 + Double($1) * Double($1) }
        }
        #expect(abs(likenessOfNeighbours(made) - likenessOfNeighbours(original)) < 0.05)
        #expect(abs(likenessOfNeighbours(made) - colour) < 0.1)
    }

    @Test("bcg729 1.1.1 gives the same noise the same colour, sign included")
    func oracle() throws {
        // The noise of make.py.
        var (seed, last): (UInt32, Double) = (5, 0)
        let noise = (0..<16_000).map { _ -> Int16 in
            seed = seed &* 1_664_525 &+ 1_013_904_223
            last = last * 0.7 + (Double(seed >> 8) / 8_388_608 - 1) * 120
            return Int16(last.rounded(.toNearestOrEven))
        }
        let theirs = try golden("cn.payload")
        let ours = try describe(noise, rate: 8_000)
        #expect(theirs.count == ours.count)
        // Its levels are those of its own input, which G.729 halves, and of another window.
        for index in 1...4 { #expect(abs(Int(theirs[index]) - Int(ours[index])) < 16) }
        #expect(theirs[1] > 190)
    }

    @Test("the noise is to be had at any rate, as loud", arguments: [8_000, 16_000, 24_000, 44_100, 48_000])
    func rates(rate: Int) throws {
        let original = noise(level: 40, colour: 0.5, samples: 8_000)
        let made = try make(try describe(original, rate: 8_000), rate: rate, samples: rate)
        #expect(abs(decibels(loudness(made[(rate / 10)...]) / loudness(original))) < 1)
    }

    /// The share of the rate's band that is not heard holds that part of an even noise: 10 lg(rate / 8,000).
    @Test(
        "silence is heard at any rate",
        arguments: [(8_000, 0.0), (16_000, 3.01), (44_100, 7.41), (48_000, 7.78)] as [(Int, Double)])
    func heardRates(rate: Int, unheard: Double) throws {
        let original = noise(level: 40, samples: rate)
        var encoder = try ComfortNoiseEncoder(sampleRate: rate, clockRate: UInt32(rate))
        original.withUnsafeBufferPointer { encoder.hear($0) }
        let level: UInt8 = encoder.level
        #expect(level == 40)
        var narrow = try ComfortNoiseEncoder(sampleRate: rate)
        original.withUnsafeBufferPointer { narrow.hear($0) }
        let difference = Double(narrow.level) - 40 - unheard
        #expect(abs(difference) <= 1.5)
    }

    @Test("the level is the low seven bits of the first byte, in dB below full scale (RFC 3389 §3.1)")
    func levelByte() throws {
        for level in [10, 33, 57] {
            let made = try make([UInt8(level)], rate: 8_000, samples: 16_000)
            #expect(abs(decibels(loudness(made) / 32_768) + Double(level)) < 0.5)
            let flagged = try make([UInt8(level) | 0x80], rate: 8_000, samples: 16_000)
            #expect(flagged == made)
        }
        #expect(try make([127], rate: 8_000, samples: 800).allSatisfy { $0 == 0 })
    }

    @Test("any payload makes noise that neither grows nor breaks", arguments: [1, 2, 5, 11, 13, 14, 200])
    func anyPayload(size: Int) throws {
        var seed: UInt32 = UInt32(size)
        for _ in 0..<200 {
            var payload = (0..<size).map { _ -> UInt8 in
                seed = seed &* 1_664_525 &+ 1_013_904_223
                return UInt8(truncatingIfNeeded: seed >> 24)
            }
            payload[0] = 40
            let made = try make(payload, rate: 8_000, samples: 4_000)
            #expect(loudness(made[800...]) < 32_768 * 0.01 * 4)
        }
    }

    @Test("an empty payload says nothing, and before the first one there is silence")
    func nothing() throws {
        var decoder = try ComfortNoiseDecoder(sampleRate: 16_000)
        let isTaken = decoder.decode(UnsafeRawBufferPointer(start: nil, count: 0))
        #expect(!isTaken)
        var noise = [Int16](repeating: 5, count: 320)
        noise.withUnsafeMutableBufferPointer { decoder.generate(into: $0) }
        #expect(noise.allSatisfy { $0 == 0 })
    }

    @Test("a new level is reached within a tenth of a second, without a step")
    func glides() throws {
        var decoder = try ComfortNoiseDecoder(sampleRate: 8_000)
        #expect([UInt8(30)].withUnsafeBytes { decoder.decode($0) })
        var first = [Int16](repeating: 0, count: 800)
        first.withUnsafeMutableBufferPointer { decoder.generate(into: $0) }
        #expect([UInt8(60)].withUnsafeBytes { decoder.decode($0) })
        var second = [Int16](repeating: 0, count: 1_600)
        second.withUnsafeMutableBufferPointer { decoder.generate(into: $0) }
        #expect(loudness(second[..<16]) > loudness(first) / 3)
        #expect(abs(decibels(loudness(second[800...]) / 32_768) + 60) < 1)
    }

    @Test("noise that stays is not described again, noise that changes is")
    func changes() throws {
        var encoder = try ComfortNoiseEncoder(sampleRate: 8_000)
        func changed() -> Bool { encoder.hasChanged }
        #expect(changed())
        var payload = [UInt8](repeating: 0, count: 11)
        func hear(_ samples: [Int16]) { samples.withUnsafeBufferPointer { encoder.hear($0) } }
        hear(noise(level: 50, samples: 4_000))
        let length: Int = payload.withUnsafeMutableBytes { encoder.encode(into: $0) }
        #expect(length == 11)
        hear(noise(level: 50, samples: 4_000))
        #expect(!changed())
        hear(noise(level: 44, samples: 4_000))
        #expect(changed())
        _ = payload.withUnsafeMutableBytes { encoder.encode(into: $0) }
        #expect(!changed())
        hear(noise(level: 44, colour: 0.8, samples: 4_000))
        #expect(changed())
        encoder.reset()
        #expect(changed())
    }

    @Test("a payload is cut to the room there is")
    func room() throws {
        let samples = noise(level: 50, colour: 0.5, samples: 4_000)
        let whole = try describe(samples, rate: 8_000)
        for room in 0...11 { #expect(try describe(samples, rate: 8_000, room: room) == Array(whole.prefix(room))) }
    }

    @Test(
        "rates out of range are refused",
        arguments: [(0, 8_000), (8_000, 0), (96_000, 8_000), (8_000, 90_000)] as [(Int, UInt32)])
    func refused(rate: Int, clockRate: UInt32) {
        #expect(throws: CodecError.self) { _ = try ComfortNoiseDecoder(sampleRate: rate, clockRate: clockRate) }
        #expect(throws: CodecError.self) { _ = try ComfortNoiseEncoder(sampleRate: rate, clockRate: clockRate) }
    }
}
