public import Basics

/// What the credentials of a request are worth.
public enum DigestVerdict: Hashable, Sendable {
    /// They are right.
    case accepted(TerminalID)
    /// None that can be judged: challenge. `stale` tells the phone that its password was not in question: its nonce was old,
    /// used before, or given to another address.
    case challenge(stale: Bool)
    /// A nonce of ours, fresh, and the wrong answer.
    case wrongPassword(TerminalID)
    /// As ``wrongPassword(_:)``, for a user name that does not exist; the peer must see no difference.
    case unknownUser
}
