/// What a jitter buffer did so far.
public struct JitterStatistics: Hashable, Sendable {
    public var kept: UInt64 = 0
    /// Came after their time; not played.
    public var late: UInt64 = 0
    public var duplicates: UInt64 = 0
    /// Came in time and were dropped: to catch up after a stall, for want of memory, or as too large.
    public var dropped: UInt64 = 0
    public init() {}
}

/// What was played of one stream so far.
public struct PlayoutStatistics: Hashable, Sendable {
    public var packets = JitterStatistics()
    /// Audio that was made up in place of what was lost or late, in milliseconds.
    public var concealedMs: UInt64 = 0
    /// Of which gaps of nothing at all: the delay was too short, or the sender stopped.
    public var underruns: UInt64 = 0
    /// Lost packets that were played from the copy in the next one (Opus FEC).
    public var recovered: UInt64 = 0
    /// Packets that the decoder refused.
    public var undecodable: UInt64 = 0
    /// How often audio was shortened and lengthened, and by how much in all.
    public var shortenings: UInt64 = 0
    public var lengthenings: UInt64 = 0
    public var shortenedMs: UInt64 = 0
    public var lengthenedMs: UInt64 = 0
    public init() {}
}
