import ArgumentParser
import Basics
import Identity
import Prompts
import Store

struct ServiceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "service",
        abstract: "Numbers that the server itself answers: echo test, announcements, music, conferences.",
        subcommands: [Add.self, List.self, Remove.self])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Makes a service number; a running server knows it a second later.",
            discussion: """
                echo           sends back what it hears, to judge a phone and its network by ear
                announcement   says --prompt --times times, then hangs up
                music          plays --prompt (default: the music on hold) for as long as it is listened to
                conference     lets those who call talk to each other, behind a --pin if there is one
                """)

        @Argument(help: "The number that is dialled; unique in the tenant.")
        var `extension`: String

        @Argument(help: "echo, announcement, music or conference.")
        var kind: String

        @Option(name: .customLong("tenant"), help: "The tenant it belongs to.")
        var tenant: String

        @Option(name: .customLong("prompt"), help: "What is said or played; martinet prompt list shows what there is.")
        var prompt: String?

        @Option(name: .customLong("times"), help: "How often an announcement is said; 1 to 100.")
        var times: Int = 1

        @Option(name: .customLong("pin"), help: "What has to be entered for a conference; 4 to 12 digits.")
        var pin: String?

        @Option(name: .customLong("limit"), help: "How many may be in a conference; 2 to 500.")
        var limit: Int = 50

        @Flag(name: .customLong("no-tones"), help: "No tone when somebody comes into a conference or leaves it.")
        var isQuiet: Bool = false

        @OptionGroup var data: DataOption

        func run() throws {
            let database: Database = try data.open()
            let directory: Directory = try database.loadDirectory()
            let owner: Tenant = try directory.tenant(named: tenant)
            let new: NewServiceNumber
            do {
                new = try NewServiceNumber(extension: `extension`, service: try service(of: owner))
                try new.check(isNewIn: owner, of: directory)
            } catch {
                throw CommandFailure("service number \"\(`extension`)\" of \(owner.name) is not made: \(error)")
            }
            try database.services.create(new, in: owner.id)
            Console.showLine("Service number \(new.extension) of \(owner.name) is made: \(new.service.summary).")
        }

        private func service(of owner: Tenant) throws -> Service {
            switch Service.Kind(rawValue: kind) {
            case .echo: return .echo
            case .announcement:
                guard let prompt else {
                    throw CommandFailure("an announcement needs --prompt, such as --prompt vm-goodbye")
                }
                return .announcement(.init(prompt: try checked(prompt, owner), repeats: times))
            case .music: return .music(prompt: try checked(prompt ?? "music", owner))
            case .conference: return .conference(.init(pin: pin, limit: limit, announces: !isQuiet))
            case nil:
                let kinds: [String] = Service.Kind.allCases.map(\.rawValue)
                let near = NearestName.of(kind, among: kinds).map { "; did you mean \"\($0)\"?" } ?? ""
                throw CommandFailure("there is no service \"\(kind)\", only \(kinds.joined(separator: ", "))\(near)")
            }
        }

        private func checked(_ prompt: String, _ owner: Tenant) throws -> String {
            do {
                let isPhrase: Bool = PromptCatalogue.phrase(PromptID(rawValue: prompt)) != nil
                _ = try PromptKey(prompt, tenant: owner.id, language: isPhrase ? "en" : nil)
            } catch { throw CommandFailure("--prompt: \(error)") }
            return prompt
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Shows the service numbers.")

        @Option(name: .customLong("tenant"), help: "Only of this tenant.")
        var tenant: String?

        @OptionGroup var data: DataOption

        func run() throws {
            let directory: Directory = try data.open().loadDirectory()
            let tenants: [Tenant] = try directory.chosen(tenant)
            var table = TextTable(["NUMBER", "SERVICE", "TENANT"])
            var count: Int = 0
            for tenant in tenants {
                for number in directory.services where number.tenant == tenant.id {
                    table.add([number.extension, number.service.summary, tenant.name])
                    count += 1
                }
            }
            if count == 0 {
                Console.showLine("There is no service number. Make one: martinet service add NUMBER echo --tenant NAME")
            } else {
                Console.show(table.text)
            }
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Takes a service number away; calls to it that are up go on.")

        @Argument(help: "The number.")
        var `extension`: String

        @Option(name: .customLong("tenant"), help: "The tenant it belongs to.")
        var tenant: String

        @OptionGroup var data: DataOption

        func run() throws {
            let database: Database = try data.open()
            let directory: Directory = try database.loadDirectory()
            let owner: Tenant = try directory.tenant(named: tenant)
            guard let number = directory.service(in: owner.id, extension: `extension`) else {
                throw CommandFailure(
                    "\(owner.name) has no service number \"\(`extension`)\"; martinet service list shows them")
            }
            _ = try database.services.delete(number.id, in: owner.id)
            Console.showLine("Service number \(number.extension) of \(owner.name) is removed.")
        }
    }
}
