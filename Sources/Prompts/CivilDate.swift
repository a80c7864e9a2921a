/// A day of the calendar, wherever its midnight is.
public struct CivilDate: Hashable, Comparable, Sendable {
    /// 1 ... 9999.
    public let year: Int
    /// 1 ... 12.
    public let month: Int
    /// 1 ... 31.
    public let day: Int

    /// nil where there is no such day.
    public init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month),
            (1...CivilDate.days(in: month, of: year)).contains(day)
        else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
    }

    /// 0 is Sunday.
    public var weekday: Int { (dayNumber + 4) % 7 }

    /// Days from another day to this one.
    public func days(since other: CivilDate) -> Int { dayNumber - other.dayNumber }

    public static func < (lhs: CivilDate, rhs: CivilDate) -> Bool { lhs.dayNumber < rhs.dayNumber }

    /// Counted from a Wednesday; 1970-01-01, a Thursday, has a multiple of 7.
    private var dayNumber: Int {
        let shifted: Int = month <= 2 ? year - 1 : year
        let dayOfYear: Int = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468 + 7 * 110_000
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
