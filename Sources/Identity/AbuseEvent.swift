public import Basics

/// Something an operator wants to know about an address.
public struct AbuseEvent: Hashable, Sendable {
    /// The address; of IPv6 the first of its /64 network.
    public let source: IPAddress
    /// Failures within the window that led to the ban.
    public let failures: Int
    /// How long the ban lasts.
    public let length: Duration
    /// The account that was tried last, as the peer wrote it, at most 64 bytes.
    public let lastAccount: String
}
