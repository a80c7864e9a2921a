public import Basics

/// The DNS record types that SIP location needs (RFC 3263), by their numbers.
public enum DNSRecordType: UInt16, Hashable, Sendable, CaseIterable {
    case a = 1
    case aaaa = 28
    case srv = 33
    case naptr = 35
}

public struct DNSQuestion: Hashable, Sendable {
    /// In lower case, without the final dot.
    public let name: String
    public let type: DNSRecordType

    public init(_ name: String, _ type: DNSRecordType) {
        self.name = DNSQuestion.canonical(name)
        self.type = type
    }

    static func canonical(_ name: String) -> String {
        let lower = name.lowercased()
        return lower.last == "." ? String(lower.dropLast()) : lower
    }
}

/// A record's content.
public enum DNSRecord: Hashable, Sendable {
    case address(IPAddress)
    case srv(SRVRecord)
    case naptr(NAPTRRecord)
}

/// RFC 2782.
public struct SRVRecord: Hashable, Sendable {
    public var priority: UInt16
    public var weight: UInt16
    public var port: UInt16
    /// Empty: the service is decidedly not offered.
    public var target: String

    public init(priority: UInt16, weight: UInt16, port: UInt16, target: String) {
        (self.priority, self.weight, self.port) = (priority, weight, port)
        self.target = DNSQuestion.canonical(target)
    }
}

/// RFC 3403 §4.
public struct NAPTRRecord: Hashable, Sendable {
    public var order: UInt16
    public var preference: UInt16
    /// In lower case.
    public var flags: String
    /// In upper case.
    public var services: String
    public var replacement: String

    public init(order: UInt16, preference: UInt16, flags: String, services: String, replacement: String) {
        (self.order, self.preference) = (order, preference)
        self.flags = flags.lowercased()
        self.services = services.uppercased()
        self.replacement = DNSQuestion.canonical(replacement)
    }
}

/// What is known about a question.
public enum DNSAnswer: Hashable, Sendable {
    case records([DNSRecord])
    /// The name or type does not exist.
    case absent
    /// Nobody answered, and nothing older is known.
    case failed
}
