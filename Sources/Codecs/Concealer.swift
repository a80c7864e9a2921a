/// Makes up audio for what is missing from what came before it, for codecs that don't do so themselves.
///
/// The method is that of G.711 Appendix I without its delay: the last pitch periods are repeated (one at first, up to three as the gap
/// grows, so that it doesn't turn into a tone), fade from 10 ms on and are silent after 60 ms; the first audio that is real again
/// is blended in.
struct Concealer: ~Copyable {
    /// What was heard and made up, newest last; once heard, the newest `reach` samples stay.
    private let memory: UnsafeMutablePointer<Int16>
    private let capacity: Int
    private var count = 0

    /// Samples of 10 ms.
    private let tenth: Int
    /// The shortest and the longest period, 5 and 15 ms, and how much is compared to find it, 20 ms.
    private let (shortest, longest, window): (Int, Int, Int)
    /// Three of the longest periods and a quarter: what making up needs.
    private let reach: Int

    /// Samples made up since the last real one; 0 while all is well.
    private(set) var missing = 0
    /// 0 where too little was heard to find one.
    private var period = 0
    /// Where in `memory` the last real sample ends.
    private var end = 0
    /// The next sample within the periods that are repeated, how many these are, and what is left of the change to that number.
    private var position = 0
    private var periods = 1
    private var change = 0
    /// From the first repeated sample up to where the last real one would have had it go on.
    private var step: Float = 0

    init(sampleRate: Int) {
        tenth = sampleRate / 100
        shortest = sampleRate / 200
        longest = sampleRate * 3 / 200
        window = sampleRate / 50
        reach = 3 * longest + longest / 4 + 1
        // While a gap of 60 ms is filled, and blended with what follows, nothing may move.
        capacity = reach + 10 * tenth
        memory = .allocate(capacity: capacity)
    }

    deinit { memory.deallocate() }

    mutating func reset() { (count, missing) = (0, 0) }

    /// Takes audio that came; after a gap its beginning is changed to follow from what was made up.
    mutating func hear(_ samples: UnsafeMutablePointer<Int16>, _ length: Int) {
        if missing > 0 {
            blend(samples, length)
            missing = 0
        }
        keep(samples, length)
    }

    /// Writes what may have been there.
    mutating func makeUp(_ samples: UnsafeMutablePointer<Int16>, _ length: Int) {
        if missing == 0 { begin() }
        for index in 0..<length { samples[index] = next() }
        // Once silent the past is of no use, and may move.
        if gain == 0 || count + length <= capacity { keep(samples, length) }
    }

    /// Writes what ``makeUp(_:_:)`` would write next, and leaves it to that.
    mutating func peek(_ samples: UnsafeMutablePointer<Int16>, _ length: Int) {
        let before = (missing, position, periods, change)
        for index in 0..<length { samples[index] = next() }
        (missing, position, periods, change) = before
    }

    private mutating func keep(_ samples: UnsafePointer<Int16>, _ length: Int) {
        if length >= reach {
            memory.update(from: samples + (length - reach), count: reach)
            count = reach
            return
        }
        if count + length > capacity { forget() }
        (memory + count).update(from: samples, count: length)
        count += length
    }

    private mutating func forget() {
        let kept = min(count, reach)
        memory.update(from: memory + (count - kept), count: kept)
        count = kept
    }

    private mutating func begin() {
        forget()
        (end, position, periods, change) = (count, 0, 1, 0)
        period = pitch()
        step = count == 0 ? 0 : Float(memory[end - 1])
        if period > 0 { step -= Float(memory[end - 1 - period]) }
    }

    /// 1 for 10 ms, then falling to 0 at 60 ms.
    private var gain: Float { min(1, max(0, 1 - Float(missing - tenth) / Float(5 * tenth))) }

    private mutating func next() -> Int16 {
        defer { missing += 1 }
        let gain = gain
        guard gain > 0 else { return 0 }
        let quarter = max(period / 4, shortest / 4)
        var value: Float = 0
        if period > 0 {
            value = repeated(position, of: periods)
            if change > 0 {
                // From the fewer periods to one more, within a quarter of one.
                let fewer = repeated(position % ((periods - 1) * period), of: periods - 1)
                value += (fewer - value) * Float(change) / Float(quarter)
                change -= 1
            }
            advance(quarter)
        }
        if missing < quarter { value += step * (1 - Float(missing) / Float(quarter)) }
        return Int16(max(-32_768, min(32_767, (value * gain).rounded())))
    }

    private mutating func advance(_ quarter: Int) {
        position += 1
        if position >= periods * period { position = 0 }
        // At 10 and at 20 ms, where so much was heard.
        guard periods < 3, missing + 1 == periods * tenth, end >= (periods + 1) * period + quarter else { return }
        periods += 1
        change = quarter
    }

    /// A sample of the last `periods` periods; their last quarter of a period runs into what is before their first.
    private func repeated(_ position: Int, of periods: Int) -> Float {
        let length = periods * period
        let quarter = period / 4
        let value = Float(memory[end - length + position])
        let past = position - (length - quarter)
        guard past >= 0 else { return value }
        let other = Float(memory[end - length - quarter + past])
        return value + (other - value) * Float(past + 1) / Float(quarter + 1)
    }

    /// Over a quarter of a period, and 4 ms more for each 10 ms of gap; 10 ms at most.
    private mutating func blend(_ samples: UnsafeMutablePointer<Int16>, _ length: Int) {
        let over = min(length, tenth, max(shortest / 4, period / 4 + missing * 2 / 5))
        for index in 0..<over {
            let made = Float(next())
            let share = Float(index + 1) / Float(over + 1)
            samples[index] = Int16((made + (Float(samples[index]) - made) * share).rounded())
        }
    }
}

// Finding the period.
extension Concealer {
    /// The lag at which the newest audio is most like the past; the longest one for what has no period, 0 where too little was heard.
    private func pitch() -> Int {
        let window = min(window, count - longest)
        guard window >= shortest else { return 0 }
        let now = UnsafePointer(memory + (count - window))
        let stride = max(1, tenth / 80)
        // At 8 kHz first; what has a higher rate is looked at sample by sample only around the best lag.
        let (best, likeness) = bestLag(now, window, from: shortest, through: longest, stride)
        if likeness < 0.3 * Float(energy(now, window)).squareRoot() { return longest }
        guard stride > 1 else { return best }
        let near = (max(shortest, best - stride + 1), min(longest, best + stride - 1))
        return bestLag(now, window, from: near.0, through: near.1, 1).lag
    }

    /// The lag whose past goes best with `now`, by their correlation over the size of that past, and that value.
    private func bestLag(
        _ now: UnsafePointer<Int16>, _ window: Int, from first: Int, through last: Int, _ stride: Int
    ) -> (lag: Int, likeness: Float) {
        var best: (lag: Int, likeness: Float) = (last, 0)
        // The window over the past moves back by a sample at a time: one energy is the one before it, but for its ends.
        var before = now - first
        var size = energy(before, window)
        var lag = first
        while true {
            let product = stride == 1 ? dot(now, before, window) : sparse(now, before, window, stride)
            if product > 0 {
                let likeness = product / Float(max(1, size)).squareRoot()
                if likeness > best.likeness { best = (lag, likeness) }
            }
            guard lag + stride <= last else { return best }
            for _ in 0..<stride {
                before -= 1
                size += Self.square(before[0]) - Self.square(before[window])
            }
            lag += stride
        }
    }

    /// In whole numbers, so that nothing is left of what was loud and has gone by.
    private func energy(_ samples: UnsafePointer<Int16>, _ window: Int) -> Int {
        var sum = 0
        for index in 0..<window { sum += Self.square(samples[index]) }
        return sum
    }

    private static func square(_ sample: Int16) -> Int { Int(sample) * Int(sample) }

    private func dot(_ one: UnsafePointer<Int16>, _ other: UnsafePointer<Int16>, _ window: Int) -> Float {
        var sum = SIMD8<Float>()
        var index = 0
        while index + 8 <= window {
            let left = SIMD8<Float>(UnsafeRawPointer(one + index).loadUnaligned(as: SIMD8<Int16>.self))
            let right = SIMD8<Float>(UnsafeRawPointer(other + index).loadUnaligned(as: SIMD8<Int16>.self))
            sum += left * right
            index += 8
        }
        return sum.sum()
    }

    /// Of every `stride`th sample, as large as that of all would be.
    private func sparse(
        _ one: UnsafePointer<Int16>, _ other: UnsafePointer<Int16>, _ window: Int, _ stride: Int
    ) -> Float {
        var sum: Float = 0
        var index = 0
        while index < window {
            sum += Float(one[index]) * Float(other[index])
            index += stride
        }
        return sum * Float(stride)
    }
}
