/// The loops of mixing, over plain memory. Frames are `count` samples long.
enum MixKernels {
    typealias Samples = UnsafeMutablePointer<Int16>
    typealias Sums = UnsafeMutablePointer<Int32>

    static func clear(_ sums: Sums, _ count: Int) {
        sums.update(repeating: 0, count: count)
    }

    static func add(_ samples: UnsafePointer<Int16>, to sums: Sums, _ count: Int) {
        var index = 0
        while index &+ 8 <= count {
            let more = SIMD8<Int32>(truncatingIfNeeded: load8(samples + index))
            let sum: SIMD8<Int32> = loadSums(sums + index) &+ more
            storeSums(sum, sums + index)
            index &+= 8
        }
        while index < count {
            sums[index] &+= Int32(samples[index])
            index &+= 1
        }
    }

    static func add(_ more: UnsafePointer<Int32>, to sums: Sums, _ count: Int) {
        for index in 0..<count { sums[index] &+= more[index] }
    }

    /// Sums without one part.
    static func subtract(
        _ samples: UnsafePointer<Int16>, from sums: UnsafePointer<Int32>, into rest: Sums, _ count: Int
    ) {
        var index = 0
        while index &+ 8 <= count {
            let part = SIMD8<Int32>(truncatingIfNeeded: load8(samples + index))
            storeSums(loadSums(sums + index) &- part, rest + index)
            index &+= 8
        }
        while index < count {
            rest[index] = sums[index] &- Int32(samples[index])
            index &+= 1
        }
    }

    /// The greatest distance from zero.
    static func peak(_ sums: UnsafePointer<Int32>, _ count: Int) -> Int32 {
        var (high, low): (Int32, Int32) = (0, 0)
        var index = 0
        if count >= 8 {
            var (highs, lows) = (SIMD8<Int32>(), SIMD8<Int32>())
            while index &+ 8 <= count {
                let values: SIMD8<Int32> = loadSums(sums + index)
                highs.replace(with: values, where: values .> highs)
                lows.replace(with: values, where: values .< lows)
                index &+= 8
            }
            (high, low) = (highs.max(), lows.min())
        }
        while index < count {
            high = max(high, sums[index])
            low = min(low, sums[index])
            index &+= 1
        }
        return max(high, 0 &- low)
    }

    /// Sums that are known to fit.
    static func narrow(_ sums: UnsafePointer<Int32>, into samples: Samples, _ count: Int) {
        var index = 0
        while index &+ 8 <= count {
            let values = SIMD8<Int16>(truncatingIfNeeded: loadSums(sums + index))
            UnsafeMutableRawPointer(samples + index).storeBytes(of: values, as: SIMD8<Int16>.self)
            index &+= 8
        }
        while index < count {
            samples[index] = Int16(truncatingIfNeeded: sums[index])
            index &+= 1
        }
    }

    /// Sum of squares.
    static func energy(_ samples: UnsafePointer<Int16>, _ count: Int) -> Float {
        var sum = SIMD8<Float>()
        var index = 0
        while index &+ 8 <= count {
            let values = SIMD8<Float>(load8(samples + index))
            sum += values * values
            index &+= 8
        }
        var rest: Float = sum.sum()
        while index < count {
            rest += Float(samples[index]) * Float(samples[index])
            index &+= 1
        }
        return rest
    }

    /// Multiplies by a gain that goes from one value to another in the first `ramp` samples; what does not fit is cut off.
    static func scale(_ samples: Samples, from: Float, to: Float, ramp: Int, _ count: Int) {
        let step: Float = (to - from) / Float(max(ramp, 1))
        let ramped: Int = from == to ? 0 : min(ramp, count)
        for index in 0..<ramped {
            samples[index] = cut(Float(samples[index]) * (from + step * Float(index &+ 1)))
        }
        if to == 1 { return }
        for index in ramped..<count { samples[index] = cut(Float(samples[index]) * to) }
    }

    /// Adds a value that falls to 0 within `length` samples: the end of a sound that broke off there.
    static func addTail(from value: Int32, to sums: Sums, length: Int, _ count: Int) {
        for index in 0..<min(length, count) {
            sums[index] &+= Int32(truncatingIfNeeded: Int(value) &* (length &- index) / length)
        }
    }

    /// The same as the only content of a frame.
    static func writeTail(from value: Int16, into samples: Samples, length: Int, _ count: Int) {
        samples.update(repeating: 0, count: count)
        for index in 0..<min(length, count) {
            samples[index] = Int16(truncatingIfNeeded: Int(value) &* (length &- index) / length)
        }
    }

    @inline(__always)
    static func cut(_ value: Float) -> Int16 { Int16(min(max(value, -32_768), 32_767)) }

    @inline(__always)
    private static func load8(_ samples: UnsafePointer<Int16>) -> SIMD8<Int16> {
        UnsafeRawPointer(samples).loadUnaligned(as: SIMD8<Int16>.self)
    }

    @inline(__always)
    private static func loadSums(_ sums: UnsafePointer<Int32>) -> SIMD8<Int32> {
        UnsafeRawPointer(sums).loadUnaligned(as: SIMD8<Int32>.self)
    }

    @inline(__always)
    private static func storeSums(_ values: SIMD8<Int32>, _ sums: Sums) {
        UnsafeMutableRawPointer(sums).storeBytes(of: values, as: SIMD8<Int32>.self)
    }
}
