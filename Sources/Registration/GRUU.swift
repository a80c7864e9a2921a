internal import Basics

/// Public GRUUs: the address-of-record with a `gr` parameter that names the phone (RFC 5627 §3.1.1).
enum PublicGRUU {
    /// The `gr` value for a `+sip.instance`; nil where it holds what a URI parameter may not.
    static func parameter(_ instance: String) -> String? {
        guard (1...128).contains(instance.utf8.count) else { return nil }
        for byte in instance.utf8 {
            let isLetterOrDigit =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            guard isLetterOrDigit || "-_.!~*'()[]/:&+$".utf8.contains(byte) else { return nil }
        }
        return instance
    }
}

/// Temporary GRUUs: `tgruu.` and 24 characters that mean nothing to others (RFC 5627 §3.1.2).
///
/// The characters are a random half and, masked by it and the installation's key, the seed of the binding. So each registration
/// gets a new one, all lead to the phone as long as its Call-ID stays the same, and none takes memory. The mask keeps
/// peers from telling that two belong to one phone; it is no cipher.
enum TemporaryGRUU {
    private static let prefix: String = "tgruu."
    private static let alphabet: [UInt8] = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    private static let mask: UInt64 = (1 << 60) - 1

    /// A seed that is not 0.
    static func makeSeed(_ random: inout AnyRandom) -> UInt64 { (random.next() & mask) | 1 }

    static func make(seed: UInt64, key: UInt64, random: inout AnyRandom) -> String {
        let half: UInt64 = random.next() & mask
        return prefix + text(half) + text(seed ^ veil(half, key))
    }

    /// The seed in a URI's user part; nil when it is not of this form.
    static func seed(in user: String, key: UInt64) -> UInt64? {
        let bytes = Array(user.utf8)
        guard bytes.count == 30, bytes.starts(with: prefix.utf8), let half = value(bytes[6..<18]),
            let rest = value(bytes[18..<30])
        else { return nil }
        return rest ^ veil(half, key)
    }

    private static func veil(_ half: UInt64, _ key: UInt64) -> UInt64 {
        var source = SeededRandom(seed: half &* 0x9E37_79B9_7F4A_7C15 ^ key)
        return source.next() & mask
    }

    private static func text(_ value: UInt64) -> String {
        String(unsafeUninitializedCapacity: 12) { buffer in
            for index in 0..<12 { buffer[index] = alphabet[Int(value >> UInt64(55 - index * 5) & 31)] }
            return 12
        }
    }

    private static func value(_ bytes: ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for byte in bytes {
            let lower = (0x41...0x5A).contains(byte) ? byte + 32 : byte
            guard let digit = alphabet.firstIndex(of: lower) else { return nil }
            value = value << 5 | UInt64(digit)
        }
        return value
    }
}
