/// Compares when packets come with when they were sent: jitter (RFC 3550 §6.4.1, §A.8) and delay above the least seen.
struct ReceptionClock: Sendable {
    /// Nanoseconds of a timestamp unit, in 1/65 536; 0 while the clock rate is unknown.
    private var unit: Int64 = 0
    private var rate: UInt32 = 0
    private var lastTimestamp: UInt32 = 0
    private var lastArrival: Int64 = 0
    private var hasLast = false
    /// Sixteen times the jitter, in nanoseconds.
    private var scaledJitter: Int64 = 0
    /// Delay of the last packet against the series' first, in nanoseconds.
    private var transit: Int64 = 0
    /// The least of this interval and of the one before.
    private var leastTransit: Int64 = 0
    private var leastOfInterval: Int64 = .max

    /// Whether times are measured.
    var isRunning: Bool { unit != 0 }

    mutating func setRate(_ rate: UInt32) {
        guard rate != self.rate else { return }
        self.rate = rate
        unit = rate == 0 ? 0 : (1_000_000_000 << 16) / Int64(rate)
        restart()
    }

    /// The next packet is of another series of timestamps; the jitter stays.
    mutating func restart() {
        hasLast = false
        (transit, leastTransit, leastOfInterval) = (0, 0, .max)
    }

    /// - Returns: how much later than by its timestamp the packet came after the one before; in nanoseconds, 0 where unknown.
    @inline(__always)
    mutating func receive(_ timestamp: UInt32, _ now: Int64) -> Int64 {
        guard hasLast, unit != 0 else {
            hasLast = unit != 0
            (lastTimestamp, lastArrival) = (timestamp, now)
            return 0
        }
        let units = Int64(Int32(bitPattern: timestamp &- lastTimestamp))
        // Packets of one picture, or of one event (RFC 4733), share a timestamp and say nothing of the network.
        guard units != 0 else { return 0 }
        let step: Int64 = (now &- lastArrival) &- (units &* unit) >> 16
        (lastTimestamp, lastArrival) = (timestamp, now)
        let size: Int64 = abs(step)
        guard size < ReceptionMeter.seriesStep else {
            restart()
            hasLast = true
            return step
        }
        scaledJitter &+= size &- (scaledJitter &+ 8) >> 4
        transit &+= step
        if transit < leastTransit { leastTransit = transit }
        if transit < leastOfInterval { leastOfInterval = transit }
        return step
    }

    /// The last packet's delay above the least, in nanoseconds.
    @inline(__always)
    var delay: Int64 { transit &- leastTransit }

    /// The least of the interval before is forgotten, so that clocks may drift against each other.
    mutating func endInterval() {
        if leastOfInterval != .max { leastTransit = leastOfInterval }
        leastOfInterval = .max
    }

    var jitterMicroseconds: UInt32 { UInt32(clamping: scaledJitter / 16_000) }

    var jitterUnits: UInt32 { unit == 0 ? 0 : UInt32(clamping: (scaledJitter << 12) / unit) }
}

/// Delays of an interval in 48 classes, a fifth of their size wide: enough for percentiles.
struct DelayHistogram: Sendable {
    private var counts: InlineArray<48, UInt32> = InlineArray(repeating: 0)

    @inline(__always)
    mutating func add(_ nanoseconds: Int64) {
        // Quarters of a millisecond, roughly: 262 144 ns.
        let value: Int64 = nanoseconds >> 18
        let index: Int
        if value < 8 {
            index = Int(max(value, 0))
        } else {
            let exponent: Int = 63 - value.leadingZeroBitCount
            index = min(8 + (exponent - 3) * 4 + Int(value >> Int64(exponent - 2)) & 3, 47)
        }
        counts[index] &+= 1
    }

    mutating func add(_ other: DelayHistogram) {
        for index in 0..<48 { counts[index] &+= other.counts[index] }
    }

    /// The middle of the class that holds the percentile, in microseconds; 0 without packets.
    func percentile(_ percent: UInt64) -> UInt32 {
        var total: UInt64 = 0
        for index in 0..<48 { total += UInt64(counts[index]) }
        guard total > 0 else { return 0 }
        let rank: UInt64 = (total * percent + 99) / 100
        var seen: UInt64 = 0
        for index in 0..<48 {
            seen += UInt64(counts[index])
            if seen >= rank { return Self.middle(index) }
        }
        return Self.middle(47)
    }

    private static func middle(_ index: Int) -> UInt32 {
        let low: UInt64
        let width: UInt64
        if index < 8 {
            (low, width) = (UInt64(index), 1)
        } else {
            let exponent: UInt64 = UInt64(index - 8) / 4 + 3
            width = 1 << (exponent - 2)
            low = (4 + UInt64(index - 8) % 4) * width
        }
        // The lowest class is told as no delay at all.
        return index == 0 ? 0 : UInt32((low * 2 + width) * 131_072 / 1000)
    }
}
