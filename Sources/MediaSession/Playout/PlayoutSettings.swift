/// The limits of one jitter buffer.
public struct PlayoutSettings: Hashable, Sendable {
    /// How long a packet without any delay of its own waits before it is played; 20 ms by default, 0 ... ``maximumDelay``.
    ///
    /// Up to one pull (20 ms) comes on top, as audio is asked for at ticks.
    public var minimumDelay: Duration
    /// Audio is never played later than this behind the fastest packet; 200 ms by default, at most 480 ms.
    public var maximumDelay: Duration
    /// The part of half-second intervals whose slowest packet is to be in time; 0.96 by default.
    public var quantile: Float
    /// What an interval's weight in the history falls to with every later one; 0.983 by default: half after 20 s.
    public var forgetting: Float
    /// How much audio a packet is believed to hold until one was decoded; 20 ms by default.
    public var packetTime: Duration
    /// Memory for payloads that wait, in bytes; 12 288 by default (1.5 s of G.711), 1 024 ... 16 320.
    public var arenaBytes: Int

    /// Audio is made shorter and longer to change the delay; true by default. False for a stream that carries a modem's or a fax's
    /// signals: the delay then changes where nothing is sent or something is missing, and nowhere else.
    public var stretches: Bool

    public init(
        minimumDelay: Duration = .milliseconds(20), maximumDelay: Duration = .milliseconds(200),
        quantile: Float = 0.96, forgetting: Float = 0.983, packetTime: Duration = .milliseconds(20),
        arenaBytes: Int = 12_288, stretches: Bool = true
    ) {
        self.minimumDelay = minimumDelay
        self.maximumDelay = maximumDelay
        self.quantile = quantile
        self.forgetting = forgetting
        self.packetTime = packetTime
        self.arenaBytes = arenaBytes
        self.stretches = stretches
    }

    public static let standard = PlayoutSettings()
}
