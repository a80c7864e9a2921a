/// How far a 3xx of a phone may lead a call (RFC 3261 §8.1.3.4).
public enum RedirectScope: String, Hashable, Sendable, Codable, CaseIterable {
    /// To extensions of its own tenant.
    case tenant
    /// To any SIP address too, located by RFC 3263. Any phone can then place calls at the operator's cost.
    case anywhere
}
