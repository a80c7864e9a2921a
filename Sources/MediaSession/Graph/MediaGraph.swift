public import Basics
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
    var random: AnyRandom
    private(set) var nodes: [MediaEndpointID: EndpointPointer] = [:]
    /// How often silence is looked at.
    static let watchInterval: Int64 = 200_000_000
    private var nextWatch: Int64 = .min

    /// - Parameter random: SSRCs and the first sequence numbers and timestamps (RFC 3550 §5.1).
    public init(settings: MediaEndpointSettings = .standard, random: AnyRandom) {
        self.settings = settings
        self.random = random
        outbox = Outbox()
    }

    deinit {
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
        let node = EndpointPointer.allocate(capacity: 1)
        let stream = SentStream(
            ssrc: random.next() | 1, sequence: UInt16.random(in: 0...0x7FFF, using: &random),
            timestamp: random.next(), now: now)
        node.initialize(
            to: EndpointNode(
                MediaEndpoint(plan: plan, settings: settings, now: now), plan, line: line, stream: stream))
        nodes[plan.id] = node
        return node
    }

    /// Replaces the plan of an open endpoint.
    /// - Returns: false, with nothing changed, when its ports would.
    public mutating func update(_ node: EndpointPointer, _ plan: MediaEndpointPlan, now: Moment) -> Bool {
        let old: MediaEndpointPlan = node.pointee.plan
        guard old.ports == plan.ports else { return false }
        node.pointee.plan = plan
        node.pointee.endpoint.update(plan, now: now)
        node.pointee.aim()
        if old.outgoing != plan.outgoing { remap(node) }
        guard old.incoming != plan.incoming else { return true }
        var listener = node.pointee.firstListener
        while let one = listener {
            remap(one)
            listener = one.pointee.nextListener
        }
        return true
    }

    /// Ends an endpoint; nil when it is not open.
    public mutating func close(_ id: MediaEndpointID) -> (line: Int, statistics: MediaStatistics)? {
        guard let node = nodes.removeValue(forKey: id) else { return nil }
        part(node)
        while let listener = node.pointee.firstListener { part(listener) }
        let result = (line: node.pointee.line, statistics: node.pointee.endpoint.statistics)
        node.deinitialize(count: 1)
        node.deallocate()
        return result
    }

    // MARK: Who hears whom

    /// Performs a command other than `set` and `close`, which are the driver's.
    public mutating func perform(_ command: MediaCommand, now: Moment) {
        switch command {
        case .set, .close: assertionFailure("the driver opens and closes")
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
        case .play(let plan): facts.append(.played(plan.id, .failed("players are not there yet")))
        case .record(let plan):
            facts.append(
                .recorded(
                    plan.id, RecordingResult(end: .failed("recorders are not there yet"), duration: .zero, bytes: 0)))
        case .stopPlaying, .stopRecording, .openRoom, .closeRoom: break
        case .hear(let id, _), .leave(_, let id), .press(let id, _, _):
            facts.append(.failed(id, "this is not there yet"))
        case .enter(_, let member): facts.append(.failed(member.endpoint, "rooms are not there yet"))
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
        listener.pointee.heard = source
        listener.pointee.nextListener = source.pointee.firstListener
        source.pointee.firstListener = listener
        remap(listener)
    }

    /// Lets `listener` hear nothing.
    public mutating func part(_ listener: EndpointPointer) {
        guard let source = listener.pointee.heard else { return }
        if source.pointee.firstListener == listener {
            source.pointee.firstListener = listener.pointee.nextListener
        } else {
            var place = source.pointee.firstListener
            while let one = place, one.pointee.nextListener != listener { place = one.pointee.nextListener }
            place?.pointee.nextListener = listener.pointee.nextListener
        }
        (listener.pointee.heard, listener.pointee.nextListener) = (nil, nil)
        listener.pointee.stream.changeSource()
    }

    private func remap(_ listener: EndpointPointer) {
        guard let source = listener.pointee.heard else { return }
        listener.pointee.map = PayloadMap(
            source: source.pointee.plan.incoming, listener: listener.pointee.plan.outgoing)
    }

    // MARK: Packets

    /// Takes in a datagram. It may be changed, and waits in ``outbox`` where it is relayed.
    ///
    /// - Parameters:
    ///   - bytes: the datagram, with ``tailroom`` bytes free behind it.
    ///   - isRTCP: whether it came on the RTCP port.
    public mutating func receive(
        _ bytes: UnsafeMutableRawPointer, count: Int, on node: EndpointPointer, isRTCP: Bool, from source: IPEndpoint,
        now: Moment
    ) {
        let packet = UnsafeRawBufferPointer(start: bytes, count: count)
        let verdict: MediaVerdict =
            isRTCP
            ? node.pointee.endpoint.receiveRTCP(packet, from: source, now: now)
            : node.pointee.endpoint.receiveRTP(packet, from: source, now: now)
        if !verdict.events.isEmpty { note(verdict.events, of: node) }
        switch verdict.route {
        case .drop: return
        case .rtp: relay(bytes, count, from: node, now: now)
        case .rtcp: relayReports(bytes, count, verdict, from: node, now: now)
        }
    }

    private mutating func relay(
        _ bytes: UnsafeMutableRawPointer, _ count: Int, from node: EndpointPointer, now: Moment
    ) {
        guard let first = node.pointee.firstListener else { return node.pointee.endpoint.undeliverable() }
        guard node.pointee.endpoint.plan.carriesRTP,
            let header = RTPHeader(UnsafeRawBufferPointer(start: bytes, count: count))
        else {
            guard first.pointee.takesRTP else { return node.pointee.endpoint.undeliverable() }
            return send(bytes, count, .rtp, to: first)
        }
        var listener: EndpointPointer? = first
        while let one = listener {
            listener = one.pointee.nextListener
            let payloadType: UInt8 = one.pointee.map[header.payloadType]
            guard payloadType < 128 else {
                if payloadType == PayloadMap.unknown { node.pointee.endpoint.unknownPayloadType() }
                continue
            }
            guard one.pointee.takesRTP else {
                node.pointee.endpoint.undeliverable()
                continue
            }
            // The packet itself goes to the last; each before it gets a copy.
            var copy: UnsafeMutableRawPointer = bytes
            if listener != nil {
                guard let room = outbox.reserve(count + Self.tailroom) else { continue }
                room.copyMemory(from: bytes, byteCount: count)
                copy = room
            }
            one.pointee.stream.relay(
                header, in: copy, count: count, payloadType: payloadType,
                clockRate: one.pointee.endpoint.plan.clockRate, now: now)
            send(copy, count, .rtp, to: one)
        }
    }

    private mutating func relayReports(
        _ bytes: UnsafeMutableRawPointer, _ count: Int, _ verdict: MediaVerdict, from node: EndpointPointer,
        now: Moment
    ) {
        guard let listener = node.pointee.firstListener, listener.pointee.takesRTCP else {
            return node.pointee.endpoint.undeliverable()
        }
        send(bytes, count, .rtcp, to: listener)
        if verdict.senderReport != 0 { listener.pointee.endpoint.sentSenderReport(verdict.senderReport, at: now) }
    }

    private mutating func send(
        _ bytes: UnsafeMutableRawPointer, _ count: Int, _ channel: Outbox.Packet.Channel, to node: EndpointPointer
    ) {
        outbox.append(node, channel, bytes, count)
        if channel == .rtp { node.pointee.endpoint.sent(bytes: count) }
    }

    /// The driver could not send a packet: it had nowhere to go, or the system took it not.
    public func unsent(_ packet: Outbox.Packet) {
        packet.node.pointee.endpoint.unsent(bytes: packet.count, isRTP: packet.channel == .rtp)
    }

    private mutating func note(_ events: MediaEvents, of node: EndpointPointer) {
        let id: MediaEndpointID = node.pointee.id
        if events.contains(.latched), let source = node.pointee.endpoint.pinned {
            facts.append(.latched(id, source: source, ssrc: node.pointee.endpoint.pinnedSSRC))
        }
        if events.contains(.heardAgain) { facts.append(.heardAgain(id)) }
        if events.contains(.destination) { node.pointee.aim() }
    }

    // MARK: Time

    /// When ``tick(now:)`` is to be called next; nil while nothing is open.
    public var nextTick: Moment? { nodes.isEmpty ? nil : Moment(nanoseconds: nextWatch) }

    public mutating func tick(now: Moment) {
        guard now.nanoseconds >= nextWatch else { return }
        nextWatch = now.nanoseconds &+ Self.watchInterval
        for (id, node) in nodes {
            let (events, silentSince): (MediaEvents, Moment?) = node.pointee.endpoint.tick(now: now)
            if events.contains(.destination) { node.pointee.aim() }
            if let silentSince { facts.append(.silent(id, since: silentSince)) }
        }
    }
}
