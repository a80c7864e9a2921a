/// One direction of G.722 at 64 kbit/s (ITU-T G.722 11/88): two bands, each coded by its difference from a prediction.
///
/// Names of variables are those of the Recommendation, block by block. Why not spandsp's: its decoder lets loud sounds wrap round
/// instead of limiting them, which is heard as a crack, and it takes twice the time. Encoded bytes and decoded samples are otherwise
/// the same.
struct G722 {
    private var low = Band(detail: 32)
    private var high = Band(detail: 8)
    /// What the band filters still need of the past: 11 values of each of the two phases, and room for a block behind them.
    private let first: UnsafeMutablePointer<Int16>
    private let second: UnsafeMutablePointer<Int16>

    /// Pairs of samples, which are bytes, worked on at once: 20 ms.
    private static let block = 160
    private static let past = 11
    private static let room = 176

    init() {
        first = .allocate(capacity: 4 * Self.room)
        second = first + Self.room
        reset()
    }

    func deallocate() { first.deallocate() }

    mutating func reset() {
        (low, high) = (Band(detail: 32), Band(detail: 8))
        first.update(repeating: 0, count: 4 * Self.room)
    }

    /// Two samples of 16 kHz a byte.
    mutating func decode(_ bytes: UnsafePointer<UInt8>, _ count: Int, into samples: UnsafeMutablePointer<Int16>) {
        var start = 0
        while start < count {
            let part = min(Self.block, count - start)
            decodeBands(bytes + start, part)
            join(part, into: samples + 2 * start)
            keepPast(part)
            start += part
        }
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
        var start = 0
        while start < count {
            let part = min(Self.block, count - start)
            take(samples + 2 * start, part)
            encodeBands(part, into: bytes + start)
            keepPast(part)
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
}

// The bands joined and split (QMF): 24 taps, of which each of the two phases has every other one.
extension G722 {
    private func keepPast(_ count: Int) {
        first.update(from: first + count, count: Self.past)
        second.update(from: second + count, count: Self.past)
    }

    private mutating func decodeBands(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        let tables = Tables.shared
        let (first, second) = (first + Self.past, second + Self.past)
        var (low, high) = (low, high)
        for index in 0..<count {
            let rlow = low.decodeLow(bytes[index], tables)
            let rhigh = high.decodeHigh(bytes[index], tables)
            first[index] = Int16(truncatingIfNeeded: rlow &+ rhigh)
            second[index] = Int16(truncatingIfNeeded: rlow &- rhigh)
        }
        (self.low, self.high) = (low, high)
    }

    private mutating func encodeBands(_ count: Int, into bytes: UnsafeMutablePointer<UInt8>) {
        let tables = Tables.shared
        let xlow = second + Self.room
        let xhigh = xlow + Self.room
        split(count, xlow, xhigh)
        var (low, high) = (low, high)
        for index in 0..<count {
            let ilow = low.encodeLow(Int32(xlow[index]), tables)
            let ihigh = high.encodeHigh(Int32(xhigh[index]), tables)
            bytes[index] = UInt8(truncatingIfNeeded: ihigh &<< 6 | ilow)
        }
        (self.low, self.high) = (low, high)
    }

    private func split(_ count: Int, _ xlow: UnsafeMutablePointer<Int16>, _ xhigh: UnsafeMutablePointer<Int16>) {
        let (first, second) = (UnsafePointer(first), UnsafePointer(second))
        for index in 0..<count {
            let odd = Self.ascending(first + index)
            let even = Self.descending(second + index)
            xlow[index] = Int16(truncatingIfNeeded: (even &+ odd) &>> 14)
            xhigh[index] = Int16(truncatingIfNeeded: (even &- odd) &>> 14)
        }
    }

    private func join(_ count: Int, into samples: UnsafeMutablePointer<Int16>) {
        let (first, second) = (UnsafePointer(first), UnsafePointer(second))
        for index in 0..<count {
            samples[2 * index] = Self.limit(Self.descending(second + index) &>> 11)
            samples[2 * index + 1] = Self.limit(Self.ascending(first + index) &>> 11)
        }
    }

    private func take(_ samples: UnsafePointer<Int16>, _ count: Int) {
        let (first, second) = (first + Self.past, second + Self.past)
        for index in 0..<count {
            first[index] = samples[2 * index]
            second[index] = samples[2 * index + 1]
        }
    }

    @inline(__always)
    private static func limit(_ value: Int32) -> Int16 { Int16(truncatingIfNeeded: min(32_767, max(-32_768, value))) }

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
