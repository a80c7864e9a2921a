/// An a=crypto line: the keys its author protects its packets with (RFC 4568 §4, §9.1). No text of it shows a key.
public struct SDPCrypto: Hashable, Sendable {
    /// Names the line within its m-line, so that an answer tells which it takes; 0 ... 999 999 999.
    public var tag: UInt32
    /// `AES_CM_128_HMAC_SHA1_80`, …; as written, compare by ``isSuite(_:)``.
    public var suite: String
    /// At least one; several are told apart by their identifiers.
    public var keys: [SDPCryptoKey]
    /// The session parameters (RFC 4568 §6.3), in their order.
    public var parameters: [SDPCryptoParameter]

    public init(tag: UInt32, suite: String, keys: [SDPCryptoKey], parameters: [SDPCryptoParameter] = []) {
        (self.tag, self.suite, self.keys, self.parameters) = (tag, suite, keys, parameters)
    }

    public func isSuite(_ name: String) -> Bool { suite.lowercased() == name.lowercased() }

    /// Key and salt of the suites that are registered, in bytes (RFC 4568 §6.2, RFC 6188 §3, RFC 7714 §14.1); nil for others.
    public static func keyAndSaltLength(ofSuite suite: String) -> Int? {
        switch suite.uppercased() {
        case "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "F8_128_HMAC_SHA1_80": 30
        case "AES_192_CM_HMAC_SHA1_80", "AES_192_CM_HMAC_SHA1_32": 38
        case "AES_256_CM_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_32": 46
        case "AEAD_AES_128_GCM": 28
        case "AEAD_AES_256_GCM": 44
        default: nil
        }
    }

    /// Keys of a line that are taken at once.
    public static let mostKeys: Int = 8

    /// Why a line can't be taken, whoever reads it.
    public enum Fault: Hashable, Sendable {
        /// A suite that is not registered, or not known here.
        case unknownSuite
        /// A key of another length than its suite has.
        case keyLength
        /// More than ``SDPCrypto/mostKeys``.
        case tooManyKeys
        /// One of several keys has no identifier, two have the same, or they are of different lengths (RFC 4568 §6.1).
        case noIdentifier, sameIdentifier, identifierLength
        /// A session parameter that asks for more than is done here.
        case parameter

        /// For people.
        public var words: String {
            switch self {
            case .unknownSuite: "its suite is not known"
            case .keyLength: "a key is not of its suite's length"
            case .tooManyKeys: "it has more than \(SDPCrypto.mostKeys) keys"
            case .noIdentifier: "it has several keys, of which one has no identifier (MKI)"
            case .sameIdentifier: "two of its keys have the same identifier (MKI)"
            case .identifierLength: "the identifiers (MKI) of its keys differ in length"
            case .parameter: "it asks for a session parameter that is not done here"
            }
        }
    }

    /// Why the line can't be taken by one that speaks its suite; nil where it can: its keys fit and can be told apart, and no session
    /// parameter asks for more than is done here (RFC 4568 §6.3: an unknown one makes the line unusable, unless it begins with `-`).
    public var fault: Fault? {
        guard let length = SDPCrypto.keyAndSaltLength(ofSuite: suite) else { return .unknownSuite }
        guard !keys.isEmpty, keys.allSatisfy({ $0.keyAndSalt.count == length }) else { return .keyLength }
        guard keys.count <= SDPCrypto.mostKeys else { return .tooManyKeys }
        guard parameters.allSatisfy(\.isHarmless) else { return .parameter }
        guard keys.count > 1 else { return nil }
        let identifiers: [[UInt8]] = keys.compactMap(\.mki)
        guard identifiers.count == keys.count else { return .noIdentifier }
        // 01 and 0001 are different, but a packet could have both.
        guard Set(identifiers.map(\.count)).count == 1 else { return .identifierLength }
        return Set(identifiers).count == keys.count ? nil : .sameIdentifier
    }

    /// Whether the line can be taken by one that speaks this suite; see ``fault``.
    public var isUsable: Bool { fault == nil }
}

/// One `inline:` of a crypto line (RFC 4568 §6.1).
public struct SDPCryptoKey: Hashable, Sendable {
    /// The master key and the master salt in one piece.
    public var keyAndSalt: [UInt8]
    /// How many packets it protects at most; nil where none is written.
    public var lifetime: UInt64?
    /// The identifier as it stands in each packet, 1 ... 128 bytes; nil where there is none.
    public var mki: [UInt8]?

    public init(keyAndSalt: [UInt8], lifetime: UInt64? = nil, mki: [UInt8]? = nil) {
        (self.keyAndSalt, self.lifetime, self.mki) = (keyAndSalt, lifetime, mki)
    }

    /// A new key for a suite; nil for a suite whose length is not known.
    /// - Parameter source: must be cryptographically strong in production.
    public static func random(forSuite suite: String, using source: inout some RandomNumberGenerator) -> SDPCryptoKey? {
        SDPCrypto.keyAndSaltLength(ofSuite: suite).map { length in
            SDPCryptoKey(keyAndSalt: (0..<length).map { _ in UInt8.random(in: 0...255, using: &source) })
        }
    }
}

/// A session parameter of a crypto line (RFC 4568 §6.3).
public enum SDPCryptoParameter: Hashable, Sendable {
    /// Session keys are derived anew after 2^n packets; n is 0 ... 24.
    case keyDerivationRate(UInt8)
    case unencryptedSRTP
    case unencryptedSRTCP
    case unauthenticatedSRTP
    case fecOrder(String)
    case fecKey(String)
    /// The author's replay window, in packets; at least 64.
    case windowSizeHint(UInt32)
    /// Any other, as written.
    case other(String)

    /// Whether the line can be used by who does nothing about it. A window is a hint, and a rate of 2^0 … asks for new session keys,
    /// which are not derived here.
    var isHarmless: Bool {
        switch self {
        case .windowSizeHint: true
        case .other(let text): text.hasPrefix("-")
        case .keyDerivationRate, .unencryptedSRTP, .unencryptedSRTCP, .unauthenticatedSRTP, .fecOrder, .fecKey: false
        }
    }
}

extension SDPCrypto: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Tag and suite alone.
    public var description: String { "\(tag) \(suite) (\(keys.count == 1 ? "key" : "\(keys.count) keys") not shown)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["tag": tag, "suite": suite]) }
}

extension SDPCryptoKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "key of \(keyAndSalt.count) bytes, not shown" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension SDPCryptoParameter: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name alone: the value may be a key.
    public var description: String { String(text.prefix { $0 != "=" }) }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
