import Basics
import Signals
import Testing

/// An event and how many samples had been fed when it was told.
struct Told {
    var event: DTMFDetector.Event
    var position: Int64
}

/// What a detector tells of samples that come in frames.
func detect(_ pcm: [Int16], rate: UInt32 = 8000, frame: Int = 160) -> [Told] {
    var detector = DTMFDetector(sampleRate: rate)
    var result: [Told] = []
    pcm.withUnsafeBufferPointer { all in
        var index = 0
        while index < all.count {
            let end: Int = min(index + frame, all.count)
            detector.process(UnsafeBufferPointer(rebasing: all[index..<end]))
            while let event = detector.nextEvent() { result.append(Told(event: event, position: detector.position)) }
            index = end
        }
    }
    return result
}

/// The digits that began.
func codes(_ told: [Told]) -> [UInt8] {
    told.compactMap { if case .began(let code, _) = $0.event { code } else { nil } }
}

/// How many of `count` digits of a kind are found as they are; `change` spoils them.
func found(_ count: Int = 320, seed: UInt64 = 1, _ change: (inout SpoiledDigit) -> Void) -> Int {
    var random = SeededRandom(seed: seed)
    var hits = 0
    for number in 0..<count {
        var digit = SpoiledDigit(code: UInt8(number % 16))
        digit.noise = number % 3 == 0 ? .white20 : .none
        change(&digit)
        if codes(detect(digit.audio(&random).samples)) == [digit.code] { hits += 1 }
    }
    return hits
}

/// MV-MEDIA-01 names the sending and receiving of DTMF. partly: MV-MEDIA-01
@Suite("DTMF found (ITU-T Q.24)")
struct DTMFDetectorTests {
    @Test("durations: 40 ms are taken, 23 ms are not", arguments: [(40.0, 320), (33, 320), (23, 0), (20, 0), (10, 0)])
    func durations(ms: Double, expected: Int) {
        #expect(found { $0.ms = ms } == expected)
    }

    @Test(
        "frequencies: 1.5 % off is taken, 3.5 % is not",
        arguments: [
            ((1.5, 1.5), 320), ((-1.5, 1.5), 320), ((1.5, -1.5), 320), ((-1.5, -1.5), 320), ((3.5, 0), 0),
            ((-3.5, 0), 0),
            ((0, 3.5), 0), ((0, -3.5), 0), ((3, 3), 0), ((6, 0), 0), ((0, 6), 0),
        ])
    func frequencies(offsets: (Double, Double), expected: Int) {
        #expect(found { ($0.ms, $0.offsets) = (40, offsets) } == expected)
    }

    @Test(
        "twist: the upper frequency may be 4 dB above and 8 dB below the lower",
        arguments: [(4.0, 320), (-8.0, 320), (0, 320), (7, 0), (-14, 0)])
    func twist(db: Double, expected: Int) {
        #expect(found { ($0.ms, $0.twistDb) = (40, db) } == expected)
    }

    @Test(
        "levels: 0 to -30 dBm0 are taken, -45 dBm0 is not",
        arguments: [(3.0, 320), (0, 320), (-10, 320), (-20, 320), (-30, 320), (-45, 0), (-55, 0)])
    func levels(dbm0: Double, expected: Int) {
        #expect(found { ($0.ms, $0.levelDbm0) = (40, dbm0) } == expected)
    }

    @Test(
        "a break of 10 ms does not part a digit, a pause of 40 ms does",
        arguments: [(5.0, 1), (10, 1), (40, 2), (50, 2)])
    func pauses(ms: Double, expected: Int) {
        var random = SeededRandom(seed: 5)
        for number in 0..<160 {
            guard let (low, high) = DTMF.frequencies(UInt8(number % 16)) else { return }
            let tone: [(Double, Double)] = [(low, -7), (high, -7)]
            var audio: Audio = .silence(ms: random.within(20, 30)) + .tone(tone, ms: 60) + .silence(ms: ms)
            audio = audio + .tone(tone, ms: 60, phase: random.within(0, 6)) + .silence(ms: 60)
            for index in audio.samples.indices { audio.samples[index] += random.noise() * 0.01 }
            #expect(codes(detect(audio.pcm)).count == expected, "digit \(number % 16)")
        }
    }

    @Test("one digit follows another without a pause")
    func joined() {
        let audio: Audio =
            .silence(ms: 31) + .tone([(697, -7), (1209, -7)], ms: 60) + .tone([(852, -7), (1477, -7)], ms: 60)
            + .silence(ms: 60)
        #expect(codes(detect(audio.pcm)) == [1, 9])
        let events: [DTMFDetector.Event] = detect(audio.pcm).map(\.event)
        guard events.count == 4, case .ended(1, _, let end) = events[1], case .began(9, let start) = events[2] else {
            Issue.record("\(events)")
            return
        }
        #expect(abs(end - 728) <= 40 && abs(start - 728) <= 40)
    }

    @Test(
        "start and end are told to within 3 ms, in samples of the audio's rate, however it is cut",
        arguments: [
            (UInt32(8000), 1), (8000, 80), (8000, 160), (8000, 480), (16_000, 320), (48_000, 960), (48_000, 77),
        ])
    func positions(rate: UInt32, frame: Int) {
        let perMs: Double = Double(rate) / 1000
        for code: UInt8 in 0..<16 {
            guard let (low, high) = DTMF.frequencies(code) else { return }
            let before: Double = 40 + Double(code) * 1.7
            let audio: Audio =
                .silence(ms: before, rate: Double(rate))
                + .tone([(low, -9), (high, -7)], ms: 70, rate: Double(rate)) + .silence(ms: 60, rate: Double(rate))
            let told: [Told] = detect(audio.pcm, rate: rate, frame: frame)
            guard told.count == 2, case .began(code, let start) = told[0].event,
                case .ended(code, start, let end) = told[1].event
            else {
                Issue.record("digit \(code): \(told)")
                continue
            }
            #expect(abs(Double(start) / perMs - before) < 3, "digit \(code)")
            #expect(abs(Double(end) / perMs - before - 70) < 3, "digit \(code)")
            let delay = Double(told[0].position) / perMs - before
            #expect(delay <= Double(DTMFDetector.longestDetectionDelayMs) + Double(frame) / perMs, "digit \(code)")
        }
    }

    @Test("what is no digit is none: single tones, tones of call progress, noise, silence, three tones")
    func others() {
        var random = SeededRandom(seed: 9)
        func none(_ audio: Audio, _ name: String) { #expect(codes(detect(audio.pcm)).isEmpty, "\(name)") }
        for hertz in DTMF.rows + DTMF.columns + [425, 1100, 2100] { none(.tone([(hertz, -7)], ms: 500), "\(hertz) Hz") }
        none(.tone([(350, -13), (440, -13)], ms: 2000), "dial tone")
        none(.tone([(697, -7), (770, -7)], ms: 500), "two rows")
        none(.tone([(1209, -7), (1477, -7)], ms: 500), "two columns")
        none(.tone([(697, -7), (770, -7), (1209, -7)], ms: 500), "three tones")
        none(.tone([(697, -7), (1209, -7), (2000, -7)], ms: 500), "a digit and another tone")
        none(Audio((0..<80_000).map { _ in random.noise() * 0.1 }), "noise")
        none(.silence(ms: 1000), "silence")
    }

    @Test("a digit over an offset and hum of the mains is found")
    func offsetAndHum() {
        var audio: Audio = .silence(ms: 100) + .tone([(770, -20), (1336, -20)], ms: 50) + .silence(ms: 100)
        for index in audio.samples.indices { audio.samples[index] += 0.02 }
        audio.mix(.tone([(50, -25)], ms: 250))
        #expect(codes(detect(audio.pcm)) == [5])
    }

    @Test("a held digit is one, and its end is told within the delay")
    func held() {
        let audio: Audio = .silence(ms: 50) + .tone([(941, -9), (1336, -9)], ms: 20_000) + .silence(ms: 100)
        let told: [Told] = detect(audio.pcm)
        #expect(told.count == 2)
        guard case .ended(0, _, let end)? = told.last?.event else { return }
        #expect(abs(end - 160_400) <= 24)
        #expect((told.last?.position ?? 0) - 160_400 <= 160 + 320)
    }

    @Test("any samples in frames of any length leave it whole")
    func garbage() {
        var random = SeededRandom(seed: 11)
        for rate: UInt32 in [0, 8000, 16_000, 44_100, 48_000] {
            var detector = DTMFDetector(sampleRate: rate)
            for _ in 0..<500 {
                let extreme: Bool = random.next() & 3 == 0
                let frame: [Int16] = (0..<Int(random.next() % 961)).map { _ in
                    extreme ? (random.next() & 1 == 0 ? .max : .min) : Int16(truncatingIfNeeded: random.next())
                }
                frame.withUnsafeBufferPointer { detector.process($0) }
                while detector.nextEvent() != nil {}
            }
        }
    }
}
