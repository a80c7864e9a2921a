public import Basics

extension WallTime {
    /// As the Date header field writes it: `Sat, 21 Nov 2026 13:00:00 GMT` (RFC 3261 §20.17).
    public var sipDate: String {
        let t = utc
        return
            "\(FieldCursor.days[t.weekday]), \(padded(t.day, 2)) \(FieldCursor.months[t.month - 1]) \(padded(t.year, 4)) "
            + "\(padded(t.hour, 2)):\(padded(t.minute, 2)):\(padded(t.second, 2)) GMT"
    }
}

extension FieldCursor {
    fileprivate static let days: [String] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    fileprivate static let months: [String] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    mutating func date() throws(FieldFault) -> WallTime {
        let rule = "RFC 3261 §20.17"
        let start = at
        let day = try token(rule)
        guard FieldCursor.days.contains(where: { equalsIgnoringCase($0, day) }), take(Octet.comma) else {
            throw FieldFault(at: start, rule)
        }
        let dayOfMonth = try number(upTo: 31, rule)
        skipWhitespace()
        let monthName = try token(rule)
        guard let month = FieldCursor.months.firstIndex(where: { equalsIgnoringCase($0, monthName) }) else {
            throw FieldFault(at: start, rule)
        }
        skipWhitespace()
        let year = try number(upTo: 9999, rule)
        skipWhitespace()
        let hour = try number(upTo: 23, rule)
        guard take(Octet.colon) else { throw FieldFault(at: at, rule) }
        let minute = try number(upTo: 59, rule)
        guard take(Octet.colon) else { throw FieldFault(at: at, rule) }
        let second = try number(upTo: 60, rule)
        skipWhitespace()
        guard equalsIgnoringCase(try token(rule), "GMT"), dayOfMonth > 0 else { throw FieldFault(at: at, rule) }
        let days = FieldCursor.daysSinceEpoch(Int64(year), Int64(month + 1), Int64(dayOfMonth))
        return WallTime(secondsSinceEpoch: days * 86_400 + Int64(hour) * 3600 + Int64(minute) * 60 + Int64(second))
    }

    /// Howard Hinnant's days-from-civil: exact for the proleptic Gregorian calendar.
    private static func daysSinceEpoch(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted: Int64 = month <= 2 ? year - 1 : year
        let era: Int64 = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra: Int64 = shifted - era * 400
        let monthIndex: Int64 = month > 2 ? month - 3 : month + 9
        let dayOfYear: Int64 = (153 * monthIndex + 2) / 5 + day - 1
        let dayOfEra: Int64 = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
