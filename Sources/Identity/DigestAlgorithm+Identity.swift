public import SIPMessage

extension DigestAlgorithm {
    /// SHA-512/256 by the name FIPS 180-4 gives it.
    public static var sha512t256: DigestAlgorithm { sha512Half }
    /// Those the server can compute.
    public static var known: [DigestAlgorithm] { [.md5, .sha256, .sha512t256] }
}
