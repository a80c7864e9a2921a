public import Basics

/// Everything a call has on one packet thread, on its way to another.
///
/// Whoever holds it owns what it points to: exactly one graph gives it and exactly one takes it.
public struct MovedCall: @unchecked Sendable {
    public let call: CallID
    public internal(set) var endpoints: [EndpointPointer] = []
    var players: [PlayerPointer] = []
    var recorders: [RecorderPointer] = []
    /// Datagrams of handshakes that wait for their turn.
    var handshakes: [HandshakeQueue.Item] = []
    /// Players that go on for other calls, to be begun anew in step with those of the other thread.
    var shared: [Shared] = []

    struct Shared {
        let plan: PlaybackPlan
        let listeners: [EndpointPointer]
    }

    init(_ call: CallID) { self.call = call }
}
