import Basics
import CSys
import MediaSession

/// One open endpoint: its machine and what is needed to send for it. Plain memory, without references.
struct Slot {
    var endpoint: MediaEndpoint
    let pair: Int
    let rtpSocket: Int32
    let rtcpSocket: Int32
    let family: IPAddress.Family
    var partner: UnsafeMutablePointer<Slot>?
    /// Where RTP goes; length 0 when the plan does not send or the address is unknown.
    var rtpTo: csys_address = .none
    var rtcpTo: csys_address = .none

    init(_ endpoint: MediaEndpoint, sockets: PortPool.Sockets, family: IPAddress.Family) {
        self.endpoint = endpoint
        (pair, rtpSocket, rtcpSocket, self.family) = (sockets.pair, sockets.rtp, sockets.rtcp, family)
        aim()
    }

    /// Takes the destinations over from the machine.
    mutating func aim() {
        rtpTo = csys_address(endpoint.plan.sends ? endpoint.rtpDestination : nil, family: family)
        rtcpTo = csys_address(endpoint.rtcpDestination, family: family)
    }
}

/// The life of a packet thread.
///
/// The packet path is ``receive(_:)`` and what it calls. It touches only memory behind the pointers below: the table of endpoints by
/// pair, the packet, the slots.
struct PacketLoop: ~Copyable {
    static let wakeData: UInt64 = .max
    static let packetSize: Int = 65_536
    /// How often silence and quarantine are looked at, in nanoseconds.
    static let tickInterval: Int64 = 200_000_000

    let thread: PacketThread
    let pool: PortPool
    let settings: MediaTransportSettings
    let clock: any MartinetClock
    let tell: @Sendable ([MediaFact]) -> Void

    private let table: UnsafeMutablePointer<UnsafeMutablePointer<Slot>?>
    private let packet: UnsafeMutableRawPointer
    private let source: UnsafeMutablePointer<csys_endpoint>
    private let ready: UnsafeMutablePointer<UInt64>

    var now: Moment
    var nextTick: Int64 = 0
    var isStopped: Bool = false
    var slots: [MediaEndpointID: UnsafeMutablePointer<Slot>] = [:]
    var quarantined: [(pair: Int, until: Moment)] = []
    var facts: [MediaFact] = []

    init(
        thread: PacketThread, pool: PortPool, settings: MediaTransportSettings, clock: any MartinetClock,
        facts tell: @escaping @Sendable ([MediaFact]) -> Void
    ) {
        (self.thread, self.pool, self.settings, self.clock, self.tell) = (thread, pool, settings, clock, tell)
        now = clock.now
        table = .allocate(capacity: pool.pairCount)
        table.initialize(repeating: nil, count: pool.pairCount)
        packet = .allocate(byteCount: Self.packetSize, alignment: 16)
        source = .allocate(capacity: 1)
        source.initialize(to: csys_endpoint())
        ready = .allocate(capacity: Int(CSYS_EVENTS))
        ready.initialize(repeating: 0, count: Int(CSYS_EVENTS))
    }

    deinit {
        for slot in slots.values { slot.deallocate() }
        table.deallocate()
        packet.deallocate()
        source.deallocate()
        ready.deallocate()
    }

    mutating func run() {
        csys_thread_name("media-\(thread.index)")
        let epoll: Int32 = thread.epoll
        while !isStopped {
            let timeout: Int32 = slots.isEmpty && quarantined.isEmpty ? 1000 : 200
            let count = Int(csys_epoll_wait(epoll, ready, timeout))
            now = clock.now
            if count > 0 {
                for index in 0..<count {
                    let data: UInt64 = ready[index]
                    // In the order of arrival: an endpoint opened before a packet came gets the packet.
                    if data == Self.wakeData { performCommands() } else { receive(data) }
                }
            }
            // Descriptors are closed only here, when no event of this round is left that could name them.
            if now.nanoseconds >= nextTick { tick() }
            if !facts.isEmpty { tellFacts() }
        }
        closeAll()
        if !facts.isEmpty { tellFacts() }
    }

    /// Takes one packet from a socket and sends it on. Packets of pairs that nobody uses are read and forgotten.
    private mutating func receive(_ data: UInt64) {
        let count: Int = csys_receive(Int32(truncatingIfNeeded: data >> 32), packet, UInt(Self.packetSize), source)
        guard count > 0, let slot = table[Int(UInt32(truncatingIfNeeded: data) >> 1)] else { return }
        let bytes = UnsafeRawBufferPointer(start: packet, count: count)
        let verdict: MediaVerdict
        if data & 1 == 0 {
            verdict = slot.pointee.endpoint.receiveRTP(bytes, from: source.pointee.endpoint, now: now)
        } else {
            verdict = slot.pointee.endpoint.receiveRTCP(bytes, from: source.pointee.endpoint, now: now)
        }
        if !verdict.events.isEmpty { note(verdict.events, of: slot) }
        switch verdict.route {
        case .drop: return
        case .rtp: sendRTP(bytes, from: slot)
        case .rtcp: sendRTCP(bytes, verdict, from: slot)
        }
    }

    private func sendRTP(_ bytes: UnsafeRawBufferPointer, from slot: UnsafeMutablePointer<Slot>) {
        guard let partner = slot.pointee.partner, partner.pointee.rtpTo.length > 0,
            csys_send(partner.pointee.rtpSocket, bytes.baseAddress, UInt(bytes.count), &partner.pointee.rtpTo)
                == bytes.count
        else { return slot.pointee.endpoint.undeliverable() }
        partner.pointee.endpoint.sent(bytes: bytes.count)
    }

    private func sendRTCP(
        _ bytes: UnsafeRawBufferPointer, _ verdict: MediaVerdict, from slot: UnsafeMutablePointer<Slot>
    ) {
        guard let partner = slot.pointee.partner, partner.pointee.rtcpTo.length > 0 else {
            return slot.pointee.endpoint.undeliverable()
        }
        let socket: Int32 =
            partner.pointee.endpoint.plan.rtcpMux ? partner.pointee.rtpSocket : partner.pointee.rtcpSocket
        guard csys_send(socket, bytes.baseAddress, UInt(bytes.count), &partner.pointee.rtcpTo) == bytes.count else {
            return slot.pointee.endpoint.undeliverable()
        }
        if verdict.senderReport != 0 { partner.pointee.endpoint.sentSenderReport(verdict.senderReport, at: now) }
    }

    private mutating func note(_ events: MediaEvents, of slot: UnsafeMutablePointer<Slot>) {
        let id: MediaEndpointID = slot.pointee.endpoint.plan.id
        if events.contains(.latched), let source = slot.pointee.endpoint.pinned {
            facts.append(.latched(id, source: source, ssrc: slot.pointee.endpoint.pinnedSSRC))
        }
        if events.contains(.heardAgain) { facts.append(.heardAgain(id)) }
        if events.contains(.destination) { slot.pointee.aim() }
    }

    private mutating func tellFacts() {
        tell(facts)
        facts.removeAll(keepingCapacity: true)
    }

    /// Enters an endpoint under its pair, or takes it out.
    func setEntry(_ pair: Int, _ slot: UnsafeMutablePointer<Slot>?) { table[pair] = slot }
    func entry(_ pair: Int) -> UnsafeMutablePointer<Slot>? { table[pair] }
}
