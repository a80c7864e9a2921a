public import DTLS
public import SRTP

/// How a stream's packets are protected.
public enum MediaSecurity: Hashable, Sendable {
    case none
    /// Keys by the descriptions (RFC 4568). `local` protects what is sent, `remote` what comes.
    case sdes(local: SRTPKey, remote: SRTPKey?)
    /// Keys by a handshake on the stream's port (RFC 5763). The peer's certificate must have one of the fingerprints.
    case dtls(DTLSPlan)
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
