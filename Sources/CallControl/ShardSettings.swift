public import Basics
public import SIPTransaction

/// What a shard holds to.
public struct ShardSettings: Sendable {
    public var calls = CallSettings()
    public var transactions = TransactionLimits.standard
    /// Events waiting longer than this, for ``overloadPatience`` and without a break, mean overload: new calls are refused.
    public var overloadDelay: Duration = .milliseconds(100)
    /// A machine that stood still for a moment, or a burst, is no overload: what waited is soon worked off.
    public var overloadPatience: Duration { overloadDelay * 5 }
    /// Beyond this, new registrations are refused too.
    public var severeOverloadDelay: Duration = .milliseconds(200)
    /// How many shards share the calls and registrations; each looks after the phones whose Call-ID is its own.
    public var shardCount = 1
    /// One shard looks after ended registrations for all.
    public var sweepsRegistrations = true
    public init() {}
}
