/// How the keys of a stream are agreed by a handshake (RFC 5763).
public struct DTLSPlan: Hashable, Sendable {
    public enum Role: Hashable, Sendable {
        /// Waits for the peer's ClientHello (a=setup:passive).
        case server
        /// Sends the ClientHello (a=setup:active).
        case client
    }
    public var role: Role
    /// Of the peer's certificate: hash name in lower case and value; one must fit.
    public var fingerprints: [DTLSFingerprint]
    /// The peer's name for the association (a=tls-id, RFC 8842 §4): another one wants another handshake. Empty where it has none.
    public var association: String
    public init(role: Role, fingerprints: [DTLSFingerprint], association: String = "") {
        (self.role, self.fingerprints, self.association) = (role, fingerprints, association)
    }
}
