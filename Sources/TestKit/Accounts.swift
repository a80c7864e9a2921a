package import Basics
package import Identity
internal import SIPMessage

/// A tenant with users and terminals for a virtual server.
package struct Accounts {
    package struct Account {
        package let user: UserID
        package let terminal: TerminalID
        package let `extension`: String
        package let username: String
        package let password: String
    }

    package private(set) var tenant: Tenant
    package private(set) var users: [User] = []
    package private(set) var terminals: [Terminal] = []
    /// By user, then by terminal.
    package private(set) var accounts: [[Account]] = []

    /// Users with the extensions 1001, 1002, … of `pbx.example`.
    /// - Parameter terminals: how many terminals each user has.
    package init(terminals counts: [Int], settings: TenantSettings = TenantSettings()) {
        tenant = Tenant(id: TenantID(1), name: "Example", domains: [VirtualServer.domain], settings: settings)
        for (index, count) in counts.enumerated() { addUser(index, terminals: count) }
    }

    private mutating func addUser(_ index: Int, terminals count: Int) {
        let user = User(
            id: UserID(Int64(index + 1)), tenant: tenant.id, extension: String(1001 + index),
            displayName: "User \(index + 1)")
        users.append(user)
        var own: [Account] = []
        for place in 0..<count {
            let id = TerminalID(Int64(index * 100 + place + 1))
            let username: String = "\(user.extension)-\(place)"
            let password: String = "secret-\(index)-\(place)"
            // The server offers MD5 here; the other algorithms have tests of their own.
            let secrets = DigestSecrets(
                md5: DigestHash.hexadecimal(of: Array("\(username):\(tenant.realm):\(password)".utf8), .md5),
                sha256: nil, sha512t256: nil)
            terminals.append(Terminal(id: id, user: user.id, name: username, authUsername: username, secrets: secrets))
            own.append(
                Account(user: user.id, terminal: id, extension: user.extension, username: username, password: password))
        }
        accounts.append(own)
    }

    package mutating func disable(user index: Int) { users[index].isEnabled = false }

    package mutating func set(_ settings: SettingValues, ofTerminal index: Int) {
        terminals[index].settings = settings
    }

    /// Numbers that the server itself answers, from 1800 on.
    package private(set) var services: [ServiceNumber] = []

    @discardableResult
    package mutating func add(_ service: Service) -> String {
        let number = ServiceNumber(
            id: ServiceNumberID(Int64(services.count + 1)), tenant: tenant.id, extension: String(1800 + services.count),
            service: service)
        services.append(number)
        return number.extension
    }

    package var directory: Directory {
        Directory(
            tenants: [tenant], users: users, terminals: terminals, services: services, defaultTenant: tenant.id)
    }
}
