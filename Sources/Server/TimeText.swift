public import Basics

/// Times as people give them on a command line.
public enum TimeText {
    /// Reads `2026-11-21`, `2026-11-21T12:00`, `2026-11-21T12:00:05` (each with or without a final `Z`; always UTC),
    /// or an age such as `45s`, `30m`, `12h`, `7d`. nil for anything else, and for days that no calendar has.
    public static func parse(_ text: String, now: WallTime) -> WallTime? {
        if let age = age(text) { return now.advanced(by: .seconds(-age)) }
        var rest: Substring = text[...]
        if rest.last == "Z" || rest.last == "z" { rest.removeLast() }
        let parts = rest.split(omittingEmptySubsequences: false) { $0 == "T" || $0 == "t" || $0 == " " }
        guard let day = parts.first, (1...2).contains(parts.count), let days = days(day) else { return nil }
        guard parts.count == 2 else { return text.utf8.count == 10 ? WallTime(secondsSinceEpoch: days * 86_400) : nil }
        guard let seconds = seconds(parts[1]) else { return nil }
        return WallTime(secondsSinceEpoch: days * 86_400 + seconds)
    }

    private static func age(_ text: String) -> Int64? {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let last = text.last, let unit = units[last], let count = number(text.dropLast(), 1...6) else {
            return nil
        }
        return count * unit
    }

    /// Days since 1970-01-01.
    private static func days(_ text: Substring) -> Int64? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let year = number(parts[0], 4...4), let month = number(parts[1], 2...2),
            let day = number(parts[2], 2...2),
            year >= 1970, (1...12).contains(month), day >= 1
        else { return nil }
        // Howard Hinnant's days-from-civil.
        let shifted: Int64 = month <= 2 ? year - 1 : year
        let era: Int64 = shifted / 400
        let yearOfEra: Int64 = shifted - era * 400
        let monthFromMarch: Int64 = month > 2 ? month - 3 : month + 9
        let dayOfYear: Int64 = (153 * monthFromMarch + 2) / 5 + day - 1
        let days: Int64 = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        let read = WallTime(secondsSinceEpoch: days * 86_400).utc
        return read.day == Int(day) && read.month == Int(month) ? days : nil
    }

    /// Seconds since midnight.
    private static func seconds(_ text: Substring) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let hour = number(parts[0], 2...2), let minute = number(parts[1], 2...2),
            hour < 24, minute < 60
        else { return nil }
        guard parts.count == 3 else { return hour * 3600 + minute * 60 }
        guard let second = number(parts[2], 2...2), second < 60 else { return nil }
        return hour * 3600 + minute * 60 + second
    }

    private static func number(_ text: Substring, _ length: ClosedRange<Int>) -> Int64? {
        guard length.contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(text)
    }
}
