internal import Basics
internal import ICE

/// What an endpoint's machine needs of its plan at each packet: plain memory, so that no packet counts references.
struct MediaPath {
    let id: MediaEndpointID
    let remoteRTP: IPEndpoint?
    let remoteRTCP: IPEndpoint?
    let signallingAddress: IPAddress?
    let latch: LatchPolicy
    let generation: UInt32
    let sends: Bool
    let receives: Bool
    let expectsMedia: Bool
    let rtcpMux: Bool
    let silenceLimit: Duration?
    let clockRate: UInt32
    let carriesRTP: Bool
    /// Checks say where media comes from and goes to, and nothing else does.
    let usesICE: Bool

    init(_ plan: MediaEndpointPlan) {
        id = plan.id
        remoteRTP = plan.remoteRTP
        remoteRTCP = plan.remoteRTCP
        signallingAddress = plan.signallingAddress
        latch = plan.latch
        generation = plan.generation
        sends = plan.sends
        receives = plan.receives
        expectsMedia = plan.expectsMedia
        rtcpMux = plan.rtcpMux
        silenceLimit = plan.silenceLimit
        clockRate = plan.clockRate
        carriesRTP = plan.carriesRTP
        usesICE = plan.ice.map { !$0.remoteIsLite } ?? false
    }
}
