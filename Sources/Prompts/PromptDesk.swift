public import Basics

/// What is done with prompts and music: replaced by recordings of one's own, listed, put back. Blocks on the disk.
///
/// A replacement is checked and levelled before anything is changed; one that is refused leaves the old one where it is.
public struct PromptDesk: Sendable {
    private let records: any PromptRecords
    private let sounds: any SoundKeeping
    private let shares: PromptShares

    public init(records: any PromptRecords, sounds: any SoundKeeping, shares: PromptShares = PromptShares()) {
        (self.records, self.sounds, self.shares) = (records, sounds, shares)
    }

    /// What a replacement is made of.
    public enum Source: Hashable, Sendable {
        /// A file, and the name it came with.
        case file(path: String, name: String)
        /// To be spoken, in the key's language or in this one.
        case text(String, language: String?)
    }

    /// Puts a recording in a prompt's place.
    @discardableResult
    public func replace(
        _ key: PromptKey, with source: Source, by account: String, at now: WallTime
    ) throws(PromptRefusal) -> PromptReplacement {
        let all = try records.replacements()
        let used: Int = all.filter { $0.key.id.isMusic == key.id.isMusic }.reduce(0) { $0 + $1.sound.bytes }
        let limit: Int = shares.limit(isMusic: key.id.isMusic)
        guard used < limit else { throw PromptRefusal(.noRoom(used: used, limit: limit)) }
        let (sound, name) = try keep(source, for: key)
        let replacement = PromptReplacement(
            key: key, origin: .upload, sound: sound, originalName: name, changedBy: account, changedAt: now)
        try records.put(replacement)
        try sweep()
        return replacement
    }

    /// Puts a prompt back to what it was before it was replaced.
    /// - Returns: what was taken away; nil where there was no replacement.
    public func reset(_ key: PromptKey) throws(PromptRefusal) -> PromptReplacement? {
        let old = try records.remove(key, origin: .upload)
        if old != nil { try sweep() }
        return old
    }

    /// What stands in for prompts for one tenant, and for all where `tenant` is nil; the one that counts first.
    public func replacements(for tenant: TenantID?) throws(PromptRefusal) -> [PromptReplacement] {
        try records.replacements().filter { $0.key.tenant == tenant }.sorted {
            $0.key == $1.key ? $0.origin == .upload : $0.key < $1.key
        }
    }

    /// Writes the sound that stands for a prompt to a file.
    public func export(_ key: PromptKey, to path: String) throws(PromptRefusal) -> PromptReplacement? {
        guard let found = try replacements(for: key.tenant).first(where: { $0.key == key }) else { return nil }
        do throws(AudioRefusal) { try sounds.export(found.sound.file, to: path) } catch {
            throw PromptRefusal(.audio(error))
        }
        return found
    }

    // MARK: The configuration

    /// A replacement that the configuration file asks for.
    public struct Configured: Hashable, Sendable {
        public let key: PromptKey
        public let path: String
        public init(key: PromptKey, path: String) { (self.key, self.path) = (key, path) }
    }

    /// Makes the replacements of the configuration be those it asks for. A file that is the same as at the last start is not read
    /// again; one that is refused leaves what was there before.
    /// - Returns: what was refused, by its path.
    public func apply(_ wanted: [Configured], at now: WallTime) throws(PromptRefusal) -> [(
        path: String, why: PromptRefusal
    )] {
        let before = try records.replacements().filter { $0.origin == .configuration }
        var refused: [(path: String, why: PromptRefusal)] = []
        for item in wanted {
            do throws(PromptRefusal) {
                let old = before.first { $0.key == item.key }
                if let old, try fingerprint(item.path) == old.sound.source { continue }
                let name: String = item.path.split(separator: "/").last.map(String.init) ?? item.path
                let (sound, _) = try keep(.file(path: item.path, name: name), for: item.key)
                try records.put(
                    PromptReplacement(
                        key: item.key, origin: .configuration, sound: sound, originalName: name,
                        changedBy: "the configuration", changedAt: now))
            } catch {
                refused.append((item.path, error))
            }
        }
        for old in before where !wanted.contains(where: { $0.key == old.key }) {
            _ = try records.remove(old.key, origin: .configuration)
        }
        try sweep()
        return refused
    }

    // MARK: Parts

    private func fingerprint(_ path: String) throws(PromptRefusal) -> String {
        do throws(AudioRefusal) { return try sounds.fingerprint(path) } catch { throw PromptRefusal(.audio(error)) }
    }

    private func keep(_ source: Source, for key: PromptKey) throws(PromptRefusal) -> (sound: KeptSound, name: String) {
        do throws(AudioRefusal) {
            switch source {
            case .file(let path, let name): return (try sounds.keep(file: path, limits: key.limits), name)
            case .text(let text, let language):
                guard let tag = key.language ?? language?.lowercased() else {
                    throw AudioRefusal(.unreadable("a text needs a language to be spoken in"))
                }
                return (try sounds.keep(text: text, language: tag), "“\(text)”")
            }
        } catch {
            throw PromptRefusal(.audio(error))
        }
    }

    private func sweep() throws(PromptRefusal) {
        sounds.sweep(keeping: Set(try records.replacements().map(\.sound.file)))
    }
}

/// How much of the disk replacements may take, in bytes.
public struct PromptShares: Hashable, Sendable {
    public var announcements: Int = 1 << 30
    public var music: Int = 1 << 30
    public init() {}

    func limit(isMusic: Bool) -> Int { isMusic ? music : announcements }
}
