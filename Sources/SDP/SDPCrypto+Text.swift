extension SDPCrypto {
    /// Reads the value of a line, `1 AES_CM_128_HMAC_SHA1_80 inline:…|2^20|1:4 WSH=128`.
    ///
    /// What the grammar allows and we do not do is read too: see ``isUsable``. Nil for what the grammar does not allow: a tag that is
    /// no number, no key, another key method than `inline`, base64 with other characters, a lifetime of 0 or above 2^48, an identifier
    /// that does not fit its length, a session parameter with a bad value.
    public init?(_ value: String) {
        let words = value.split(omittingEmptySubsequences: true) { $0 == " " || $0 == "\t" }
        guard words.count >= 3, words[0].utf8.count <= 9, words[0].utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            let tag = UInt32(words[0])
        else { return nil }
        var keys: [SDPCryptoKey] = []
        for text in words[2].split(separator: ";", omittingEmptySubsequences: false) {
            guard let key = SDPCryptoKey(text) else { return nil }
            keys.append(key)
        }
        var parameters: [SDPCryptoParameter] = []
        for text in words[3...] {
            guard let parameter = SDPCryptoParameter(text) else { return nil }
            parameters.append(parameter)
        }
        self.init(tag: tag, suite: String(words[1]), keys: keys, parameters: parameters)
    }

    /// The value of the line, keys and all: for the wire alone.
    public var value: String {
        var text: String = "\(tag) \(suite) " + keys.map(\.text).joined(separator: ";")
        for parameter in parameters { text += " " + parameter.text }
        return text
    }
}

extension SDPCryptoKey {
    /// The longest identifier (RFC 4568 §6.1), in bytes.
    private static let longestMKI: Int = 128

    /// Reads `inline:…|2^20|1:4`.
    init?(_ text: Substring) {
        let method: Substring = "inline:"
        guard text.count > method.count, text.prefix(method.count).lowercased() == method else { return nil }
        let parts = text.dropFirst(method.count).split(separator: "|", omittingEmptySubsequences: false)
        guard parts.count <= 3, let keyAndSalt = Base64.bytes(parts[0]), !keyAndSalt.isEmpty else { return nil }
        self.init(keyAndSalt: keyAndSalt)
        guard parts.count > 1 else { return }
        // A lifetime or an identifier alone may stand first; the colon tells.
        let hasLifetime: Bool = !parts[1].contains(":")
        guard parts.count == 2 || hasLifetime else { return nil }
        if hasLifetime {
            guard let lifetime = SDPCryptoKey.lifetime(parts[1]) else { return nil }
            self.lifetime = lifetime
        }
        guard parts.count == 3 || !hasLifetime else { return }
        guard let mki = SDPCryptoKey.mki(parts[parts.count - 1]) else { return nil }
        self.mki = mki
    }

    /// Reads `2^20` or a number; 1 ... 2^48.
    private static func lifetime(_ text: Substring) -> UInt64? {
        let most: UInt64 = 1 << 48
        if text.hasPrefix("2^") {
            guard let power = decimal(text.dropFirst(2)), power <= 48 else { return nil }
            return 1 << power
        }
        guard let count = decimal(text), count > 0, count <= most else { return nil }
        return count
    }

    /// Reads `1:4`: a number, and of how many bytes it is made; as those bytes, the highest first.
    private static func mki(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, let length = decimal(parts[1]), length >= 1, length <= longestMKI
        else {
            return nil
        }
        var bytes = [UInt8](repeating: 0, count: Int(length))
        for digit in parts[0].utf8 {
            guard digit >= 0x30, digit <= 0x39 else { return nil }
            var carry = UInt32(digit - 0x30)
            for index in bytes.indices.reversed() {
                carry += UInt32(bytes[index]) * 10
                bytes[index] = UInt8(truncatingIfNeeded: carry)
                carry >>= 8
            }
            guard carry == 0 else { return nil }
        }
        return bytes
    }

    private static func decimal(_ text: Substring) -> UInt64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        return UInt64(text)
    }

    var text: String {
        var text: String = "inline:" + Base64.text(keyAndSalt)
        if let lifetime {
            let isPower: Bool = lifetime.nonzeroBitCount == 1 && lifetime > 1
            text += isPower ? "|2^\(lifetime.trailingZeroBitCount)" : "|\(lifetime)"
        }
        if let mki { text += "|\(SDPCryptoKey.decimal(mki)):\(mki.count)" }
        return text
    }

    /// A number of any length in decimal digits.
    private static func decimal(_ bytes: [UInt8]) -> String {
        var number: [UInt8] = bytes
        var digits: [UInt8] = []
        repeat {
            var rest: UInt32 = 0
            for index in number.indices {
                rest = rest << 8 | UInt32(number[index])
                number[index] = UInt8(truncatingIfNeeded: rest / 10)
                rest %= 10
            }
            digits.append(0x30 + UInt8(rest))
        } while number.contains { $0 != 0 }
        return String(decoding: digits.reversed(), as: UTF8.self)
    }
}

extension SDPCryptoParameter {
    init?(_ text: Substring) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let value: String? = parts.count == 2 ? String(parts[1]) : nil
        switch (parts[0], value) {
        case ("KDR", .some(let value)):
            guard let power = UInt8(value), power <= 24 else { return nil }
            self = .keyDerivationRate(power)
        case ("UNENCRYPTED_SRTP", nil): self = .unencryptedSRTP
        case ("UNENCRYPTED_SRTCP", nil): self = .unencryptedSRTCP
        case ("UNAUTHENTICATED_SRTP", nil): self = .unauthenticatedSRTP
        case ("FEC_ORDER", .some(let value)): self = .fecOrder(value)
        case ("FEC_KEY", .some(let value)): self = .fecKey(value)
        case ("WSH", .some(let value)):
            guard let size = UInt32(value), size >= 64 else { return nil }
            self = .windowSizeHint(size)
        case (_, _): self = .other(String(text))
        }
    }

    var text: String {
        switch self {
        case .keyDerivationRate(let power): "KDR=\(power)"
        case .unencryptedSRTP: "UNENCRYPTED_SRTP"
        case .unencryptedSRTCP: "UNENCRYPTED_SRTCP"
        case .unauthenticatedSRTP: "UNAUTHENTICATED_SRTP"
        case .fecOrder(let value): "FEC_ORDER=\(value)"
        case .fecKey(let value): "FEC_KEY=\(value)"
        case .windowSizeHint(let size): "WSH=\(size)"
        case .other(let text): text
        }
    }
}
