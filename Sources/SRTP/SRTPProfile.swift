/// A crypto-suite of SRTP, by its name in a=crypto (RFC 4568 §6.2, RFC 6188 §3.1, RFC 7714 §14.1).
public enum SRTPProfile: String, Hashable, Sendable, CaseIterable {
    case aesCM128HMACSHA1Tag80 = "AES_CM_128_HMAC_SHA1_80"
    case aesCM128HMACSHA1Tag32 = "AES_CM_128_HMAC_SHA1_32"
    case aesCM256HMACSHA1Tag80 = "AES_256_CM_HMAC_SHA1_80"
    case aesCM256HMACSHA1Tag32 = "AES_256_CM_HMAC_SHA1_32"
    case aeadAES128GCM = "AEAD_AES_128_GCM"
    case aeadAES256GCM = "AEAD_AES_256_GCM"

    /// Whether one algorithm encrypts and authenticates (RFC 7714).
    public var isAEAD: Bool { self == .aeadAES128GCM || self == .aeadAES256GCM }

    /// Of the master key and of the session's cipher key, in bytes: 16 or 32.
    public var keyLength: Int {
        switch self {
        case .aesCM128HMACSHA1Tag80, .aesCM128HMACSHA1Tag32, .aeadAES128GCM: 16
        case .aesCM256HMACSHA1Tag80, .aesCM256HMACSHA1Tag32, .aeadAES256GCM: 32
        }
    }

    /// Of the master salt and of the session's salt, in bytes: 14, or 12 for AES-GCM.
    public var saltLength: Int { isAEAD ? 12 : 14 }

    /// What an RTP packet grows by, in bytes.
    public var rtpTagLength: Int {
        switch self {
        case .aesCM128HMACSHA1Tag80, .aesCM256HMACSHA1Tag80: 10
        case .aesCM128HMACSHA1Tag32, .aesCM256HMACSHA1Tag32: 4
        case .aeadAES128GCM, .aeadAES256GCM: 16
        }
    }

    /// The tag of an RTCP packet, in bytes: never the short one (RFC 4568 §6.2.2); the index of 4 bytes comes on top.
    public var rtcpTagLength: Int { isAEAD ? 16 : 10 }
}
