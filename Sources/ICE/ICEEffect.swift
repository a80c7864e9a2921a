public import Basics

/// What is to be done, or to be told, after a check.
public enum ICEEffect: Hashable, Sendable {
    /// An answer, from the port the check came to.
    case send([UInt8], to: IPEndpoint)
    /// The peer nominated this path: media of the component goes there, and comes from there.
    case selected(IPEndpoint, component: UInt8)
    /// No check came for the limit: the peer's consent to be sent media is over (RFC 7675 §5.1). Told once.
    case consentExpired(since: Moment)
    /// A check came again after ``consentExpired(since:)``.
    case consentRenewed
}

/// What came to an agent, by its outcome.
public struct ICECounters: Hashable, Sendable {
    /// Checks that were good, and answered so.
    public var answered: UInt64 = 0
    /// Answered 400: no USERNAME or no MESSAGE-INTEGRITY.
    public var badRequests: UInt64 = 0
    /// Answered 401: another user, or another password.
    public var unauthenticated: UInt64 = 0
    /// Answered 420: needs what is not known here.
    public var unknownAttributes: UInt64 = 0
    /// Answered 487: the peer says that it is controlled, which is our part.
    public var roleConflicts: UInt64 = 0
    /// Dropped: no STUN, cut short, or with a wrong FINGERPRINT.
    public var malformed: UInt64 = 0
    /// Dropped: more than an agent answers in a second.
    public var flooded: UInt64 = 0
    /// Passed over: indications, responses, other methods.
    public var ignored: UInt64 = 0
    /// Dropped: a further path when the table of paths is full.
    public var tooManyPaths: UInt64 = 0

    public init() {}

    /// Checks that were not answered with success, for whatever reason.
    public var refused: UInt64 {
        badRequests &+ unauthenticated &+ unknownAttributes &+ roleConflicts &+ malformed &+ flooded
    }
}

/// The limits of an agent.
public struct ICESettings: Hashable, Sendable {
    /// How long a peer's consent lasts after its last check; 30 s (RFC 7675 §5.1).
    public var consentLimit: Duration
    /// How many requests are looked at in a second; 100 by default: a full agent sends one in 50 ms, and 40 at once where it has many
    /// pairs.
    public var requestsPerSecond: Int

    public init(consentLimit: Duration = .seconds(30), requestsPerSecond: Int = 100) {
        self.consentLimit = consentLimit
        self.requestsPerSecond = requestsPerSecond
    }

    public static let standard = ICESettings()
}
