public import Basics

extension WallTime {
    /// Seconds since 1900-01-01T00:00Z in the high half, fraction in the low (RFC 3550 §4).
    public var ntpTimestamp: UInt64 {
        let seconds: Int64 = secondsSinceEpoch
        let micros: Int64 = microsecondsSinceEpoch &- seconds &* 1_000_000
        let fraction: UInt64 = (UInt64(clamping: micros) << 32) / 1_000_000
        return UInt64(truncatingIfNeeded: seconds &+ 2_208_988_800) << 32 | fraction & 0xFFFF_FFFF
    }
}

extension Duration {
    /// In 1/65 536 s, as RTCP tells how long a report was held; saturates (RFC 3550 §6.4.1).
    public var compactNTP: UInt32 {
        let nanoseconds: Int64 = max(0, wholeNanoseconds)
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return UInt32(clamping: seconds << 16 | (rest << 16) / 1_000_000_000)
    }
}
