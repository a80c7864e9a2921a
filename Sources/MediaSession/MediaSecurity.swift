/// How a stream's packets are protected.
public enum MediaSecurity: Hashable, Sendable {
    case none
    /// Keys by the descriptions (RFC 4568). `local` protects what is sent, `remote` what comes.
    case sdes(local: SRTPKey, remote: SRTPKey?)
    /// Keys by a handshake on the stream's port (RFC 5763). The peer's certificate must have one of the fingerprints.
    case dtls(DTLSPlan)
}

/// A master key of SRTP. Not described: keys are never logged.
public struct SRTPKey: Hashable, Sendable {
    public var profile: SRTPProfile
    /// 16 or 32 bytes.
    public var key: [UInt8]
    /// 14 bytes, 12 for AES-GCM.
    public var salt: [UInt8]
    /// The master key identifier that follows each packet, with its length in bytes; nil where there is none (RFC 4568 §6.1).
    public var mki: [UInt8]?

    public init(profile: SRTPProfile, key: [UInt8], salt: [UInt8], mki: [UInt8]? = nil) {
        self.profile = profile
        self.key = key
        self.salt = salt
        self.mki = mki
    }
}

/// A crypto-suite of SRTP, by its name in a=crypto.
public enum SRTPProfile: String, Hashable, Sendable, CaseIterable {
    case aesCM128HMACSHA1Tag80 = "AES_CM_128_HMAC_SHA1_80"
    case aesCM128HMACSHA1Tag32 = "AES_CM_128_HMAC_SHA1_32"
    case aesCM256HMACSHA1Tag80 = "AES_256_CM_HMAC_SHA1_80"
    case aesCM256HMACSHA1Tag32 = "AES_256_CM_HMAC_SHA1_32"
    case aeadAES128GCM = "AEAD_AES_128_GCM"
    case aeadAES256GCM = "AEAD_AES_256_GCM"
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
