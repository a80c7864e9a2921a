/// The value of a=fingerprint: a hash of a certificate in DER (RFC 8122 §5).
public struct DTLSFingerprint: Hashable, Sendable, CustomStringConvertible {
    /// `sha-256`, `sha-384`, `sha-512`, …, in lower case.
    public var hash: String
    public var value: [UInt8]
    public init(hash: String, value: [UInt8]) { (self.hash, self.value) = (hash.lowercased(), value) }

    /// As in a=fingerprint, `sha-256 12:DF:3E:…`.
    public var description: String {
        let digits: [UInt8] = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        for byte in value {
            if !text.isEmpty { text.append(UInt8(ascii: ":")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return "\(hash) \(String(decoding: text, as: UTF8.self))"
    }

    /// The hashes that prove anything today; SHA-1, MD5 and MD2 do not (RFC 8122 §5).
    enum Strength: Int, Comparable {
        case sha256, sha384, sha512
        static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }

        var length: Int {
            switch self {
            case .sha256: 32
            case .sha384: 48
            case .sha512: 64
            }
        }
    }

    /// Nil for a hash that is refused, and for a value that is not of its length.
    var strength: Strength? {
        let found: Strength? =
            switch hash {
            case "sha-256": .sha256
            case "sha-384": .sha384
            case "sha-512": .sha512
            default: nil
            }
        return found?.length == value.count ? found : nil
    }

    /// Whether it can be checked.
    public var isUsable: Bool { strength != nil }

    /// Of several fingerprints those that count: all of the strongest hash (RFC 8122 §5).
    static func deciding(_ list: [DTLSFingerprint]) -> [DTLSFingerprint] {
        guard let best = list.compactMap(\.strength).max() else { return [] }
        return list.filter { $0.strength == best }
    }
}
