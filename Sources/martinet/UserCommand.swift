import ArgumentParser
import Basics
import Foundation
import Identity
import Store

struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Users of a tenant, each with the account of a phone.",
        subcommands: [Add.self, List.self, Import.self, Show.self, Set.self])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Makes a user; a running server knows it a second later.")

        @Argument(help: "The number or name that is dialled; unique in the tenant.")
        var `extension`: String

        @Option(name: .customLong("tenant"), help: "The tenant it belongs to.")
        var tenant: String

        @Option(name: .customLong("name"), help: "The name shown on phones; default the extension.")
        var displayName: String?

        @Option(name: .customLong("username"), help: "What the phone logs in as; default the extension.")
        var username: String?

        @Option(name: .customLong("password"), help: "8 to 128 characters; without it one is made up and shown once.")
        var password: String?

        @OptionGroup var data: DataOption

        func run() throws {
            let database: Database = try data.open()
            let directory: Directory = try database.loadDirectory()
            let owner: Tenant = try directory.tenant(named: tenant)
            var random = AnyRandom.system
            let chosen: String = password ?? random.token(16)
            let new: NewUser
            do {
                new = try NewUser(
                    extension: `extension`, displayName: displayName, authUsername: username, password: chosen)
                try new.check(isNewIn: owner, of: directory)
            } catch {
                throw CommandFailure("user \"\(`extension`)\" of \(owner.name) is not made: \(error)")
            }
            try database.users.create(new, in: owner)
            Console.showLine("User \(new.extension) of \(owner.name) is made.")
            Console.showLine("  username  \(new.authUsername)")
            if password == nil { Console.showLine("  password  \(chosen)   (shown this once)") }
            Console.showLine("  domain    \(owner.realm)")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Shows the users.")

        @Option(name: .customLong("tenant"), help: "Only of this tenant.")
        var tenant: String?

        @OptionGroup var data: DataOption

        func run() throws {
            let directory: Directory = try data.open().loadDirectory()
            let tenants: [Tenant] = try directory.chosen(tenant)
            var table = TextTable(["EXTENSION", "NAME", "USERNAMES", "TENANT", "STATE"])
            var count: Int = 0
            for tenant in tenants {
                for user in directory.users where user.tenant == tenant.id {
                    let usernames: String = directory.terminals(of: user.id).map(\.authUsername).joined(separator: ", ")
                    table.add([
                        user.extension, user.displayName, usernames, tenant.name, user.isEnabled ? "" : "disabled",
                    ])
                    count += 1
                }
            }
            if count == 0 {
                Console.showLine("There is no user. Make one: martinet user add EXTENSION --tenant NAME")
            } else {
                Console.show(table.text)
            }
        }
    }

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import",
            abstract: "Makes the users of a CSV file: all of them, or none where anything is wrong.",
            discussion:
                "The first line names the columns, in any order: extension, password, and if wanted name and username.")

        @Argument(help: "The file, in UTF-8.")
        var file: String

        @Option(name: .customLong("tenant"), help: "The tenant they belong to.")
        var tenant: String

        @OptionGroup var data: DataOption

        func run() throws {
            guard let bytes = FileManager.default.contents(atPath: file).map({ [UInt8]($0) }) else {
                let there: Bool = FileManager.default.fileExists(atPath: file)
                throw CommandFailure(
                    there ? "\(file) can't be read; check its owner and rights" : "there is no file \(file)")
            }
            let database: Database = try data.open()
            let directory: Directory = try database.loadDirectory()
            let owner: Tenant = try directory.tenant(named: tenant)
            let users: [NewUser]
            do { users = try UserImport(csv: bytes, into: owner, of: directory).users } catch {
                throw CommandFailure(ImportReport.text(error, file: file, bytes: bytes))
            }
            try database.users.create(users, in: owner)
            Console.showLine("\(users.count) users of \(owner.name) are made.")
        }
    }
}

/// The problems of an import with what stands at each place.
enum ImportReport {
    static func text(_ refusal: UserImport.Refusal, file: String, bytes: [UInt8]) -> String {
        let rows: [CSV.Row] = (try? CSV.read(bytes)) ?? []
        var lines: [String] = refusal.problems.map { problem in
            var line = "\(file), \(problem)"
            if let text = field(rows, problem), !line.contains("\"\(text)\"") { line += " (it is \"\(text)\")" }
            return line
        }
        lines.append("No user was made; put the file right and import it again.")
        return lines.joined(separator: "\n")
    }

    /// What stands there; nil for a password, which is not shown.
    private static func field(_ rows: [CSV.Row], _ problem: CSV.Problem) -> String? {
        guard let row = rows.first(where: { $0.line == problem.line }), row.line != rows.first?.line,
            let position = row.fields.firstIndex(where: { $0.column == problem.column }),
            row.fields.count == rows.first?.fields.count,
            let name = rows.first?.fields[position].text.lowercased(), !name.hasSuffix("password")
        else { return nil }
        return row.fields[position].text
    }
}
