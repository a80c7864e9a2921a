/// Makes sums of samples fit 16 bits without being heard at work.
///
/// Looks at its whole frame before the first sample goes out: the gain is already down where a peak is, moves along straight
/// lines between blocks of 5 ms, and comes back with a time constant of 400 ms, so that loud moments do not pump. Where a
/// peak begins a frame the first block bends what is above the threshold instead (it never reaches the end of the range).
struct Limiter {
    /// Peaks above this are turned down: -0.9 dB of full scale.
    static let threshold: Float = 29_491
    private static let ceiling: Float = 32_767
    static let blocks: Int = 4
    /// What is won back of the lost gain in a block of 5 ms.
    private static let release: Float = 0.0125

    /// The gain at the end of the last frame; 1 and less.
    private(set) var gain: Float = 1

    /// - Parameters:
    ///   - volume: multiplied in first; goes from `from` to `to` within the first 10 ms.
    ///   - count: samples of 20 ms; 32 or more.
    mutating func limit(
        _ sums: UnsafePointer<Int32>, volume: (from: Float, to: Float), into samples: UnsafeMutablePointer<Int16>,
        _ count: Int
    ) {
        if gain == 1, volume == (1, 1), Float(MixKernels.peak(sums, count)) <= Self.threshold {
            MixKernels.narrow(sums, into: samples, count)
            return
        }
        let length: Int = count / Self.blocks
        var needed = SIMD4<Float>(repeating: 1)
        for block in 0..<Self.blocks {
            let peak: Float = Float(MixKernels.peak(sums + block * length, length)) * max(volume.from, volume.to)
            if peak > Self.threshold { needed[block] = Self.threshold / peak }
        }
        for block in 0..<Self.blocks {
            let start: Float = gain
            var end: Float = min(start + (1 - start) * Self.release, needed[block])
            if block + 1 < Self.blocks { end = min(end, needed[block + 1]) }
            if end > 0.999 { end = 1 }
            gain = end
            let volumes: (Float, Float) = Self.volumes(volume, block)
            Self.write(
                sums + block * length, gains: (start * volumes.0, end * volumes.1),
                bends: start > needed[block], into: samples + block * length,
                block + 1 == Self.blocks ? count - block * length : length)
        }
    }

    /// Another limiter's place is taken without a step.
    mutating func follow(_ other: Limiter) { gain = other.gain }

    /// The volume at both ends of a block: it changes within the first two.
    private static func volumes(_ volume: (from: Float, to: Float), _ block: Int) -> (Float, Float) {
        switch block {
        case 0: (volume.from, (volume.from + volume.to) / 2)
        case 1: ((volume.from + volume.to) / 2, volume.to)
        default: (volume.to, volume.to)
        }
    }

    private static func write(
        _ sums: UnsafePointer<Int32>, gains: (Float, Float), bends: Bool, into samples: UnsafeMutablePointer<Int16>,
        _ count: Int
    ) {
        let step: Float = (gains.1 - gains.0) / Float(count)
        if bends {
            for index in 0..<count {
                samples[index] = bent(Float(sums[index]) * (gains.0 + step * Float(index &+ 1)))
            }
            return
        }
        for index in 0..<count {
            samples[index] = MixKernels.cut(Float(sums[index]) * (gains.0 + step * Float(index &+ 1)))
        }
    }

    /// Above the threshold the range that is left is approached and never reached.
    private static func bent(_ value: Float) -> Int16 {
        let size: Float = value < 0 ? -value : value
        guard size > threshold else { return Int16(value) }
        let over: Float = (size - threshold) / (ceiling - threshold)
        let result: Float = threshold + (ceiling - threshold) * over / (1 + over)
        return Int16(value < 0 ? -result : result)
    }
}
