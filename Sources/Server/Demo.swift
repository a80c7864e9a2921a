public import Basics
import Foundation
import Identity
import Store

/// A data folder to try Martinet out with: tenant `demo`, some users, and a file with their passwords.
public struct Demo: Sendable {
    /// What is made in an empty folder.
    public struct Options: Hashable, Sendable {
        /// 1 ... 100 000.
        public var users: Int = 10
        /// Digits; the others follow, with as many digits.
        public var firstExtension: String = "1001"
        /// What phones are pointed at: the domain of the accounts.
        public var domain: String

        public init(domain: String) { self.domain = domain }
    }

    public static let tenantName: String = "demo"
    /// The tenant's own domain, and the realm of its passwords: it stays when the machine's address changes.
    public static let realm: String = "demo.martinet"

    /// By extension; empty where the file with the passwords was taken away.
    public let accounts: [DemoAccount]
    /// How many users the tenant has, whoever made them.
    public let userCount: Int
    /// Whether the folder was made by this call.
    public let isNew: Bool
    public let credentialsFile: String

    /// Checks what ``prepare(folder:options:random:)`` would refuse, and changes nothing.
    /// - Returns: whether the folder has been made by a demo before.
    public static func check(folder: String, options: Options) throws(DemoError) -> Bool {
        guard (1...100_000).contains(options.users) else {
            throw DemoError("--users \(options.users): must be from 1 to 100000")
        }
        _ = try extensions(options)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else { return false }
        guard isFolder.boolValue else {
            throw DemoError("the data folder \(folder) is a file; choose another with --data, or move the file away")
        }
        guard let entries = DataFolderState.entries(folder) else {
            throw DemoError(
                "the data folder \(folder) can't be read; check its owner and rights, or choose another with --data")
        }
        if entries.isEmpty { return false }
        guard entries.contains(Database.fileName) else {
            let some: String = entries.prefix(3).joined(separator: ", ")
            throw DemoError(
                "the data folder \(folder) is not empty (it holds \(some)) and was not made by the demo; choose an empty one with --data"
            )
        }
        return true
    }

    /// Makes the demo in an empty folder; in one made before, finds it again. A start broken off half-way is completed.
    /// - Throws: ``DemoError`` for a folder that is something else's.
    public static func prepare(folder: String, options: Options, random: inout AnyRandom) throws(DemoError) -> Demo {
        _ = try check(folder: folder, options: options)
        do {
            let database = try Database(folder: folder)
            let directory = try database.loadDirectory()
            if let tenant = directory.tenants.first(where: { $0.domains.contains(realm) }) {
                let users = directory.users.filter { $0.tenant == tenant.id }
                if !users.isEmpty { return try found(folder: folder, users: users.count, domain: options.domain) }
                return try fill(tenant, of: database, folder: folder, options: options, random: &random)
            }
            guard directory.tenants.isEmpty else {
                let names: String = directory.tenants.prefix(3).map(\.name).joined(separator: ", ")
                throw DemoError(
                    "the data folder \(folder) belongs to a server of yours (tenants: \(names)); start it with \"martinet serve\", "
                        + "or choose an empty folder with --data")
            }
            let tenant = try database.tenants.create(try NewTenant(name: tenantName, domains: [realm]))
            try database.settings.setDefaultTenant(tenant.id)
            return try fill(tenant, of: database, folder: folder, options: options, random: &random)
        } catch let error as DemoError {
            throw error
        } catch {
            throw DemoError("the demo can't be made in \(folder): \(error)")
        }
    }

    private static func file(_ folder: String) -> String { "\(folder)/\(DemoCredentials.fileName)" }

    /// The passwords are on disk before the users are, under a name that says they are not in use yet.
    private static func fill(
        _ tenant: Tenant, of database: Database, folder: String, options: Options, random: inout AnyRandom
    ) throws -> Demo {
        var users: [NewUser] = []
        for name in try extensions(options) {
            users.append(try NewUser(extension: name, displayName: "Demo \(name)", password: "m" + random.token(15)))
        }
        let accounts = users.map {
            DemoAccount(
                extension: $0.extension, username: $0.authUsername, password: $0.password, domain: options.domain)
        }
        try DemoCredentials.write(accounts, to: file(folder) + ".new")
        try database.users.create(users, in: tenant)
        let taken: Set<String> = Set(users.map(\.extension))
        for (number, service) in services where !taken.contains(number) {
            try database.services.create(try NewServiceNumber(extension: number, service: service), in: tenant.id)
        }
        try DemoCredentials.move(file(folder) + ".new", to: file(folder))
        return Demo(accounts: accounts, userCount: users.count, isNew: true, credentialsFile: file(folder))
    }

    /// What answers in the demo beside the users.
    static let services: [(number: String, service: Service)] = [
        ("600", .echo), ("601", .music(prompt: "music")), ("602", .conference(.init())),
    ]

    /// The same users again; only the address in the file follows the machine's.
    private static func found(folder: String, users: Int, domain: String) throws(DemoError) -> Demo {
        let path: String = file(folder)
        // The users were made, but a crash came before the file had its name.
        if !FileManager.default.fileExists(atPath: path), FileManager.default.fileExists(atPath: path + ".new") {
            try DemoCredentials.move(path + ".new", to: path)
        }
        var accounts: [DemoAccount] = try DemoCredentials.read(path) ?? []
        if accounts.contains(where: { $0.domain != domain }) {
            accounts = accounts.map {
                DemoAccount(extension: $0.extension, username: $0.username, password: $0.password, domain: domain)
            }
            try DemoCredentials.write(accounts, to: path + ".new")
            try DemoCredentials.move(path + ".new", to: path)
        }
        return Demo(accounts: accounts, userCount: users, isNew: false, credentialsFile: path)
    }

    /// `1001`, `1002`, …
    private static func extensions(_ options: Options) throws(DemoError) -> [String] {
        let first: String = options.firstExtension
        guard (1...16).contains(first.utf8.count), first.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(first),
            String(number + options.users - 1).utf8.count <= 16
        else {
            throw DemoError("--first-extension \(first): must be 1 to 16 digits, such as 1001")
        }
        return (0..<options.users).map { padded(number + $0, first.utf8.count) }
    }

    /// What phones are to be pointed at on these addresses: the advertised address, else the bound one, else the machine's own.
    public static func domain(of configuration: ServerConfiguration) -> String {
        guard let listener = configuration.sip.first else { return realm }
        if let told = listener.advertise?.address { return told.uriHost }
        guard listener.bind.isUnspecified else { return listener.bind.uriHost }
        let loopback: IPAddress = listener.bind.isV4 ? .loopbackV4 : .loopbackV6
        return (HostFacts.primaryAddress(listener.bind.family) ?? loopback).uriHost
    }
}
