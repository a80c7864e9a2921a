public import Basics
public import SIPTransaction

/// What a shard's calls hold to, whatever their tenant.
public struct CallSettings: Hashable, Sendable {
    /// The Server and User-Agent fields' value.
    public var serverName = "Martinet"
    public var timers: SIPTimers = .standard
    /// Terminals rung for one call, redirections included.
    public var maximumBranches = 32
    /// How long a call waits for the media plane's last figures after its end.
    public var mediaClosingGrace: Duration = .seconds(5)
    /// History entries kept per call.
    public var historyLimit = 64
    public init() {}
}
