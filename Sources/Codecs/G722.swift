/// One direction of G.722 at 64 kbit/s (ITU-T G.722 11/88): two bands, each coded by its difference from a prediction.
///
/// Names of variables are those of the Recommendation, block by block. Why not spandsp's: its decoder lets loud sounds wrap round
/// instead of limiting them, which is heard as a crack, and it takes twice the time. Encoded bytes and decoded samples are otherwise
/// the same.
struct G722 {
    private var low = Band(detail: 32)
    private var high = Band(detail: 8)
    /// Of an encoder, the samples; of a decoder, sum and difference of the bands.
    private let phases: Phases
    /// Of a decoder: what it gave out, to be split again.
    private let heard: Phases
    private let xlow: UnsafeMutablePointer<Int16>
    private let xhigh: UnsafeMutablePointer<Int16>
    private let memory: UnsafeMutablePointer<Int16>

    /// Pairs of samples, which are bytes, worked on at once: 20 ms.
    private static let block = 160

    init() {
        let size = Phases.past + Self.block
        memory = .allocate(capacity: 6 * size)
        phases = Phases(first: memory, second: memory + size)
        heard = Phases(first: memory + 2 * size, second: memory + 3 * size)
        (xlow, xhigh) = (memory + 4 * size, memory + 5 * size)
        reset()
    }

    func deallocate() { memory.deallocate() }

    mutating func reset() {
        (low, high) = (Band(detail: 32), Band(detail: 8))
        memory.update(repeating: 0, count: 6 * (Phases.past + Self.block))
    }

    /// Two samples of 16 kHz a byte.
    mutating func decode(_ bytes: UnsafePointer<UInt8>, _ count: Int, into samples: UnsafeMutablePointer<Int16>) {
        var start = 0
        while start < count {
            let part = min(Self.block, count - start)
            decodeBands(bytes + start, part)
            phases.join(part, into: samples + 2 * start)
            phases.forget(part)
            start += part
        }
        let last = min(count, Phases.past)
        heard.take(samples + 2 * (count - last), last)
        heard.forget(last)
    }

    /// One sample of 8 kHz a byte: the lower band alone.
    mutating func decodeLower(_ bytes: UnsafePointer<UInt8>, _ count: Int, into samples: UnsafeMutablePointer<Int16>) {
        let tables = Tables.shared
        var low = low
        for index in 0..<count {
            samples[index] = Int16(truncatingIfNeeded: low.decodeLow(bytes[index], tables) &* 2)
        }
        self.low = low
    }

    /// Two samples of 16 kHz a byte.
    mutating func encode(_ samples: UnsafePointer<Int16>, bytes count: Int, into bytes: UnsafeMutablePointer<UInt8>) {
        let tables = Tables.shared
        var start = 0
        while start < count {
            let part = min(Self.block, count - start)
            phases.take(samples + 2 * start, part)
            phases.split(part, xlow, xhigh)
            var (low, high) = (low, high)
            for index in 0..<part {
                let ilow = low.encodeLow(Int32(xlow[index]), tables)
                let ihigh = high.encodeHigh(Int32(xhigh[index]), tables)
                bytes[start + index] = UInt8(truncatingIfNeeded: ihigh &<< 6 | ilow)
            }
            (self.low, self.high) = (low, high)
            phases.forget(part)
            start += part
        }
    }

    /// One sample of 8 kHz a byte; the upper band is silent.
    mutating func encodeLower(
        _ samples: UnsafePointer<Int16>, bytes count: Int, into bytes: UnsafeMutablePointer<UInt8>
    ) {
        let tables = Tables.shared
        var low = low
        for index in 0..<count {
            bytes[index] = 0xC0 | UInt8(truncatingIfNeeded: low.encodeLow(Int32(samples[index]) &>> 1, tables))
        }
        self.low = low
    }

    /// An encoder takes the upper band up again, as whoever decodes it stands after having heard it silent.
    mutating func widen() {
        let tables = Tables.shared
        for _ in 0..<Self.block { high.encodeNothing(tables) }
        memory.update(repeating: 0, count: 6 * (Phases.past + Self.block))
    }

    private mutating func decodeBands(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        let tables = Tables.shared
        let (first, second) = (phases.first + Phases.past, phases.second + Phases.past)
        var (low, high) = (low, high)
        for index in 0..<count {
            let rlow = low.decodeLow(bytes[index], tables)
            let rhigh = high.decodeHigh(bytes[index], tables)
            first[index] = Int16(truncatingIfNeeded: rlow &+ rhigh)
            second[index] = Int16(truncatingIfNeeded: rlow &- rhigh)
        }
        (self.low, self.high) = (low, high)
    }
}

// A decoder that follows what was made up for packets that are missing, so that it goes on from there (as in G.722 Appendix III).
extension G722 {
    /// How many samples the two filters, one after the other, delay a sound: what is followed runs so far ahead of what is heard.
    static let delay = 22

    /// The first samples of what is made up after what came, up to ``delay`` of them.
    func lookAhead(_ samples: UnsafePointer<Int16>, _ count: Int) {
        heard.take(samples, count / 2)
        heard.forget(count / 2)
    }

    /// Samples from ``delay`` on.
    mutating func follow(_ samples: UnsafePointer<Int16>, _ count: Int) {
        let tables = Tables.shared
        var start = 0
        while start < count / 2 {
            let part = min(Self.block, count / 2 - start)
            heard.take(samples + 2 * start, part)
            heard.split(part, xlow, xhigh)
            heard.forget(part)
            var (low, high) = (low, high)
            for index in 0..<part {
                _ = low.encodeLow(Int32(xlow[index]), tables)
                _ = high.encodeHigh(Int32(xhigh[index]), tables)
                (phases.first + Phases.past)[index] = xlow[index] &+ xhigh[index]
                (phases.second + Phases.past)[index] = xlow[index] &- xhigh[index]
            }
            (self.low, self.high) = (low, high)
            phases.forget(part)
            start += part
        }
    }

    /// The same at 8 kHz, where nothing is delayed.
    mutating func followLower(_ samples: UnsafePointer<Int16>, _ count: Int) {
        let tables = Tables.shared
        for index in 0..<count { _ = low.encodeLow(Int32(samples[index]) &>> 1, tables) }
    }
}

extension G722 {
    /// Every other value of a signal and those between them, each behind the 11 before it: what the band filters (QMF) go over. Of their 24
    /// taps each phase has 12.
    struct Phases {
        let first: UnsafeMutablePointer<Int16>
        let second: UnsafeMutablePointer<Int16>
        static let past = 11

        func take(_ samples: UnsafePointer<Int16>, _ count: Int) {
            let (first, second) = (first + Self.past, second + Self.past)
            for index in 0..<count {
                first[index] = samples[2 * index]
                second[index] = samples[2 * index + 1]
            }
        }

        /// Leaves of `count` new values what the next ones need.
        func forget(_ count: Int) {
            first.update(from: first + count, count: Self.past)
            second.update(from: second + count, count: Self.past)
        }

        /// To the two bands.
        func split(_ count: Int, _ xlow: UnsafeMutablePointer<Int16>, _ xhigh: UnsafeMutablePointer<Int16>) {
            let (first, second) = (UnsafePointer(first), UnsafePointer(second))
            for index in 0..<count {
                let odd = Self.ascending(first + index)
                let even = Self.descending(second + index)
                xlow[index] = Int16(truncatingIfNeeded: (even &+ odd) &>> 14)
                xhigh[index] = Int16(truncatingIfNeeded: (even &- odd) &>> 14)
            }
        }

        /// From the two bands, whose sum and difference these are.
        func join(_ count: Int, into samples: UnsafeMutablePointer<Int16>) {
            let (first, second) = (UnsafePointer(first), UnsafePointer(second))
            for index in 0..<count {
                samples[2 * index] = Self.limit(Self.descending(second + index) &>> 11)
                samples[2 * index + 1] = Self.limit(Self.ascending(first + index) &>> 11)
            }
        }

        @inline(__always)
        private static func limit(_ value: Int32) -> Int16 {
            Int16(truncatingIfNeeded: min(32_767, max(-32_768, value)))
        }

        @inline(__always)
        private static func ascending(_ x: UnsafePointer<Int16>) -> Int32 {
            var sum = 3 &* Int32(x[0]) &- 11 &* Int32(x[1]) &+ 12 &* Int32(x[2]) &+ 32 &* Int32(x[3])
            sum = sum &- 210 &* Int32(x[4]) &+ 951 &* Int32(x[5]) &+ 3_876 &* Int32(x[6]) &- 805 &* Int32(x[7])
            return sum &+ 362 &* Int32(x[8]) &- 156 &* Int32(x[9]) &+ 53 &* Int32(x[10]) &- 11 &* Int32(x[11])
        }

        @inline(__always)
        private static func descending(_ x: UnsafePointer<Int16>) -> Int32 {
            var sum = 3 &* Int32(x[11]) &- 11 &* Int32(x[10]) &+ 12 &* Int32(x[9]) &+ 32 &* Int32(x[8])
            sum = sum &- 210 &* Int32(x[7]) &+ 951 &* Int32(x[6]) &+ 3_876 &* Int32(x[5]) &- 805 &* Int32(x[4])
            return sum &+ 362 &* Int32(x[3]) &- 156 &* Int32(x[2]) &+ 53 &* Int32(x[1]) &- 11 &* Int32(x[0])
        }
    }
}
