/// A set of ASCII characters as two words of bits.
struct OctetSet: Sendable {
    private let low: UInt64
    private let high: UInt64

    init(_ low: UInt64, _ high: UInt64) { (self.low, self.high) = (low, high) }

    @inline(__always) func contains(_ byte: UInt8) -> Bool {
        if byte < 64 { return low >> UInt64(byte) & 1 == 1 }
        return byte < 128 && high >> UInt64(byte - 64) & 1 == 1
    }

    func containsAll(_ text: String) -> Bool {
        for byte in text.utf8 where !contains(byte) { return false }
        return true
    }
}

extension OctetSet {
    /// `token` (RFC 3261 §25.1).
    static let token = OctetSet(0x03FF6CA200000000, 0x47FFFFFF87FFFFFE)
    /// `unreserved` (RFC 3261 §25.1).
    static let unreserved = OctetSet(0x03FF678200000000, 0x47FFFFFE87FFFFFE)
    /// What stands unescaped in the user part of a URI (RFC 3261 §25.1).
    static let user = OctetSet(0xABFFFFD200000000, 0x47FFFFFE87FFFFFE)
    /// What stands unescaped in a password (RFC 3261 §25.1).
    static let password = OctetSet(0x23FF7FD200000000, 0x47FFFFFE87FFFFFE)
    /// What stands unescaped in a URI parameter (RFC 3261 §25.1).
    static let uriParameter = OctetSet(0x07FFEFD200000000, 0x47FFFFFEAFFFFFFE)
    /// What stands unescaped in a header of a URI (RFC 3261 §25.1).
    static let uriHeader = OctetSet(0x87FFEF9200000000, 0x47FFFFFEAFFFFFFE)
    /// What host names are made of; `_` is not legal but common.
    static let host = OctetSet(0x03FF600000000000, 0x07FFFFFE87FFFFFE)
    /// `token / host`: a parameter value that needs no quotes (RFC 3261 §25.1).
    static let parameterValue = OctetSet(0x07FF6CA200000000, 0x47FFFFFFAFFFFFFE)
    /// Digits and visual separators of a `tel` URI (RFC 3966 §3).
    static let telephone = OctetSet(0x03FF6F0800000000, 0x0000007E0000007E)
    /// RFC 3966 §3.
    static let visualSeparator = OctetSet(0x0000630000000000, 0x0000000000000000)
    /// Visible ASCII.
    static let visible = OctetSet(0xFFFFFFFE00000000, 0x7FFFFFFFFFFFFFFF)
}

/// Single characters by name.
enum Octet {
    static let tab: UInt8 = 0x09
    static let lf: UInt8 = 0x0A
    static let cr: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let quote: UInt8 = 0x22
    static let percent: UInt8 = 0x25
    static let leftParenthesis: UInt8 = 0x28
    static let rightParenthesis: UInt8 = 0x29
    static let star: UInt8 = 0x2A
    static let comma: UInt8 = 0x2C
    static let dot: UInt8 = 0x2E
    static let slash: UInt8 = 0x2F
    static let colon: UInt8 = 0x3A
    static let semicolon: UInt8 = 0x3B
    static let less: UInt8 = 0x3C
    static let equal: UInt8 = 0x3D
    static let greater: UInt8 = 0x3E
    static let question: UInt8 = 0x3F
    static let at: UInt8 = 0x40
    static let leftBracket: UInt8 = 0x5B
    static let backslash: UInt8 = 0x5C
    static let rightBracket: UInt8 = 0x5D

    @inline(__always) static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }
    @inline(__always) static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
    @inline(__always) static func isLetter(_ byte: UInt8) -> Bool {
        lowercased(byte) >= 0x61 && lowercased(byte) <= 0x7A
    }
    /// SP, HT, and the CR and LF of a folded line.
    @inline(__always) static func isWhitespace(_ byte: UInt8) -> Bool {
        byte == space || byte == tab || byte == cr || byte == lf
    }

    /// The value of a hexadecimal digit, or nil.
    static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    static let hexDigits: [UInt8] = Array("0123456789ABCDEF".utf8)
}

/// ASCII letters are equal whatever their case.
func equalsIgnoringCase(_ lhs: String, _ rhs: String) -> Bool {
    if lhs == rhs { return true }
    let (left, right) = (lhs.utf8, rhs.utf8)
    guard left.count == right.count else { return false }
    var other = right.makeIterator()
    for byte in left {
        guard let match = other.next(), Octet.lowercased(byte) == Octet.lowercased(match) else { return false }
    }
    return true
}
