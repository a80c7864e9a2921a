/// Follows the sequence numbers of one source: what is lost, what is late, where the source started anew (RFC 3550 §A.1, §A.3).
///
/// Probation is not done here: whoever feeds it has decided that the packets are of the source.
public struct SequenceTracker: Hashable, Sendable {
    /// A gap below this is loss; above, the source may have started anew (RFC 3550 §A.1).
    public static let maximumDropout: UInt16 = 3000
    /// A packet less than this far behind is late, not a restart (RFC 3550 §A.1).
    public static let maximumMisorder: UInt16 = 100

    public enum Outcome: Hashable, Sendable {
        /// The newest so far.
        case newest
        /// Behind the newest: reordered or a duplicate.
        case late
        /// Far from all others and not counted; the next in sequence after it makes a restart.
        case stray
        /// The source started anew; counting goes on from here.
        case restarted
    }

    private var highest: UInt16 = 0
    private var base: UInt16 = 0
    /// How often the sequence number wrapped since `base`.
    private var cycles: UInt64 = 0
    /// What comes next if the last stray was a restart; above 65 535 while there is none.
    private var expectedAfterStray: UInt32 = 1 << 16
    /// Since the last restart.
    private var received: UInt64 = 0
    private var lostBeforeRestart: UInt64 = 0

    public init() {}

    /// The highest sequence number, extended by the wraps since the start (RFC 3550 §6.4.1); nil before the first packet.
    public var extendedHighest: UInt64? { received == 0 ? nil : cycles << 16 + UInt64(highest) }

    /// Packets missing since the first, over restarts; duplicates are set off against losses, never below zero.
    public var lost: UInt64 { lostBeforeRestart + missing }

    private var missing: UInt64 {
        guard received > 0 else { return 0 }
        let expected: UInt64 = cycles << 16 + UInt64(highest) - UInt64(base) + 1
        return expected > received ? expected - received : 0
    }

    @discardableResult
    public mutating func receive(_ number: UInt16) -> Outcome {
        guard received > 0 else { return start(at: number, as: .newest) }
        let ahead: UInt16 = number &- highest
        if ahead == 0 {
            received += 1
            return .late
        }
        if ahead < Self.maximumDropout {
            if number < highest { cycles += 1 }
            highest = number
            received += 1
            return .newest
        }
        if UInt32(ahead) + UInt32(Self.maximumMisorder) <= 1 << 16 {
            if UInt32(number) == expectedAfterStray { return restart(at: number) }
            expectedAfterStray = UInt32(number &+ 1)
            return .stray
        }
        received += 1
        return .late
    }

    /// Forgets the position, not the losses: the source's packets are of a new series.
    public mutating func restart() {
        lostBeforeRestart += missing
        received = 0
        expectedAfterStray = 1 << 16
    }

    private mutating func restart(at number: UInt16) -> Outcome {
        restart()
        return start(at: number, as: .restarted)
    }

    private mutating func start(at number: UInt16, as outcome: Outcome) -> Outcome {
        (base, highest, cycles, received) = (number, number, 0, 1)
        expectedAfterStray = 1 << 16
        return outcome
    }
}
