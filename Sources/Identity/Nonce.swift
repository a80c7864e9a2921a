internal import Basics
internal import Crypto

/// What a nonce carries; 30 bytes, signed, as 40 characters of base64.
///
/// `run` tells the start of the process, `number` makes the nonce unique in it, `issuedAt` is of its monotonic clock in
/// milliseconds, and `source` is a keyed mark of the address the challenge went to: who answers from there received it there.
struct Nonce: Hashable {
    let run: UInt32
    let number: UInt32
    let issuedAt: UInt64
    let source: UInt32

    static let length: Int = 40
    private static let signedBytes: Int = 18
    private static let macBytes: Int = 12

    init(run: UInt32, number: UInt32, issuedAt: UInt64, source: UInt32) {
        (self.run, self.number, self.issuedAt, self.source) = (run, number, issuedAt & 0xFFFF_FFFF_FFFF, source)
    }

    func text(key: SymmetricKey) -> String {
        var bytes: [UInt8] = signedPart
        bytes.append(contentsOf: Nonce.mac(of: bytes, key: key))
        return Base64.encode(bytes)
    }

    /// Reads a nonce of ours; nil when it is not one.
    init?(_ text: String, key: SymmetricKey) {
        guard text.utf8.count == Nonce.length, let bytes = Base64.decode(text),
            bytes.count == Nonce.signedBytes + Nonce.macBytes
        else {
            return nil
        }
        let signed: [UInt8] = Array(bytes[..<Nonce.signedBytes])
        guard equalInConstantTime(Nonce.mac(of: signed, key: key), bytes[Nonce.signedBytes...]) else { return nil }
        func number(_ range: Range<Int>) -> UInt64 { signed[range].reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(
            run: UInt32(number(0..<4)), number: UInt32(number(4..<8)), issuedAt: number(8..<14),
            source: UInt32(number(14..<18)))
    }

    private var signedPart: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Nonce.signedBytes + Nonce.macBytes)
        for shift: UInt32 in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: run >> shift)) }
        for shift: UInt32 in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
        for shift: UInt64 in [40, 32, 24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: issuedAt >> shift)) }
        for shift: UInt32 in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: source >> shift)) }
        return bytes
    }

    private static func mac(of bytes: [UInt8], key: SymmetricKey) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: bytes, using: key).prefix(macBytes))
    }
}

/// Compares secrets without telling by its time where they differ.
func equalInConstantTime(_ left: [UInt8], _ right: ArraySlice<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for (a, b) in zip(left, right) { difference |= a ^ b }
    return difference == 0
}

/// Base64 without padding (RFC 4648 §4); whole groups of three bytes only.
enum Base64 {
    private static let alphabet: [UInt8] = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: bytes.count / 3 * 4) { buffer in
            var output = 0
            for index in stride(from: 0, to: bytes.count - 2, by: 3) {
                let group: UInt32 =
                    UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
                for shift: UInt32 in [18, 12, 6, 0] {
                    buffer[output] = alphabet[Int(group >> shift & 63)]
                    output += 1
                }
            }
            return output
        }
    }

    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count / 4 * 3)
        var group: UInt32 = 0
        var digits = 0
        for byte in text.utf8 {
            guard let digit = value(byte) else { return nil }
            group = group << 6 | digit
            digits += 1
            guard digits == 4 else { continue }
            for shift: UInt32 in [16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: group >> shift)) }
            (group, digits) = (0, 0)
        }
        return digits == 0 ? bytes : nil
    }

    private static func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x41...0x5A: UInt32(byte - 0x41)
        case 0x61...0x7A: UInt32(byte - 0x61 + 26)
        case 0x30...0x39: UInt32(byte - 0x30 + 52)
        case 0x2B: 62
        case 0x2F: 63
        default: nil
        }
    }
}
