public import Basics

/// When the next report is due (RFC 3550 §6.2, §6.3) in a session of two.
///
/// The interval is drawn anew each time between half and one and a half times its mean, so that the reports of many calls that
/// began together spread. There is no reconsideration, since the members of a call do not change, and so its compensation (the
/// division by e - 3/2 of §6.3.1) is left out too: the mean is kept.
public struct RTCPScheduler: Hashable, Sendable {
    /// RFC 3550 §6.2.
    public static let standardInterval: Duration = .seconds(5)

    private let minimum: Int64
    /// What reports of both parties together may take, in bytes a second; 0 is no limit.
    private let bytesPerSecond: UInt32
    /// Mean size of reports with their UDP and IP headers, in sixteenths of a byte (§6.3.3).
    private var meanSize: UInt32 = 0
    /// When the next report is to be sent.
    public private(set) var nextDue: Moment

    /// - Parameters:
    ///   - interval: mean time between reports; 5 s by the RFC, less only by agreement (RFC 3556, RFC 4585).
    ///   - bytesPerSecond: what the reports of both may take, 5 % of the session's bandwidth by the RFC; 0 is no limit.
    public init(
        interval: Duration = standardInterval, bytesPerSecond: UInt32 = 0, now: Moment, random: inout AnyRandom
    ) {
        minimum = max(interval.wholeNanoseconds, 1_000_000)
        self.bytesPerSecond = bytesPerSecond
        nextDue = now
        // The first comes after half the time (§6.2), so that a new call soon has figures.
        nextDue = Self.spread(minimum / 2, from: now, random: &random)
    }

    /// A report was sent, or one that was due had nothing to say.
    /// - Parameter size: with its UDP and IP headers, in bytes.
    public mutating func sent(_ size: Int, at now: Moment, random: inout AnyRandom) {
        let scaled = UInt32(clamping: size) << 4
        meanSize = meanSize == 0 ? scaled : meanSize - meanSize / 16 + scaled / 16
        nextDue = Self.spread(mean, from: now, random: &random)
    }

    /// §6.3.1 with two members that both send.
    private var mean: Int64 {
        guard bytesPerSecond > 0 else { return minimum }
        let needed: UInt64 = UInt64(meanSize) / 16 * 2 * 1_000_000_000 / UInt64(bytesPerSecond)
        return max(minimum, Int64(clamping: needed))
    }

    private static func spread(_ mean: Int64, from now: Moment, random: inout AnyRandom) -> Moment {
        Moment(nanoseconds: now.nanoseconds &+ mean / 2 &+ Int64(random.next() % UInt64(mean)))
    }
}
