public import Basics
import CSys

/// The machine's clocks: monotonic time since this value was made, and civil time.
public struct SystemClock: MartinetClock {
    private let origin: Int64

    /// Make one per process, at its start, and hand it around: moments of different clocks can't be compared.
    public init() { origin = csys_monotonic_ns() }

    public var now: Moment { Moment(nanoseconds: csys_monotonic_ns() - origin) }

    public var wallNow: WallTime { WallTime(microsecondsSinceEpoch: csys_realtime_ns() / 1000) }
}
