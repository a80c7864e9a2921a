internal import Basics

/// What is wrong with one setting that was given.
public struct SettingProblem: Error, Hashable, Sendable, CustomStringConvertible {
    public let key: String
    /// The rule in plain words, as the second half of a sentence that begins with the key.
    public let rule: String
    public var description: String { "\(key): \(rule)" }
}

/// Why settings are not changed; nothing was.
public struct SettingRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// Everything that is wrong, at least one, in the order it was given.
    public let problems: [SettingProblem]
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// Settings to be changed together, each with a value that is legal, or with none to put it back to its default.
public struct SettingAssignments: Hashable, Sendable {
    /// The word that puts a key back.
    public static let standardWord: String = "default"

    public let scope: SettingScope
    /// In the order they were given, each key once.
    public let list: [Assignment]

    public struct Assignment: Hashable, Sendable {
        public let key: String
        /// nil: as it is above.
        public let value: SettingValue?
    }

    /// Reads `key=value` texts.
    /// - Throws: ``SettingRefusal`` with every text that is wrong: no key or value, a key that is unknown, another scope's or there twice, a
    ///   value that is not legal.
    public init(_ texts: [String], scope: SettingScope) throws(SettingRefusal) {
        var list: [Assignment] = []
        var problems: [SettingProblem] = []
        for text in texts {
            do throws(SettingProblem) {
                let assignment = try SettingAssignments.read(text, scope)
                guard !list.contains(where: { $0.key == assignment.key }) else {
                    throw SettingProblem(key: assignment.key, rule: "is given twice; give it once")
                }
                list.append(assignment)
            } catch { problems.append(error) }
        }
        guard problems.isEmpty else { throw SettingRefusal(problems: problems) }
        (self.scope, self.list) = (scope, list)
    }

    private static func read(_ text: String, _ scope: SettingScope) throws(SettingProblem) -> Assignment {
        guard let equals = text.firstIndex(of: "=") else {
            let known: Bool = Setting.named(text.lowercased()) != nil
            throw SettingProblem(
                key: text,
                rule: known ? "has no value; write \(text.lowercased())=VALUE" : "is not of the form key=value")
        }
        let key = String(text[..<equals]).lowercased()
        let value = String(text[text.index(after: equals)...])
        let setting = try find(key, scope)
        if value.lowercased() == standardWord { return Assignment(key: key, value: nil) }
        do throws(SettingKind.Refusal) {
            return Assignment(key: key, value: try setting.kind.value(value))
        } catch { throw SettingProblem(key: key, rule: error.rule) }
    }

    private static func find(_ key: String, _ scope: SettingScope) throws(SettingProblem) -> Setting {
        let known: [String] = Setting.all(of: scope).map(\.key)
        guard let setting = Setting.named(key) else {
            let near: String = NearestName.of(key, among: known).map { "did you mean \"\($0)\"? " } ?? ""
            throw SettingProblem(
                key: key, rule: "there is no such setting; \(near)Keys are: \(known.joined(separator: ", "))")
        }
        guard setting.scopes.contains(scope) else {
            let rule: String =
                switch scope {
                case .terminal: "is a setting of whole tenants: martinet tenant set NAME \(key)=VALUE"
                case .tenant: "is a setting of single users: martinet user set EXTENSION --tenant NAME \(key)=VALUE"
                }
            throw SettingProblem(key: key, rule: rule)
        }
        return setting
    }

    /// The values once these are assigned.
    /// - Parameter above: what holds without them: the defaults for a tenant, the tenant's for a terminal.
    /// - Throws: ``SettingRefusal`` where values that are legal alone contradict each other.
    public func applied(to values: SettingValues, above: TenantSettings) throws(SettingRefusal) -> SettingValues {
        var result = values
        for assignment in list { result[assignment.key] = assignment.value }
        let problems = SettingAssignments.contradictions(in: result.applied(to: above, scope: scope))
        guard problems.isEmpty else { throw SettingRefusal(problems: problems) }
        return result
    }

    /// Which of two keys is at fault nobody can know: the first is named, and the second in the rule.
    private static func contradictions(in settings: TenantSettings) -> [SettingProblem] {
        let ordered: [(higher: String, lower: String)] = [
            ("registration-max", "registration-min"), ("registration-max-nat", "registration-min"),
            ("registration-max-stream", "registration-min"), ("registration-default", "registration-min"),
            ("session-expires", "session-min"),
        ]
        var problems: [SettingProblem] = []
        for pair in ordered {
            guard let higher = Setting.named(pair.higher), let lower = Setting.named(pair.lower),
                case .number(let most) = higher.value(in: settings),
                case .number(let least) = lower.value(in: settings),
                most < least
            else { continue }
            problems.append(
                SettingProblem(
                    key: pair.higher, rule: "(\(most) s) must not be below \(pair.lower) (\(least) s); set both to fit")
            )
        }
        return problems
    }
}
