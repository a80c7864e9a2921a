public import Basics
public import DTLS
internal import ICE
internal import RTP

/// All media of one packet thread, as a machine: packets, commands and ticks in; packets and facts out.
///
/// Its driver feeds ``receive(_:capacity:count:on:isRTCP:from:now:)`` with every datagram, ``perform(_:now:)`` with every command and
/// ``tick(now:)`` at ``nextTick``, and sends what is in ``outbox`` after each, before it feeds more. Relaying a packet touches only memory
/// behind pointers that exist since the endpoint was opened.
public struct MediaGraph: ~Copyable {
    /// Bytes that must be free behind a datagram, for what encryption appends.
    public static let tailroom: Int = 64

    public var outbox: Outbox
    /// What happened since the driver took it last.
    public var facts: [MediaFact] = []

    let settings: MediaEndpointSettings
    /// What our ends of handshakes show; nil where none are made.
    let certificate: DTLSCertificate?
    let dtlsSettings: DTLSSettings
    /// Datagrams of handshakes that wait for their turn, and the endpoints whose handshakes have deadlines.
    var handshakes = HandshakeQueue()
    var random: AnyRandom
    /// The name we are known by in reports (RFC 7022 §4.2).
    let cname: UnsafeMutableRawPointer
    static let cnameLength: Int = 20
    var wallNTP: UInt64 = 0
    var wallAt: Moment = .zero
    /// Recordings that players need, since the driver took them last.
    public var requests: [ClipRequest] = []
    var nodes: [MediaEndpointID: EndpointPointer] = [:]
    var players: [MediaPlayerID: PlayerPointer] = [:]
    var phasePlayers: [[PlayerPointer]] = Array(repeating: [], count: TickWheel.phases)
    var rooms: [MediaRoomID: RoomPointer] = [:]
    var phaseRooms: [[RoomPointer]] = Array(repeating: [], count: TickWheel.phases)
    var recorders: [MediaRecorderID: RecorderPointer] = [:]
    var phaseRecorders: [[RecorderPointer]] = Array(repeating: [], count: TickWheel.phases)
    var phasePressers: [[EndpointPointer]] = Array(repeating: [], count: TickWheel.phases)
    var phasePauses: [[EndpointPointer]] = Array(repeating: [], count: TickWheel.phases)
    var phaseHolders: [[EndpointPointer]] = Array(repeating: [], count: TickWheel.phases)
    var phaseFaxes: [[FaxPointer]] = Array(repeating: [], count: TickWheel.phases)
    var wheel = TickWheel()
    var encodedClips = EncodedClips()
    /// The last time anything was told.
    var latest: Moment = .zero
    /// How often silence is looked at.
    static let watchInterval: Int64 = 200_000_000
    private var nextWatch: Int64 = 0

    /// - Parameters:
    ///   - certificate: for handshakes (RFC 5763); without one no stream with keys by DTLS comes about.
    ///   - random: SSRCs and the first sequence numbers and timestamps (RFC 3550 §5.1).
    public init(
        settings: MediaEndpointSettings = .standard, certificate: DTLSCertificate? = nil,
        dtls: DTLSSettings = .standard, random: AnyRandom
    ) {
        self.settings = settings
        (self.certificate, dtlsSettings) = (certificate, dtls)
        self.random = random
        outbox = Outbox()
        cname = .allocate(byteCount: Self.cnameLength, alignment: 1)
        for (place, character) in self.random.token(Self.cnameLength).utf8.enumerated() {
            cname.storeBytes(of: character, toByteOffset: place, as: UInt8.self)
        }
    }

    deinit {
        cname.deallocate()
        for list in phasePlayers {
            for player in list {
                player.deinitialize(count: 1)
                player.deallocate()
            }
        }
        for list in phaseFaxes {
            for fax in list {
                fax.deinitialize(count: 1)
                fax.deallocate()
            }
        }
        for recorder in recorders.values {
            recorder.deinitialize(count: 1)
            recorder.deallocate()
        }
        for room in rooms.values {
            room.deinitialize(count: 1)
            room.deallocate()
        }
        for node in nodes.values {
            node.deinitialize(count: 1)
            node.deallocate()
        }
    }

    // MARK: Endpoints

    /// Whether nothing is open.
    public var isEmpty: Bool { nodes.isEmpty }
    public var endpointIDs: [MediaEndpointID] { Array(nodes.keys) }
    public func node(_ id: MediaEndpointID) -> EndpointPointer? { nodes[id] }
    public func statistics(of id: MediaEndpointID) -> MediaStatistics? { nodes[id]?.pointee.endpoint.statistics }

    /// Opens an endpoint whose sockets the driver knows as `line`.
    public mutating func open(_ plan: MediaEndpointPlan, line: Int, now: Moment) -> EndpointPointer {
        if nodes.isEmpty { beginWatch(now: now) }
        latest = now
        let node = EndpointPointer.allocate(capacity: 1)
        let stream = SentStream(
            ssrc: random.next() | 1, sequence: UInt16.random(in: 0...0x7FFF, using: &random),
            timestamp: random.next(), now: now)
        node.initialize(
            to: EndpointNode(
                MediaEndpoint(plan: plan, settings: settings, now: now), plan, line: line, stream: stream,
                scheduler: RTCPScheduler(now: now, random: &random), now: now))
        nodes[plan.id] = node
        useICE(node, now: now)
        secure(node, isRenewed: true, now: now)
        listenAnew(node)
        return node
    }

    /// Replaces the plan of an open endpoint.
    /// - Returns: false, with nothing changed, when its ports would.
    public mutating func update(_ node: EndpointPointer, _ plan: MediaEndpointPlan, now: Moment) -> Bool {
        let old: MediaEndpointPlan = node.pointee.plan
        guard old.ports == plan.ports else { return false }
        let (way, events): (DigitTransport, MediaFormat?) = (node.pointee.keyWay, node.pointee.eventFormat)
        latest = now
        defer { settleFax(node) }
        node.pointee.plan = plan
        if node.pointee.keyWay != way || node.pointee.eventFormat != events { endPressing(node, now: now) }
        if old.incoming != plan.incoming { node.pointee.noteFormats() }
        node.pointee.endpoint.update(plan, now: now)
        node.pointee.noteProtection()
        useICE(node, now: now)
        if old.security != plan.security || node.pointee.demultiplexes {
            secure(node, isRenewed: old.generation != plan.generation, now: now)
        }
        node.pointee.aim()
        if old.outgoing != plan.outgoing || old.packetTimeMs != plan.packetTimeMs {
            node.pointee.remake()
            remap(node)
        }
        if old.digitsOut != plan.digitsOut { remap(node) }
        if old.listensFor != plan.listensFor || old.digitsIn != plan.digitsIn { listenAnew(node) }
        guard old.incoming != plan.incoming || old.digitsIn != plan.digitsIn else { return true }
        var listener = node.pointee.firstListener
        while let one = listener {
            remap(one)
            listener = one.pointee.nextListener
        }
        return true
    }

    /// Ends an endpoint; nil when it is not open.
    public mutating func close(_ id: MediaEndpointID, now: Moment) -> (line: Int, statistics: MediaStatistics)? {
        guard let node = nodes.removeValue(forKey: id) else { return nil }
        if node.pointee.endpoint.plan.carriesRTP, now > node.pointee.intervalFrom {
            facts.append(.quality(id, takeQuality(node, isLast: true, now: now)))
        }
        endFax(of: node)
        endPause(of: node)
        stopRecorders(of: node, now: now)
        handshakes.forget(node)
        endPressing(node, now: now)
        part(node)
        leave(node)
        while let listener = node.pointee.firstListener { part(listener) }
        closeSignals(of: node)
        let result = (line: node.pointee.line, statistics: node.pointee.endpoint.statistics)
        node.deinitialize(count: 1)
        node.deallocate()
        return result
    }

    // MARK: Who hears whom

    /// Performs a command other than `set` and `close`, which are the driver's.
    public mutating func perform(_ command: MediaCommand, now: Moment) {
        latest = now
        switch command {
        case .set, .close, .record: assertionFailure("the driver opens and closes")
        case .join(let one, let other):
            guard let first = nodes[one] else {
                facts.append(.failed(one, "cannot join an endpoint that is not open"))
                return
            }
            guard let second = nodes[other] else {
                facts.append(.failed(other, "cannot join an endpoint that is not open on the packet thread of \(one)"))
                return
            }
            unjoin(first)
            unjoin(second)
            join(first, second)
        case .unjoin(let id): if let node = nodes[id] { unjoin(node) }
        case .play(let plan): play(plan, now: now)
        case .stopPlaying(let id): stopPlaying(id, .stopped)
        case .hear(let id, let source): hear(id, source)
        case .stopRecording(let id): stopRecording(id, .stopped, now: now)
        case .openRoom(let plan): openRoom(plan, now: now)
        case .closeRoom(let id): closeRoom(id)
        case .enter(let id, let member): enter(id, member)
        case .leave(_, let id): if let node = nodes[id] { leave(node) }
        case .press(let id, let digits, let duration): press(id, digits, durationMs: duration, now: now)
        }
    }

    private mutating func hear(_ id: MediaEndpointID, _ source: MediaSource) {
        guard let listener = nodes[id] else {
            facts.append(.failed(id, "an endpoint that is not open cannot hear anything"))
            return
        }
        switch source {
        case .nothing: part(listener)
        case .endpoint(let other):
            guard let node = nodes[other] else {
                facts.append(.failed(id, "cannot hear an endpoint that is not open on the packet thread of \(id)"))
                return
            }
            hear(listener, node)
        case .player(let player):
            guard let node = players[player] else {
                facts.append(.failed(id, "cannot hear a player that is not there"))
                return
            }
            hear(listener, player: node, as: player)
        case .room: facts.append(.failed(id, "a room is heard by entering it"))
        }
    }

    /// Ends what an endpoint hears, and lets nobody hear it.
    private mutating func unjoin(_ node: EndpointPointer) {
        part(node)
        while let listener = node.pointee.firstListener { part(listener) }
    }

    public mutating func join(_ one: EndpointPointer, _ other: EndpointPointer) {
        hear(one, other)
        hear(other, one)
    }

    /// Lets `listener` hear `source` from now on.
    public mutating func hear(_ listener: EndpointPointer, _ source: EndpointPointer) {
        guard listener.pointee.heard != source else { return }
        part(listener)
        leave(listener)
        listener.pointee.heard = source
        listener.pointee.nextListener = source.pointee.firstListener
        source.pointee.firstListener = listener
        remap(listener)
        listenAnew(listener)
        settleFax(listener)
    }

    /// Lets `listener` hear nothing.
    public mutating func part(_ listener: EndpointPointer) {
        if let player = listener.pointee.heardPlayer {
            part(listener, from: player)
            return silence(listener)
        }
        guard let source = listener.pointee.heard else { return }
        if source.pointee.firstListener == listener {
            source.pointee.firstListener = listener.pointee.nextListener
        } else {
            var place = source.pointee.firstListener
            while let one = place, one.pointee.nextListener != listener { place = one.pointee.nextListener }
            place?.pointee.nextListener = listener.pointee.nextListener
        }
        unbridgeKeys(listener)
        (listener.pointee.heard, listener.pointee.nextListener) = (nil, nil)
        endFax(of: listener)
        silence(listener)
        weigh(source)
        listenAnew(source)
        listenAnew(listener)
    }

    func silence(_ listener: EndpointPointer) {
        listener.pointee.stream.changeSource()
        listener.pointee.made.stop()
        listener.pointee.packer?.pointee.clear()
    }

    private func remap(_ listener: EndpointPointer) {
        guard let source = listener.pointee.heard else { return }
        listener.pointee.map = PayloadMap(
            source: source.pointee.plan.incoming, listener: listener.pointee.plan.outgoing)
        bridgeKeys(listener)
        weigh(source)
        listenAnew(source)
    }

    /// Whether anybody needs what `source` says as audio.
    func weigh(_ source: EndpointPointer) {
        var (recorded, made): (Int, Int) = (source.pointee.recorderRate, 0)
        var listener = source.pointee.firstListener
        while let one = listener {
            recorded = max(recorded, one.pointee.recorderRate)
            if one.pointee.map.hasAudio { made = max(made, clipRate(for: one.pointee.madeFormat?.codec)) }
            listener = one.pointee.nextListener
        }
        let rate: Int = max(recorded, made)
        if !source.pointee.needsAudio {
            source.pointee.ingress?.pointee.restart()
            source.pointee.spokenType = 0xFF
        }
        source.pointee.isRecorded = recorded > 0
        source.pointee.needsAudio = rate > 0
        guard rate > 0 else { return }
        source.pointee.neededRate = UInt32(rate)
        source.pointee.ingress?.pointee.want(sampleRate: UInt32(rate))
    }

    // MARK: Time

    /// When ``tick(now:)`` is to be called next; nil while nothing is open.
    public var nextTick: Moment? {
        guard !nodes.isEmpty || !wheel.isIdle else { return nil }
        guard !nodes.isEmpty else { return wheel.next }
        var due: Int64 = min(nextWatch, handshakes.nextDue)
        if let tick = wheel.next { due = min(due, tick.nanoseconds) }
        return Moment(nanoseconds: due)
    }

    /// Whether the next tick looks at all endpoints.
    public func isWatchDue(now: Moment) -> Bool { !nodes.isEmpty && now.nanoseconds >= nextWatch }

    mutating func beginWatch(now: Moment) { nextWatch = now.nanoseconds &+ Self.watchInterval }

    /// Makes what is due.
    public mutating func tick(now: Moment) {
        latest = now
        if wheel.leaveOut(now: now) { resynchronise() }
        while let phase = wheel.take(now: now) {
            // By index, as a player may end.
            var place: Int = phasePlayers[phase].count
            while place > 0 {
                place -= 1
                run(phasePlayers[phase][place], now: now)
            }
            for room in phaseRooms[phase] { run(room, now: now) }
            for node in phaseHolders[phase] { runHolder(node, now: now) }
            // By index, as a pause may end.
            place = phasePauses[phase].count
            while place > 0 {
                place -= 1
                runPause(of: phasePauses[phase][place], now: now)
            }
            for fax in phaseFaxes[phase] { run(fax, now: now) }
            for node in phasePressers[phase] { runPresser(of: node, now: now) }
            for recorder in phaseRecorders[phase] {
                guard let end = recorder.pointee.run(now: now) else { continue }
                let id: MediaRecorderID = recorder.pointee.id
                stopRecording(id, end, now: now)
            }
        }
        if now.nanoseconds >= handshakes.nextDue { workOnHandshakes(now: now) }
        if !nodes.isEmpty, now.nanoseconds >= nextWatch { watch(now: now) }
    }

    /// Ticks were left out: what follows begins by the clock.
    private func resynchronise() {
        for node in nodes.values where node.pointee.heard == nil || node.pointee.fax != nil {
            node.pointee.made.stop()
        }
    }

    private mutating func watch(now: Moment) {
        nextWatch = now.nanoseconds &+ Self.watchInterval
        encodedClips.sweep()
        for (id, node) in nodes {
            let (events, silentSince): (MediaEvents, Moment?) = node.pointee.endpoint.tick(now: now)
            if events.contains(.destination) { node.pointee.aim() }
            if let silentSince { facts.append(.silent(id, since: silentSince)) }
            watchSignals(of: node, now: now)
            if node.pointee.demultiplexes { watchPeer(node, now: now) }
            report(node, now: now)
        }
    }
}
