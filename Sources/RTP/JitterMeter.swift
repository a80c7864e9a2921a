public import Basics

/// The interarrival jitter of one source (RFC 3550 §6.4.1, §A.8).
public struct JitterMeter: Hashable, Sendable {
    /// Arrival minus timestamp of the last packet, in timestamp units; only differences mean anything.
    private var transit: UInt32 = 0
    private var hasTransit: Bool = false
    /// Sixteen times the jitter, in timestamp units, rounded as in RFC 3550 §A.8.
    private var scaled: UInt64 = 0

    public init() {}

    /// Forgets the last packet, not the jitter: the next packet's timestamp is of a new series.
    public mutating func restart() { hasTransit = false }

    /// Takes in a packet.
    ///
    /// A step of a second or more between packets is a new timestamp series and not jitter.
    /// - Parameter clockRate: the timestamp's clock in Hz; 0 is unknown, and the packet is left out.
    public mutating func receive(timestamp: UInt32, at arrival: Moment, clockRate: UInt32) {
        guard clockRate > 0 else { return }
        let nanoseconds = UInt64(bitPattern: arrival.nanoseconds)
        let rate = UInt64(clockRate)
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let arrivalUnits = UInt32(truncatingIfNeeded: seconds &* rate &+ rest * rate / 1_000_000_000)
        let now: UInt32 = arrivalUnits &- timestamp
        let before: UInt32 = transit
        transit = now
        guard hasTransit else {
            hasTransit = true
            return
        }
        let difference = UInt64(Int32(bitPattern: now &- before).magnitude)
        guard difference < rate else { return }
        scaled = scaled + difference - (scaled + 8) >> 4
    }

    /// The jitter in timestamp units, as a receiver report carries it.
    public var timestampUnits: UInt32 { UInt32(truncatingIfNeeded: scaled >> 4) }

    /// The jitter in microseconds; 0 for an unknown clock rate.
    public func microseconds(clockRate: UInt32) -> UInt32 {
        guard clockRate > 0 else { return 0 }
        return UInt32(clamping: scaled * 62_500 / UInt64(clockRate))
    }
}
