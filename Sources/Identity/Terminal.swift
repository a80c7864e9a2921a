public import Basics

/// A phone or program with an account of its own; a user may have many.
public struct Terminal: Hashable, Sendable, Identifiable {
    public let id: TerminalID
    public let user: UserID
    public var name: String
    /// The digest user name; unique in the tenant, compared exactly.
    public var authUsername: String
    public var secrets: DigestSecrets
    /// What it has of its own; anything else is as the tenant has it.
    public var settings: SettingValues

    public init(
        id: TerminalID, user: UserID, name: String, authUsername: String, secrets: DigestSecrets,
        settings: SettingValues = [:]
    ) {
        (self.id, self.user, self.name) = (id, user, name)
        (self.authUsername, self.secrets, self.settings) = (authUsername, secrets, settings)
    }
}
