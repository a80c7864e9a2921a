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
    /// How long a place found by DNS is given for a first response while there are others to try (RFC 3263 §4.3 leaves it
    /// at 64×T1, which is longer than people wait).
    public var candidateTimeout: Duration = .seconds(4)
    /// What the server speaks where a tenant says nothing (BCP 47): how numbers are put together follows it.
    public var language = "en"
    /// History entries kept per call.
    public var historyLimit = 64
    public init() {}
}
