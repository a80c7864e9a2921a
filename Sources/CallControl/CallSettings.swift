public import Basics
public import SIPTransaction

/// What a shard's calls hold to, whatever their tenant.
public struct CallSettings: Hashable, Sendable {
    /// The Server and User-Agent fields' value.
    public var serverName = "Martinet"
    public var timers: SIPTimers = .standard
    /// Session-Expires offered and granted, in seconds (RFC 4028); 90 or more.
    public var sessionExpires: UInt32 = 1800
    /// The shortest session interval accepted, in seconds; 90 or more (RFC 4028 §5).
    public var minimumSessionExpires: UInt32 = 90
    /// Terminals rung for one call, redirections included.
    public var maximumBranches = 32
    /// How often one call may be redirected by 3xx.
    public var maximumRedirections = 5
    /// How long a call waits for the media plane's last figures after its end.
    public var mediaClosingGrace: Duration = .seconds(5)
    /// How long a call rings before it is refused as not answered.
    public var noAnswerTimeout: Duration = .seconds(120)
    /// How long a place found by DNS is given for a first response while there are others to try (RFC 3263 §4.3 leaves it
    /// at 64×T1, which is longer than people wait).
    public var candidateTimeout: Duration = .seconds(4)
    /// History entries kept per call.
    public var historyLimit = 64
    public init() {}
}
