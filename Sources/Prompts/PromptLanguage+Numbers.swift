extension PromptLanguage {
    /// What is counted up to; larger numbers are said digit by digit.
    public static let largestNumber: Int = 999_999_999

    /// A number: 21 is `vingt et un`, or `vingt et une` of something feminine.
    public func number(_ value: Int, _ gender: Gender = .masculine) -> [PhrasePart] {
        let size: UInt = value.magnitude
        guard size <= UInt(PromptLanguage.largestNumber) else { return digits(String(value)) }
        let sign: [PromptID] = value < 0 ? ["number-minus"] : []
        return (sign + words(Int(size), gender)).map { .prompt($0) }
    }

    /// A rank: 1 is `premier` or `première`, 21 `vingt et unième`. What is not above 0 is said as a number.
    public func ordinal(_ value: Int, _ gender: Gender = .masculine) -> [PhrasePart] {
        guard (1...PromptLanguage.largestNumber).contains(value) else { return number(value, gender) }
        if value == 1 { return [.prompt(gender == .feminine ? "ordinal-1-feminine" : "ordinal-1")] }
        var ids: [PromptID] = words(value, .masculine)
        // `millionième`, but `one millionth`.
        if self == .french, ids.first == "number-1", ids.count == 2 { ids.removeFirst() }
        guard let last = ids.popLast() else { return [] }
        let rank: PromptID =
            last == "number-1"
            ? "ordinal-1-compound" : PromptID(rawValue: "ordinal-\(last.rawValue.dropFirst("number-".count))")
        return (ids + [rank]).map { .prompt($0) }
    }

    private func words(_ value: Int, _ gender: Gender) -> [PromptID] {
        guard value > 0 else { return ["number-0"] }
        var ids: [PromptID] = []
        let (millions, thousands, rest) = (value / 1_000_000, value / 1000 % 1000, value % 1000)
        if millions > 0 { ids += belowThousand(millions, .masculine) + ["number-million"] }
        if thousands > 0 {
            // `mille`, never `un mille`.
            if self == .english || thousands > 1 { ids += belowThousand(thousands, .masculine) }
            ids.append("number-thousand")
        }
        return rest > 0 ? ids + belowThousand(rest, gender) : ids
    }

    private func belowThousand(_ value: Int, _ gender: Gender) -> [PromptID] {
        var ids: [PromptID] = []
        let (hundreds, rest) = (value / 100, value % 100)
        if hundreds > 0 {
            if self == .english || hundreds > 1 { ids.append(PromptLanguage.unit(hundreds)) }
            ids.append("number-hundred")
        }
        guard rest > 0 else { return ids }
        switch self {
        case .french: return ids + PromptLanguage.frenchBelowHundred(rest, gender)
        case .english: return ids + PromptLanguage.englishBelowHundred(rest)
        }
    }

    private static func englishBelowHundred(_ value: Int) -> [PromptID] {
        if value <= 20 || value % 10 == 0 { return [unit(value)] }
        return [unit(value / 10 * 10), unit(value % 10)]
    }

    /// Tens of ten stop at 60: 71 is `soixante et onze`, 91 `quatre-vingt-onze`.
    private static func frenchBelowHundred(_ value: Int, _ gender: Gender) -> [PromptID] {
        let one: PromptID = gender == .feminine ? "number-one-feminine" : "number-1"
        if value == 1 { return [one] }
        if value <= 20 || value % 10 == 0 { return [unit(value)] }
        let tens: Int = value >= 80 ? 80 : value >= 60 ? 60 : value / 10 * 10
        let rest: Int = value - tens
        let last: PromptID = rest == 1 ? one : unit(rest)
        // `vingt et un`, `soixante et onze`, but `quatre-vingt-un`.
        return tens < 80 && (rest == 1 || rest == 11) ? [unit(tens), "number-and", last] : [unit(tens), last]
    }

    private static func unit(_ value: Int) -> PromptID { PromptID(rawValue: "number-\(value)") }
}
