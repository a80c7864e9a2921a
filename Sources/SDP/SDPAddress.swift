public import Basics

/// An address as SDP names it: a network type of `IN`, a family, and an IP address or a domain name (RFC 8866 §5.2, §5.7).
public struct SDPAddress: Hashable, Sendable, CustomStringConvertible {
    /// The `addrtype`.
    public enum Family: String, Hashable, Sendable {
        case ip4 = "IP4"
        case ip6 = "IP6"
    }

    public let family: Family
    /// The address or domain name as it was written.
    public let text: String
    /// The address; nil where `text` is a domain name.
    public let ip: IPAddress?

    public init(_ ip: IPAddress) {
        (family, text, self.ip) = (ip.isV4 ? .ip4 : .ip6, ip.description, ip)
    }

    /// An address, or a domain name to be looked up in `family`.
    ///
    /// Where `text` is an address, its own family wins over the one declared: peers get the `addrtype` wrong. Brackets are
    /// taken off an IPv6 address.
    public init(family: Family, text: String) {
        ip = IPAddress(text)
        let isBracketed: Bool = ip != nil && text.utf8.first == UInt8(ascii: "[")
        self.text = isBracketed ? String(text.dropFirst().dropLast()) : text
        if text.utf8.contains(UInt8(ascii: ":")) {
            self.family = .ip6
        } else {
            self.family = ip == nil ? family : .ip4
        }
    }

    /// `0.0.0.0` or `::`.
    public var isUnspecified: Bool { ip?.isUnspecified ?? false }

    /// `IN IP4 192.0.2.1`.
    public var description: String { "IN \(family.rawValue) \(text)" }
}

/// The c= line (RFC 8866 §5.7).
public struct SDPConnection: Hashable, Sendable {
    public var address: SDPAddress
    /// How far IPv4 multicast may travel, 0 ... 255.
    public var ttl: UInt8?
    /// How many contiguous multicast addresses are meant, at least 1.
    public var addressCount: UInt32?

    public init(_ address: SDPAddress, ttl: UInt8? = nil, addressCount: UInt32? = nil) {
        (self.address, self.ttl, self.addressCount) = (address, ttl, addressCount)
    }

    public init(_ ip: IPAddress) { self.init(SDPAddress(ip)) }

    /// The address; nil where the line has a domain name.
    public var ip: IPAddress? { address.ip }

    /// The value of the line, `IN IP4 233.252.0.1/127/3`.
    var value: String {
        var value: String = address.description
        if let ttl { value += "/\(ttl)" }
        if let addressCount { value += "/\(addressCount)" }
        return value
    }
}

/// The o= line: who made the session, and which version of it this is (RFC 8866 §5.2).
public struct SDPOrigin: Hashable, Sendable {
    public var username: String
    /// Digits by the RFC; kept as written, as peers write other things and any length.
    public var sessionID: String
    /// Grows by one with each changed description (RFC 3264 §8); kept as written.
    public var version: String
    public var address: SDPAddress

    public init(username: String, sessionID: String, version: String, address: SDPAddress) {
        (self.username, self.sessionID, self.version, self.address) = (username, sessionID, version, address)
    }

    public init(username: String = "-", sessionID: UInt64, version: UInt64, address: IPAddress) {
        self.init(
            username: username, sessionID: String(sessionID), version: String(version), address: SDPAddress(address))
    }

    /// The version as a number; nil where it is none of 64 bits.
    public var versionNumber: UInt64? { UInt64(version) }

    var value: String { "\(username) \(sessionID) \(version) \(address.description)" }
}
