public import Basics
public import DTLS
public import Fax
public import ICE

/// A network the server relays media on: a bind address and the address written into SDP there.
public struct MediaInterfaceID: Hashable, Sendable, Comparable {
    public let rawValue: UInt8
    public init(_ rawValue: UInt8) { self.rawValue = rawValue }
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// One leg's half of one media stream (one m-line): an RTP port and the RTCP port above it.
public struct MediaEndpointID: Hashable, Sendable, CustomStringConvertible {
    public let leg: LegID
    /// The m-line's index in the leg's SDP; 0 ... 255.
    public let stream: UInt8
    public init(leg: LegID, stream: UInt8) { (self.leg, self.stream) = (leg, stream) }
    public var description: String { "\(leg):\(stream)" }
}

/// What a port pair is reserved with, and what gives it back.
public struct MediaPorts: Hashable, Sendable {
    public let interface: MediaInterfaceID
    /// The RTP port; always even. RTCP is one above.
    public let rtp: UInt16
    public init(interface: MediaInterfaceID, rtp: UInt16) { (self.interface, self.rtp) = (interface, rtp) }
    public var rtcp: UInt16 { rtp + 1 }
}

/// Which sources an endpoint takes packets from before it is pinned to one.
public enum LatchPolicy: Hashable, Sendable {
    /// The address the SDP names or the SIP came from, on any port.
    case signalled
    /// Any address: for carriers that send from elsewhere, by a setting of the trunk or terminal.
    case anySource
}

/// What an endpoint is told about its peer; sent whole on every change, so that the last one counts.
public struct MediaEndpointPlan: Hashable, Sendable {
    public let id: MediaEndpointID
    public let ports: MediaPorts
    /// The peer's RTP address by its SDP; nil while unknown or `0.0.0.0` (nothing is sent until latched).
    public var remoteRTP: IPEndpoint?
    /// The peer's RTCP address by its SDP (a=rtcp, RFC 3605) or RTP port + 1.
    public var remoteRTCP: IPEndpoint?
    /// Where the leg's SIP comes from: a source allowed to latch, as a NAT has one address for both.
    public var signallingAddress: IPAddress?
    public var latch: LatchPolicy
    /// Raised with every new SDP of the peer: allows one new latch (RFC 3264 §8: the address may change).
    /// 0 without a ``remoteRTP`` is a peer that sent no SDP yet: nothing is taken from it.
    public var generation: UInt32
    /// Packets for the peer are sent (the peer's SDP says sendrecv or recvonly).
    public var sends: Bool
    /// Packets of the peer are taken (the peer's SDP says sendrecv or sendonly).
    public var receives: Bool
    /// False while held or while the stream carries no steady flow: silence is then no fault.
    public var expectsMedia: Bool
    /// True where RTCP shares the RTP port (RFC 5761).
    public var rtcpMux: Bool
    /// How long nothing may come before it is told; nil takes the media plane's own limit (60 s).
    public var silenceLimit: Duration?
    /// RTP clock rate in Hz of the first codec; for jitter in milliseconds.
    public var clockRate: UInt32
    /// False where the stream is no RTP (T.38 over UDPTL): packets are then relayed unread, pinned to address and port alone.
    public var carriesRTP: Bool
    /// Set where the peer speaks T.38 over UDPTL: joined with one of G.711, a gateway is between them; with one like it, its packets are
    /// relayed.
    public var fax: T38Settings?
    /// What the peer may send: the payload types of our description. Empty with ``outgoing``: all is relayed as it is.
    public var incoming: [MediaFormat]
    /// What the peer takes: the payload types of its description, the one that is to be used first.
    public var outgoing: [MediaFormat]
    /// How much audio a packet for the peer holds where it is made here; 10, 20, 30, 40 or 60 ms.
    public var packetTimeMs: UInt8
    public var security: MediaSecurity
    /// Set where the peer speaks ICE: connectivity checks are then answered (RFC 8445 §2.5, lite).
    public var ice: ICEPlan?
    /// How digits come from the peer: ``MediaFact/digit(_:_:)`` tells of events and, where somebody needs to know, of tones. What comes in
    /// another way is left alone: with `.info` and `.none` events are neither told nor passed on.
    public var digitsIn: DigitTransport
    /// How digits go to the peer. Those of the leg it hears are brought to it as events or tones by the media plane; with `.info` call
    /// control sends each ``MediaFact/digit(_:_:)`` of that leg.
    public var digitsOut: DigitTransport
    /// What else the server listens for; nothing by default.
    public var listensFor: MediaListening

    public init(id: MediaEndpointID, ports: MediaPorts) {
        self.id = id
        self.ports = ports
        latch = .signalled
        generation = 0
        sends = true
        receives = true
        expectsMedia = false
        rtcpMux = false
        clockRate = 8000
        carriesRTP = true
        incoming = []
        outgoing = []
        packetTimeMs = 20
        security = .none
        digitsIn = .events
        digitsOut = .events
        listensFor = []
    }
}

/// What call control asks of the media plane. All commands of one call go to one packet thread, in order.
public enum MediaCommand: Hashable, Sendable {
    /// Opens the endpoint on its reserved ports, or replaces its plan.
    case set(MediaEndpointPlan)
    /// Relays between two endpoints, both ways; replaces whatever either was joined to.
    case join(MediaEndpointID, MediaEndpointID)
    case unjoin(MediaEndpointID)
    /// What one leg hears from now on; the others' sources stay as they are.
    case hear(MediaEndpointID, MediaSource)
    /// Starts a player; ``MediaFact/played(_:_:)`` tells of its end.
    case play(PlaybackPlan)
    case stopPlaying(MediaPlayerID)
    /// Starts a recorder, or changes a running one; ``MediaFact/recorded(_:_:)`` tells of its end.
    case record(RecordingPlan)
    case stopRecording(MediaRecorderID)
    /// Opens a room or changes its plan.
    case openRoom(RoomPlan)
    /// Lets a leg into a room, or changes its part there. It hears the room from then on.
    case enter(MediaRoomID, RoomMember)
    /// Lets a leg out of its room; it hears nothing until told to.
    case leave(MediaRoomID, MediaEndpointID)
    case closeRoom(MediaRoomID)
    /// Presses keys towards the leg's peer, by the plan's ``MediaEndpointPlan/digitsOut``: events, or tones in whatever it hears. INFO is call
    /// control's to send: ``MediaFact/notPressed(_:_:)``.
    case press(MediaEndpointID, [Digit], durationMs: UInt16)
    /// Ends the endpoint, gives its ports back and answers with ``MediaFact/closed(_:_:)``.
    case close(MediaEndpointID)
}

/// Counted from one endpoint's peer, since the endpoint was opened.
public struct MediaStatistics: Hashable, Sendable {
    public var packetsReceived: UInt64 = 0
    public var bytesReceived: UInt64 = 0
    public var packetsSent: UInt64 = 0
    public var bytesSent: UInt64 = 0
    /// Missing by sequence number (RFC 3550 §A.3).
    public var packetsLost: UInt64 = 0
    /// Dropped: wrong source, not RTP, wrong SSRC, nobody to send to. The sum of the following.
    public var packetsDropped: UInt64 = 0
    /// Of the dropped: from a source that may not send here, or not now.
    public var droppedWrongSource: UInt64 = 0
    /// Of the dropped: from the right address and port, with an SSRC that is not, or not yet, taken.
    public var droppedWrongSSRC: UInt64 = 0
    /// Of the dropped: neither RTP nor RTCP, or cut short.
    public var droppedMalformed: UInt64 = 0
    /// Of the dropped: good packets with nobody to send them to, as on hold.
    public var droppedUndeliverable: UInt64 = 0
    /// Of the dropped: of a payload type that was not agreed.
    public var droppedPayloadType: UInt64 = 0
    /// Of the dropped: not protected by the stream's keys, changed on the way, or replayed; or come before any keys were agreed.
    public var droppedUnauthenticated: UInt64 = 0
    /// Of the dropped: connectivity checks of an unknown user, with a wrong password, malformed or too many (RFC 8445 §7.3).
    public var droppedChecks: UInt64 = 0
    /// Of the dropped: datagrams of DTLS from somebody who may not agree keys here, or too many (RFC 5764 §5.1.1).
    public var droppedHandshakes: UInt64 = 0
    /// For the peer, while no keys were agreed: never sent.
    public var packetsHeldBack: UInt64 = 0
    /// For the peer, but the system took them not.
    public var packetsUnsent: UInt64 = 0
    /// Interarrival jitter (RFC 3550 §6.4.1), in microseconds.
    public var jitterMicroseconds: UInt32 = 0
    /// Round trip by the peer's receiver reports (RFC 3550 §6.4.1), in microseconds; nil while none came.
    public var roundTripMicroseconds: UInt32?
    /// Loss the peer reports of what we send it, 0 ... 255 of 256 (RFC 3550 §6.4.1); nil while none came.
    public var reportedLossFraction: UInt8?
    public var rtcpReceived: UInt64 = 0
    /// The source that was latched, if any.
    public var source: IPEndpoint?
    /// The first and the last packet of the peer.
    public var firstPacketAt: Moment?
    public var lastPacketAt: Moment?
    public init() {}
}

/// What the media plane tells call control; never per packet.
public enum MediaFact: Hashable, Sendable {
    /// The endpoint is pinned to this source, for the first time or anew.
    case latched(MediaEndpointID, source: IPEndpoint, ssrc: UInt32)
    /// Nothing came for the silence limit (default 60 s) though the plan expects media; repeated every such time.
    case silent(MediaEndpointID, since: Moment)
    /// Packets came again after ``silent(_:since:)``.
    case heardAgain(MediaEndpointID)
    /// The peer pressed a key; told once, at the start of the key, however it came.
    case digit(MediaEndpointID, Digit)
    /// Keys were not pressed towards the peer: why, in words.
    case notPressed(MediaEndpointID, String)
    /// The peer began or ended to speak, where ``MediaListening/voice`` is listened for.
    case voice(MediaEndpointID, Bool)
    /// The peer lets a tone of a machine be heard.
    case heard(MediaEndpointID, MachineTone)
    /// A fax through a gateway began, or ended; of its end that speaks T.38.
    case fax(MediaEndpointID, FaxFigures)
    case played(MediaPlayerID, PlaybackEnd)
    case recorded(MediaRecorderID, RecordingResult)
    /// A member of a room began or ended to talk.
    case talking(MediaRoomID, MediaEndpointID, Bool)
    /// The figures of the last 5 s.
    case quality(MediaEndpointID, MediaQuality)
    /// The stream's keys are agreed (DTLS-SRTP), or cannot be: why, in words.
    case secured(MediaEndpointID)
    case insecure(MediaEndpointID, String)
    /// The endpoint could not be opened: why, in words.
    case failed(MediaEndpointID, String)
    /// The endpoint is gone; these are its final figures. Always the last fact of an endpoint.
    case closed(MediaEndpointID, MediaStatistics)

    /// The endpoint the fact is about; nil for a player and a recorder.
    public var endpoint: MediaEndpointID? {
        switch self {
        case .latched(let id, _, _), .silent(let id, _), .heardAgain(let id), .failed(let id, _), .closed(let id, _),
            .digit(let id, _), .notPressed(let id, _), .voice(let id, _), .heard(let id, _), .talking(_, let id, _),
            .quality(let id, _), .secured(let id), .insecure(let id, _), .fax(let id, _):
            id
        case .played, .recorded: nil
        }
    }

    /// The call the fact is told to.
    public var call: CallID {
        switch self {
        case .played(let id, _): id.call
        case .recorded(let id, _): id.call
        case .latched(let id, _, _), .silent(let id, _), .heardAgain(let id), .failed(let id, _), .closed(let id, _),
            .digit(let id, _), .notPressed(let id, _), .voice(let id, _), .heard(let id, _), .talking(_, let id, _),
            .quality(let id, _), .secured(let id), .insecure(let id, _), .fax(let id, _):
            id.leg.call
        }
    }
}

/// The packet threads as call control sees them.
public protocol MediaPlane: Sendable {
    /// Takes a free port pair of `interface` for `call`; nil when the range is used up. Never blocks.
    /// The ports return to the range by ``MediaCommand/close(_:)`` of the endpoint opened on them, or by ``release(_:)`` if none was.
    func reserve(interface: MediaInterfaceID, for call: CallID) -> MediaPorts?
    func release(_ ports: MediaPorts)
    /// Of the certificate its handshakes show (RFC 5763); nil where it makes none.
    var fingerprint: DTLSFingerprint? { get }
    /// Hands commands over in order; never blocks, never fails: what goes wrong comes back as a ``MediaFact``.
    func perform(_ commands: [MediaCommand])
}

extension MediaPlane {
    public var fingerprint: DTLSFingerprint? { nil }
}
