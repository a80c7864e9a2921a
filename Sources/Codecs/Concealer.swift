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
        let stride = max(1, tenth / 80)
        let now = UnsafePointer(memory + (count - window))
        let loudness = sums(now, now, window, stride).energy
        // At 8 kHz first; what has a higher rate is looked at sample by sample only around the best lag.
        var (best, likeness): (Int, Float) = (longest, 0)
        var lag = shortest
        while lag <= longest {
            let likenessHere = alike(now, lag, window, stride)
            if likenessHere > likeness { (best, likeness) = (lag, likenessHere) }
            lag += stride
        }
        if likeness < 0.3 * loudness.squareRoot() { return longest }
        guard stride > 1 else { return best }
        let near = max(shortest, best - stride + 1)...min(longest, best + stride - 1)
        likeness = 0
        for lag in near {
            let likenessHere = alike(now, lag, window, 1)
            if likenessHere > likeness { (best, likeness) = (lag, likenessHere) }
        }
        return best
    }

    /// The correlation of the newest audio with that `lag` samples before, normalised by the latter's size; 0 where it is negative.
    private func alike(_ now: UnsafePointer<Int16>, _ lag: Int, _ window: Int, _ stride: Int) -> Float {
        let sums = sums(now, now - lag, window, stride)
        return sums.product <= 0 ? 0 : sums.product / sums.energy.squareRoot()
    }

    private func sums(
        _ now: UnsafePointer<Int16>, _ before: UnsafePointer<Int16>, _ window: Int, _ stride: Int
    ) -> (product: Float, energy: Float) {
        guard stride == 1 else {
            var (product, energy): (Float, Float) = (0, 1)
            var index = 0
            while index < window {
                let past = Float(before[index])
                product += Float(now[index]) * past
                energy += past * past
                index += stride
            }
            return (product, energy)
        }
        var (product, energy) = (SIMD8<Float>(), SIMD8<Float>())
        var index = 0
        while index + 8 <= window {
            let one = SIMD8<Float>(UnsafeRawPointer(now + index).loadUnaligned(as: SIMD8<Int16>.self))
            let other = SIMD8<Float>(UnsafeRawPointer(before + index).loadUnaligned(as: SIMD8<Int16>.self))
            product += one * other
            energy += other * other
            index += 8
        }
        return (product.sum(), energy.sum() + 1)
    }
}
