import Glibc

/// Makes the samples of a ``TonePattern``: gapless, each sine's phase running on, durations exact to the sample however long it
/// sounds (the sample count is an integer, and phases are reckoned from integers).
///
/// Made once a tone; generating allocates nothing.
public struct ToneGenerator: ~Copyable {
    /// In Hz.
    public let sampleRate: UInt32
    /// Whether all has sounded.
    public private(set) var isFinished: Bool

    private let segments: UnsafeMutableBufferPointer<Segment>
    private let loop: Int
    /// Turns of the repeated part still to come after this one; nil is for ever.
    private var turnsLeft: UInt32?
    private var index: Int = 0
    /// How much of the segment has sounded, in samples.
    private var played: Int = 0
    /// Of each sine, in 2³² of a turn.
    private var phases: SIMD4<UInt32> = .zero
    /// What sounded before this segment was silence, or nothing.
    private var rises: Bool = true

    private struct Segment {
        var steps: SIMD4<UInt32> = .zero
        /// Where full scale is 32 768.
        var amplitudes: SIMD4<Double> = .zero
        /// Of the second sine on the first; negative where they are added.
        var depth: Double = -1
        /// In samples; nil has no end.
        var length: Int?
        /// In samples.
        var ramp: Int = 0
        var isSilent: Bool { amplitudes == .zero }
    }

    /// - Parameter sampleRate: in Hz, a multiple of 1000 of 8 000 ... 48 000; others are taken as the nearest such.
    public init(_ pattern: TonePattern, sampleRate: UInt32) {
        let rate: UInt32 = min(max((sampleRate + 500) / 1000 * 1000, 8_000), 48_000)
        self.sampleRate = rate
        var compiled: [Segment] = []
        var before = 0
        for (place, segment) in pattern.segments.enumerated() where segment.durationMs != 0 {
            if place < pattern.repeatFrom { before += 1 } else if pattern.repeats == 0 { break }
            compiled.append(ToneGenerator.compile(segment, rate: rate, rampMs: pattern.rampMs))
        }
        segments = .allocate(capacity: compiled.count)
        _ = segments.initialize(from: compiled)
        loop = before
        turnsLeft = pattern.repeats.map { max($0, 1) - 1 }
        isFinished = compiled.isEmpty
    }

    deinit { segments.deallocate() }

    private static func compile(_ segment: ToneSegment, rate: UInt32, rampMs: Double) -> Segment {
        var result = Segment()
        for (place, sine) in segment.frequencies.prefix(4).enumerated() {
            let turns: Double = min(max(sine.hertz, 0), Double(rate) / 2) / Double(rate)
            result.steps[place] = UInt32(truncatingIfNeeded: Int64((turns * 4_294_967_296).rounded()))
            result.amplitudes[place] = 32_768 * sinePeak(dbm0: min(sine.levelDbm0, 3.14))
        }
        if case .modulated(let depth) = segment.mixing, segment.frequencies.count >= 2 {
            let legal: Double = min(max(depth, 0), 1)
            result.depth = legal
            result.amplitudes = SIMD4(result.amplitudes[0] / (1 + legal * legal / 2).squareRoot(), 0, 0, 0)
        }
        let perMs = Int(rate / 1000)
        result.length = segment.durationMs.map { Int($0) * perMs }
        let longest: Int = result.length.map { $0 / 2 } ?? .max
        result.ramp = min(Int(min(max(rampMs, 0), 10) * Double(perMs)), longest)
        return result
    }

    /// Writes the next samples.
    ///
    /// - Returns: how many were written; fewer than there is room for once the pattern is over.
    public mutating func generate(into samples: UnsafeMutableBufferPointer<Int16>) -> Int {
        var written = 0
        while written < samples.count, !isFinished {
            let count: Int = min(samples.count - written, left)
            write(UnsafeMutableBufferPointer(rebasing: samples[written..<(written + count)]))
            advance(count)
            written += count
        }
        return written
    }

    /// Goes on as if `count` samples had been generated.
    public mutating func skip(_ count: Int) {
        var open: Int = max(count, 0)
        while open > 0, !isFinished {
            let step: Int = min(open, left)
            phases = phases &+ segments[index].steps &* SIMD4(repeating: UInt32(truncatingIfNeeded: step))
            advance(step)
            open -= step
        }
    }

    private var left: Int { segments[index].length.map { $0 - played } ?? .max }

    private mutating func advance(_ count: Int) {
        guard let length = segments[index].length else {
            // Only the rise depends on it, and the number must not run over.
            played = min(played + count, 1 << 40)
            return
        }
        played += count
        guard played == length else { return }
        rises = segments[index].isSilent
        played = 0
        index += 1
        guard index == segments.count else { return }
        index = loop
        if loop == segments.count { isFinished = true }
        guard let turns = turnsLeft else { return }
        if turns == 0 { isFinished = true } else { turnsLeft = turns - 1 }
    }

    /// Whether the tone falls to silence at the end of this segment.
    private var falls: Bool {
        if index + 1 < segments.count { return segments[index + 1].isSilent }
        if turnsLeft == 0 || loop == segments.count { return true }
        return segments[loop].isSilent
    }

    /// Writes samples of the one segment.
    private mutating func write(_ samples: UnsafeMutableBufferPointer<Int16>) {
        let segment: Segment = segments[index]
        defer { phases = phases &+ segment.steps &* SIMD4(repeating: UInt32(truncatingIfNeeded: samples.count)) }
        if segment.isSilent {
            samples.update(repeating: 0)
            return
        }
        let falling: Int = falls ? (segment.length.map { $0 - segment.ramp } ?? .max) : .max
        let rising: Int = rises ? segment.ramp : 0
        let shaped: Bool = played < rising || played + samples.count > falling
        // sin(p + nw) = 2 cos(w) sin(p + (n-1)w) - sin(p + (n-2)w): started anew from the exact phase at each call.
        let turn: Double = 2 * .pi / 4_294_967_296
        var (last, before, factor) = (SIMD4<Double>.zero, SIMD4<Double>.zero, SIMD4<Double>.zero)
        for lane in 0..<4 where segment.steps[lane] != 0 {
            let (phase, step) = (Double(phases[lane]) * turn, Double(segment.steps[lane]) * turn)
            last[lane] = sin(phase - step)
            before[lane] = sin(phase - 2 * step)
            factor[lane] = 2 * cos(step)
        }
        let (amplitudes, depth, ramp) = (segment.amplitudes, segment.depth, Double(segment.ramp))
        for place in 0..<samples.count {
            let now: SIMD4<Double> = factor * last - before
            before = last
            last = now
            var value: Double =
                depth < 0 ? (now * amplitudes).sum() : now[0] * amplitudes[0] * (1 + depth * now[1])
            if shaped {
                let position: Int = played + place
                if position < rising { value *= ToneGenerator.edge((Double(position) + 0.5) / ramp) }
                if position >= falling { value *= ToneGenerator.edge(1 - (Double(position - falling) + 0.5) / ramp) }
            }
            samples[place] = Int16(saturating: value)
        }
    }

    /// A raised cosine from 0 to 1.
    private static func edge(_ part: Double) -> Double { 0.5 - 0.5 * cos(.pi * part) }
}
