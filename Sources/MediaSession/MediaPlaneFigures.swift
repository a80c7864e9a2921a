/// What a media plane has in hand at one moment.
public struct MediaPlaneFigures: Hashable, Sendable {
    /// Open endpoints, and those whose audio is made anew for somebody with another codec.
    public var endpoints: Int = 0
    public var transcoded: Int = 0
    public var players: Int = 0
    public var recorders: Int = 0
    public var rooms: Int = 0
    /// Since the start, over all endpoints.
    public var packetsReceived: UInt64 = 0
    public var packetsSent: UInt64 = 0

    public init() {}

    public static func + (one: Self, other: Self) -> Self {
        var sum: MediaPlaneFigures = one
        sum.endpoints += other.endpoints
        sum.transcoded += other.transcoded
        sum.players += other.players
        sum.recorders += other.recorders
        sum.rooms += other.rooms
        sum.packetsReceived &+= other.packetsReceived
        sum.packetsSent &+= other.packetsSent
        return sum
    }
}

/// A media plane that tells its figures to whoever asks; from any thread, without blocking its own.
public protocol MeasuredMediaPlane: MediaPlane {
    var figures: MediaPlaneFigures { get }
}
