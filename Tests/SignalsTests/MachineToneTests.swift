import Basics
import CSpanDSP
import Signals
import Testing

@Suite("tones of faxes and modems (ITU-T T.30, V.25, V.8)")
struct MachineToneTests {
    static func detect(_ pcm: [Int16], rate: UInt32 = 8000, frame: Int = 160) -> [MachineToneDetector.Found] {
        var detector = MachineToneDetector(sampleRate: rate)
        var result: [MachineToneDetector.Found] = []
        pcm.withUnsafeBufferPointer { all in
            var index = 0
            while index < all.count {
                let end: Int = min(index + frame, all.count)
                detector.process(UnsafeBufferPointer(rebasing: all[index..<end]))
                while let found = detector.nextFound() { result.append(found) }
                index = end
            }
        }
        return result
    }

    /// 2100 Hz whose phase turns every 450 ms, and with V.8's modulation where `isModulated`.
    static func answer(ms: Double, level: Double = -13, reversed: Bool, isModulated: Bool = false) -> Audio {
        var audio: Audio = .tone([(2100, level)], ms: ms)
        let wobble: Audio = .tone([(15, 3.14)], ms: ms)
        for index in audio.samples.indices {
            if reversed, index / 3600 % 2 == 1 { audio.samples[index] *= -1 }
            if isModulated { audio.samples[index] *= 1 + 0.2 * wobble.samples[index] }
        }
        return audio
    }

    static func calling(_ hertz: Double = 1100, level: Double = -13, rate: Double = 8000) -> Audio {
        .silence(ms: 300, rate: rate) + .tone([(hertz, level)], ms: 500, rate: rate) + .silence(ms: 3000, rate: rate)
    }

    @Test(
        "the calling tone is found in its first half second, whatever its level and place within its limits",
        arguments: [(1100.0, -13.0), (1100, -40), (1100, 0), (1062, -13), (1138, -13)])
    func fax(hertz: Double, level: Double) {
        let found = MachineToneTests.detect(MachineToneTests.calling(hertz, level: level).pcm)
        #expect(found.map(\.tone) == [.faxCalling])
        #expect(found.allSatisfy { $0.position < 8 * 850 })
    }

    @Test(
        "at 16 and 48 kHz as well, however it is cut", arguments: [(UInt32(16_000), 320), (48_000, 960), (48_000, 77)])
    func rates(rate: UInt32, frame: Int) {
        let audio: Audio = MachineToneTests.calling(rate: Double(rate))
        #expect(MachineToneTests.detect(audio.pcm, rate: rate, frame: frame).map(\.tone) == [.faxCalling])
    }

    @Test("a calling fax is told once, though its tone comes every 3.5 s; and again when it was away for 10 s")
    func once() {
        var audio = Audio([])
        for _ in 0..<8 { audio = audio + MachineToneTests.calling() }
        #expect(MachineToneTests.detect(audio.pcm).count == 1)
        audio = audio + .silence(ms: 11_000) + MachineToneTests.calling()
        #expect(MachineToneTests.detect(audio.pcm).count == 2)
    }

    @Test("the answering tone is plain, or reversed, or modulated")
    func answers() {
        func tones(_ audio: Audio) -> Set<MachineToneDetector.Tone> {
            Set(MachineToneTests.detect((.silence(ms: 200) + audio + .silence(ms: 200)).pcm).map(\.tone))
        }
        #expect(tones(MachineToneTests.answer(ms: 3300, reversed: false)) == [.answering])
        #expect(tones(MachineToneTests.answer(ms: 3300, level: -35, reversed: false)) == [.answering])
        #expect(tones(MachineToneTests.answer(ms: 3300, reversed: true)).contains(.answeringReversed))
        #expect(
            tones(MachineToneTests.answer(ms: 3300, reversed: true, isModulated: true)).contains(.answeringReversed))
    }

    @Test("the tones that spandsp's modems make are found")
    func oracle() {
        let tones: [(Int, MachineToneDetector.Tone)] = [
            (Int(MODEM_CONNECT_TONES_FAX_CNG), .faxCalling), (Int(MODEM_CONNECT_TONES_ANS), .answering),
            (Int(MODEM_CONNECT_TONES_ANS_PR), .answeringReversed),
            (Int(MODEM_CONNECT_TONES_ANSAM_PR), .answeringReversed),
        ]
        for (code, tone) in tones {
            let state = modem_connect_tones_tx_init(nil, Int32(code))
            defer { modem_connect_tones_tx_free(state) }
            var pcm = [Int16](repeating: 0, count: 32_000)
            _ = modem_connect_tones_tx(state, &pcm, Int32(pcm.count))
            #expect(MachineToneTests.detect(pcm).map(\.tone).contains(tone), "\(tone)")
        }
    }

    @Test("the flags before a fax's first words are found, at 300 bit/s on V.21's upper channel alone (T.30 §5.3.1)")
    func preamble() {
        /// Frequency shift keying with a phase that goes on: a one is `mark`, a zero `space`, in Hz.
        func keyed(mark: Double, space: Double, flag: [Bool]) -> [Int16] {
            var phase = 0.0
            return (0..<12_000).map { place in
                let bit: Bool = flag[place * 300 / 8000 % flag.count]
                phase += 2 * Double.pi * (bit ? mark : space) / 8000
                return Int16(6000 * sin(phase))
            }
        }
        let flag: [Bool] = [false, true, true, true, true, true, true, false]
        #expect(MachineToneTests.detect(keyed(mark: 1650, space: 1850, flag: flag)).map(\.tone) == [.faxPreamble])
        #expect(MachineToneTests.detect(keyed(mark: 980, space: 1180, flag: flag)).isEmpty)
        #expect(MachineToneTests.detect(keyed(mark: 1650, space: 1850, flag: [true, false])).isEmpty)
    }

    @Test("other tones are none", arguments: [425.0, 1000, 1200, 1300, 1400, 1800, 2000, 2200])
    func others(hertz: Double) {
        #expect(MachineToneTests.detect(Audio.tone([(hertz, -10)], ms: 4000).pcm).isEmpty)
        #expect(MachineToneTests.detect(Audio.tone([(1100, -10), (hertz, -10)], ms: 4000).pcm).isEmpty)
    }

    @Test("an hour of speech holds none")
    func speech() {
        #expect(Speech.files.count > 1000, "scripts/setup installs asterisk-core-sounds-en-wav and -fr-wav")
        var found: [MachineToneDetector.Tone] = []
        var hours = 0.0
        for file in Speech.files {
            let pcm: [Int16] = Speech.read(file)
            hours += Double(pcm.count) / 8000 / 3600
            found += MachineToneTests.detect(pcm).map(\.tone)
        }
        print("machine tones: \(hours) h of speech, \(found.count) false")
        #expect(found.isEmpty)
    }
}
