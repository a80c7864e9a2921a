/// One value of a setting, as it is stored and as other software gives it: a JSON boolean, number, text or list of texts.
public enum SettingValue: Hashable, Sendable {
    case flag(Bool)
    case number(Int)
    case word(String)
    case list([String])
}

extension SettingValue: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? container.decode(Int.self) {
            self = .number(number)
        } else if let word = try? container.decode(String.self) {
            self = .word(word)
        } else {
            self = .list(try container.decode([String].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .flag(let flag): try container.encode(flag)
        case .number(let number): try container.encode(number)
        case .word(let word): try container.encode(word)
        case .list(let list): try container.encode(list)
        }
    }
}

/// The settings a tenant or a terminal has of its own, by key; what is missing is as it is above: the tenant's, else the default.
///
/// Keys this version doesn't know, and values it doesn't accept, are kept and have no effect, so that a database survives a return to an
/// older version.
public struct SettingValues: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    public typealias Key = String
    public typealias Value = SettingValue

    private var values: [String: SettingValue] = [:]

    public init() {}

    public init(dictionaryLiteral elements: (String, SettingValue)...) {
        for (key, value) in elements { values[key] = value }
    }

    public var isEmpty: Bool { values.isEmpty }
    /// Sorted.
    public var keys: [String] { values.keys.sorted() }

    /// nil puts a key back to what is above.
    public subscript(key: String) -> SettingValue? {
        get { values[key] }
        set { values[key] = newValue }
    }

    /// Lays these values over `settings`; those that don't belong to `scope` or aren't legal have no effect.
    public func applied(to settings: TenantSettings, scope: SettingScope) -> TenantSettings {
        guard !values.isEmpty else { return settings }
        var result = settings
        for (key, value) in values {
            guard let setting = Setting.named(key), setting.scopes.contains(scope), setting.kind.accepts(value) else {
                continue
            }
            setting.write(value, &result)
        }
        return result
    }
}

extension SettingValues: Codable {
    private struct CodedKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodedKey.self)
        for key in container.allKeys {
            values[key.stringValue] = try? container.decode(SettingValue.self, forKey: key)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodedKey.self)
        for (key, value) in values { try container.encode(value, forKey: CodedKey(stringValue: key)) }
    }
}
