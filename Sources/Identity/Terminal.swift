public import Basics
public import SIPMessage

/// What may differ from one phone to the next; nil takes the tenant's value.
public struct TerminalSettings: Hashable, Sendable, Codable {
    /// Replaces the tenant's list.
    public var digestAlgorithms: [DigestAlgorithm]?
    /// Takes media from any address, for phones whose media comes from elsewhere than their signalling and SDP say.
    public var latchAnySource: Bool = false
    /// Replaces the tenant's value; 0 never asks.
    public var mediaSilenceSeconds: Int?
    /// Replaces the tenant's value; 0 sends none.
    public var keepAliveSeconds: Int?

    public init() {}

    /// Reads what is there; a value that is missing keeps its default.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        digestAlgorithms = try fields.decodeIfPresent([DigestAlgorithm].self, forKey: .digestAlgorithms)
        latchAnySource = try fields.decodeIfPresent(Bool.self, forKey: .latchAnySource) ?? false
        mediaSilenceSeconds = try fields.decodeIfPresent(Int.self, forKey: .mediaSilenceSeconds)
        keepAliveSeconds = try fields.decodeIfPresent(Int.self, forKey: .keepAliveSeconds)
    }
}

/// A phone or program with an account of its own; a user may have many.
public struct Terminal: Hashable, Sendable, Identifiable {
    public let id: TerminalID
    public let user: UserID
    public var name: String
    /// The digest user name; unique in the tenant, compared exactly.
    public var authUsername: String
    public var secrets: DigestSecrets
    public var settings: TerminalSettings

    public init(
        id: TerminalID, user: UserID, name: String, authUsername: String, secrets: DigestSecrets,
        settings: TerminalSettings = TerminalSettings()
    ) {
        (self.id, self.user, self.name) = (id, user, name)
        (self.authUsername, self.secrets, self.settings) = (authUsername, secrets, settings)
    }
}
