public import DTLS
public import SRTP

/// How a stream's packets are protected.
public enum MediaSecurity: Hashable, Sendable {
    case none
    /// Keys by the descriptions (RFC 4568). `local` protects what is sent, `remote` what comes: by any of several
    /// keys, which each packet names; empty while the peer has told none.
    case sdes(local: SRTPKey, remote: [SRTPKey])
    /// Keys by a handshake on the stream's port (RFC 5763). The peer's certificate must have one of the fingerprints.
    case dtls(DTLSPlan)
}
