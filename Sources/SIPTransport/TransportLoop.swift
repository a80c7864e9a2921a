import Basics
import Logging
import NIOCore
import SIPMessage
import SIPTransaction
import Synchronization

/// What all loops share; never changes once made, or guards itself.
final class TransportContext: Sendable {
    let clock: any MartinetClock
    let limits: TransportLimits
    let messageLimits: SIPLimits
    let shouldAccept: @Sendable (IPAddress) -> Bool
    let receiver: any SIPTransportReceiver
    let connections: ConnectionTable
    let tls: TLSIdentity?
    let logger: Logger

    init(options: SIPTransport.Options, receiver: any SIPTransportReceiver, clock: any MartinetClock, logger: Logger) {
        (self.clock, self.receiver, self.logger) = (clock, receiver, logger)
        (limits, messageLimits, shouldAccept) = (options.limits, options.messageLimits, options.shouldAccept)
        connections = ConnectionTable(limits: options.limits)
        tls = options.tls
    }
}

/// One event loop's sockets and connections.
///
/// Everything here is touched on `eventLoop` alone, which is what makes `@unchecked Sendable` true.
final class TransportLoop: @unchecked Sendable {
    let index: Int
    let eventLoop: any EventLoop
    let context: TransportContext
    /// By `ListenerID.rawValue`.
    private var datagrams: [DatagramPort?] = Array(repeating: nil, count: 256)
    private(set) var connections: [UInt64: Connection] = [:]
    /// All loops, this one too; empty once stopped.
    var peers: [TransportLoop] = []
    private var sweep: RepeatedTask?
    /// Listeners by number, for opening connections from their addresses; set before the first message.
    var listeners: [ListenerID: ListenerConfiguration] = [:]
    private let queueDelayNanoseconds = Atomic<Int64>(0)
    private let counters: [ListenerID: LoopCounters]
    var stunBudget: STUNBudget

    init(index: Int, eventLoop: any EventLoop, context: TransportContext, listeners: [ListenerID]) {
        (self.index, self.eventLoop, self.context) = (index, eventLoop, context)
        stunBudget = STUNBudget(perSource: context.limits.stunPerAddress, inAll: context.limits.stunPerLoop)
        counters = Dictionary(listeners.map { ($0, LoopCounters()) }, uniquingKeysWith: { first, _ in first })
    }

    /// How long the datagram now handled lay in its socket; readable from everywhere.
    var queueDelay: Duration {
        get { .nanoseconds(queueDelayNanoseconds.load(ordering: .relaxed)) }
        set { queueDelayNanoseconds.store(newValue.wholeNanoseconds, ordering: .relaxed) }
    }

    /// Readable from everywhere.
    func counters(of listener: ListenerID) -> LoopCounters? { counters[listener] }

    func deliver(_ event: TransportEvent) {
        context.receiver.receive(event, loop: index, now: context.clock.now)
    }

    func add(_ port: DatagramPort) { datagrams[Int(port.listener.rawValue)] = port }
    func add(_ connection: Connection) { connections[connection.id] = connection }
    func forget(_ connection: Connection) { connections[connection.id] = nil }

    // MARK: Sending

    func send(_ wire: [UInt8], to target: SIPTarget) {
        switch target {
        case .flow(let flow) where flow.transport == .udp: sendDatagram(wire, to: target)
        case .flow(let flow): send(wire, over: flow.connection, to: target)
        case .address(.udp, _, _, _): sendDatagram(wire, to: target)
        case .address(let transport, let remote, let listener, let serverName):
            let name = transport == .tls ? serverName?.lowercased() : nil
            let key = ConnectionKey(listener: listener, transport: transport, remote: remote, serverName: name)
            send(wire, along: key, to: target)
        }
    }

    private func sendDatagram(_ wire: [UInt8], to target: SIPTarget) {
        let port = datagrams[Int(target.listener.rawValue)]
        guard let failure = port.map({ $0.send(wire, to: target.remote) }) ?? .noSuchListener else { return }
        fail(wire, to: target, failure, origin: index)
    }

    private func send(_ wire: [UInt8], along key: ConnectionKey, to target: SIPTarget) {
        guard let listener = listeners[key.listener] else {
            return fail(wire, to: target, .noSuchListener, origin: index)
        }
        guard key.transport == .tcp || key.transport == .tls else {
            return fail(wire, to: target, .noSuchListener, origin: index)
        }
        switch context.connections.find(key, loop: index) {
        case .full: fail(wire, to: target, .connectionLimit, origin: index)
        case .open(let id): send(wire, over: id, to: target)
        case .new(let id):
            let connection = Connection(id: id, key: key, accepted: false, loop: self)
            add(connection)
            connection.send(Unsent(wire: wire, target: target, origin: index))
            connection.open(from: listener)
        }
    }

    private func send(_ wire: [UInt8], over connection: UInt64, to target: SIPTarget) {
        let unsent = Unsent(wire: wire, target: target, origin: index)
        let owner = ConnectionTable.loop(of: connection)
        guard owner != index else { return send(unsent, over: connection) }
        guard owner < peers.count else { return fail(wire, to: target, .flowClosed, origin: index) }
        let peer = peers[owner]
        peer.eventLoop.execute { peer.send(unsent, over: connection) }
    }

    private func send(_ unsent: Unsent, over connection: UInt64) {
        guard let found = connections[connection] else {
            return fail(unsent.wire, to: unsent.target, .flowClosed, origin: unsent.origin)
        }
        found.send(unsent)
    }

    /// Tells the sender, later and on the loop it sent from, since it is in the midst of handling what made it send.
    func fail(_ wire: [UInt8], to target: SIPTarget, _ failure: SendFailure, origin: Int) {
        counters[target.listener]?.sendFailures.add()
        let loop = origin < peers.count ? peers[origin] : self
        loop.eventLoop.execute { loop.deliver(.sendFailed(target, wire: wire, failure)) }
    }

    func announceClosed(_ flow: SIPFlow, _ reason: CloseReason) {
        for peer in peers {
            peer.eventLoop.execute { peer.deliver(.closed(flow, reason)) }
        }
    }

    // MARK: Time

    func startSweeping() {
        let interval = TimeAmount.nanoseconds(context.limits.sweepInterval.wholeNanoseconds)
        sweep = eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { [unowned self] _ in
            let now = context.clock.now
            for connection in connections.values { connection.checkTime(now) }
        }
    }

    func stop() {
        sweep?.cancel()
        sweep = nil
        for connection in connections.values { connection.close(.stopped) }
        for index in datagrams.indices { datagrams[index] = nil }
    }
}

/// A message on its way, with what is needed to say that it failed.
struct Unsent: Sendable {
    var wire: [UInt8]
    var target: SIPTarget
    /// The loop that sent it.
    var origin: Int
}
