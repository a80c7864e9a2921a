import Codecs
import Testing

@Suite("concealment")
struct ConcealmentTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let codec: AudioCodec
        let rate: UInt32
        var testDescription: String { "\(codec.name) at \(rate) Hz" }
    }

    static let cases = [
        Case(codec: .pcmu, rate: 8_000), Case(codec: .pcma, rate: 8_000), Case(codec: .g722, rate: 16_000),
        Case(codec: .g722, rate: 8_000), Case(codec: .l16(sampleRate: 44_100, channels: 1), rate: 44_100),
        Case(codec: .l16(sampleRate: 48_000, channels: 2), rate: 48_000),
        Case(codec: .g729(annexB: false), rate: 8_000),
        Case(codec: .opus(OpusParameters()), rate: 8_000), Case(codec: .opus(OpusParameters()), rate: 48_000),
    ]

    /// The samples that are heard when the packets numbered `lost` don't come, each of 20 ms.
    private func hear(_ it: Case, _ sound: [Int16], lost: Set<Int>) throws -> [Int16] {
        var encoder = try AudioEncoder(it.codec, settings: AudioEncoderSettings(bitrate: 64_000), sampleRate: it.rate)
        var decoder = try AudioDecoder(it.codec, sampleRate: it.rate)
        let packet = Int(it.rate) / 50
        var heard: [Int16] = []
        for (index, payload) in try encoder.packets(sound, of: packet).enumerated() {
            let part = lost.contains(index) ? decoder.conceal(samples: packet) : decoder.decode(payload)
            #expect(part?.count == packet)
            heard += part ?? []
        }
        return heard
    }

    /// A tone with overtones, as a voice has them.
    private func vowel(_ rate: Int, samples: Int) -> [Int16] {
        let partials = [(1, 0.5), (2, 0.3), (3, 0.25), (5, 0.1), (9, 0.05)].map { number, share in
            sine(141 * Double(number), rate: rate, samples: samples, loudness: 12_000 * share)
        }
        return (0..<samples).map { index in Int16(partials.reduce(0) { $0 + Int($1[index]) }) }
    }

    @Test("a lost packet leaves no step in a steady sound", arguments: cases)
    func noStep(it: Case) throws {
        let rate = Int(it.rate)
        let packet = rate / 50
        let whole = try hear(it, vowel(rate, samples: rate), lost: [])
        let lossy = try hear(it, vowel(rate, samples: rate), lost: [20, 31])
        // From before the first gap to well after the second one.
        let range = (19 * packet)..<(36 * packet)
        #expect(largestStep(lossy[range]) < largestStep(whole[range]) * 3 / 2)
        // And the sound goes on, about as loud, within the first gap's first half.
        let gap = (20 * packet)..<(20 * packet + packet / 2)
        #expect(abs(decibels(loudness(lossy[gap]) / loudness(whole[gap]))) < 3)
    }

    @Test(
        "a steady sound is continued in step with itself", arguments: cases.filter { $0.codec != .g729(annexB: false) })
    func continues(it: Case) throws {
        let rate = Int(it.rate)
        let packet = rate / 50
        let whole = try hear(it, vowel(rate, samples: rate), lost: [])
        let lossy = try hear(it, vowel(rate, samples: rate), lost: [20])
        let gap = (20 * packet)..<(20 * packet + packet / 2)
        #expect(likeness(whole[gap], lossy[gap]) > 10)
    }

    @Test("a long gap falls silent after 60 ms, and within 120 ms", arguments: cases)
    func fallsSilent(it: Case) throws {
        let rate = Int(it.rate)
        let packet = rate / 50
        let heard = try hear(it, vowel(rate, samples: rate), lost: Set(20..<40))
        let before = loudness(heard[(15 * packet)..<(20 * packet)])
        let early = loudness(heard[(20 * packet)..<(21 * packet)])
        let late = loudness(heard[(26 * packet)..<(40 * packet)])
        #expect(decibels(early / before) > -6)
        #expect(decibels(late / before) < -40)
        // And comes back without a crack.
        let back = (39 * packet)..<(50 * packet)
        #expect(largestStep(heard[back]) < largestStep(heard[..<(20 * packet)]) * 2)
    }

    @Test("the end of a gap is blended in, whatever its length", arguments: cases, [1, 2, 3, 5])
    func comesBack(it: Case, packets: Int) throws {
        let rate = Int(it.rate)
        let packet = rate / 50
        // Not in step with what was made up.
        let sound = Array(vowel(rate, samples: rate / 2)) + Array(vowel(rate, samples: rate).dropFirst(rate / 331))
        let whole = try hear(it, sound, lost: [])
        let heard = try hear(it, sound, lost: Set(25..<(25 + packets)))
        #expect(
            largestStep(heard[(24 * packet)..<(35 * packet)]) < largestStep(whole[(27 * packet)..<(35 * packet)]) * 2)
    }

    @Test("before anything has come, what is made up is silence", arguments: cases)
    func nothingKnown(it: Case) throws {
        var decoder = try AudioDecoder(it.codec, sampleRate: it.rate)
        #expect(decoder.conceal(samples: Int(it.rate) / 50).allSatisfy { abs($0) <= 1 })
    }

    @Test("after less than one packet the last sample fades", arguments: cases)
    func littleKnown(it: Case) throws {
        let rate = Int(it.rate)
        var encoder = try AudioEncoder(it.codec, sampleRate: it.rate)
        var decoder = try AudioDecoder(it.codec, sampleRate: it.rate)
        let payload = encoder.encode(vowel(rate, samples: rate / 100))
        var heard = decoder.decode(try #require(payload)) ?? []
        #expect(heard.count == rate / 100)
        heard += decoder.conceal(samples: rate / 50)
        #expect(largestStep(heard) < largestStep(vowel(rate, samples: rate)) * 2)
    }

    @Test("noise is not turned into a tone")
    func noise() throws {
        var seed: UInt32 = 7
        let sound = (0..<8_000).map { _ in
            seed = seed &* 1_664_525 &+ 1_013_904_223
            return Int16(truncatingIfNeeded: Int32(bitPattern: seed) >> 19)
        }
        let heard = try hear(Case(codec: .pcmu, rate: 8_000), sound, lost: [25, 26])
        let gap = heard[(25 * 160)..<(26 * 160)]
        let strongest =
            stride(from: 66.0, through: 800, by: 7).map { strength(of: $0, rate: 8_000, in: gap) }.max() ?? 0
        #expect(strongest < loudness(gap))
    }

    @Test("whole steps of the codec are made up, and no more than there is room for")
    func amounts() throws {
        var opus = try AudioDecoder(.opus(OpusParameters(maxPlaybackRate: 8_000)))
        #expect(opus.conceal(samples: 170).count == 160)
        #expect(opus.conceal(samples: 19).count == 0)
        var g729 = try AudioDecoder(.g729(annexB: true))
        #expect(g729.conceal(samples: 170).count == 160)
        var pcmu = try AudioDecoder(.pcmu)
        #expect(pcmu.conceal(samples: 171).count == 171)
        var room = [Int16](repeating: 0, count: 100)
        #expect(room.withUnsafeMutableBufferPointer { pcmu.conceal(samples: 171, into: $0) } == 100)
        #expect(room.withUnsafeMutableBufferPointer { pcmu.conceal(samples: -1, into: $0) } == 0)
    }
}
