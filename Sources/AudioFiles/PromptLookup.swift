import Basics
import MediaSession
import Prompts

/// Where the sound of a prompt can come from.
enum PromptSource: Hashable, Sendable {
    /// On the shelf, by its name there.
    case kept(String)
    case phrase(Phrase, PromptLanguage)
    case music
}

/// Which recording a name means.
struct PromptLookup: Sendable {
    private struct Place: Hashable {
        let id: PromptID
        let tenant: TenantID?
        let language: String?
    }

    let language: String
    private var files: [Place: String] = [:]
    /// In which languages a tenant has its own recordings of a prompt, in order.
    private var languages: [Place: [String]] = [:]

    init(replacements: [PromptReplacement], language: String) {
        self.language = language.lowercased()
        // Uploads last: they win.
        let ordered = replacements.sorted {
            ($0.origin == .upload ? 1 : 0, $0.key) < ($1.origin == .upload ? 1 : 0, $1.key)
        }
        for replacement in ordered {
            let key = replacement.key
            files[Place(id: key.id, tenant: key.tenant, language: key.language)] = replacement.sound.file
            if let language = key.language {
                languages[Place(id: key.id, tenant: key.tenant, language: nil), default: []].append(language)
            }
        }
    }

    /// All that can stand for a name, the best first: in the language asked for before any other; the tenant's own before what all
    /// have; a recording without a language beside those of the language asked for.
    func sources(of name: PromptName) -> [PromptSource] {
        let id = PromptID(rawValue: name.name)
        let tenants: [TenantID?] = name.tenant.map { [TenantID($0), nil] } ?? [nil]
        var sources: [PromptSource] = []
        func add(_ source: PromptSource?) {
            if let source, !sources.contains(source) { sources.append(source) }
        }
        func kept(_ tenant: TenantID?, _ language: String?) -> PromptSource? {
            files[Place(id: id, tenant: tenant, language: language)].map { .kept($0) }
        }
        for language in tags(name.language) {
            for tenant in tenants {
                add(kept(tenant, language))
                add(kept(tenant, nil))
            }
            if let known = PromptLanguage(rawValue: language), let phrase = PromptCatalogue.phrase(id) {
                add(.phrase(phrase, known))
            }
        }
        for tenant in tenants {
            for language in languages[Place(id: id, tenant: tenant, language: nil)] ?? [] {
                add(kept(tenant, language))
            }
        }
        if let phrase = PromptCatalogue.phrase(id) {
            for language in PromptLanguage.allCases { add(.phrase(phrase, language)) }
        }
        // A tenant without music of this name hears the server's.
        if id.isMusic {
            for tenant in tenants { add(files[Place(id: .music, tenant: tenant, language: nil)].map { .kept($0) }) }
            add(.music)
        }
        return sources
    }

    /// `fr-CA` is `fr` too; then comes the server's own language.
    private func tags(_ asked: String?) -> [String] {
        var tags: [String] = []
        for tag in [asked?.lowercased(), language] {
            var tag: Substring = Substring(tag ?? "")
            while !tag.isEmpty {
                if !tags.contains(String(tag)) { tags.append(String(tag)) }
                tag = tag.lastIndex(of: "-").map { tag[..<$0] } ?? ""
            }
        }
        return tags
    }
}
