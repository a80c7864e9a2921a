extension PromptLanguage {
    /// Between groups of a telephone number.
    private static let groupPause: PhrasePart = .pause(.milliseconds(150))

    /// Digits and keys one by one; anything else is left out.
    public func digits(_ text: String) -> [PhrasePart] {
        text.compactMap(PromptLanguage.key).map { .prompt($0) }
    }

    /// A telephone number in the groups that its country says it in: French ones in pairs, North American ones as 3-3-4.
    public func telephoneNumber(_ text: String) -> [PhrasePart] {
        let isInternational: Bool = text.first == "+"
        let number: [Character] = text.filter { PromptLanguage.key($0) != nil }.map { $0 }
        var groups: [[PhrasePart]] = []
        var rest: ArraySlice<Character> = number[...]
        func take(_ count: Int, _ say: (String) -> [PhrasePart]) {
            guard !rest.isEmpty else { return }
            groups.append(say(String(rest.prefix(count))))
            rest = rest.dropFirst(count)
        }
        let code: String = isInternational ? PromptLanguage.countryCode(number) : ""
        if !code.isEmpty { take(code.count) { [.prompt("letter-plus")] + pair($0) } }
        let isAllDigits: Bool = number.allSatisfy(\.isASCIIDigit)
        if self == .french, isAllDigits, rest.count == 9 && code == "33" || rest.count == 10 && !isInternational {
            if rest.count == 9 { take(1, digits) }
            while !rest.isEmpty { take(2, pair) }
        } else if rest.count == 10 {
            take(3, digits)
            take(3, digits)
            take(4, digits)
        } else if rest.count <= 5 {
            take(rest.count, digits)
        } else {
            while !rest.isEmpty { take(rest.count == 4 ? 4 : 3, digits) }
        }
        return Array(groups.joined(separator: [PromptLanguage.groupPause]))
    }

    /// A word letter by letter; accents are left away, and what has no name is left out.
    public func spelling(_ text: String) -> [PhrasePart] {
        text.lowercased().compactMap { character -> PromptID? in
            if let key = PromptLanguage.key(character) { return key }
            if let name = PromptLanguage.signs[character] { return name }
            let letter: Character = PromptLanguage.accents.first { $0.value.contains(character) }?.key ?? character
            return ("a"..."z").contains(letter) ? PromptID(rawValue: "letter-\(letter)") : nil
        }.map { .prompt($0) }
    }

    /// Two digits as one number, and `zéro six` where the first is 0.
    private func pair(_ text: String) -> [PhrasePart] {
        if self == .french, text.count == 2, text.first != "0", let value = Int(text) { return number(value) }
        return digits(text)
    }

    private static let signs: [Character: PromptID] = [
        "@": "letter-at", "-": "letter-dash", ".": "letter-dot", "+": "letter-plus",
    ]

    private static let accents: [Character: String] = [
        "a": "àáâãäå", "c": "ç", "e": "èéêë", "i": "ìíîï", "n": "ñ", "o": "òóôõöø", "u": "ùúûü", "y": "ýÿ",
    ]

    private static func key(_ character: Character) -> PromptID? {
        switch character {
        case "0"..."9": character.isASCIIDigit ? PromptID(rawValue: "number-\(character)") : nil
        case "*": "key-star"
        case "#": "key-pound"
        default: nil
        }
    }

    /// The country code at the front of an international number (ITU-T E.164): +1 and +7 have one digit, some forty have two.
    private static func countryCode(_ number: [Character]) -> String {
        guard let first = number.first else { return "" }
        if first == "1" || first == "7" { return String(first) }
        let two = String(number.prefix(2))
        return String(number.prefix(twoDigitCodes.contains(two) ? 2 : 3))
    }

    private static let twoDigitCodes: Set<String> = [
        "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49",
        "51",
        "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84", "86",
        "90",
        "91", "92", "93", "94", "95", "98",
    ]
}

extension Character {
    fileprivate var isASCIIDigit: Bool { isASCII && isWholeNumber }
}
