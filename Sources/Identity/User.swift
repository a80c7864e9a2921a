public import Basics

/// A person or a place that can be called.
public struct User: Hashable, Sendable, Identifiable {
    public let id: UserID
    public let tenant: TenantID
    /// The number or name dialled to reach the user; unique in the tenant. See ``NewUser`` for its rules.
    public var `extension`: String
    public var displayName: String
    /// A user that is not enabled can neither call nor be called.
    public var isEnabled: Bool

    public init(id: UserID, tenant: TenantID, extension: String, displayName: String, isEnabled: Bool = true) {
        (self.id, self.tenant, self.extension) = (id, tenant, `extension`)
        (self.displayName, self.isEnabled) = (displayName, isEnabled)
    }
}
