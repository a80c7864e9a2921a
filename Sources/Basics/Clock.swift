/// Where adapters and drivers get the time from; floors 0-5 are handed moments instead.
public protocol MartinetClock: Sendable {
    /// The monotonic time.
    var now: Moment { get }
    /// The civil time.
    var wallNow: WallTime { get }
}
