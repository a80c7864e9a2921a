public import Basics
internal import Codecs
internal import ICE
internal import RTP

/// One endpoint in the graph: its machine, the stream its peer hears, and who hears whom.
///
/// Lives in memory of its own for as long as the endpoint is open, and is touched by one packet thread alone.
public struct EndpointNode: ~Copyable {
    var endpoint: MediaEndpoint
    /// The driver's number of the endpoint's sockets.
    public let line: Int
    /// Where the peer is may have changed: the driver looks at ``rtpDestination`` and ``rtcpDestination`` again.
    public var isAimStale: Bool = true
    private(set) var takesRTP: Bool = false
    private(set) var takesRTCP: Bool = false

    var stream: SentStream
    /// Of the peer's last packet.
    var heardPayloadType: UInt8 = 0xFF
    /// Whom it hears, where that is another endpoint.
    var heard: UnsafeMutablePointer<EndpointNode>?
    /// Whom it hears, where that is a player.
    var heardPlayer: UnsafeMutablePointer<PlayerNode>?
    /// By which of the player's ids, where several share it.
    var heardAs: MediaPlayerID?
    /// What is encoded for it together with others.
    var group: UnsafeMutablePointer<SharedPacker>?
    /// Those that hear it, linked by ``nextListener``.
    public internal(set) var firstListener: UnsafeMutablePointer<EndpointNode>?
    var nextListener: UnsafeMutablePointer<EndpointNode>?
    /// From the payload types of ``heard`` to those of this endpoint's peer.
    var map: PayloadMap = .identity

    /// The room it is in, its seat there, and how it is heard there.
    var room: UnsafeMutablePointer<RoomNode>?
    var seat: Int = 0
    var ear: UnsafeMutablePointer<RoomEar>?
    /// Those that record it.
    var firstRecorder: UnsafeMutablePointer<RecorderNode>?
    /// Keys the peer presses as events, and those pressed towards it.
    var events: EventReceiver?
    var presser: PresserPointer?
    /// What is listened for in what the peer says; nil where nothing is.
    var signals: SignalEarPointer?
    /// Brings it the keys of whom it hears, where packets of events are not just relayed.
    var converter: UnsafeMutablePointer<DigitConverter>?
    /// It gets the keys of whom it hears in another way than as tones.
    var isSparedTones: Bool = false
    /// Payload types of the peer that are events, a bit each.
    private var eventTypes: (UInt64, UInt64) = (0, 0)
    /// The payload type of the peer that is comfort noise, and its clock in Hz.
    private(set) var noiseType: UInt8 = 0xFF
    private(set) var noiseClockRate: UInt32 = 8000
    /// What is heard while the peer leaves silence out; nil as long as it never did.
    var pause: UnsafeMutablePointer<PauseFiller>?
    /// The description of noise it was told last.
    var noiseTold: UInt32 = 0
    /// The gateway between T.38 and sound this is an end of.
    var fax: UnsafeMutablePointer<FaxNode>?
    /// Nil where packets go in the clear, and while no keys are agreed.
    var keys: UnsafeMutablePointer<StreamGuard>?
    /// Those of the RTCP port where it agrees its own (RFC 5764 §4.2).
    var rtcpKeys: UnsafeMutablePointer<StreamGuard>?
    /// DTLS on the RTP port, and on that of RTCP where it has one.
    var dtls: UnsafeMutablePointer<DTLSPort>?
    var rtcpDTLS: UnsafeMutablePointer<DTLSPort>?
    var ice: UnsafeMutablePointer<ICELiteAgent>?
    /// Nothing goes in the clear.
    private(set) var isProtected: Bool = false
    /// RTP and RTCP have keys of their own.
    private(set) var splitsKeys: Bool = false
    /// The ports carry more than RTP and RTCP (RFC 7983).
    private(set) var demultiplexes: Bool = false
    /// No keys came: told.
    var isInsecurityTold: Bool = false
    /// What the peer says, decoded; nil while nobody needs it.
    var ingress: UnsafeMutablePointer<Ingress>?
    /// Somebody may need it: a recorder, or a listener that does not take all codings it may come in.
    var needsAudio: Bool = false
    /// Whatever it says is recorded.
    var isRecorded: Bool = false
    /// The payload type of its last packet of audio; 0xFF before the first, and while nobody may need it.
    var spokenType: UInt8 = 0xFF
    /// The highest rate somebody needs it at, in Hz.
    var neededRate: UInt32 = 8_000
    /// What is made for the peer alone; nil while nothing is.
    var packer: UnsafeMutablePointer<AudioPacker>?
    var made = MadeClock()

    // What follows is not looked at with each packet: see `packetBytes`.
    var plan: MediaEndpointPlan
    /// What is said about the stream that comes.
    var exchange = ReportExchange()
    var scheduler: RTCPScheduler
    /// The interval of figures that runs.
    var intervalFrom: Moment
    var countersBefore = MediaStatistics()

    /// How much of a node, from its beginning, packets look at; in bytes.
    public static let packetBytes: Int =
        MemoryLayout<EndpointNode>.size - MemoryLayout<MediaEndpointPlan>.size - MemoryLayout<ReportExchange>.size
        - MemoryLayout<RTCPScheduler>.size - MemoryLayout<MediaStatistics>.size

    init(
        _ endpoint: MediaEndpoint, _ plan: MediaEndpointPlan, line: Int, stream: SentStream, scheduler: RTCPScheduler,
        now: Moment
    ) {
        self.endpoint = endpoint
        self.scheduler = scheduler
        intervalFrom = now
        self.plan = plan
        self.line = line
        self.stream = stream
        aim()
        noteFormats()
        noteProtection()
        noteMadeFormat()
    }

    /// Looks what the plan says about what is on the ports.
    mutating func noteProtection() {
        var isDTLS: Bool = false
        switch plan.security {
        case .none: isProtected = false
        case .sdes: isProtected = true
        case .dtls: (isProtected, isDTLS) = (true, true)
        }
        splitsKeys = isDTLS && !plan.rtcpMux
        demultiplexes = plan.carriesRTP && (isDTLS || plan.ice != nil)
    }

    /// Takes the destinations over from the machine.
    mutating func aim() {
        isAimStale = true
        takesRTP = rtpDestination != nil
        takesRTCP = rtcpDestination != nil
    }

    deinit {
        ingress?.deinitialize(count: 1)
        ingress?.deallocate()
        packer?.deinitialize(count: 1)
        packer?.deallocate()
        discard(pause)
        ear?.deinitialize(count: 1)
        ear?.deallocate()
        presser?.deinitialize(count: 1)
        presser?.deallocate()
        signals?.deinitialize(count: 1)
        signals?.deallocate()
        converter?.deinitialize(count: 1)
        converter?.deallocate()
        discard(keys)
        discard(rtcpKeys)
        discard(dtls)
        discard(rtcpDTLS)
        discard(ice)
    }

    /// The highest rate of those that record it, in Hz; 0 where none does.
    var recorderRate: Int {
        var rate = 0
        var recorder = firstRecorder
        while let one = recorder {
            rate = max(rate, one.pointee.rate)
            recorder = one.pointee.next
        }
        return rate
    }

    mutating func forgetSignals() {
        signals?.deinitialize(count: 1)
        signals?.deallocate()
        signals = nil
    }

    /// Forgets the keys: nothing is sent or taken any more where the plan wants protection.
    mutating func forgetKeys() {
        release(&keys)
        release(&rtcpKeys)
    }

    mutating func forgetHandshakes() {
        release(&dtls)
        release(&rtcpDTLS)
    }

    /// What protects the packets of a port; nil where nothing does yet.
    @inline(__always)
    func guardian(onRTCPPort: Bool) -> UnsafeMutablePointer<StreamGuard>? {
        onRTCPPort && splitsKeys ? rtcpKeys : keys
    }

    /// The coding that is made for the peer; nil when it takes none.
    var madeFormat: MediaFormat? { plan.outgoing.first { $0.codec != nil } }
    /// Its number on the wire.
    private(set) var madePayloadType: UInt8 = 0
    /// The number of comfort noise beside it; 0xFF where the peer takes none.
    private(set) var noisePayloadType: UInt8 = 0xFF
    /// Where that is G.711 in packets of 20 ms.
    private(set) var plainLaw: G711.Law?

    /// How keys go to the peer as events; nil where it takes none. The one with the clock of the audio is preferred (RFC 4733 §2.1).
    var eventFormat: MediaFormat? {
        let events: [MediaFormat] = plan.outgoing.filter {
            if case .telephoneEvent = $0.content { true } else { false }
        }
        let clockRate: UInt32 = madeFormat?.codec?.clockRate ?? plan.clockRate
        return events.first { $0.content == .telephoneEvent(clockRate: clockRate) } ?? events.first
    }

    @inline(__always)
    func isEvent(_ payloadType: UInt8) -> Bool {
        (payloadType < 64 ? eventTypes.0 >> UInt64(payloadType) : eventTypes.1 >> UInt64(payloadType & 63)) & 1 != 0
    }

    /// Whether the peer may send keys as events.
    var hasEvents: Bool { eventTypes.0 | eventTypes.1 != 0 }

    /// Looks which payload types are events.
    mutating func noteFormats() {
        eventTypes = (0, 0)
        (noiseType, noiseClockRate) = (plan.incoming.isEmpty ? 13 : 0xFF, 8000)
        for format in plan.incoming {
            if case .comfortNoise(let clockRate) = format.content {
                (noiseType, noiseClockRate) = (format.payloadType, clockRate)
            }
            guard case .telephoneEvent = format.content else { continue }
            let bit: UInt64 = 1 << UInt64(format.payloadType & 63)
            if format.payloadType < 64 { eventTypes.0 |= bit } else { eventTypes.1 |= bit }
        }
    }

    /// The clock of events of a payload type, in Hz.
    func eventClockRate(_ payloadType: UInt8) -> UInt32 {
        for format in plan.incoming where format.payloadType == payloadType {
            if case .telephoneEvent(let clockRate) = format.content { return clockRate }
        }
        return 8000
    }

    /// The coding of the peer's last packet of audio.
    var heardCodec: AudioCodec? { heardPayloadType < 128 ? codec(of: heardPayloadType) : nil }

    /// The coding of a payload type the peer sends; by the static table where the description is unknown.
    func codec(of payloadType: UInt8) -> AudioCodec? {
        if plan.incoming.isEmpty { return AudioCodec(staticPayloadType: payloadType) }
        return plan.incoming.first { $0.payloadType == payloadType }?.codec
    }

    /// Forgets what was made for an old plan.
    mutating func remake() {
        packer?.deinitialize(count: 1)
        packer?.deallocate()
        packer = nil
        made.stop()
        noteMadeFormat()
    }

    private mutating func noteMadeFormat() {
        let format: MediaFormat? = madeFormat
        madePayloadType = format?.payloadType ?? 0
        plainLaw =
            switch format?.codec {
            case .pcmu? where plan.packetTimeMs == 20: .mu
            case .pcma? where plan.packetTimeMs == 20: .a
            default: nil
            }
        noisePayloadType = 0xFF
        for noise in plan.outgoing {
            guard case .comfortNoise(let clockRate) = noise.content, clockRate == format?.codec?.clockRate else {
                continue
            }
            noisePayloadType = noise.payloadType
            break
        }
    }

    public var id: MediaEndpointID { endpoint.plan.id }
    public var ports: MediaPorts { plan.ports }
    /// Where RTP goes; nil when the plan does not send or the address is unknown.
    public var rtpDestination: IPEndpoint? { endpoint.plan.sends ? endpoint.rtpDestination : nil }
    public var rtcpDestination: IPEndpoint? { endpoint.rtcpDestination }
    /// True where RTCP leaves from the RTP socket.
    public var muxesRTCP: Bool { endpoint.plan.rtcpMux }
}

/// Ends what lies behind a pointer.
func discard<Value: ~Copyable>(_ place: UnsafeMutablePointer<Value>?) {
    place?.deinitialize(count: 1)
    place?.deallocate()
}

/// Ends what lies behind a pointer, and forgets it.
func release<Value: ~Copyable>(_ place: inout UnsafeMutablePointer<Value>?) {
    discard(place)
    place = nil
}

public typealias EndpointPointer = UnsafeMutablePointer<EndpointNode>
