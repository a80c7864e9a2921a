/// An IPv4 or IPv6 address.
///
/// An IPv4 address mapped into IPv6 (`::ffff:192.0.2.1`) is held as IPv4, so that one peer compares equal on a dual-stack socket.
public struct IPAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
    public enum Family: Sendable, Hashable { case v4, v6 }

    /// The address as two big-endian halves; an IPv4 address lies in the low 32 bits of `low`.
    public let high: UInt64
    public let low: UInt64
    public let family: Family

    public init(v4: UInt32) { (high, low, family) = (0, UInt64(v4), .v4) }

    public init(v6 high: UInt64, _ low: UInt64) {
        if high == 0, low >> 32 == 0xFFFF {
            (self.high, self.low, family) = (0, low & 0xFFFF_FFFF, .v4)
        } else {
            (self.high, self.low, family) = (high, low, .v6)
        }
    }

    public static let anyV4 = IPAddress(v4: 0)
    public static let anyV6 = IPAddress(v6: 0, 0)
    public static let loopbackV4 = IPAddress(v4: 0x7F00_0001)
    public static let loopbackV6 = IPAddress(v6: 0, 1)

    public var isV4: Bool { family == .v4 }
    /// The 32 bits of an IPv4 address; nil for IPv6.
    public var v4: UInt32? { isV4 ? UInt32(truncatingIfNeeded: low) : nil }
    /// `0.0.0.0` or `::`.
    public var isUnspecified: Bool { high == 0 && low == 0 }
    public var isLoopback: Bool {
        isV4 ? low >> 24 == 127 : high == 0 && low == 1
    }
    public var isMulticast: Bool { isV4 ? low >> 28 == 0xE : high >> 56 == 0xFF }
    /// Loopback, link-local, or of a private range (RFC 1918, RFC 6598, RFC 4193).
    public var isPrivate: Bool {
        if isLoopback { return true }
        guard isV4 else { return high >> 57 == 0x7E || high >> 54 == 0x3FA }
        return low >> 24 == 10 || low >> 20 == 0xAC1 || low >> 16 == 0xC0A8 || low >> 22 == 0x191 || low >> 16 == 0xA9FE
    }

    /// Reads dotted decimal, or RFC 4291 text with or without `[ ]`; no zone, no host names.
    public init?(_ text: some StringProtocol) {
        var bytes = Array(text.utf8)
        if bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]"), bytes.count > 2 {
            bytes = Array(bytes[1..<(bytes.count - 1)])
        }
        self.init(ascii: bytes[...])
    }

    /// Reads the same from bytes, without brackets.
    public init?(ascii bytes: ArraySlice<UInt8>) {
        if bytes.contains(UInt8(ascii: ":")) {
            guard let halves = IPAddress.parseV6(bytes) else { return nil }
            self.init(v6: halves.0, halves.1)
        } else {
            guard let value = IPAddress.parseV4(bytes) else { return nil }
            self.init(v4: value)
        }
    }

    private static func parseV4(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        var value: UInt32 = 0
        var octet: UInt32 = 0
        var digits = 0
        var dots = 0
        for byte in bytes {
            if byte == UInt8(ascii: ".") {
                guard digits > 0, dots < 3 else { return nil }
                value = value << 8 | octet
                (octet, digits, dots) = (0, 0, dots + 1)
            } else {
                guard byte >= 0x30, byte <= 0x39, digits < 3 else { return nil }
                octet = octet * 10 + UInt32(byte - 0x30)
                digits += 1
                guard octet < 256 else { return nil }
            }
        }
        guard dots == 3, digits > 0 else { return nil }
        return value << 8 | octet
    }

    private static func parseV6(_ bytes: ArraySlice<UInt8>) -> (UInt64, UInt64)? {
        var groups: [UInt16] = []
        var gap: Int?
        var index = bytes.startIndex
        let end = bytes.endIndex
        let colon = UInt8(ascii: ":")
        if index < end, bytes[index] == colon {
            guard index + 1 < end, bytes[index + 1] == colon else { return nil }
        }
        while index < end {
            if bytes[index] == colon {
                if index + 1 < end, bytes[index + 1] == colon {
                    guard gap == nil else { return nil }
                    gap = groups.count
                    index += 2
                    guard index == end || bytes[index] != colon else { return nil }
                    continue
                }
                index += 1
                guard index < end, bytes[index] != colon, !groups.isEmpty else { return nil }
            }
            let groupEnd = bytes[index...].firstIndex(of: colon) ?? end
            let group = bytes[index..<groupEnd]
            if group.contains(UInt8(ascii: ".")) {
                guard groupEnd == end, let v4 = parseV4(group), groups.count <= 6 else { return nil }
                groups.append(UInt16(v4 >> 16))
                groups.append(UInt16(v4 & 0xFFFF))
            } else {
                guard let value = hexGroup(group), groups.count < 8 else { return nil }
                groups.append(value)
            }
            index = groupEnd
        }
        if let gap {
            guard groups.count < 8 else { return nil }
            groups.insert(contentsOf: Array(repeating: 0, count: 8 - groups.count), at: gap)
        }
        guard groups.count == 8 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for position in 0..<4 {
            high = high << 16 | UInt64(groups[position])
            low = low << 16 | UInt64(groups[position + 4])
        }
        return (high, low)
    }

    private static func hexGroup(_ bytes: ArraySlice<UInt8>) -> UInt16? {
        guard (1...4).contains(bytes.count) else { return nil }
        var value: UInt16 = 0
        for byte in bytes {
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x41...0x46: digit = byte - 0x41 + 10
            case 0x61...0x66: digit = byte - 0x61 + 10
            default: return nil
            }
            value = value << 4 | UInt16(digit)
        }
        return value
    }

    /// Dotted decimal, or RFC 5952 text without brackets.
    public var description: String {
        if isV4 { return "\(low >> 24 & 255).\(low >> 16 & 255).\(low >> 8 & 255).\(low & 255)" }
        var groups: [UInt16] = []
        for shift in stride(from: 48, through: 0, by: -16) {
            groups.append(UInt16(truncatingIfNeeded: high >> UInt64(shift)))
        }
        for shift in stride(from: 48, through: 0, by: -16) {
            groups.append(UInt16(truncatingIfNeeded: low >> UInt64(shift)))
        }
        // The longest run of zero groups, the first of equals, at least two long (RFC 5952 §4.2).
        var best = 0..<0
        var start = 0
        while start < 8 {
            guard groups[start] == 0 else {
                start += 1
                continue
            }
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > best.count, end - start > 1 { best = start..<end }
            start = end
        }
        func text(_ range: Range<Int>) -> String {
            range.map { String(groups[$0], radix: 16) }.joined(separator: ":")
        }
        return best.isEmpty ? text(0..<8) : text(0..<best.lowerBound) + "::" + text(best.upperBound..<8)
    }

    /// As it stands in a URI or a Via: IPv6 in brackets.
    public var uriHost: String { isV4 ? description : "[\(description)]" }

    public static func < (lhs: Self, rhs: Self) -> Bool {
        if lhs.family != rhs.family { return lhs.isV4 }
        return (lhs.high, lhs.low) < (rhs.high, rhs.low)
    }
}

/// An address and a port.
public struct IPEndpoint: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var address: IPAddress
    /// 0 ... 65 535; 0 where any port is meant.
    public var port: UInt16

    public init(_ address: IPAddress, _ port: UInt16) { (self.address, self.port) = (address, port) }

    /// Reads `192.0.2.1:5060` or `[2001:db8::1]:5060`.
    public init?(_ text: some StringProtocol) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]),
            let address = IPAddress(text[..<colon]), address.isV4 || text.first == "["
        else { return nil }
        self.init(address, port)
    }

    public var description: String { "\(address.uriHost):\(port)" }

    public static func < (lhs: Self, rhs: Self) -> Bool { (lhs.address, lhs.port) < (rhs.address, rhs.port) }
}

/// A block of addresses in CIDR notation.
public struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
    public let base: IPAddress
    /// 0 ... 32 for IPv4, 0 ... 128 for IPv6.
    public let prefixLength: Int

    /// Reads `192.168.0.0/16`, or a single address.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let base = IPAddress(parts[0]) else { return nil }
        let width = base.isV4 ? 32 : 128
        guard parts.count == 2 else {
            (self.base, prefixLength) = (base, width)
            return
        }
        guard let length = Int(parts[1]), (0...width).contains(length) else { return nil }
        (self.base, prefixLength) = (base, length)
    }

    public func contains(_ address: IPAddress) -> Bool {
        guard address.family == base.family else { return false }
        if prefixLength == 0 { return true }
        if base.isV4 {
            let shift = UInt64(32 - prefixLength)
            return address.low >> shift == base.low >> shift
        }
        if prefixLength <= 64 {
            let shift = UInt64(64 - prefixLength)
            return address.high >> shift == base.high >> shift
        }
        let shift = UInt64(128 - prefixLength)
        return address.high == base.high && address.low >> shift == base.low >> shift
    }

    public var description: String { "\(base)/\(prefixLength)" }
}
