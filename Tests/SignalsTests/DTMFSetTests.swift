import Basics
import Signals
import Testing

/// What became of a set of digits.
struct DigitTally: CustomStringConvertible {
    var sent: Int = 0
    var missed: Int = 0
    /// Told besides the one that was sent.
    var wrong: Int = 0
    /// Told more than the promised delay after they began.
    var late: Int = 0

    mutating func count(_ code: UInt8, start: Int, _ told: [Told]) {
        let found: [UInt8] = codes(told)
        let isFound: Bool = found.contains(code)
        sent += 1
        missed += isFound ? 0 : 1
        wrong += found.count - (isFound ? 1 : 0)
        if let first = told.first, isFound, first.position - Int64(start) > DigitTally.limit { late += 1 }
    }

    /// The delay promised, and the 5 ms frame that the set is fed in, in samples.
    static let limit = Int64(DTMFDetector.longestDetectionDelayMs * 8 + 40)

    var description: String { "\(sent) digits: \(missed) missed, \(wrong) wrong, \(late) told late" }
}

/// The bounds are about twice what was measured (docs/guides/signals.md).
@Suite("DTMF against noise, bad lines and speech", .serialized)
struct DTMFSetTests {
    @Test("all digits, 40 to 100 ms, 0 to -30 dBm0, twist, frequencies off, noise from 30 to 12 dB, G.711, G.722")
    func noisy() {
        var random = SeededRandom(seed: 4)
        var all = DigitTally()
        var byNoise: [SpoiledDigit.Noise: DigitTally] = [:]
        var byMs: [Double: DigitTally] = [:]
        var spandsp = (missed: 0, wrong: 0)
        let offsets: [(Double, Double)] = [(0, 0), (1.5, 1.5), (-1.5, -1.5), (1.5, -1.5), (-1.5, 1.5)]
        for code: UInt8 in 0..<16 {
            for ms: Double in [40, 50, 70, 100] {
                for level: Double in [0, -10, -20, -30] {
                    for twist: Double in [-8, -4, 0, 4] {
                        for noise in SpoiledDigit.Noise.allCases {
                            for coding in SpoiledDigit.Coding.allCases {
                                var digit = SpoiledDigit(code: code)
                                (digit.ms, digit.levelDbm0, digit.twistDb) = (ms, level, twist)
                                (digit.noise, digit.coding) = (noise, coding)
                                digit.offsets = offsets[Int(random.next() % 5)]
                                digit.clip = random.next() % 4 == 0 ? 0.7 : 1
                                let (pcm, start) = digit.audio(&random)
                                let told: [Told] = detect(pcm, frame: 40)
                                all.count(code, start: start, told)
                                byNoise[noise, default: DigitTally()].count(code, start: start, told)
                                byMs[ms, default: DigitTally()].count(code, start: start, told)
                                let theirs: [UInt8] = spandspDigits(pcm)
                                spandsp.missed += theirs.contains(code) ? 0 : 1
                                spandsp.wrong += max(theirs.count - 1, 0)
                            }
                        }
                    }
                }
            }
        }
        print("DTMF in noise: \(all) (spandsp: \(spandsp.missed) missed, \(spandsp.wrong) wrong)")
        for noise in SpoiledDigit.Noise.allCases { print("  \(noise): \(byNoise[noise] ?? DigitTally())") }
        for ms in byMs.keys.sorted() { print("  \(Int(ms)) ms: \(byMs[ms] ?? DigitTally())") }
        #expect(all.sent == 28_672)
        #expect(all.missed <= 38)
        #expect(all.wrong == 0)
        #expect(all.late <= 24)
        #expect(byNoise[.none]?.missed == 0 && byNoise[.none]?.late == 0)
    }

    @Test("an hour of speech in English and French holds no digit, also at other pitches")
    func talkOff() {
        #expect(Speech.files.count > 1000, "scripts/setup installs asterisk-core-sounds-en-wav and -fr-wav")
        var falseDigits: [Double: Int] = [:]
        var hours = 0.0
        var recorded = 0.0
        for file in Speech.files {
            let pcm: [Int16] = Speech.read(file)
            recorded += Double(pcm.count) / 8000 / 3600
            for speed: Double in [1, 0.8, 0.85, 0.9, 0.95, 1.05, 1.1, 1.15, 1.2] {
                let shifted: [Int16] = speed == 1 ? pcm : pcm.faster(speed)
                hours += Double(shifted.count) / 8000 / 3600
                falseDigits[speed, default: 0] += codes(detect(shifted)).count
            }
        }
        let total: Int = falseDigits.values.reduce(0, +)
        print(
            "DTMF talk-off: \(recorded) h of speech, \(falseDigits[1] ?? 0) false; \(hours) h at nine pitches, \(total) false"
        )
        #expect(recorded > 0.8)
        #expect(falseDigits[1] == 0)
        #expect(total <= 8)
    }

    @Test("digits pressed while somebody speaks or a prompt echoes", arguments: [(20.0, 4), (12, 130)])
    func speechOverDigits(ratioDb: Double, bound: Int) {
        var random = SeededRandom(seed: 21)
        var tally = DigitTally()
        let gain: Double = 1 / Double(10).raised(ratioDb / 20)
        for number in 0..<4000 {
            var digit = SpoiledDigit(code: UInt8(number % 16))
            digit.levelDbm0 = -10
            digit.ms = 80
            let (pcm, start) = digit.audio(&random)
            // A piece of one person's speech, at its own loudest as loud as the digit less the ratio.
            let speech: [Int16] = Speech.read(Speech.files[Int(random.next() % UInt64(Speech.files.count))])
            guard speech.count > pcm.count else { continue }
            let offset = Int(random.next() % UInt64(speech.count - pcm.count))
            let piece: ArraySlice<Int16> = speech[offset..<(offset + pcm.count)]
            let power: Double = speech.reduce(0) { $0 + Double($1) * Double($1) } / Double(speech.count)
            let tone: Double = pcm.reduce(0) { $0 + Double($1) * Double($1) } / (80 * 8)
            let scale: Double = (tone / max(power, 1)).squareRoot() * gain
            let mixed: [Int16] = zip(pcm, piece).map { Int16(clamping: Int(Double($0) + Double($1) * scale)) }
            tally.count(digit.code, start: start, detect(mixed, frame: 40))
        }
        print("DTMF under speech \(Int(ratioDb)) dB below: \(tally)")
        #expect(tally.sent > 3000)
        #expect(tally.missed <= bound)
        #expect(tally.wrong == 0)
    }
}
