import ArgumentParser
import Identity
import Store

extension TenantCommand {
    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Changes settings of a tenant: all that are given, or none.",
            usage: "martinet tenant set NAME key=value ... [--data FOLDER]",
            discussion: SettingsText.help(.tenant))

        @Argument(help: "The tenant's name, or a domain of it.")
        var name: String

        @Argument(help: ArgumentHelp("A setting and its value.", valueName: "key=value"))
        var settings: [String]

        @OptionGroup var data: DataOption

        func run() throws {
            let database: Database = try data.open()
            let tenant: Tenant = try database.loadDirectory().tenant(named: name)
            let whose = "tenant \"\(tenant.name)\""
            let assignments = try SettingsText.assignments(settings, .tenant, whose: whose)
            guard let result = try database.tenants.change(assignments, of: tenant.id) else {
                throw CommandFailure("\(whose) was deleted meanwhile")
            }
            switch result {
            case .failure(let refusal): throw SettingsText.failure(refusal, whose: whose)
            case .success(let change):
                for line in SettingsText.changes(assignments, change, above: TenantSettings()) {
                    Console.showLine(line)
                }
                Console.showLine(SettingsText.afterwards)
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Shows a tenant with all its settings.")

        @Argument(help: "The tenant's name, or a domain of it.")
        var name: String

        @OptionGroup var data: DataOption

        func run() throws {
            let database: Database = try data.open()
            let directory: Directory = try database.loadDirectory()
            let tenant: Tenant = try directory.tenant(named: name)
            let own: SettingValues = try database.tenants.settings(of: tenant.id) ?? [:]
            Console.showLine("Tenant \(tenant.name)")
            Console.showLine("  domains  \(tenant.domains.joined(separator: ", "))")
            Console.showLine("  users    \(directory.users.count { $0.tenant == tenant.id })")
            let isDefault: Bool = tenant.id == directory.defaultTenantID
            Console.showLine("  default  \(isDefault ? "yes: serves phones that name no tenant's domain" : "no")\n")
            Console.show(
                SettingsText.table(.tenant, tenant.settings) { own[$0.key] == nil ? "default" : "tenant" })
        }
    }
}
