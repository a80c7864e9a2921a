public import Basics
public import SIPTransaction

/// What a shard holds to.
public struct ShardSettings: Sendable {
    public var calls = CallSettings()
    public var transactions = TransactionLimits.standard
    /// Events waiting longer than this mean overload: new calls are refused.
    public var overloadDelay: Duration = .milliseconds(100)
    /// Beyond this, new registrations are refused too.
    public var severeOverloadDelay: Duration = .milliseconds(200)
    /// One shard looks after ended registrations for all.
    public var sweepsRegistrations = true
    /// How often phones behind NAT are asked for a sign of life where neither terminal nor tenant says otherwise; seconds.
    public var minimumKeepAliveSeconds = 10
    public init() {}
}
