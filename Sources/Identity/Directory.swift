public import Basics
public import SIPMessage

/// All tenants, users and terminals at one instant; an immutable value, cheap to copy, with look-ups in constant time.
public struct Directory: Sendable {
    private final class Storage: Sendable {
        let tenants: [Tenant]
        let users: [User]
        let terminals: [Terminal]
        let services: [ServiceNumber]
        let tenantByID: [TenantID: Int32]
        let tenantByDomain: [String: Int32]
        let userByID: [UserID: Int32]
        let userByExtension: [Name: Int32]
        let serviceByExtension: [Name: Int32]
        let terminalByID: [TerminalID: Int32]
        let terminalByUsername: [Name: Int32]
        /// Where a user's run in `terminals`, which is sorted by user, begins.
        let firstTerminal: [UserID: Int32]
        /// Of the few terminals that have settings of their own.
        let ownSettings: [TerminalID: SettingValues]

        init(tenants: [Tenant], users: [User], terminals: [Terminal], services: [ServiceNumber]) {
            let terminals = terminals.sorted { ($0.user, $0.id) < ($1.user, $1.id) }
            (self.tenants, self.users, self.terminals) = (tenants, users, terminals)
            self.services = services
            tenantByID = Directory.index(tenants) { $0.id }
            userByID = Directory.index(users) { $0.id }
            terminalByID = Directory.index(terminals) { $0.id }
            firstTerminal = Directory.index(terminals) { $0.user }
            ownSettings = Dictionary(
                terminals.lazy.filter { !$0.settings.isEmpty }.map { ($0.id, $0.settings) }
            ) { first, _ in first }
            userByExtension = Directory.index(users) { Name(tenant: $0.tenant, text: $0.extension) }
            serviceByExtension = Directory.index(services) { Name(tenant: $0.tenant, text: $0.extension) }
            var domains: [String: Int32] = [:]
            for (position, tenant) in tenants.enumerated() {
                for domain in tenant.domains where domains[domain] == nil { domains[domain] = Int32(position) }
            }
            tenantByDomain = domains
            let owners = userByID
            var usernames: [Name: Int32] = Dictionary(minimumCapacity: terminals.count)
            for (position, terminal) in terminals.enumerated() {
                guard let owner = owners[terminal.user] else { continue }
                let name = Name(tenant: users[Int(owner)].tenant, text: terminal.authUsername)
                if usernames[name] == nil { usernames[name] = Int32(position) }
            }
            terminalByUsername = usernames
        }
    }

    private struct Name: Hashable { let tenant: TenantID, text: String }

    private let storage: Storage
    /// Serves hosts no tenant owns: an IP literal of the server, or a name that leads here. Nil serves none.
    public let defaultTenantID: TenantID?

    /// Of two entries with one key the first is found; the store keeps them from arising.
    public init(
        tenants: [Tenant] = [], users: [User] = [], terminals: [Terminal] = [], services: [ServiceNumber] = [],
        defaultTenant: TenantID? = nil
    ) {
        storage = Storage(tenants: tenants, users: users, terminals: terminals, services: services)
        defaultTenantID = defaultTenant
    }

    public var tenants: [Tenant] { storage.tenants }
    public var users: [User] { storage.users }
    /// Sorted by user, then by id.
    public var terminals: [Terminal] { storage.terminals }
    /// Numbers that the server itself answers.
    public var services: [ServiceNumber] { storage.services }

    public var defaultTenant: Tenant? { defaultTenantID.flatMap(tenant) }

    public func tenant(_ id: TenantID) -> Tenant? { storage.tenantByID[id].map { storage.tenants[Int($0)] } }

    /// The tenant that owns `domain` (compared without regard to case, a final dot ignored); nil when none does.
    public func tenant(owning domain: String) -> Tenant? {
        var name = domain.utf8.contains { $0 >= 0x41 && $0 <= 0x5A } ? domain.lowercased() : domain
        if name.utf8.last == UInt8(ascii: "."), name.utf8.count > 1 { name.removeLast() }
        return storage.tenantByDomain[name].map { storage.tenants[Int($0)] }
    }

    /// The tenant a request to `host` is for: the owner of the domain, or the default tenant where the host names the server
    /// itself; nil where the domain is somebody else's.
    public func tenant(serving host: String, isOwn: (String) -> Bool) -> Tenant? {
        tenant(owning: host) ?? (isOwn(host) ? defaultTenant : nil)
    }

    public func user(_ id: UserID) -> User? { storage.userByID[id].map { storage.users[Int($0)] } }

    /// The user reached by dialling `extension` (compared exactly).
    public func user(in tenant: TenantID, extension: String) -> User? {
        storage.userByExtension[Name(tenant: tenant, text: `extension`)].map { storage.users[Int($0)] }
    }

    /// The service reached by dialling `extension` (compared exactly).
    public func service(in tenant: TenantID, extension: String) -> ServiceNumber? {
        storage.serviceByExtension[Name(tenant: tenant, text: `extension`)].map { storage.services[Int($0)] }
    }

    public func terminal(_ id: TerminalID) -> Terminal? { storage.terminalByID[id].map { storage.terminals[Int($0)] } }

    /// The terminal with this digest user name (compared exactly).
    public func terminal(in tenant: TenantID, authUsername: String) -> Terminal? {
        storage.terminalByUsername[Name(tenant: tenant, text: authUsername)].map { storage.terminals[Int($0)] }
    }

    /// The terminals of a user, by id.
    public func terminals(of user: UserID) -> ArraySlice<Terminal> {
        guard let first = storage.firstTerminal[user] else { return [] }
        var end = Int(first)
        while end < storage.terminals.count, storage.terminals[end].user == user { end += 1 }
        return storage.terminals[Int(first)..<end]
    }

    /// Whether a tenant or terminal of both has other settings there, or one with settings of its own is in one of them alone.
    public func hasOtherSettings(than other: Directory) -> Bool {
        guard storage.ownSettings == other.storage.ownSettings else { return true }
        return storage.tenants.contains { tenant in
            other.tenant(tenant.id).map { $0.settings != tenant.settings } ?? false
        }
    }

    /// The algorithms a challenge to `terminal` offers; a tenant's where it has none of its own.
    public func digestAlgorithms(of terminal: Terminal?, in tenant: Tenant) -> [DigestAlgorithm] {
        tenant.settings(for: terminal).digestAlgorithms
    }

    private static func index<Value, Key: Hashable>(_ values: [Value], by key: (Value) -> Key) -> [Key: Int32] {
        var positions: [Key: Int32] = Dictionary(minimumCapacity: values.count)
        for (position, value) in values.enumerated() {
            let name = key(value)
            if positions[name] == nil { positions[name] = Int32(position) }
        }
        return positions
    }
}
