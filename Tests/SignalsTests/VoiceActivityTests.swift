import Basics
import Signals
import Testing

@Suite("voice and silence")
struct VoiceActivityTests {
    static func frames(_ pcm: [Int16], rate: UInt32 = 8000, frame: Int = 160) -> [VoiceActivity.Frame] {
        var activity = VoiceActivity(sampleRate: rate)
        var result: [VoiceActivity.Frame] = []
        pcm.withUnsafeBufferPointer { all in
            var index = 0
            while index + frame <= all.count {
                result.append(activity.process(UnsafeBufferPointer(rebasing: all[index..<(index + frame)])))
                index += frame
            }
        }
        return result
    }

    @Test(
        "levels are as RFC 6464 counts them",
        arguments: [(3.14, 3), (-6.86, 13), (-26.86, 33), (-56.86, 63)])
    func levels(dbm0: Double, expected: UInt8) {
        let all = VoiceActivityTests.frames(Audio.tone([(1000, dbm0)], ms: 200).pcm)
        #expect(all.allSatisfy { abs(Int($0.level) - Int(expected)) <= 1 })
    }

    @Test("digital silence is 127, a square at full scale 0")
    func extremes() {
        #expect(VoiceActivityTests.frames([Int16](repeating: 0, count: 320)).map(\.level) == [127, 127])
        let square: [Int16] = (0..<320).map { $0 / 8 % 2 == 0 ? .max : .min }
        #expect(VoiceActivityTests.frames(square).map(\.level) == [0, 0])
    }

    /// A line with noise of one level and a second of speech after every two of it.
    static func line(noiseDbov: Double, speechDbov: Double, seed: UInt64) -> (pcm: [Int16], isSpeech: [Bool]) {
        var random = SeededRandom(seed: seed)
        let gain: Double = Double(10).raised(noiseDbov / 20)
        var samples: [Double] = []
        var truth: [Bool] = []
        while samples.count < 8000 * 60 {
            for _ in 0..<16_000 {
                samples.append(random.noise() * gain)
                truth.append(false)
            }
            let speech: [Int16] = Speech.read(Speech.spoken[Int(random.next() % UInt64(Speech.spoken.count))])
            let power: Double = speech.reduce(0) { $0 + Double($1) * Double($1) } / Double(max(speech.count, 1))
            let scale: Double = Double(10).raised(speechDbov / 20) / max(power, 1).squareRoot()
            for sample in speech {
                samples.append(Double(sample) * scale + random.noise() * gain)
                truth.append(true)
            }
        }
        return (samples.map { Int16(max(-32_768, min(32_767, $0 * 32_768))) }, truth)
    }

    @Test(
        "speech is found and noise is not, on lines from silent to loud",
        arguments: [(-90.0, -26.0), (-65, -26), (-50, -26), (-45, -26), (-65, -40)])
    func lines(noise: Double, speech: Double) {
        var (hits, spoken, falseAlarms, quiet) = (0, 0, 0, 0)
        for seed: UInt64 in 0..<6 {
            let (pcm, truth) = VoiceActivityTests.line(noiseDbov: noise, speechDbov: speech, seed: seed)
            let frames = VoiceActivityTests.frames(pcm)
            for (number, frame) in frames.enumerated() {
                let place: Int = number * 160
                // Loud parts of speech are voice; the second half of each pause, past the hang-over, is not.
                if truth[place], truth[place + 159], Double(frame.level) < 12 - speech {
                    spoken += 1
                    hits += frame.isVoice ? 1 : 0
                } else if place >= 8000, !truth[max(place - 8000, 0)...(place + 159)].contains(true) {
                    quiet += 1
                    falseAlarms += frame.isVoice ? 1 : 0
                }
            }
        }
        print(
            "voice, noise \(noise) dBov, speech \(speech) dBov: \(hits) of \(spoken) found, \(falseAlarms) of \(quiet) false"
        )
        #expect(spoken > 2000 && quiet > 2000)
        #expect(Double(hits) > 0.97 * Double(spoken))
        #expect(Double(falseAlarms) < 0.02 * Double(quiet))
    }

    @Test("noise that gets louder is noise again within a second")
    func louder() {
        var random = SeededRandom(seed: 3)
        let pcm: [Int16] = (0..<(8000 * 6)).map { index in
            Int16(random.noise() * 32_768 * (index < 16_000 ? 0.0005 : 0.005))
        }
        let frames = VoiceActivityTests.frames(pcm)
        // Heard as voice at first, then known: half a second and the hang-over.
        #expect(frames[110].isVoice)
        #expect(frames[(100 + 40)...].allSatisfy { !$0.isVoice })
    }

    @Test("voice lasts 200 ms longer than it is heard; a click does not begin it")
    func hangover() {
        var audio: Audio = .silence(ms: 1000) + .tone([(300, -20)], ms: 400) + .silence(ms: 1000)
        audio.samples[2000] = 0.9
        let frames = VoiceActivityTests.frames(audio.pcm, frame: 80)
        #expect(frames[..<100].allSatisfy { !$0.isVoice })
        #expect(frames[102..<140].allSatisfy { $0.isVoice })
        let end: Int = frames.lastIndex { $0.isVoice } ?? 0
        #expect((158...162).contains(end))
    }

    @Test(
        "rates and frames do not matter", arguments: [(UInt32(8000), 80), (16_000, 960), (48_000, 480), (48_000, 2880)])
    func rates(rate: UInt32, frame: Int) {
        let audio: Audio =
            .silence(ms: 600, rate: Double(rate)) + .tone([(300, -20)], ms: 600, rate: Double(rate))
            + .silence(ms: 1200, rate: Double(rate))
        let frames = VoiceActivityTests.frames(audio.pcm, rate: rate, frame: frame)
        let perFrame: Double = Double(frame) / Double(rate)
        let voiced: Double = Double(frames.filter(\.isVoice).count) * perFrame
        #expect(abs(voiced - 0.8) < 0.13)
    }

    @Test("silence is told once it has lasted, and voice after it")
    func silence() {
        var detector = SilenceDetector(afterMs: 2000, sampleRate: 8000)
        // A hum that swells four times a second, as syllables do.
        var word: Audio = .tone([(300, -20)], ms: 1000)
        for index in word.samples.indices { word.samples[index] *= index % 2000 < 1200 ? 1 : 0.2 }
        let audio: Audio = .silence(ms: 1000) + word + .silence(ms: 5000) + word
        var events: [(SilenceDetector.Event, Int)] = []
        audio.pcm.withUnsafeBufferPointer { all in
            for index in stride(from: 0, to: all.count, by: 160) {
                let part = UnsafeBufferPointer(rebasing: all[index..<min(index + 160, all.count)])
                if let event = detector.process(part) { events.append((event, index / 8)) }
            }
        }
        #expect(events.count == 2)
        guard case .silence(let since)? = events.first?.0 else { return }
        // The word's end, and the hang-over.
        #expect((2180 * 8...2230 * 8).contains(Int(since)))
        #expect((4180...4230).contains(events[0].1))
        #expect(events[1].0 == .voice)
        #expect((7000...7060).contains(events[1].1))
        #expect(detector.hasHeardVoice)
    }

    @Test("a steady tone is no voice, speech after it is at once")
    func tones() {
        let speech: [Int16] = Speech.files.lazy.map { Speech.read($0) }.first { $0.count > 16_000 } ?? []
        let frames = VoiceActivityTests.frames(Audio.tone([(425, -10)], ms: 3000).pcm + speech)
        #expect(frames[40..<150].allSatisfy { !$0.isVoice })
        #expect(frames[150..<250].contains { $0.isVoice })
    }

    @Test("a line on which nobody ever speaks is silent from its start")
    func never() {
        var detector = SilenceDetector(afterMs: 1000, sampleRate: 16_000)
        let frame = [Int16](repeating: 0, count: 320)
        var events: [SilenceDetector.Event] = []
        for _ in 0..<200 {
            if let event = frame.withUnsafeBufferPointer({ detector.process($0) }) { events.append(event) }
        }
        #expect(events == [.silence(since: 0)])
        #expect(!detector.hasHeardVoice)
    }
}
