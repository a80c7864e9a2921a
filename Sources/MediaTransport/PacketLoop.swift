import Basics
import CSys
import DTLS
import MediaSession

/// What is needed to receive and send for one pair of ports. Plain memory, without references.
struct Line {
    /// The endpoint opened on the pair; nil while there is none.
    var node: EndpointPointer?
    var rtpSocket: Int32 = -1
    var rtcpSocket: Int32 = -1
    var family: IPAddress.Family = .v4
    /// Where RTP goes; length 0 when the plan does not send or the address is unknown.
    var rtpTo: csys_address = .none
    var rtcpTo: csys_address = .none
    /// What the kernel forwards of what comes; nil where it all comes here.
    var forwarded: ForwardedLine?
    /// When forwarding may be tried again, in nanoseconds.
    var nextForwarding: Int64 = 0
    /// The round of events in which the pair went to another thread: what is left of that round is no longer ours to read.
    var leftIn: UInt64 = 0

    /// Takes the destinations over from the graph.
    mutating func aim(_ node: EndpointPointer) {
        rtpTo = csys_address(node.pointee.rtpDestination, family: family)
        rtcpTo = csys_address(node.pointee.rtcpDestination, family: family)
        node.pointee.isAimStale = false
    }
}

/// The life of a packet thread: sockets and time on one side, the graph on the other.
///
/// The packet path is ``receive(_:)`` and what it calls. It touches only memory behind the pointers below and the graph's own.
struct PacketLoop: ~Copyable {
    static let wakeData: UInt64 = .max
    static let packetSize: Int = 65_536
    /// How often quarantine and spare ports are looked at, in nanoseconds.
    static let upkeepInterval: Int64 = 200_000_000
    /// Ticks of audio are at most this far off, in nanoseconds; anything later may come late by the length of a round.
    static let nearby: Int64 = 25_000_000

    let thread: PacketThread
    let pool: PortPool
    let settings: MediaTransportSettings
    let clock: any MartinetClock
    let tell: @Sendable ([MediaFact]) -> Void

    /// By pair.
    let lines: UnsafeMutablePointer<Line>
    let packet: UnsafeMutableRawPointer
    let source: UnsafeMutablePointer<csys_endpoint>
    private let ready: UnsafeMutablePointer<UInt64>
    private let packetBytes: Int = EndpointNode.packetBytes

    /// Nil where the kernel forwards nothing.
    let kernel: KernelForwarder?
    /// What the kernel's clock is ahead of ours, in nanoseconds.
    let kernelAhead: Int64
    /// Lines whose packets the kernel forwards.
    var forwardedLines: [Int] = []

    var graph: MediaGraph
    var now: Moment
    var nextUpkeep: Int64 = 0
    var isStopped: Bool = false
    /// Counts the times that events were waited for.
    private(set) var round: UInt64 = 0
    /// Calls that are on their way here, and what they were asked meanwhile.
    var awaited: [CallID: [ThreadCommand]] = [:]
    /// Calls that were to meet one that is on its way here: what they are asked waits with it.
    var followers: [CallID: CallID] = [:]
    /// Calls that came from other threads.
    var guests: Set<CallID> = []
    let routes: CallRoutes
    var quarantined: [(sockets: PortPool.Sockets, until: Moment)] = []

    init(
        thread: PacketThread, pool: PortPool, routes: CallRoutes, settings: MediaTransportSettings,
        certificate: DTLSCertificate, kernel: KernelForwarder?,
        clock: any MartinetClock, facts tell: @escaping @Sendable ([MediaFact]) -> Void
    ) {
        self.routes = routes
        self.kernel = kernel
        (self.thread, self.pool, self.settings, self.clock, self.tell) = (thread, pool, settings, clock, tell)
        now = clock.now
        kernelAhead = csys_monotonic_ns() &- now.nanoseconds
        graph = MediaGraph(
            settings: settings.endpoint, certificate: certificate, dtls: settings.dtls, random: .system)
        graph.setWall(clock.wallNow, at: now)
        lines = .allocate(capacity: pool.pairCount)
        lines.initialize(repeating: Line(), count: pool.pairCount)
        packet = .allocate(byteCount: Self.packetSize + MediaGraph.tailroom, alignment: 16)
        source = .allocate(capacity: 1)
        source.initialize(to: csys_endpoint())
        ready = .allocate(capacity: Int(CSYS_EVENTS))
        ready.initialize(repeating: 0, count: Int(CSYS_EVENTS))
    }

    deinit {
        lines.deallocate()
        packet.deallocate()
        source.deallocate()
        ready.deallocate()
    }

    mutating func run() {
        csys_thread_name("media-\(thread.index)")
        let epoll: Int32 = thread.epoll
        while !isStopped {
            let count = Int(csys_epoll_wait(epoll, ready, timeout))
            now = clock.now
            round &+= 1
            if count > 0 {
                for index in 0..<count {
                    let data: UInt64 = ready[index]
                    // In the order of arrival: an endpoint opened before a packet came gets the packet.
                    if data == Self.wakeData { performCommands() } else { receive(data) }
                }
            }
            if let due = graph.nextTick, now >= due {
                let isWatch: Bool = kernel != nil && graph.isWatchDue(now: now)
                if isWatch { readJournals() }
                graph.tick(now: now)
                flush()
                if isWatch { settleForwarding() }
            }
            // Descriptors are closed only here, when no event of this round is left that could name them.
            if now.nanoseconds >= nextUpkeep { upkeep() }
            if !graph.requests.isEmpty { askLibrary() }
            if !graph.facts.isEmpty { tellFacts() }
        }
        closeAll()
        if !graph.facts.isEmpty { tellFacts() }
    }

    /// Nanoseconds until something is due.
    private var timeout: Int64 {
        let upkeep: Int64 = graph.isEmpty && quarantined.isEmpty ? 1_000_000_000 : Self.upkeepInterval
        guard let due = graph.nextTick else { return upkeep }
        // What is far off needs no second look at the clock.
        let ahead: Int64 = due.nanoseconds &- now.nanoseconds
        return min(ahead > Self.nearby ? ahead : max(0, due.nanoseconds &- clock.now.nanoseconds), upkeep)
    }

    /// Takes one packet from a socket and sends what comes of it. Packets of pairs that nobody uses are read and forgotten.
    ///
    /// - Returns: false where there was none.
    @discardableResult
    mutating func receive(_ data: UInt64) -> Bool {
        let line: UnsafeMutablePointer<Line> = lines + Int(UInt32(truncatingIfNeeded: data) >> 1)
        guard line.pointee.leftIn != round else { return false }
        if let node = line.pointee.node { prefetch(node) }
        let count: Int = csys_receive(Int32(truncatingIfNeeded: data >> 32), packet, UInt(Self.packetSize), source)
        guard count > 0, let node = line.pointee.node else { return count > 0 }
        if kernel != nil { readJournal(of: line) }
        graph.receive(packet, count: count, on: node, isRTCP: data & 1 != 0, from: source.pointee.endpoint, now: now)
        if graph.outbox.count > 0 { flush() }
        if kernel != nil { review(node) }
        return true
    }

    /// What a packet needs comes into the caches while the kernel still works on it: between two packets of a call other calls push it out.
    @inline(__always)
    private func prefetch(_ node: EndpointPointer) {
        let size: Int = packetBytes
        csys_prefetch(node, size)
        guard let listener = node.pointee.firstListener else { return }
        csys_prefetch(listener, size)
        csys_prefetch(lines + listener.pointee.line, MemoryLayout<Line>.size)
    }

    /// Sends what waits in the graph's outbox.
    mutating func flush() {
        for index in 0..<graph.outbox.count {
            let packet: Outbox.Packet = graph.outbox[index]
            let node: EndpointPointer = packet.node
            let line: UnsafeMutablePointer<Line> = lines + node.pointee.line
            if node.pointee.isAimStale { line.pointee.aim(node) }
            let sent: Int
            if let destination = packet.destination {
                var to = csys_address(destination, family: line.pointee.family)
                let socket: Int32 = packet.channel == .rtp ? line.pointee.rtpSocket : line.pointee.rtcpSocket
                _ = to.length > 0 ? csys_send(socket, packet.bytes, UInt(packet.count), &to) : 0
                continue
            }
            switch packet.channel {
            case .rtp:
                sent = csys_send(line.pointee.rtpSocket, packet.bytes, UInt(packet.count), &line.pointee.rtpTo)
            case .rtcp:
                let socket: Int32 = node.pointee.muxesRTCP ? line.pointee.rtpSocket : line.pointee.rtcpSocket
                sent = csys_send(socket, packet.bytes, UInt(packet.count), &line.pointee.rtcpTo)
            }
            if sent != packet.count { graph.unsent(packet) }
        }
        graph.outbox.clear()
    }

    /// The library answers from its memory at once, else later from a thread of its own.
    private mutating func askLibrary() {
        for request in graph.requests {
            guard let library = settings.library else {
                graph.supply(request, .failure(PromptError(request.name, .notFound)))
                continue
            }
            let thread: PacketThread = self.thread
            library.clip(request.name, sampleRate: request.sampleRate) { clip in
                thread.enqueue(CollectionOfOne(.supply(request, clip)))
            }
        }
        graph.requests.removeAll(keepingCapacity: true)
    }

    private mutating func tellFacts() {
        tell(graph.facts)
        graph.facts.removeAll(keepingCapacity: true)
    }
}
