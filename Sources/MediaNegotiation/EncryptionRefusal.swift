/// Why a party's description is refused for its encryption, or the want of it.
public enum EncryptionRefusal: Error, Hashable, Sendable {
    /// Profiles by their names in m-lines: what it offers.
    case forbidden(String)
    case required(String)
    case noUsableKey
    case noUsableFingerprint
    case noHandshakes
    /// What it was offered, and answered without keys.
    case unanswered(String)

    /// For a Warning and for the history: what is wrong, and what was wanted.
    /// - Parameter party: `caller`, `callee`.
    public func explanation(of party: String) -> String {
        switch self {
        case .forbidden(let offered):
            "the settings forbid encrypted media: the \(party) offers \(offered), wanted is RTP/AVP"
        case .required(let offered):
            "the settings require encrypted media: the \(party) offers \(offered), "
                + "wanted is RTP/SAVP with a=crypto or UDP/TLS/RTP/SAVP with a=fingerprint"
        case .noUsableKey:
            "the \(party) offers encrypted media without a usable key: wanted is a=crypto with "
                + "AES_CM_128_HMAC_SHA1_80 or another suite of AES-CM or AES-GCM"
        case .noUsableFingerprint:
            "the \(party) offers encrypted media without a usable fingerprint: "
                + "wanted is a=fingerprint by sha-256, sha-384 or sha-512"
        case .noHandshakes: "the \(party) offers keys by DTLS, which is not made here: wanted is RTP/SAVP with a=crypto"
        case .unanswered(let told): "the \(party) was offered \(told), and answers without a key that fits"
        }
    }
}
