import Basics
import Signals
import Testing

@Suite("tones of call progress found")
struct CallProgressTests {
    static func detect(_ pcm: [Int16], _ country: String, rate: UInt32 = 8000, frame: Int = 160)
        -> [CallProgressDetector.Event]
    {
        var detector = CallProgressDetector(country: country, sampleRate: rate)
        var result: [CallProgressDetector.Event] = []
        pcm.withUnsafeBufferPointer { all in
            var index = 0
            while index < all.count {
                let end: Int = min(index + frame, all.count)
                detector.process(UnsafeBufferPointer(rebasing: all[index..<end]))
                while let event = detector.nextEvent() { result.append(event) }
                index = end
            }
        }
        return result
    }

    /// The tones that began, in short.
    static func begun(_ events: [CallProgressDetector.Event]) -> [ProgressTone] {
        events.compactMap { if case .began(let tone, _) = $0 { tone } else { nil } }
    }

    static let tones: [ProgressTone] = [.ringback, .busy, .congestion, .dial, .specialInformation]

    /// 12 s of a country's tone, from any place in its cadence on, with noise 25 dB below, as G.711 has it.
    static func audio(_ tone: ProgressTone, _ country: String, rate: UInt32, random: inout SeededRandom) -> [Int16] {
        var generator = ToneGenerator(CallTones.pattern(tone, country: country), sampleRate: rate)
        generator.skip(Int(random.within(0, 3)) * Int(rate))
        var pcm = [Int16](repeating: 0, count: 12 * Int(rate))
        _ = pcm.withUnsafeMutableBufferPointer { generator.generate(into: $0) }
        return pcm.map { G711.aLaw(Int16(clamping: Int($0) + Int(random.noise() * 60))) }
    }

    @Test("every country's tones are told apart, at every rate", arguments: CallTones.countries)
    func countries(country: String) {
        var random = SeededRandom(seed: 8)
        for tone in CallProgressTests.tones {
            for rate: UInt32 in [8000, 16_000, 48_000] {
                let pcm: [Int16] = CallProgressTests.audio(tone, country, rate: rate, random: &random)
                let events = CallProgressTests.detect(pcm, country, rate: rate, frame: Int(rate) / 50)
                let alike: Bool =
                    CallTones.pattern(tone, country: country) == CallTones.pattern(.busy, country: country)
                #expect(CallProgressTests.begun(events) == [alike ? .busy : tone], "\(tone) at \(rate) Hz: \(events)")
            }
        }
    }

    @Test(
        "busy is told within three of its tones, ringback within its first pause",
        arguments: [
            ("FR", ProgressTone.busy, 2000), ("FR", .ringback, 3000), ("US", .ringback, 4000),
            ("DE", .congestion, 1000), ("GB", .busy, 1500), ("GB", .ringback, 2200),
        ])
    func soon(country: String, tone: ProgressTone, withinMs: Int) {
        var generator = ToneGenerator(CallTones.pattern(tone, country: country), sampleRate: 8000)
        var pcm = [Int16](repeating: 0, count: 80_000)
        _ = pcm.withUnsafeMutableBufferPointer { generator.generate(into: $0) }
        let events = CallProgressTests.detect([Int16](repeating: 0, count: 1600) + pcm, country)
        guard case .began(tone, let position)? = events.first else {
            Issue.record("\(events)")
            return
        }
        #expect(Int(position) <= 1600 + withinMs * 8, "after \((position - 1600) / 8) ms")
    }

    @Test("ringback ends when somebody answers")
    func answered() {
        var generator = ToneGenerator(CallTones.pattern(.ringback, country: "FR"), sampleRate: 8000)
        var pcm = [Int16](repeating: 0, count: 8000 * 12)
        _ = pcm.withUnsafeMutableBufferPointer { generator.generate(into: $0) }
        // Rings twice, then speaks.
        let speech: [Int16] = Speech.files.lazy.map { Speech.read($0) }.first { $0.count > 32_000 } ?? []
        let events = CallProgressTests.detect(Array(pcm[..<56_000]) + speech, "FR")
        guard events.count == 2, case .began(.ringback, _) = events[0], case .ended(.ringback, let end) = events[1]
        else {
            Issue.record("\(events)")
            return
        }
        #expect((56_000...64_000).contains(Int(end)))
    }

    @Test("a busy tone that follows ringback is told, and the end of it")
    func sequence() {
        func part(_ tone: ProgressTone, ms: Int) -> [Int16] {
            var generator = ToneGenerator(CallTones.pattern(tone, country: "CH"), sampleRate: 8000)
            var pcm = [Int16](repeating: 0, count: ms * 8)
            _ = pcm.withUnsafeMutableBufferPointer { generator.generate(into: $0) }
            return pcm
        }
        let pcm: [Int16] = part(.ringback, ms: 10_000) + part(.busy, ms: 5000) + [Int16](repeating: 0, count: 16_000)
        let events = CallProgressTests.detect(pcm, "CH")
        #expect(CallProgressTests.begun(events) == [.ringback, .busy])
        #expect(events.count == 4)
    }

    @Test("an hour of speech holds none, in any of three countries' tones")
    func speech() {
        #expect(Speech.files.count > 1000, "scripts/setup installs asterisk-core-sounds-en-wav and -fr-wav")
        var falseTones: [String: Int] = [:]
        for country in ["FR", "US", "GB"] {
            var detector = CallProgressDetector(country: country, sampleRate: 8000)
            for file in Speech.files {
                Speech.read(file).withUnsafeBufferPointer { detector.process($0) }
                while let event = detector.nextEvent() {
                    if case .began = event { falseTones[country, default: 0] += 1 }
                }
            }
        }
        print("call progress in speech: \(falseTones)")
        #expect(falseTones.isEmpty)
    }
}
