public import Basics

/// One endpoint in the graph: its machine, the stream its peer hears, and who hears whom.
///
/// Lives in memory of its own for as long as the endpoint is open, and is touched by one packet thread alone.
public struct EndpointNode: ~Copyable {
    var endpoint: MediaEndpoint
    var plan: MediaEndpointPlan
    /// The driver's number of the endpoint's sockets.
    public let line: Int
    /// Where the peer is may have changed: the driver looks at ``rtpDestination`` and ``rtcpDestination`` again.
    public var isAimStale: Bool = true
    private(set) var takesRTP: Bool = false
    private(set) var takesRTCP: Bool = false

    var stream: SentStream
    /// Whom it hears, where that is another endpoint.
    var heard: UnsafeMutablePointer<EndpointNode>?
    /// Those that hear it, linked by ``nextListener``.
    var firstListener: UnsafeMutablePointer<EndpointNode>?
    var nextListener: UnsafeMutablePointer<EndpointNode>?
    /// From the payload types of ``heard`` to those of this endpoint's peer.
    var map: PayloadMap = .identity

    init(_ endpoint: MediaEndpoint, _ plan: MediaEndpointPlan, line: Int, stream: SentStream) {
        self.endpoint = endpoint
        self.plan = plan
        self.line = line
        self.stream = stream
        aim()
    }

    /// Takes the destinations over from the machine.
    mutating func aim() {
        isAimStale = true
        takesRTP = rtpDestination != nil
        takesRTCP = rtcpDestination != nil
    }

    public var id: MediaEndpointID { endpoint.plan.id }
    /// Where RTP goes; nil when the plan does not send or the address is unknown.
    public var rtpDestination: IPEndpoint? { endpoint.plan.sends ? endpoint.rtpDestination : nil }
    public var rtcpDestination: IPEndpoint? { endpoint.rtcpDestination }
    /// True where RTCP leaves from the RTP socket.
    public var muxesRTCP: Bool { endpoint.plan.rtcpMux }
}

public typealias EndpointPointer = UnsafeMutablePointer<EndpointNode>
