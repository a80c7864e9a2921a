/// Makes waiting audio shorter or longer by one pitch period, so that nobody hears it (pitch-synchronous overlap-add).
///
/// A period that is like the next one is blended with it: the first half of the blend sounds like the one, the second like the
/// other, and one of them is gone; or the period heard last is put in once more. The period is found by correlation at 4 kHz and then
/// at the full rate. Where there is only background any length will do.
struct TimeStretcher: ~Copyable {
    /// The shortest and the longest period, in samples of the audio's rate: 2.5 and 12.5 ms.
    let shortest: Int
    let longest: Int
    /// What is compared, 12.5 ms.
    private let window: Int
    /// Samples that are one at 4 kHz.
    private let decimation: Int
    private let coarse: UnsafeMutablePointer<Float>

    private static let coarseShortest: Int = 10
    private static let coarseLongest: Int = 50

    init(sampleRate: Int) {
        decimation = max(sampleRate / 4000, 1)
        shortest = Self.coarseShortest * decimation
        longest = Self.coarseLongest * decimation
        window = longest
        coarse = .allocate(capacity: 2 * Self.coarseLongest)
        coarse.initialize(repeating: 0, count: 2 * Self.coarseLongest)
    }

    deinit { coarse.deallocate() }

    /// How much audio must wait for a period to be taken out.
    var reach: Int { 2 * longest }

    /// Takes one period out of the front.
    ///
    /// - Parameters:
    ///   - most: no more than this, in samples.
    ///   - likeness: how alike the two have to be, as a correlation; 0 where any length will do.
    /// - Returns: the samples taken out; 0 where no period was found.
    func shorten(_ queue: inout SampleQueue, atMost most: Int, likeness: Float) -> Int {
        let limit: Int = min(most, longest, queue.count / 2)
        guard limit >= shortest else { return 0 }
        let front: UnsafeMutablePointer<Int16> = queue.front
        let found: (period: Int, likeness: Float) =
            likeness > 0
            ? period(front, front, sign: 1, limit: limit, window: min(window, queue.count - limit))
            : (limit, alike(front, front + limit, limit))
        guard found.period > 0, found.likeness >= likeness else { return 0 }
        // What is heard begins as the first period, and ends as the second.
        Self.blend(front, front + found.period, into: front + found.period, found)
        queue.drop(found.period)
        return found.period
    }

    /// Puts the period heard last in once more, before the front.
    ///
    /// - Returns: the samples put in; 0 where no period was found, or no room.
    func lengthen(_ queue: inout SampleQueue, atMost most: Int, likeness: Float) -> Int {
        let limit: Int = min(most, longest, queue.count, queue.history)
        guard limit >= shortest, queue.free.count >= limit else { return 0 }
        let front: UnsafeMutablePointer<Int16> = queue.front
        let found: (period: Int, likeness: Float) =
            likeness > 0
            ? period(front, front, sign: -1, limit: limit, window: min(window, queue.count))
            : (limit, alike(front, front - limit, limit))
        guard found.period > 0, found.likeness >= likeness else { return 0 }
        queue.insertGap(found.period)
        // The front has moved: it lies behind the gap now, and what was heard last before it.
        let gap: UnsafeMutablePointer<Int16> = queue.front
        Self.blend(gap + found.period, gap - found.period, into: gap, found)
        return found.period
    }

    /// From one to the other within a period. The result may lie on the second.
    private static func blend(
        _ first: UnsafePointer<Int16>, _ second: UnsafePointer<Int16>, into result: UnsafeMutablePointer<Int16>,
        _ found: (period: Int, likeness: Float)
    ) {
        let step: Float = 1 / Float(found.period)
        // What is not alike adds up by its power: without this noise would dip in the middle.
        let likeness: Float = min(max(found.likeness, 0), 1)
        for index in 0..<found.period {
            let share: Float = (Float(index) + 0.5) * step
            let rest: Float = 1 - share
            let power: Float = share * share + rest * rest + 2 * likeness * share * rest
            let value: Float = (Float(first[index]) * rest + Float(second[index]) * share) / power.squareRoot()
            result[index] = MixKernels.cut(value)
        }
    }

    // MARK: Finding the period

    /// The lag, after or before, at which the audio is most like the front.
    private func period(
        _ front: UnsafePointer<Int16>, _ audio: UnsafePointer<Int16>, sign: Int, limit: Int, window: Int
    ) -> (period: Int, likeness: Float) {
        let lags: Int = min(limit / decimation, Self.coarseLongest)
        let length: Int = min(window / decimation, Self.coarseLongest)
        guard length >= Self.coarseShortest, lags >= Self.coarseShortest else { return (0, 0) }
        // Before: `lags` samples and then the window. After: the window and then `lags`.
        let start: UnsafePointer<Int16> = sign > 0 ? front : front - lags * decimation
        for index in 0..<(length + lags) {
            var sum: Int32 = 0
            let samples: UnsafePointer<Int16> = start + index * decimation
            for offset in 0..<decimation { sum &+= Int32(samples[offset]) }
            coarse[index] = Float(sum)
        }
        let reference: UnsafePointer<Float> = UnsafePointer(coarse) + (sign > 0 ? 0 : lags)
        var (best, likeness): (Int, Float) = (0, -1)
        for lag in Self.coarseShortest...lags {
            let here: Float = alike(reference, reference + sign * lag, length)
            if here > likeness { (best, likeness) = (lag, here) }
        }
        guard likeness > 0 else { return (0, 0) }
        likeness = -1
        let near: Int = best * decimation
        (best, likeness) = (0, -1)
        for lag in max(near - decimation, shortest)...max(min(near + decimation, limit), shortest) {
            let here: Float = alike(front, front + sign * lag, window)
            if here > likeness { (best, likeness) = (lag, here) }
        }
        return (best, likeness)
    }

    /// The normalised correlation of two pieces of audio: 1 where they are the same but for their loudness.
    private func alike(_ one: UnsafePointer<Float>, _ other: UnsafePointer<Float>, _ count: Int) -> Float {
        var (product, energies, others): (Float, Float, Float) = (0, 1, 1)
        var (products8, energies8, others8) = (SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>())
        var index = 0
        while index &+ 8 <= count {
            let a = UnsafeRawPointer(one + index).loadUnaligned(as: SIMD8<Float>.self)
            let b = UnsafeRawPointer(other + index).loadUnaligned(as: SIMD8<Float>.self)
            products8 += a * b
            energies8 += a * a
            others8 += b * b
            index &+= 8
        }
        while index < count {
            product += one[index] * other[index]
            energies += one[index] * one[index]
            others += other[index] * other[index]
            index &+= 1
        }
        product += products8.sum()
        energies += energies8.sum()
        others += others8.sum()
        return product / (energies * others).squareRoot()
    }

    private func alike(_ one: UnsafePointer<Int16>, _ other: UnsafePointer<Int16>, _ count: Int) -> Float {
        var (product, energies, others): (Float, Float, Float) = (0, 1, 1)
        var (products8, energies8, others8) = (SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>())
        var index = 0
        while index &+ 8 <= count {
            let a = SIMD8<Float>(UnsafeRawPointer(one + index).loadUnaligned(as: SIMD8<Int16>.self))
            let b = SIMD8<Float>(UnsafeRawPointer(other + index).loadUnaligned(as: SIMD8<Int16>.self))
            products8 += a * b
            energies8 += a * a
            others8 += b * b
            index &+= 8
        }
        while index < count {
            let (a, b) = (Float(one[index]), Float(other[index]))
            product += a * b
            energies += a * a
            others += b * b
            index &+= 1
        }
        product += products8.sum()
        energies += energies8.sum()
        others += others8.sum()
        return product / (energies * others).squareRoot()
    }
}
