public import SIPTransaction

/// A place to try, as location found it.
public struct LocatedTarget: Hashable, Sendable {
    public let target: SIPTarget
    /// Tried only for a request of more bytes than this (RFC 3261 §18.1.1); nil: for any.
    public let onlyAbove: Int?

    public init(_ target: SIPTarget, onlyAbove: Int? = nil) { (self.target, self.onlyAbove) = (target, onlyAbove) }

    /// Whether a request of `size` bytes is to be sent here.
    func takes(_ size: Int) -> Bool { onlyAbove.map { size > $0 } ?? true }
}

/// What was found for a URI (RFC 3263).
public enum LocationOutcome: Hashable, Sendable {
    /// Best first; never empty.
    case found([LocatedTarget])
    /// The name does not exist, or offers nothing we speak: no later try helps.
    case nowhere
    /// DNS did not answer: a later try may help.
    case unanswered
}
