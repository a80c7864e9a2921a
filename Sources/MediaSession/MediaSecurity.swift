public import SRTP

/// How a stream's packets are protected.
public enum MediaSecurity: Hashable, Sendable {
    case none
    /// Keys by the descriptions (RFC 4568). `local` protects what is sent, `remote` what comes.
    case sdes(local: SRTPKey, remote: SRTPKey?)
    /// Keys by a handshake on the stream's port (RFC 5763). The peer's certificate must have one of the fingerprints.
    case dtls(DTLSPlan)
}

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
    public init(role: Role, fingerprints: [DTLSFingerprint]) { (self.role, self.fingerprints) = (role, fingerprints) }
}

/// The value of a=fingerprint (RFC 8122 §5).
public struct DTLSFingerprint: Hashable, Sendable {
    /// `sha-256`, `sha-384`, `sha-512`, `sha-1`.
    public var hash: String
    public var value: [UInt8]
    public init(hash: String, value: [UInt8]) { (self.hash, self.value) = (hash, value) }
}

/// What connectivity checks are made with (RFC 8445 §5.3). A new `localUfrag` is an ICE restart.
public struct ICEPlan: Hashable, Sendable {
    public var localUfrag: String
    public var localPassword: String
    public var remoteUfrag: String
    public var remotePassword: String
    public init(localUfrag: String, localPassword: String, remoteUfrag: String, remotePassword: String) {
        self.localUfrag = localUfrag
        self.localPassword = localPassword
        self.remoteUfrag = remoteUfrag
        self.remotePassword = remotePassword
    }
}
