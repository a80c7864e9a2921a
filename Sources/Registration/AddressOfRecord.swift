public import Basics

/// Whose registrations: the key of the location table (RFC 3261 §10.3; the To URI, already resolved to a user).
public struct AddressOfRecord: Hashable, Sendable, CustomStringConvertible {
    public let tenant: TenantID
    public let user: UserID

    public init(tenant: TenantID, user: UserID) { (self.tenant, self.user) = (tenant, user) }

    public var description: String { "\(tenant)/\(user)" }
}

/// Names one binding: the key a store keeps it under.
public struct BindingRef: Hashable, Sendable {
    public let aor: AddressOfRecord
    /// ``Binding/key``.
    public let key: String

    public init(aor: AddressOfRecord, key: String) { (self.aor, self.key) = (aor, key) }
}
