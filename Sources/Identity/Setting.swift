/// Who may have a setting of their own.
public enum SettingScope: String, Hashable, Sendable, CaseIterable {
    case tenant
    /// A terminal's value goes before its tenant's.
    case terminal
}

/// One thing that can be set: what commands, imports, the API and the documentation know of it, in one place.
public struct Setting: Sendable {
    /// What belongs together for people.
    public enum Group: String, Hashable, Sendable, CaseIterable {
        case login = "Login", registration = "Registration", keepAlive = "Keep-alive", calls = "Calls", media = "Media"
    }

    /// As it is written: lower case, words joined by hyphens. Never changed once released.
    public let key: String
    public let group: Group
    public let kind: SettingKind
    public let scopes: Set<SettingScope>
    /// One line for people, without a full stop.
    public let help: String
    /// Where it comes from, such as `RFC 3261 §10.3`; empty where it is ours.
    public let source: String
    /// What holds where nobody has set it.
    public let standard: SettingValue
    let read: @Sendable (TenantSettings) -> SettingValue
    /// Only for values that ``kind`` accepts.
    let write: @Sendable (SettingValue, inout TenantSettings) -> Void

    init(
        _ key: String, _ group: Group, _ kind: SettingKind, _ scopes: Set<SettingScope>, _ help: String,
        _ source: String,
        read: @escaping @Sendable (TenantSettings) -> SettingValue,
        write: @escaping @Sendable (SettingValue, inout TenantSettings) -> Void
    ) {
        (self.key, self.group, self.kind, self.scopes) = (key, group, kind, scopes)
        (self.help, self.source, self.read, self.write) = (help, source, read, write)
        standard = read(TenantSettings())
    }

    /// What holds in `settings`.
    public func value(in settings: TenantSettings) -> SettingValue { read(settings) }

    /// The setting with this key.
    public static func named(_ key: String) -> Setting? { byKey[key] }

    /// Those that `scope` may have, in the order people read them.
    public static func all(of scope: SettingScope) -> [Setting] { all.filter { $0.scopes.contains(scope) } }

    private static let byKey: [String: Setting] = Dictionary(all.map { ($0.key, $0) }) { first, _ in first }
}

// MARK: Kinds of fields

extension Setting {
    typealias Field<Value> = any WritableKeyPath<TenantSettings, Value> & Sendable
    static let both: Set<SettingScope> = [.tenant, .terminal]

    static func flag(
        _ key: String, _ group: Group, _ field: Field<Bool>, _ help: String, _ source: String = "",
        scopes: Set<SettingScope> = both
    ) -> Setting {
        Setting(
            key, group, .flag, scopes, help, source, read: { .flag($0[keyPath: field]) },
            write: { value, settings in
                if case .flag(let flag) = value { settings[keyPath: field] = flag }
            })
    }

    static func number(
        _ key: String, _ group: Group, _ field: Field<Int>, _ range: ClosedRange<Int>, _ unit: SettingKind.Unit,
        zero: String? = nil, _ help: String, _ source: String = "", scopes: Set<SettingScope> = both
    ) -> Setting {
        Setting(
            key, group, .number(range, unit, zero: zero), scopes, help, source,
            read: { .number($0[keyPath: field]) },
            write: { value, settings in
                if case .number(let number) = value { settings[keyPath: field] = number }
            })
    }

    static func choice<Choice: SettingChoice>(
        _ key: String, _ group: Group, _ field: Field<Choice>, _ help: String, _ source: String = "",
        scopes: Set<SettingScope> = both
    ) -> Setting {
        let words: [SettingKind.Word] = Choice.allCases.map { .init(name: $0.rawValue, meaning: $0.meaning) }
        return Setting(
            key, group, .choice(words), scopes, help, source, read: { .word($0[keyPath: field].rawValue) },
            write: { value, settings in
                if case .word(let word) = value, let choice = Choice(rawValue: word) {
                    settings[keyPath: field] = choice
                }
            })
    }

    static func list(
        _ key: String, _ group: Group, _ field: Field<[String]>, _ element: SettingElement, _ count: ClosedRange<Int>,
        _ help: String, _ source: String = "", scopes: Set<SettingScope> = both
    ) -> Setting {
        Setting(
            key, group, .list(element, count), scopes, help, source, read: { .list($0[keyPath: field]) },
            write: { value, settings in
                if case .list(let list) = value { settings[keyPath: field] = list }
            })
    }
}
