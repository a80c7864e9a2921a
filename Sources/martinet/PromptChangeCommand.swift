import ArgumentParser
import AudioFiles
import Basics
import Foundation
import Identity
import Prompts
import Store

extension PromptCommand {
    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Puts a recording, or a text to be spoken, in a prompt's place.",
            discussion: """
                Any WAV or MP3 file, and FLAC, Ogg and AIFF. It is brought to one channel and to the loudness of the other prompts;
                silence at its ends is cut. Speech may have 5 minutes, music 10. What is refused changes nothing.
                Recordings of your own are named upload/NAME, further music music/NAME.
                """)

        @Argument(help: "The prompt, such as vm-intro, music or upload/welcome.")
        var prompt: String

        @Argument(help: ArgumentHelp("The recording.", valueName: "file"))
        var file: String?

        @Option(name: .customLong("text"), help: "Spoken by espeak-ng, instead of a file.")
        var text: String?

        @Option(
            name: .customLong("language"), help: ArgumentHelp("Such as fr or en-GB; none for music.", valueName: "tag"))
        var language: String?

        @OptionGroup var owner: PromptOwnerOption
        @OptionGroup var data: DataOption

        func validate() throws {
            if (file == nil) == (text == nil) { throw ValidationError("either a file or --text must be given") }
        }

        func run() throws {
            let access = try PromptAccess(data)
            let key = try PromptAccess.key(prompt, tenant: try owner.id(in: access.directory), language: language)
            let source: PromptDesk.Source
            if let file {
                source = .file(path: file, name: URL(fileURLWithPath: file).lastPathComponent)
            } else {
                source = .text(text ?? "", language: language)
            }
            do {
                let made = try access.desk.replace(key, with: source, by: PromptAccess.account, at: wallNow())
                Console.showLine(
                    "\(key) for \(access.name(of: key.tenant)): \(made.originalName), \(made.sound.duration.shortText), from "
                        + "\(made.sound.loudnessBefore.tenths) to \(made.sound.loudness.tenths) LUFS.")
            } catch {
                throw CommandFailure("\(file ?? "the text"): \(error)\nNothing was changed.")
            }
            Console.showLine(PromptAccess.afterwards)
        }
    }

    struct Reset: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reset", abstract: "Takes a recording away, so that the prompt is what it was before.")

        @Argument(help: "The prompt.")
        var prompt: String

        @Option(name: .customLong("language"), help: ArgumentHelp("The recording's language.", valueName: "tag"))
        var language: String?

        @OptionGroup var owner: PromptOwnerOption
        @OptionGroup var data: DataOption

        func run() throws {
            let access = try PromptAccess(data)
            let key = try PromptAccess.key(prompt, tenant: try owner.id(in: access.directory), language: language)
            let whose: String = access.name(of: key.tenant)
            guard let old = try access.desk.reset(key) else {
                throw CommandFailure("\(key) was not replaced for \(whose)")
            }
            Console.showLine("\(key) for \(whose): \(old.originalName) is taken away.")
            if let rest = try access.desk.replacements(for: key.tenant).first(where: { $0.key == key }) {
                Console.showLine("\(rest.originalName) of the configuration file stands there now.")
            }
            Console.showLine(PromptAccess.afterwards)
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export", abstract: "Writes what is heard of a prompt to a WAV file.")

        @Argument(help: "The prompt.")
        var prompt: String

        @Argument(help: ArgumentHelp("The file to be made.", valueName: "file"))
        var file: String

        @Option(name: .customLong("tenant"), help: "As this tenant's callers hear it.")
        var tenant: String?

        @Option(name: .customLong("language"), help: ArgumentHelp("Default en.", valueName: "tag"))
        var language: String?

        @OptionGroup var data: DataOption

        func run() throws {
            let access = try PromptAccess(data)
            let id = PromptID(rawValue: prompt)
            let tag: String? = id.isMusic ? language : language ?? (PromptCatalogue.phrase(id) == nil ? nil : "en")
            let owner: TenantID? = try tenant.map { try access.directory.tenant(named: $0).id }
            for candidate in Swift.Set([owner, nil]).sorted(by: { ($0?.rawValue ?? 0) > ($1?.rawValue ?? 0) }) {
                let key = try PromptAccess.key(prompt, tenant: candidate, language: tag)
                if let found = try exported(key, access) {
                    Console.showLine("\(file): \(key) for \(access.name(of: candidate)), \(found.originalName)")
                    return
                }
            }
            let path: String
            if id == .music {
                path = try access.folder.readyMusic()
            } else if let phrase = PromptCatalogue.phrase(id), let known = PromptLanguage(rawValue: tag ?? "") {
                path = try access.folder.readyFile(phrase, known)
            } else {
                throw CommandFailure("nobody has a recording \"\(prompt)\"\(tag.map { " in \($0)" } ?? "")")
            }
            do { try access.shelf.export(file: path, to: file) } catch { throw CommandFailure("\(error)") }
            Console.showLine("\(file): \(prompt)\(tag.map { " in \($0)" } ?? ""), as the server has it")
        }

        private func exported(_ key: PromptKey, _ access: PromptAccess) throws -> PromptReplacement? {
            do { return try access.desk.export(key, to: file) } catch { throw CommandFailure("\(error)") }
        }
    }

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import",
            abstract: "Takes a folder of recordings in one language, each named after its prompt.",
            discussion: """
                vm-intro.wav replaces vm-intro, and so on, in any language: a set that a studio recorded, or a language of its own.
                What is refused is named and left out.
                """)

        @Argument(help: "The folder.", completion: .directory)
        var folder: String

        @Option(name: .customLong("language"), help: ArgumentHelp("Such as de or pt-BR.", valueName: "tag"))
        var language: String

        @OptionGroup var owner: PromptOwnerOption
        @OptionGroup var data: DataOption

        func run() throws {
            let access = try PromptAccess(data)
            let tenant: TenantID? = try owner.id(in: access.directory)
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder).sorted() else {
                throw CommandFailure("there is no folder \(folder) that can be read")
            }
            var (taken, refused): (Int, [String]) = (0, [])
            for name in names where !name.hasPrefix(".") {
                let prompt: String = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
                do {
                    let key = try PromptKey(prompt, tenant: tenant, language: language)
                    _ = try access.desk.replace(
                        key, with: .file(path: "\(folder)/\(name)", name: name), by: PromptAccess.account, at: wallNow()
                    )
                    taken += 1
                } catch {
                    refused.append("\(name): \(error)")
                }
            }
            Console.showLine("\(taken) recordings in \(language) are taken for \(access.name(of: tenant)).")
            if taken > 0 { Console.showLine(PromptAccess.afterwards) }
            guard refused.isEmpty else { throw CommandFailure(refused.joined(separator: "\n")) }
            if taken == 0 { throw CommandFailure("\(folder) is empty") }
        }
    }

    struct Render: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "render", abstract: "Speaks a text into a WAV file, by espeak-ng, to listen to it first.")

        @Argument(help: "What is to be said.")
        var text: String

        @Argument(help: ArgumentHelp("The file to be made.", valueName: "file"))
        var file: String

        @Option(name: .customLong("language"), help: ArgumentHelp("Such as fr or en-GB.", valueName: "tag"))
        var language: String

        @OptionGroup var data: DataOption

        func run() throws {
            let access = try PromptAccess(data)
            do {
                let length: Duration = try access.shelf.speak(text, language: language, to: file)
                Console.showLine("\(file): \(length.shortText)")
            } catch {
                throw CommandFailure("\(error)")
            }
        }
    }

    struct Studio: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "studio", abstract: "Sets the link to a studio where customers can have prompts recorded.",
            discussion: "Without an address it shows the one that is set. It is shown with the list of prompts.")

        @Argument(help: ArgumentHelp("An address beginning with https:// or http://.", valueName: "address"))
        var address: String?

        @Flag(name: .customLong("none"), help: "Takes the link away.")
        var isNone: Bool = false

        @OptionGroup var data: DataOption

        func validate() throws {
            guard let address else { return }
            if isNone { throw ValidationError("--none takes the link away: leave the address out") }
            let url = URL(string: address)
            if url?.host?.isEmpty != false || !["http", "https"].contains(url?.scheme) || address.utf8.count > 2000 {
                throw ValidationError("\"\(address)\" is no address of a web page, such as https://studio.example.com/")
            }
        }

        func run() throws {
            let store = try data.open().prompts
            if address != nil || isNone { try store.setStudioLink(address) }
            Console.showLine(try store.studioLink().map { "Studio: \($0)" } ?? "No studio is set.")
        }
    }
}
