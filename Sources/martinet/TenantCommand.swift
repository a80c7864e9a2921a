import ArgumentParser
import Identity
import Store

struct TenantCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant", abstract: "Customers: each has domains and users of its own.",
        subcommands: [Add.self, List.self, Show.self, Set.self])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Makes a tenant; a running server knows it a second later.",
            discussion: "The first domain is the realm that passwords are bound to.")

        @Argument(help: "Its name; 1 to 64 characters.")
        var name: String

        @Option(
            name: .customLong("domain"),
            help: ArgumentHelp(
                "A SIP domain of the tenant, a host name or an address; may be given again.", valueName: "domain"))
        var domains: [String] = []

        @Flag(
            name: .customLong("default"),
            help: "Serves phones that name no tenant's domain, such as those pointed at the address.")
        var isDefault: Bool = false

        @OptionGroup var data: DataOption

        func validate() throws {
            if domains.isEmpty {
                throw ValidationError("--domain: must be given at least once, such as --domain pbx.example.com")
            }
        }

        func run() throws {
            let new: NewTenant
            do { new = try NewTenant(name: name, domains: domains) } catch {
                throw CommandFailure("tenant \"\(name)\" is not made: \(error)")
            }
            let database: Database = try data.openOrMake()
            let directory: Directory = try database.loadDirectory()
            do { try new.check(isNewIn: directory) } catch {
                throw CommandFailure("tenant \"\(name)\" is not made: \(error)")
            }
            let tenant: Tenant = try database.tenants.create(new)
            // Alone it served every host; with a second one beside it, it goes on to do so.
            if isDefault {
                try database.settings.setDefaultTenant(tenant.id)
            } else if let kept = directory.defaultTenantID {
                try database.settings.setDefaultTenant(kept)
            }
            Console.showLine("Tenant \(tenant.name) is made, with \(tenant.domains.joined(separator: ", ")).")
            Console.showLine("Next: martinet user add EXTENSION --tenant \(tenant.name) --data \(data.folder)")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Shows all tenants.")

        @OptionGroup var data: DataOption

        func run() throws {
            let directory: Directory = try data.open().loadDirectory()
            guard !directory.tenants.isEmpty else {
                Console.showLine("There is no tenant. Make one: martinet tenant add NAME --domain DOMAIN")
                return
            }
            var table = TextTable(["TENANT", "DOMAINS", "USERS", "DEFAULT"])
            for tenant in directory.tenants {
                let users: Int = directory.users.count { $0.tenant == tenant.id }
                table.add([
                    tenant.name, tenant.domains.joined(separator: ", "), "\(users)",
                    tenant.id == directory.defaultTenantID ? "yes" : "",
                ])
            }
            Console.show(table.text)
        }
    }
}
