/// One event of a telephone-event payload (RFC 4733 §2.3).
public struct TelephoneEvent: Hashable, Sendable {
    /// On the wire, in bytes.
    public static let length: Int = 4
    /// A hook flash (RFC 4733 §3.2, table 7 of RFC 4734); 0 ... 15 are digits.
    public static let flash: UInt8 = 16
    /// The longest ``duration`` a report can have; longer events are told in segments (RFC 4733 §2.5.1.3).
    public static let longestDuration: UInt32 = 0xFFFF

    public var event: UInt8
    public var isEnd: Bool
    /// The level of the tone without its sign: 0 ... 63 dB below 0 dBm0.
    public var volume: UInt8
    /// Since the packet's timestamp, in units of its clock.
    public var duration: UInt16

    public init(event: UInt8, isEnd: Bool, volume: UInt8, duration: UInt16) {
        self.event = event
        self.isEnd = isEnd
        self.volume = min(volume, 63)
        self.duration = duration
    }

    /// Reads the event at byte `offset` of a payload; nil when it is cut short. The R bit is ignored (§2.3.3).
    public init?(_ payload: UnsafeRawBufferPointer, at offset: Int = 0) {
        guard offset >= 0, payload.count - offset >= TelephoneEvent.length else { return nil }
        event = payload[offset]
        isEnd = payload[offset + 1] & 0x80 != 0
        volume = payload[offset + 1] & 0x3F
        duration = load16(payload, offset + 2)
    }

    /// Writes the event to the front of `bytes`, which has room for 4.
    public func write(to bytes: UnsafeMutableRawBufferPointer) {
        precondition(bytes.count >= TelephoneEvent.length)
        bytes[0] = event
        bytes[1] = (isEnd ? 0x80 : 0) | volume
        bytes[2] = UInt8(duration >> 8)
        bytes[3] = UInt8(truncatingIfNeeded: duration)
    }

    /// A time in units of one clock in units of another, rounded to the nearest.
    ///
    /// - Parameters: `from` and `to` are clocks in Hz; an unknown one (0) leaves the time as it is.
    public static func scale(_ duration: UInt32, from: UInt32, to: UInt32) -> UInt32 {
        guard from > 0, to > 0, from != to else { return duration }
        return UInt32(clamping: (UInt64(duration) * UInt64(to) + UInt64(from) / 2) / UInt64(from))
    }
}
