public import Basics

/// What a recording stands for: a prompt, in one language or in all, for one tenant or for all. A value that exists is legal.
public struct PromptKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let id: PromptID
    /// nil: for all tenants.
    public let tenant: TenantID?
    /// BCP 47, in lower case; nil: whatever the language.
    public let language: String?

    /// - Throws: ``PromptRefusal`` where there is no such prompt, or its language is missing, none, or too many.
    public init(_ id: String, tenant: TenantID?, language: String?) throws(PromptRefusal) {
        let key = PromptID(rawValue: id)
        self.id = key
        self.tenant = tenant
        self.language = language?.lowercased()
        if let language, !PromptKey.isLanguage(language) { throw PromptRefusal(.language(language)) }
        if key.isMusic {
            guard key == .music || PromptKey.isName(id) else { throw PromptRefusal(.name(id)) }
            if language != nil { throw PromptRefusal(.musicHasNoLanguage) }
        } else if id.hasPrefix(PromptID.uploadPrefix) {
            guard PromptKey.isName(id) else { throw PromptRefusal(.name(id)) }
        } else {
            guard PromptCatalogue.phrase(key) != nil else {
                throw PromptRefusal(.unknown(id, near: PromptKey.near(id)))
            }
            if language == nil { throw PromptRefusal(.languageMissing(id)) }
        }
    }

    /// What a store kept; it was legal once.
    public init(stored id: String, tenant: TenantID?, language: String?) {
        (self.id, self.tenant, self.language) = (PromptID(rawValue: id), tenant, language)
    }

    public var limits: AudioLimits { id.isMusic ? .music : .prompt }

    public var description: String { language.map { "\(id) (\($0))" } ?? id.rawValue }

    public static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.id.rawValue, lhs.language ?? "", lhs.tenant?.rawValue ?? 0)
            < (rhs.id.rawValue, rhs.language ?? "", rhs.tenant?.rawValue ?? 0)
    }

    /// Letters, digits, `-`, `_` and `.` behind the prefix, 64 at most, in lower case.
    private static func isName(_ id: String) -> Bool {
        guard let name = id.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).last,
            (1...64).contains(name.utf8.count), !name.hasPrefix(".")
        else { return false }
        return name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || [0x2D, 0x2E, 0x5F].contains(byte)
        }
    }

    /// A tag of BCP 47 in its outline: `fr`, `pt-BR`, `zh-Hant-TW`.
    static func isLanguage(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard text.utf8.count <= 35, let first = parts.first, (2...3).contains(first.count) else { return false }
        guard first.allSatisfy({ (0x41...0x5A).contains($0 & 0xDF) }) else { return false }
        return parts.dropFirst().allSatisfy { part in
            (1...8).contains(part.count)
                && part.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) }
        }
    }

    private static func near(_ id: String) -> String? {
        NearestName.of(id, among: PromptCatalogue.phrases.map(\.id.rawValue) + [PromptID.music.rawValue])
    }
}
