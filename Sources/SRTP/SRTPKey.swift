/// A master key of SRTP (RFC 3711 §3.2.1). Its description shows no key: keys are never logged.
public struct SRTPKey: Hashable, Sendable {
    public var profile: SRTPProfile
    /// 16 or 32 bytes.
    public var key: [UInt8]
    /// 14 bytes, 12 for AES-GCM.
    public var salt: [UInt8]
    /// The master key identifier that follows each packet, 1 ... 128 bytes; nil where there is none (RFC 4568 §6.1).
    public var mki: [UInt8]?
    /// How many packets its owner may protect with it by the crypto line (RFC 4568 §6.1); nil for what RFC 3711 §9.2 allows.
    public var lifetime: UInt64?

    public init(profile: SRTPProfile, key: [UInt8], salt: [UInt8], mki: [UInt8]? = nil, lifetime: UInt64? = nil) {
        self.profile = profile
        self.key = key
        self.salt = salt
        self.mki = mki
        self.lifetime = lifetime
    }

    /// From key and salt in one piece, as `inline:` has them (RFC 4568 §6.1); nil when the length is not the profile's.
    public init?(profile: SRTPProfile, keyAndSalt: [UInt8], mki: [UInt8]? = nil, lifetime: UInt64? = nil) {
        guard keyAndSalt.count == profile.keyLength + profile.saltLength else { return nil }
        self.init(
            profile: profile, key: Array(keyAndSalt[..<profile.keyLength]),
            salt: Array(keyAndSalt[profile.keyLength...]), mki: mki, lifetime: lifetime)
    }

    /// A new key.
    /// - Parameter source: must be cryptographically strong in production.
    public static func random(_ profile: SRTPProfile, using source: inout some RandomNumberGenerator) -> SRTPKey {
        SRTPKey(
            profile: profile, key: (0..<profile.keyLength).map { _ in UInt8.random(in: 0...255, using: &source) },
            salt: (0..<profile.saltLength).map { _ in UInt8.random(in: 0...255, using: &source) })
    }

    /// Key and salt in one piece, as `inline:` has them.
    public var keyAndSalt: [UInt8] { key + salt }

    /// Whether packets of both are the same packets: all but the lifetime.
    public func protectsLike(_ other: SRTPKey) -> Bool {
        profile == other.profile && key == other.key && salt == other.salt && mki == other.mki
    }
}

extension SRTPKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The profile alone.
    public var description: String { "\(profile.rawValue) (key not shown)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["profile": profile]) }
}

/// Why a master key cannot be used.
public enum SRTPKeyFault: Error, Hashable, Sendable {
    /// No key, or more than eight at once.
    case wrongCount
    case wrongKeyLength
    case wrongSaltLength
    /// An identifier that is not of 1 ... 128 bytes, or keys of one line whose identifiers are not told apart (RFC 4568 §6.1).
    case badMKI
    /// The library gave no cipher.
    case noCipher
}
