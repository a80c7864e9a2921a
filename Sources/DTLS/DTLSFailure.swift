public import SRTP

/// Why a handshake cannot begin, or came to nothing.
public enum DTLSFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// No fingerprint of the peer by SHA-256, SHA-384 or SHA-512.
    case noUsableFingerprint
    /// The peer's certificate has none of the fingerprints of its description.
    case wrongFingerprint
    /// The peer speaks none of our SRTP profiles (RFC 5764 §4.1.2).
    case noCommonProfile
    /// Nothing, or not enough, came from the peer in time.
    case timedOut
    /// The handshake broke: OpenSSL's reason.
    case broken(String)
    /// OpenSSL gave no memory, key or cipher.
    case noCipher

    public var description: String {
        switch self {
        case .noUsableFingerprint: "the peer's description has no fingerprint by SHA-256 or better"
        case .wrongFingerprint: "the peer's certificate is not the one of its description"
        case .noCommonProfile: "the peer speaks none of our SRTP profiles"
        case .timedOut: "the peer did not finish the DTLS handshake in time"
        case .broken(let reason): "the DTLS handshake broke: \(reason)"
        case .noCipher: "OpenSSL gave no memory, key or cipher"
        }
    }
}

/// What a handshake agreed (RFC 5764 §4.2). Its description shows no key.
public struct DTLSKeys: Hashable, Sendable {
    /// Protects what is sent.
    public let local: SRTPKey
    /// Protects what comes.
    public let remote: SRTPKey
    public var profile: SRTPProfile { local.profile }
}
