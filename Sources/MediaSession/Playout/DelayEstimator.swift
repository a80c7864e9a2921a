/// How much later than the fastest packets the others come, learned from their arrivals: the delay that plays nearly all.
///
/// A packet's transit is its arrival less its timestamp, both in nanoseconds; only differences mean anything. The *baseline*
/// is the least transit of the last 2.5 s, so that the two clocks may drift apart. What counts of each half second is its
/// slowest packet, as a burst of late packets is one accident and not fifty: its delay enters a histogram 2 s later,
/// measured against the fastest before and the fastest after it, whichever is nearer, so that a route that becomes longer for
/// good is no jitter. Until then it counts as it is, which makes the delay grow at once.
struct DelayEstimator: ~Copyable {
    static let binNanoseconds: Int64 = 2_500_000
    static let binCount: Int = 200
    static let intervalNanoseconds: Int64 = 500_000_000
    /// Intervals looked at before and after one.
    static let reach: Int = 4
    private static let kept: Int = 2 * reach + 1

    private let bins: UnsafeMutablePointer<Float>
    /// The least and the greatest transit of the last intervals; `closed` says where the next goes.
    private let minima: UnsafeMutablePointer<Int64>
    private let maxima: UnsafeMutablePointer<Int64>
    private var closed: Int = 0
    private var weight: Float = 1
    private var total: Float = 0
    private let growth: Float
    private let quantile: Float

    private var openedAt: Int64 = 0
    private var minimum: Int64 = .max
    private var maximum: Int64 = .min
    /// Over the closed intervals that the baseline is made of.
    private var closedMinimum: Int64 = .max
    private var closedMaximum: Int64 = .min
    private var learned: Int64 = 0

    init(quantile: Float, forgetting: Float) {
        bins = .allocate(capacity: Self.binCount)
        bins.initialize(repeating: 0, count: Self.binCount)
        minima = .allocate(capacity: Self.kept)
        minima.initialize(repeating: 0, count: Self.kept)
        maxima = .allocate(capacity: Self.kept)
        maxima.initialize(repeating: 0, count: Self.kept)
        self.quantile = min(max(quantile, 0.5), 0.999)
        growth = 1 / min(max(forgetting, 0.5), 0.999)
    }

    deinit {
        bins.deallocate()
        minima.deallocate()
        maxima.deallocate()
    }

    /// The transit of the fastest packets; nil before the first.
    var baseline: Int64? {
        let least: Int64 = min(minimum, closedMinimum)
        return least == .max ? nil : least
    }

    /// By how much later than the baseline a packet has to be played, in nanoseconds, 0 or more.
    var delay: Int64 {
        let least: Int64 = min(minimum, closedMinimum)
        guard least != .max else { return learned }
        return max(learned, max(maximum, closedMaximum) &- least)
    }

    mutating func add(transit: Int64, at arrival: Int64) {
        if minimum == .max {
            openedAt = arrival
        } else if arrival &- openedAt >= Self.intervalNanoseconds {
            close()
            openedAt = arrival
        }
        minimum = min(minimum, transit)
        maximum = max(maximum, transit)
    }

    /// The sender paused, or its packets take another way: what is known of its jitter stays, its baseline is found anew.
    mutating func restart() {
        closed = 0
        (minimum, maximum) = (.max, .min)
        (closedMinimum, closedMaximum) = (.max, .min)
    }

    private mutating func close() {
        minima[closed % Self.kept] = minimum
        maxima[closed % Self.kept] = maximum
        closed &+= 1
        (minimum, maximum) = (.max, .min)
        (closedMinimum, closedMaximum) = (.max, .min)
        for index in max(closed - Self.reach, 0)..<closed {
            closedMinimum = min(closedMinimum, minima[index % Self.kept])
            closedMaximum = max(closedMaximum, maxima[index % Self.kept])
        }
        let judged: Int = closed - 1 - Self.reach
        guard judged >= 0 else { return }
        var before: Int64 = .max
        var after: Int64 = .max
        for index in max(judged - Self.reach, 0)...judged { before = min(before, minima[index % Self.kept]) }
        for index in judged..<closed { after = min(after, minima[index % Self.kept]) }
        learn(maxima[judged % Self.kept] &- max(before, after))
    }

    private mutating func learn(_ delay: Int64) {
        let bin: Int64 = (delay &+ Self.binNanoseconds / 2) / Self.binNanoseconds
        weight *= growth
        if weight > 1e12 { renormalize() }
        bins[Int(min(max(bin, 0), Int64(Self.binCount - 1)))] += weight
        total += weight
        var above: Float = total * (1 - quantile)
        var index: Int = Self.binCount - 1
        while index > 0 {
            above -= bins[index]
            if above < 0 { break }
            index -= 1
        }
        learned = Int64(index) * Self.binNanoseconds
    }

    private mutating func renormalize() {
        let scale: Float = 1 / weight
        total = 0
        for index in 0..<Self.binCount {
            bins[index] *= scale
            total += bins[index]
        }
        weight = 1
    }
}
