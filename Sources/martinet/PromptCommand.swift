import ArgumentParser
import AudioFiles
import Basics
import Foundation
import Identity
import Prompts
import Server
import Store

struct PromptCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prompt", abstract: "What callers hear: phrases, recordings of your own, music on hold.",
        discussion: """
            Every phrase speaks French and English by itself; docs/prompts.md lists them. A recording of a tenant's own, or one for all
            tenants, takes a phrase's place in any language. Music on hold is the prompt "music", which has no language.
            """,
        subcommands: [
            List.self, Show.self, Set.self, Reset.self, Export.self, Import.self, Render.self, Build.self, Studio.self,
        ],
        aliases: ["prompts"])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Shows all prompts in a language, with who speaks them.")

        @Option(name: .customLong("language"), help: ArgumentHelp("Default en.", valueName: "tag"))
        var language: String = "en"

        @Option(name: .customLong("tenant"), help: "With the recordings of this tenant.")
        var tenant: String?

        @Flag(name: .customLong("replaced"), help: "Only what was replaced, in every language.")
        var isReplacedOnly: Bool = false

        @OptionGroup var data: DataOption

        func run() throws {
            let desk = try PromptAccess(data)
            let owner: Tenant? = try tenant.map { try desk.directory.tenant(named: $0) }
            let replaced: [PromptReplacement] = try desk.replacements(for: owner)
            var table = TextTable(["PROMPT", "LANGUAGE", "SPOKEN BY", "FOR", "LENGTH", "TEXT"])
            for replacement in replaced
            where isReplacedOnly || [nil, language.lowercased()].contains(replacement.key.language) {
                table.add([
                    replacement.key.id.rawValue, replacement.key.language ?? "", replacement.originalName,
                    desk.name(of: replacement.key.tenant), replacement.sound.duration.shortText,
                    PromptAccess.text(replacement.key.id, replacement.key.language ?? language),
                ])
            }
            if !isReplacedOnly { addCatalogue(without: replaced, to: &table) }
            Console.show(table.text)
            if let link = try desk.database.prompts.studioLink() {
                Console.showLine("Recordings can be ordered from a studio: \(link)")
            }
        }

        private func addCatalogue(without replaced: [PromptReplacement], to table: inout TextTable) {
            let known: PromptLanguage = PromptLanguage(rawValue: language.lowercased()) ?? .english
            for phrase in PromptCatalogue.phrases {
                let isReplaced: Bool = replaced.contains {
                    $0.key.id == phrase.id && $0.key.language == language.lowercased()
                }
                guard !isReplaced else { continue }
                let voice: PhraseVoice = phrase.voice(known)
                table.add([
                    phrase.id.rawValue, known.rawValue, voice.recording.map { "recording \($0)" } ?? "synthesis", "",
                    "",
                    voice.text,
                ])
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Shows a prompt: its texts, who speaks it, and what stands in for it.")

        @Argument(help: "The prompt.")
        var prompt: String

        @Option(name: .customLong("tenant"), help: "With the recordings of this tenant.")
        var tenant: String?

        @OptionGroup var data: DataOption

        func run() throws {
            let desk = try PromptAccess(data)
            let owner: Tenant? = try tenant.map { try desk.directory.tenant(named: $0) }
            let id = PromptID(rawValue: prompt)
            let found: [PromptReplacement] = try desk.replacements(for: owner).filter { $0.key.id == id }
            let phrase: Phrase? = PromptCatalogue.phrase(id)
            if phrase == nil, found.isEmpty {
                _ = try PromptAccess.key(prompt, tenant: nil, language: phrase == nil ? nil : "en")
                if !id.isMusic { throw CommandFailure("nobody has a recording \"\(prompt)\"") }
            }
            Console.showLine("Prompt \(prompt)")
            for language in PromptLanguage.allCases {
                guard let voice = phrase?.voice(language) else { continue }
                Console.showLine("  \(language.rawValue)  \(voice.text)")
                Console.showLine("      spoken by \(voice.recording.map { "the recording \($0)" } ?? "synthesis")")
            }
            if id == .music { Console.showLine("  a piece of our own, where nothing below stands in for it") }
            for replacement in found { show(replacement, desk) }
        }

        private func show(_ replacement: PromptReplacement, _ desk: PromptAccess) {
            let (sound, key) = (replacement.sound, replacement.key)
            let language: String = key.language.map { " in \($0)" } ?? ""
            Console.showLine("\n  Replaced for \(desk.name(of: key.tenant))\(language)")
            Console.showLine("      by        \(replacement.originalName)")
            Console.showLine("      length    \(sound.duration.shortText)")
            Console.showLine(
                "      loudness  \(sound.loudness.tenths) LUFS (it came with \(sound.loudnessBefore.tenths))")
            Console.showLine("      set by    \(replacement.changedBy), \(replacement.changedAt.iso8601.prefix(19))Z")
            Console.showLine("      file      \(desk.shelf.path(sound.file))")
        }
    }
}

/// The prompts of a data folder, as the commands use them.
struct PromptAccess {
    let database: Database
    let directory: Directory
    let shelf: SoundShelf
    let folder: PromptFolder
    let desk: PromptDesk

    init(_ data: DataOption) throws {
        database = try data.open()
        directory = try database.loadDirectory()
        shelf = SoundShelf(folder: ServerConfiguration.audioFolder(of: data.folder))
        folder = PromptFolder(ServerConfiguration.promptFolder(of: data.folder))
        desk = PromptDesk(records: database.prompts, sounds: shelf)
    }

    /// Those of a tenant, then those of all.
    func replacements(for tenant: Tenant?) throws -> [PromptReplacement] {
        let own: [PromptReplacement] = try tenant.map { try desk.replacements(for: $0.id) } ?? []
        return try own + desk.replacements(for: nil)
    }

    func name(of tenant: TenantID?) -> String {
        guard let tenant else { return "all tenants" }
        return directory.tenants.first { $0.id == tenant }?.name ?? "tenant \(tenant)"
    }

    static func key(_ prompt: String, tenant: TenantID?, language: String?) throws -> PromptKey {
        do { return try PromptKey(prompt, tenant: tenant, language: language) } catch {
            throw CommandFailure("\(error)\nNothing was changed.")
        }
    }

    /// What a phrase says, in a language it has.
    static func text(_ id: PromptID, _ language: String) -> String {
        PromptLanguage(rawValue: language).flatMap { PromptCatalogue.phrase(id)?.voice($0).text } ?? ""
    }

    /// Who gives this command.
    static var account: String {
        let environment = ProcessInfo.processInfo.environment
        return environment["SUDO_USER"] ?? environment["USER"] ?? "user \(getuid())"
    }

    static let afterwards: String = "A running server plays it a second later."
}

/// `--tenant NAME` or `--all-tenants`.
struct PromptOwnerOption: ParsableArguments {
    @Option(name: .customLong("tenant"), help: "The tenant it is for.")
    var tenant: String?

    @Flag(name: .customLong("all-tenants"), help: "It is for every tenant that has no recording of its own.")
    var isForAll: Bool = false

    func validate() throws {
        if (tenant == nil) != isForAll {
            throw ValidationError("exactly one of --tenant and --all-tenants must be given")
        }
    }

    func id(in directory: Directory) throws -> TenantID? { try tenant.map { try directory.tenant(named: $0).id } }
}

extension Duration {
    /// `3.2 s`, `1:05 min`
    var shortText: String {
        let tenths = Int((inSeconds * 10).rounded())
        if tenths < 600 { return "\(tenths / 10).\(tenths % 10) s" }
        return "\(tenths / 600):\(padded(tenths / 10 % 60, 2)) min"
    }
}

extension Double {
    /// `-23.0`
    var tenths: String { "\((self * 10).rounded() / 10)" }
}
