internal import Basics
internal import SIPMessage

/// One of a few words a setting may be.
public protocol SettingChoice: RawRepresentable, CaseIterable, Sendable where RawValue == String {
    /// For people, after the word and a colon.
    var meaning: String { get }
}

/// What the elements of a list are.
public enum SettingElement: Hashable, Sendable {
    case digestAlgorithm
    /// What is dialled: digits, `*`, `#`, and a `+` in front.
    case dialledNumber
    /// A SIP URI that a Route may hold: with the parameter `lr`.
    case route
    /// An audio codec by its name in lower case, or `others`.
    case codec
}

/// What values a setting takes, how they are written and what is said of wrong ones.
public enum SettingKind: Hashable, Sendable {
    public struct Word: Hashable, Sendable {
        public let name: String
        public let meaning: String
    }

    public enum Unit: Hashable, Sendable {
        case seconds, percent
        /// A count of something, in the plural.
        case count(String)
    }

    case flag
    /// - Parameter zero: what 0 means, where it is legal beside the range.
    case number(ClosedRange<Int>, Unit, zero: String?)
    case choice([Word])
    case list(SettingElement, ClosedRange<Int>)

    /// Whether a value that came from elsewhere, such as the store, may be used as it is.
    public func accepts(_ value: SettingValue) -> Bool {
        switch (self, value) {
        case (.flag, .flag): true
        case (.number(let range, _, let zero), .number(let number)):
            range.contains(number) || (zero != nil && number == 0)
        case (.choice(let words), .word(let word)): words.contains { $0.name == word }
        case (.list(let element, let count), .list(let list)):
            count.contains(list.count) && Set(list).count == list.count
                && list.allSatisfy { element.normalised($0) == $0 }
        default: false
        }
    }

    // MARK: Reading

    /// Why a text is no value: the second half of a sentence that begins with the key.
    public struct Refusal: Error, Hashable, Sendable { public let rule: String }

    /// Reads what a person wrote.
    public func value(_ text: String) throws(Refusal) -> SettingValue {
        switch self {
        case .flag:
            switch text.lowercased() {
            case "on", "yes", "true": return .flag(true)
            case "off", "no", "false": return .flag(false)
            default: throw refusal(text)
            }
        case .number(let range, let unit, let zero):
            guard let number = SettingKind.number(text, unit), range.contains(number) || (zero != nil && number == 0)
            else { throw refusal(text) }
            return .number(number)
        case .choice(let words):
            guard words.contains(where: { $0.name == text.lowercased() }) else {
                let near = NearestName.of(text, among: words.map(\.name)).map { "; did you mean \"\($0)\"?" } ?? ""
                throw Refusal(rule: refusal(text).rule + near)
            }
            return .word(text.lowercased())
        case .list(let element, let count): return .list(try SettingKind.list(text, of: element, count, self))
        }
    }

    private func refusal(_ text: String) -> Refusal {
        Refusal(rule: text.isEmpty ? "must be \(expected); it is empty" : "must be \(expected), not \"\(text)\"")
    }

    /// A whole number; seconds may have a unit: `90`, `90s`, `5m`, `1h`.
    private static func number(_ text: String, _ unit: Unit) -> Int? {
        var digits: Substring = text[...]
        var factor: Int = 1
        switch unit {
        case .seconds:
            for (suffix, seconds) in [("s", 1), ("m", 60), ("h", 3600)] where digits.lowercased().hasSuffix(suffix) {
                digits = digits.dropLast()
                factor = seconds
                break
            }
        case .percent: if digits.hasSuffix("%") { digits = digits.dropLast() }
        case .count: break
        }
        while digits.last == " " { digits = digits.dropLast() }
        guard !digits.isEmpty, digits.count <= 9, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(digits).map { $0 * factor }
    }

    private static func list(
        _ text: String, of element: SettingElement, _ count: ClosedRange<Int>, _ kind: SettingKind
    ) throws(Refusal) -> [String] {
        var found: [String] = []
        let isNone: Bool = text.isEmpty || text.lowercased() == "none"
        for part in isNone ? [] : element.parts(of: text) {
            guard let value = element.normalised(part) else {
                throw Refusal(rule: "must be \(kind.expected); \"\(part)\" is not \(element.expected)")
            }
            guard !found.contains(value) else {
                throw Refusal(rule: "must name each once; \"\(value)\" is there twice")
            }
            found.append(value)
        }
        guard count.contains(found.count) else {
            throw Refusal(rule: "must be \(kind.expected), not \(found.count == 0 ? "empty" : "\(found.count)")")
        }
        return found
    }

    // MARK: Showing

    /// A value as a person reads it; ``value(_:)`` takes it back.
    public func text(_ value: SettingValue) -> String {
        switch value {
        case .flag(let isOn): isOn ? "on" : "off"
        case .number(let number):
            switch self {
            case .number(_, .seconds, _): "\(number) s"
            case .number(_, .percent, _): "\(number) %"
            default: "\(number)"
            }
        case .word(let word): word
        case .list(let list): list.isEmpty ? "none" : list.joined(separator: ",")
        }
    }

    /// What is right, as in "must be …".
    public var expected: String {
        switch self {
        case .flag: return "on or off"
        case .number(let range, let unit, let zero):
            let what: String =
                switch unit {
                case .seconds: " seconds"
                case .percent: " percent"
                case .count(let name): " \(name)"
                }
            return "from \(range.lowerBound) to \(range.upperBound)\(what)" + (zero == nil ? "" : ", or 0")
        case .choice(let words): return "one of " + words.map(\.name).joined(separator: ", ")
        case .list(let element, let count):
            let none: String = count.lowerBound == 0 ? ", or none" : ""
            return "\(max(count.lowerBound, 1)) to \(count.upperBound) of \(element.plural), separated by commas\(none)"
        }
    }
}

extension SettingElement {
    private static let codecs: [String] = ["opus", "g722", "pcma", "pcmu", "g729", "l16", "others"]

    var plural: String {
        switch self {
        case .digestAlgorithm: DigestAlgorithm.known.map(\.name).joined(separator: ", ")
        case .dialledNumber: "numbers as they are dialled"
        case .route: "SIP URIs with the parameter lr"
        case .codec: SettingElement.codecs.joined(separator: ", ")
        }
    }

    var expected: String {
        switch self {
        case .digestAlgorithm, .codec: "one of these"
        case .dialledNumber: "a number: digits, * and #, with a + in front at most, 32 characters at most"
        case .route: "a SIP URI with the parameter lr, such as <sip:edge.example.com;lr>"
        }
    }

    /// The elements of a list; a comma between angle brackets belongs to its URI.
    func parts(of text: String) -> [String] {
        var parts: [String] = [""]
        var depth: Int = 0
        for character in text {
            if character == "<" { depth += 1 } else if character == ">" { depth -= 1 }
            if character == ",", depth <= 0 {
                parts.append("")
            } else if character != " " || !(parts.last ?? "").isEmpty {
                parts[parts.count - 1].append(character)
            }
        }
        return parts.map { part in String(part.reversed().drop { $0 == " " }.reversed()) }
    }

    /// An element as it is stored; nil where it is none.
    func normalised(_ text: String) -> String? {
        switch self {
        case .digestAlgorithm:
            let algorithm = DigestAlgorithm(text)
            return DigestAlgorithm.known.contains(algorithm) ? algorithm.name : nil
        case .dialledNumber:
            let digits: Substring = text.first == "+" ? text.dropFirst() : text[...]
            let isLegal: Bool = digits.utf8.allSatisfy {
                (0x30...0x39).contains($0) || $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "#")
            }
            return (1...32).contains(digits.utf8.count) && isLegal ? text : nil
        case .route:
            guard text.utf8.count <= 256, let address = try? NameAddress(text.first == "<" ? text : "<\(text)>"),
                address.uri.isSIP, address.uri.parameters.contains("lr"), address.displayName == nil,
                address.parameters.items.isEmpty
            else { return nil }
            return "<\(address.uri)>"
        case .codec:
            let name: String = text.lowercased()
            return SettingElement.codecs.contains(name) ? name : nil
        }
    }
}
