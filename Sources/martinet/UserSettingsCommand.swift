import ArgumentParser
import Basics
import Identity
import Store

/// A user of a tenant, and those of its terminals that are meant.
struct UserOption: ParsableArguments {
    @Argument(help: "The user's extension.")
    var `extension`: String

    @Option(name: .customLong("tenant"), help: "The tenant it belongs to.")
    var tenant: String

    @Option(name: .customLong("username"), help: "Only the phone that logs in with this name; default all of the user.")
    var username: String?

    /// - Throws: ``CommandFailure`` naming what there is.
    func find(in directory: Directory) throws -> (tenant: Tenant, user: User, terminals: [Terminal]) {
        let owner: Tenant = try directory.tenant(named: tenant)
        guard let user = directory.user(in: owner.id, extension: `extension`) else {
            let names: [String] = directory.users.filter { $0.tenant == owner.id }.map(\.extension)
            let near: String = NearestName.of(`extension`, among: names).map { "; did you mean \($0)?" } ?? ""
            throw CommandFailure(
                "tenant \"\(owner.name)\" has no user \"\(`extension`)\"\(near) (martinet user list shows them)")
        }
        let all: [Terminal] = Array(directory.terminals(of: user.id))
        guard let username else { return (owner, user, all) }
        let chosen: [Terminal] = all.filter { $0.authUsername == username }
        guard !chosen.isEmpty else {
            throw CommandFailure(
                "user \(user.extension) has no phone with the username \"\(username)\"; there are: "
                    + all.map(\.authUsername).joined(separator: ", "))
        }
        return (owner, user, chosen)
    }
}

extension UserCommand {
    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set",
            abstract: "Changes settings of a user's phones: all that are given, or none. They go before the tenant's.",
            usage: "martinet user set EXTENSION --tenant NAME key=value ... [--username NAME] [--data FOLDER]",
            discussion: SettingsText.help(.terminal))

        @OptionGroup var user: UserOption

        @Argument(help: ArgumentHelp("A setting and its value.", valueName: "key=value"))
        var settings: [String]

        @OptionGroup var data: DataOption

        func run() throws {
            let database: Database = try data.open()
            let (tenant, user, terminals) = try user.find(in: try database.loadDirectory())
            let whose = "user \(user.extension) of \"\(tenant.name)\""
            let assignments = try SettingsText.assignments(settings, .terminal, whose: whose)
            let result = try database.users.change(assignments, of: terminals.map(\.id), in: tenant.id)
            guard let result else { throw CommandFailure("\(whose) was deleted meanwhile") }
            switch result {
            case .failure(let refusal): throw SettingsText.failure(refusal, whose: whose)
            case .success(let changes):
                for (terminal, change) in zip(terminals, changes) {
                    if terminals.count > 1 { Console.showLine("Phone \(terminal.authUsername):") }
                    for line in SettingsText.changes(assignments, change, above: tenant.settings) {
                        Console.showLine(line)
                    }
                }
                Console.showLine(SettingsText.afterwards)
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Shows a user with the settings of its phones.")

        @OptionGroup var user: UserOption
        @OptionGroup var data: DataOption

        func run() throws {
            let database: Database = try data.open()
            let (tenant, user, terminals) = try user.find(in: try database.loadDirectory())
            let general: SettingValues = try database.tenants.settings(of: tenant.id) ?? [:]
            Console.showLine("User \(user.extension) of \(tenant.name)")
            Console.showLine("  name     \(user.displayName)")
            Console.showLine("  domain   \(tenant.realm)")
            if !user.isEnabled { Console.showLine("  disabled: can neither call nor be called") }
            for terminal in terminals {
                Console.showLine("\nPhone with the username \(terminal.authUsername)")
                let table = SettingsText.table(.terminal, tenant.settings(for: terminal)) { setting in
                    terminal.settings[setting.key] != nil ? "user" : general[setting.key] != nil ? "tenant" : "default"
                }
                Console.show(table)
            }
        }
    }
}
