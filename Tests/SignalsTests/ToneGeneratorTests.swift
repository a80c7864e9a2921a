import Glibc
import Signals
import Testing

/// All samples of a generator, frame by frame, up to `limit`.
func samples(_ pattern: TonePattern, rate: UInt32 = 8000, frame: Int = 160, limit: Int = 80_000) -> [Int16] {
    var generator = ToneGenerator(pattern, sampleRate: rate)
    var all: [Int16] = []
    var buffer = [Int16](repeating: 0, count: frame)
    while all.count < limit {
        let count: Int = buffer.withUnsafeMutableBufferPointer { generator.generate(into: $0) }
        all += buffer[..<count]
        if count < frame { break }
    }
    return all
}

/// The level of one frequency in samples, in dBm0.
func level(_ samples: ArraySlice<Int16>, _ hertz: Double, rate: Double = 8000) -> Double {
    var (real, imaginary) = (0.0, 0.0)
    for (place, sample) in samples.enumerated() {
        let turn: Double = 2 * .pi * hertz * Double(place) / rate
        real += Double(sample) / 32_768 * cos(turn)
        imaginary += Double(sample) / 32_768 * sin(turn)
    }
    let peak: Double = 2 * (real * real + imaginary * imaginary).squareRoot() / Double(samples.count)
    return 20 * log10(peak) + 3.14
}

@Suite("tones made")
struct ToneGeneratorTests {
    @Test("a sine has its frequency and level at every rate", arguments: [UInt32(8000), 16_000, 48_000])
    func sine(rate: UInt32) {
        let pattern = TonePattern([ToneSegment([ToneFrequency(425, -13)], durationMs: 2000)], repeats: 1)
        let all: [Int16] = samples(pattern, rate: rate, limit: .max)
        #expect(all.count == Int(rate) * 2)
        let steady: ArraySlice<Int16> = all[Int(rate / 2)..<Int(rate / 2 * 3)]
        #expect(abs(level(steady, 425, rate: Double(rate)) + 13) < 0.01)
        #expect(level(steady, 450, rate: Double(rate)) < -70)
        #expect(level(steady, 850, rate: Double(rate)) < -80)
    }

    @Test("four sines are added at their levels")
    func four() {
        let sines: [ToneFrequency] = [.init(300, -20), .init(700, -17), .init(1100, -23), .init(1700, -14)]
        let all: [Int16] = samples(TonePattern([ToneSegment(sines, durationMs: 1100)], repeats: 1))
        for sine in sines { #expect(abs(level(all[400..<8400], sine.hertz) - sine.levelDbm0) < 0.02) }
    }

    @Test("one sine modulated by another has its side bands, and the level asked for")
    func modulated() {
        let segment = ToneSegment(
            [ToneFrequency(400, -13), ToneFrequency(25, 0)], mixing: .modulated(depth: 0.8), durationMs: 1100)
        let all: [Int16] = samples(TonePattern([segment], repeats: 1))
        let steady: ArraySlice<Int16> = all[400..<8400]
        let carrier: Double = level(steady, 400)
        // Each side band has half the depth: 20 log 0.4.
        #expect(abs(level(steady, 375) - carrier + 7.96) < 0.05)
        #expect(abs(level(steady, 425) - carrier + 7.96) < 0.05)
        let power: Double = steady.reduce(0) { $0 + pow(Double($1) / 32_768, 2) } / Double(steady.count)
        #expect(abs(10 * log10(2 * power) + 3.14 + 13) < 0.05)
    }

    @Test("how the frames are cut changes no sample by more than its rounding", arguments: [1, 7, 80, 160, 480, 961])
    func frames(frame: Int) {
        let pattern = CallTones.pattern(.specialInformation, country: "FR")
        let whole: [Int16] = samples(pattern, frame: 20_000, limit: 20_000)
        let cut: [Int16] = samples(pattern, frame: frame, limit: 20_000)
        for (one, other) in zip(whole, cut) where abs(Int(one) - Int(other)) > 1 {
            Issue.record("\(one) and \(other)")
            return
        }
    }

    @Test("segments follow each other at the sample, silence is silence, and nothing clicks")
    func cadence() {
        let all: [Int16] = samples(CallTones.pattern(.busy, country: "DE"), limit: 8000 * 4)
        // 480 ms on, 480 ms off: 3840 samples each.
        for turn in 0..<4 {
            let start: Int = turn * 7680
            #expect(all[start..<(start + 3840)].contains { abs($0) > 5000 })
            #expect(all[(start + 3830)..<(start + 3840)].contains { $0 != 0 })
            #expect(all[(start + 3840)..<(start + 7680)].allSatisfy { $0 == 0 })
        }
        let step: Int = zip(all, all.dropFirst()).map { abs(Int($0) - Int($1)) }.max() ?? 0
        // The steepest step of 425 Hz at -13 dBm0.
        #expect(step < 1750)
    }

    @Test("a sine goes on from tone to tone without a jump of phase")
    func continuous() {
        let pattern = TonePattern(
            [
                ToneSegment([ToneFrequency(1000, -10)], durationMs: 101),
                ToneSegment([ToneFrequency(1000, -10)], durationMs: 57),
            ], repeats: 20)
        let cut: [Int16] = samples(pattern)
        let whole: [Int16] = samples(
            TonePattern([ToneSegment([ToneFrequency(1000, -10)], durationMs: 3160)], repeats: 1))
        #expect(cut.count == whole.count)
        #expect(zip(cut, whole).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
    }

    @Test("after ten hours a cadence is where it should be, to the sample")
    func hours() {
        var generator = ToneGenerator(CallTones.pattern(.busy, country: "FR"), sampleRate: 48_000)
        // 36 000 turns of a second in odd frames, then 3 samples before the next turn.
        var left = 36_000 * 48_000 - 3
        while left > 0 {
            generator.skip(min(left, 961))
            left -= 961
        }
        var buffer = [Int16](repeating: 1, count: 24_003 + 3)
        let count: Int = buffer.withUnsafeMutableBufferPointer { generator.generate(into: $0) }
        #expect(count == buffer.count)
        #expect(buffer[..<3].allSatisfy { $0 == 0 })
        #expect(buffer[10..<200].contains { $0 != 0 })
        #expect(buffer[(24_003 - 40)..<24_003].contains { $0 != 0 })
        #expect(buffer[24_003...].allSatisfy { $0 == 0 })
    }

    @Test("what is skipped leaves the phases as if it had been played")
    func skip() {
        let pattern = CallTones.pattern(.ringback, country: "GB")
        let whole: [Int16] = samples(pattern, limit: 16_000)
        var generator = ToneGenerator(pattern, sampleRate: 8000)
        generator.skip(9001)
        var buffer = [Int16](repeating: 0, count: 5000)
        _ = buffer.withUnsafeMutableBufferPointer { generator.generate(into: $0) }
        #expect(zip(buffer, whole[9001...]).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
    }

    @Test("a pattern ends after its repeats, the part before them sounds once")
    func repeats() {
        let on = ToneSegment([ToneFrequency(440, -13)], durationMs: 10)
        func pattern(_ repeats: UInt32?, from: Int) -> TonePattern {
            TonePattern([.silence(30), on, .silence(10)], repeats: repeats, repeatFrom: from)
        }
        #expect(samples(pattern(1, from: 0)).count == 400)
        #expect(samples(pattern(3, from: 1)).count == 240 + 3 * 160)
        #expect(samples(pattern(0, from: 1)).count == 240)
        #expect(samples(pattern(2, from: 9)).count == 400)
        #expect(samples(pattern(2, from: -1)).count == 800)
        #expect(samples(TonePattern([], repeats: nil)).isEmpty)
        #expect(samples(TonePattern([.silence(0)], repeats: nil)).isEmpty)
        #expect(pattern(3, from: 1).durationMs == 90)
        #expect(pattern(nil, from: 1).durationMs == nil)
        #expect(TonePattern([ToneSegment([], durationMs: nil)], repeats: 2).durationMs == nil)
    }

    @Test("too loud a tone is cut off, not turned over")
    func loud() {
        let sines: [ToneFrequency] = [.init(200, 3), .init(201, 3), .init(202, 3), .init(203, 30)]
        let all: [Int16] = samples(TonePattern([ToneSegment(sines, durationMs: 100)], repeats: 1))
        #expect(all.contains(.max) && all.contains(.min))
        #expect(zip(all, all.dropFirst()).allSatisfy { !($0 == .max && $1 == .min) })
    }
}
