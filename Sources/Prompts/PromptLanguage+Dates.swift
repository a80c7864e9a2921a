extension PromptLanguage {
    private static let weekdays: [PromptID] = [
        "day-sunday", "day-monday", "day-tuesday", "day-wednesday", "day-thursday", "day-friday", "day-saturday",
    ]
    private static let months: [PromptID] = [
        "month-january", "month-february", "month-march", "month-april", "month-may", "month-june", "month-july",
        "month-august", "month-september", "month-october", "month-november", "month-december",
    ]

    /// A day as people name it today: `aujourd'hui`, `yesterday`, else with its weekday, and with its year where that is another.
    public func date(_ date: CivilDate, today: CivilDate) -> [PhrasePart] {
        switch date.days(since: today) {
        case 0: return [.prompt("date-today")]
        case 1: return [.prompt("date-tomorrow")]
        case -1: return [.prompt("date-yesterday")]
        default: break
        }
        let weekday: PhrasePart = .prompt(PromptLanguage.weekdays[date.weekday])
        let month: PhrasePart = .prompt(PromptLanguage.months[date.month - 1])
        let year: [PhrasePart] = date.year == today.year ? [] : self.year(date.year)
        switch self {
        // `le premier mai`, but `le deux mai`.
        case .french: return [weekday] + (date.day == 1 ? ordinal(1) : number(date.day)) + [month] + year
        case .english: return [weekday, month] + ordinal(date.day) + year
        }
    }

    /// A year: `deux mille vingt-six`, `twenty twenty-six`.
    public func year(_ year: Int) -> [PhrasePart] {
        let (century, rest) = (year / 100, year % 100)
        // `two thousand five`, but `nineteen oh five`.
        guard self == .english, (11...99).contains(century), century % 10 != 0 || rest >= 10 else {
            return number(year)
        }
        if rest == 0 { return number(century) + [.prompt("number-hundred")] }
        return number(century) + (rest < 10 ? [.prompt("number-oh")] : []) + number(rest)
    }

    /// The time of a day: `quinze heures trente`, `three thirty P.M.`.
    /// - Parameters:
    ///   - hour: 0 ... 23.
    ///   - minute: 0 ... 59.
    public func time(hour: Int, minute: Int) -> [PhrasePart] {
        if minute == 0, hour == 0 { return [.prompt("time-midnight")] }
        if minute == 0, hour == 12 { return [.prompt("time-noon")] }
        switch self {
        case .french:
            return amount(hour, one: "time-one-hour", singular: "time-hour", plural: "time-hours")
                + (minute == 0 ? [] : number(minute, .feminine))
        case .english:
            let minutes: [PhrasePart] =
                minute == 0 ? [] : (minute < 10 ? [.prompt("number-oh")] : []) + number(minute)
            return number((hour + 11) % 12 + 1) + minutes + [.prompt(hour < 12 ? "time-am" : "time-pm")]
        }
    }

    /// A length of time in hours, minutes and seconds; the seconds go where there are hours.
    public func length(_ duration: Duration) -> [PhrasePart] {
        let seconds = Int(max(0, duration.components.seconds))
        var parts: [[PhrasePart]] = []
        if seconds >= 3600 {
            parts.append(amount(seconds / 3600, one: "time-one-hour", singular: "time-hour", plural: "time-hours"))
        }
        let minutes: Int = seconds / 60 % 60
        if minutes > 0 {
            parts.append(amount(minutes, one: "time-one-minute", singular: "time-minute", plural: "time-minutes"))
        }
        if seconds < 3600, seconds % 60 > 0 || seconds == 0 {
            parts.append(amount(seconds % 60, one: "time-one-second", singular: "time-second", plural: "time-seconds"))
        }
        return Array(parts.joined(separator: [.prompt("number-and")]))
    }

    /// So many of something feminine. English hours are not the French ones' word: `o'clock` is no length.
    func amount(_ count: Int, one: PromptID, singular: PromptID, plural: PromptID) -> [PhrasePart] {
        switch self {
        case .french where count == 1: [.prompt(one)]
        case .french: number(count, .feminine) + [.prompt(count == 0 ? singular : plural)]
        case .english where count == 1 && singular == "time-hour": [.prompt(one)]
        case .english: number(count) + [.prompt(count == 1 ? singular : plural)]
        }
    }
}
