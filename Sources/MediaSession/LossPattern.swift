/// Bursts and gaps of loss (RFC 3611 §4.7.2), from what became of each packet in order.
///
/// A burst begins and ends with a packet lost or discarded, and fewer than 16 in sequence came between two of those. One that stands
/// alone belongs to a gap.
struct LossPattern: Sendable {
    /// Gmin (RFC 3611 §4.7.2).
    static let minimumGap: UInt32 = 16

    struct Counts: Sendable {
        var came: UInt32 = 0
        var lost: UInt32 = 0
        var discarded: UInt32 = 0
        /// Lost or discarded within bursts.
        var lostInBursts: UInt32 = 0
        /// Packets within bursts, whatever became of them.
        var packetsInBursts: UInt32 = 0
        var bursts: UInt32 = 0
        /// Runs of packets lost without one that came between.
        var runs: UInt32 = 0
        /// The longest run.
        var longest: UInt32 = 0
    }

    private(set) var interval = Counts()
    private(set) var whole = Counts()
    /// Packets that came since the last loss; as many as a gap needs before the first one.
    private var sinceLoss: UInt32 = minimumGap
    /// Losses of the cluster that a burst is, or may become.
    private var clusterLosses: UInt32 = 0
    /// The length of the run that goes on; 0 when the last packet came.
    private var run: UInt32 = 0

    @inline(__always)
    mutating func came() {
        interval.came &+= 1
        sinceLoss &+= 1
        run = 0
    }

    mutating func missed(isDiscard: Bool) {
        if isDiscard { interval.discarded &+= 1 } else { interval.lost &+= 1 }
        if run == 0 { interval.runs &+= 1 }
        run &+= 1
        interval.longest = max(interval.longest, run)
        if sinceLoss >= Self.minimumGap {
            clusterLosses = 1
        } else {
            clusterLosses &+= 1
            let packets: UInt32 = sinceLoss &+ 1
            if clusterLosses == 2 {
                // The first of them was not known to begin a burst.
                interval.bursts &+= 1
                interval.lostInBursts &+= 2
                interval.packetsInBursts &+= packets &+ 1
            } else {
                interval.lostInBursts &+= 1
                interval.packetsInBursts &+= packets
            }
        }
        sinceLoss = 0
    }

    /// Many lost in sequence.
    mutating func missed(count: UInt32) {
        guard count > 2 else {
            for _ in 0..<count { missed(isDiscard: false) }
            return
        }
        for _ in 0..<2 { missed(isDiscard: false) }
        let rest: UInt32 = count - 2
        interval.lost &+= rest
        interval.lostInBursts &+= rest
        interval.packetsInBursts &+= rest
        clusterLosses &+= rest
        run &+= rest
        interval.longest = max(interval.longest, run)
    }

    /// A packet was discarded when its place had been given up.
    mutating func discardedLate() { interval.discarded &+= 1 }

    /// The next packet is of another series.
    mutating func restart() {
        sinceLoss = Self.minimumGap
        clusterLosses = 0
        run = 0
    }

    mutating func endInterval() {
        whole.add(interval)
        interval = Counts()
    }
}

extension LossPattern.Counts {
    mutating func add(_ other: Self) {
        came &+= other.came
        lost &+= other.lost
        discarded &+= other.discarded
        lostInBursts &+= other.lostInBursts
        packetsInBursts &+= other.packetsInBursts
        bursts &+= other.bursts
        runs &+= other.runs
        longest = max(longest, other.longest)
    }
}
