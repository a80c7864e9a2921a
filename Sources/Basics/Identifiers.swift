/// An identifier that is a type of its own, so that a user can't be passed where a tenant is meant.
///
/// `Kind` is never instantiated. Values are given by the store (rows) or by a shard (calls, legs).
public struct Identifier<Kind>: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: Int64

    @inlinable public init(_ rawValue: Int64) { self.rawValue = rawValue }

    public var description: String { String(rawValue) }

    @inlinable public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// Phantom types of ``Identifier``.
public enum IdentifierKind {
    public enum Tenant {}
    public enum User {}
    public enum Terminal {}
    public enum ServiceNumber {}
}

public typealias TenantID = Identifier<IdentifierKind.Tenant>
public typealias UserID = Identifier<IdentifierKind.User>
public typealias TerminalID = Identifier<IdentifierKind.Terminal>
public typealias ServiceNumberID = Identifier<IdentifierKind.ServiceNumber>

/// Which event loop's share of the calls something belongs to; 0 ..< 256.
public struct ShardID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt8
    public init(_ rawValue: UInt8) { self.rawValue = rawValue }
    public var description: String { String(rawValue) }
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// One call as Martinet sees it: all its legs. Not the Call-ID header field's value, which is `SIPCallID`.
///
/// `epoch` is drawn once per start of the process, so that a restart never gives an identifier twice.
public struct CallID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let epoch: UInt32
    public let shard: ShardID
    public let number: UInt32

    public init(epoch: UInt32, shard: ShardID, number: UInt32) {
        (self.epoch, self.shard, self.number) = (epoch, shard, number)
    }

    /// As people and the command line write it: `5f3a01-0-42` (epoch in hexadecimal, shard, number).
    public var description: String { "\(String(epoch, radix: 16))-\(shard)-\(number)" }

    /// Reads what ``description`` writes.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let epoch = UInt32(parts[0], radix: 16), let shard = UInt8(parts[1]),
            let number = UInt32(parts[2])
        else { return nil }
        self.init(epoch: epoch, shard: ShardID(shard), number: number)
    }

    public static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.epoch, lhs.shard.rawValue, lhs.number) < (rhs.epoch, rhs.shard.rawValue, rhs.number)
    }
}

/// One party's side of a call; numbered from 0 (the caller) in the order the legs were made.
public struct LegID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let call: CallID
    public let index: UInt16
    public init(call: CallID, index: UInt16) { (self.call, self.index) = (call, index) }
    public var description: String { "\(call)/\(index)" }
    public static func < (lhs: Self, rhs: Self) -> Bool { (lhs.call, lhs.index) < (rhs.call, rhs.index) }
}
