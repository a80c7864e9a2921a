public import SIPMessage

/// What the server keeps of a terminal's password: H(username ":" realm ":" password), hexadecimal in lower case, for each algorithm (RFC 7616 §3.4.2).
///
/// Bound to the user name and the realm: when either changes, the password has to be given again.
public struct DigestSecrets: Hashable, Sendable, Codable {
    /// 32 hexadecimal digits.
    public var md5: String?
    /// 64 hexadecimal digits.
    public var sha256: String?
    /// 64 hexadecimal digits.
    public var sha512t256: String?

    /// Takes over stored values as they are; nil where an algorithm has none.
    public init(md5: String? = nil, sha256: String? = nil, sha512t256: String? = nil) {
        (self.md5, self.sha256, self.sha512t256) = (md5, sha256, sha512t256)
    }

    /// Makes the values of all algorithms; the password itself is not kept.
    public init(username: String, realm: String, password: String) {
        let text: [UInt8] = Array("\(username):\(realm):\(password)".utf8)
        md5 = DigestHash.hexadecimal(of: text, .md5)
        sha256 = DigestHash.hexadecimal(of: text, .sha256)
        sha512t256 = DigestHash.hexadecimal(of: text, .sha512t256)
    }

    /// The value for `algorithm`; nil for one that is not known or not stored.
    public subscript(algorithm: DigestAlgorithm) -> String? {
        switch algorithm {
        case .md5: md5
        case .sha256: sha256
        case .sha512t256: sha512t256
        default: nil
        }
    }
}
