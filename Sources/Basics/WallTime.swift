/// A point in civil time, for formats that ask for one: call records, `Date` headers, certificates.
///
/// Intervals are measured with ``Moment``.
public struct WallTime: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    public let microsecondsSinceEpoch: Int64

    public init(microsecondsSinceEpoch: Int64) { self.microsecondsSinceEpoch = microsecondsSinceEpoch }

    public init(secondsSinceEpoch: Int64) { microsecondsSinceEpoch = secondsSinceEpoch * 1_000_000 }

    /// Seconds since 1970-01-01T00:00:00Z, rounded down.
    public var secondsSinceEpoch: Int64 {
        let (quotient, remainder) = microsecondsSinceEpoch.quotientAndRemainder(dividingBy: 1_000_000)
        return remainder < 0 ? quotient - 1 : quotient
    }

    public func advanced(by duration: Duration) -> WallTime {
        WallTime(microsecondsSinceEpoch: microsecondsSinceEpoch + duration.wholeNanoseconds / 1000)
    }

    public func since(_ earlier: WallTime) -> Duration {
        .microseconds(microsecondsSinceEpoch - earlier.microsecondsSinceEpoch)
    }

    public static func < (lhs: WallTime, rhs: WallTime) -> Bool {
        lhs.microsecondsSinceEpoch < rhs.microsecondsSinceEpoch
    }

    /// Year, month (1-12), day (1-31), hour, minute, second and weekday (0 is Sunday) in UTC.
    public var utc: (year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, weekday: Int) {
        let seconds: Int64 = secondsSinceEpoch
        var days: Int64 = seconds / 86_400
        var rest: Int64 = seconds % 86_400
        if rest < 0 {
            rest += 86_400
            days -= 1
        }
        // Howard Hinnant's civil-from-days: exact for the proleptic Gregorian calendar.
        let shifted: Int64 = days + 719_468
        let era: Int64 = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra: Int64 = shifted - era * 146_097
        let yearOfEra: Int64 = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear: Int64 = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex: Int64 = (5 * dayOfYear + 2) / 153
        let day: Int64 = dayOfYear - (153 * monthIndex + 2) / 5 + 1
        let month: Int64 = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        let year: Int64 = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let weekday: Int64 = ((days % 7) + 11) % 7
        return (Int(year), Int(month), Int(day), Int(rest / 3600), Int(rest / 60 % 60), Int(rest % 60), Int(weekday))
    }

    /// `2026-11-21T12:45:02.000123Z`.
    public var iso8601: String {
        let t = utc
        var micros: Int64 = microsecondsSinceEpoch % 1_000_000
        if micros < 0 { micros += 1_000_000 }
        return "\(padded(t.year, 4))-\(padded(t.month, 2))-\(padded(t.day, 2))T"
            + "\(padded(t.hour, 2)):\(padded(t.minute, 2)):\(padded(t.second, 2)).\(padded(Int(micros), 6))Z"
    }
}

/// `value` in decimal with leading zeros up to `width`.
public func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return digits.utf8.count >= width ? digits : String(repeating: "0", count: width - digits.utf8.count) + digits
}
