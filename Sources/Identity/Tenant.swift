public import Basics

/// A customer: what owns domains, users and numbers.
public struct Tenant: Hashable, Sendable, Identifiable {
    public let id: TenantID
    public var name: String
    /// SIP domains in lower case; the first is the digest realm.
    public let domains: [String]
    public var settings: TenantSettings

    /// Domains are brought to lower case.
    public init(id: TenantID, name: String, domains: [String], settings: TenantSettings = TenantSettings()) {
        (self.id, self.name, self.settings) = (id, name, settings)
        self.domains = domains.map { $0.lowercased() }
    }

    /// The protection space of digest (RFC 7616 §3.3): the first domain, or the name where there is none.
    public var realm: String { domains.first ?? name }

    /// What holds for `terminal`: its own values over the tenant's. Nil, a phone that is not known, has none of its own.
    public func settings(for terminal: Terminal?) -> TenantSettings {
        guard let own = terminal?.settings, !own.isEmpty else { return settings }
        return own.applied(to: settings, scope: .terminal)
    }
}
