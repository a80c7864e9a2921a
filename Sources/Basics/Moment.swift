/// A point on the monotonic clock: what every interval and deadline is measured with.
///
/// Only differences mean anything; the origin is the start of the process in production and zero in tests.
public struct Moment: Hashable, Comparable, Sendable {
    /// Nanoseconds since the clock's origin.
    public let nanoseconds: Int64

    public static let zero = Moment(nanoseconds: 0)
    /// Later than any moment a clock gives.
    public static let distantFuture = Moment(nanoseconds: .max)

    @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The time from the clock's origin to this moment.
    public var sinceStart: Duration { .nanoseconds(nanoseconds) }

    /// This moment moved by `duration`; saturates at ``distantFuture``.
    public func advanced(by duration: Duration) -> Moment {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
        return overflow ? .distantFuture : Moment(nanoseconds: sum)
    }

    /// The time from `earlier` to this moment; negative when `earlier` is later.
    public func since(_ earlier: Moment) -> Duration {
        .nanoseconds(nanoseconds - earlier.nanoseconds)
    }

    @inlinable public static func < (lhs: Moment, rhs: Moment) -> Bool { lhs.nanoseconds < rhs.nanoseconds }
}

extension Duration {
    /// The duration in nanoseconds; saturates at about 292 years.
    public var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, overflowSum) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowSum ? .max : sum
    }

    /// The duration in milliseconds, rounded towards zero.
    public var wholeMilliseconds: Int64 { wholeNanoseconds / 1_000_000 }

    /// The duration in seconds, rounded towards zero.
    public var wholeSeconds: Int64 { components.seconds }

    /// The duration in seconds, with its fraction.
    public var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
