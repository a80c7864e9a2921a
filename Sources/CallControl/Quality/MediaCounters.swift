public import MediaSession

/// What a shard's calls have counted of their media.
public struct MediaCounters: Hashable, Sendable {
    /// Observations by class: one more than bounds, the last for what lies above all of them.
    public struct Histogram: Hashable, Sendable {
        public private(set) var counts: [UInt64]
        /// Of all values, in thousandths of the bounds' unit.
        public private(set) var thousandths: UInt64 = 0

        init(_ bounds: [Double]) { counts = Array(repeating: 0, count: bounds.count + 1) }

        /// - Parameter thousandths: of the bounds' unit.
        mutating func add(_ thousandths: UInt64, _ bounds: [Double]) {
            self.thousandths &+= thousandths
            let value: Double = Double(thousandths) / 1000
            counts[bounds.firstIndex { value <= $0 } ?? bounds.count] &+= 1
        }

        public static func + (one: Self, other: Self) -> Self {
            var sum: Histogram = one
            for index in sum.counts.indices { sum.counts[index] &+= other.counts[index] }
            sum.thousandths &+= other.thousandths
            return sum
        }
    }

    /// Bounds of ``scores``, by what listeners tell apart (G.107 Annex B), and of ``jitters``, in milliseconds.
    public static let scoreBounds: [Double] = [1.5, 2, 2.58, 3.1, 3.6, 4.03, 4.34]
    public static let jitterBounds: [Double] = [1, 2, 5, 10, 20, 30, 50, 100, 200]

    /// Of legs that have ended.
    public private(set) var packetsReceived: UInt64 = 0
    public private(set) var packetsSent: UInt64 = 0
    public private(set) var packetsLost: UInt64 = 0
    /// By place in `PacketDrop.allCases`.
    public private(set) var packetsDropped: [UInt64] = Array(repeating: 0, count: PacketDrop.allCases.count)
    /// Of each leg's intervals of 5 s: listening scores, and jitter.
    public private(set) var scores = Histogram(scoreBounds)
    public private(set) var jitters = Histogram(jitterBounds)
    /// Ended calls by the gravest finding on their audio; by place in `QualityCause.allCases`.
    public private(set) var verdicts: [UInt64] = Array(repeating: 0, count: QualityCause.allCases.count)

    public init() {}

    mutating func note(_ fact: MediaFact) {
        switch fact {
        case .quality(_, let quality):
            guard quality.packetsReceived > 0 else { return }
            if let score = quality.listeningMOS { scores.add(UInt64(score) * 10, Self.scoreBounds) }
            jitters.add(UInt64(quality.jitterMicroseconds), Self.jitterBounds)
        case .closed(_, let statistics):
            packetsReceived &+= statistics.packetsReceived
            packetsSent &+= statistics.packetsSent
            packetsLost &+= statistics.packetsLost
            for (index, kind) in PacketDrop.allCases.enumerated() { packetsDropped[index] &+= statistics.dropped(kind) }
        case .latched, .silent, .heardAgain, .digit, .notPressed, .voice, .heard, .played, .recorded, .talking,
            .secured,
            .insecure, .failed, .fax:
            break
        }
    }

    mutating func note(_ quality: CallQuality) {
        guard let cause = quality.findings.first?.cause, let place = QualityCause.allCases.firstIndex(of: cause) else {
            return
        }
        verdicts[place] &+= 1
    }

    public static func + (one: Self, other: Self) -> Self {
        var sum: MediaCounters = one
        sum.packetsReceived &+= other.packetsReceived
        sum.packetsSent &+= other.packetsSent
        sum.packetsLost &+= other.packetsLost
        for index in sum.packetsDropped.indices { sum.packetsDropped[index] &+= other.packetsDropped[index] }
        sum.scores = one.scores + other.scores
        sum.jitters = one.jitters + other.jitters
        for index in sum.verdicts.indices { sum.verdicts[index] &+= other.verdicts[index] }
        return sum
    }
}
