public import Basics
import Glibc
public import Logging
import NIOCore
public import NIOPosix
public import SIPMessage
public import SIPTransaction

/// SIP over UDP, TCP and TLS.
///
/// Works on the event loops it is given: what arrives is delivered on the loop it arrived on, and what a loop sends
/// leaves from that loop, without a hop, but for connections that live on another.
public final class SIPTransport: Sendable {
    public struct Options: Sendable {
        public var listeners: [ListenerConfiguration]
        public var limits = TransportLimits()
        public var messageLimits = SIPLimits.standard
        /// Asked on the loops for every datagram and new connection, so it must be quick; false drops it unseen.
        public var shouldAccept: @Sendable (IPAddress) -> Bool = { _ in true }
        /// The certificate; needed by TLS listeners and for TLS to peers.
        public var tls: TLSIdentity?

        public init(listeners: [ListenerConfiguration]) { self.listeners = listeners }
    }

    let options: Options
    let context: TransportContext
    let loops: [TransportLoop]
    let channels = OpenChannels()

    let group: MultiThreadedEventLoopGroup

    /// - Parameter group: 1 ... 256 loops; the order of its iterator gives the indices that events and `send` name.
    public init(
        _ options: Options, group: MultiThreadedEventLoopGroup, receiver: any SIPTransportReceiver,
        clock: any MartinetClock, logger: Logger
    ) {
        let eventLoops = Array(group.makeIterator())
        precondition((1...256).contains(eventLoops.count), "a connection's number has 8 bits for its loop")
        (self.options, self.group) = (options, group)
        let context = TransportContext(options: options, receiver: receiver, clock: clock, logger: logger)
        self.context = context
        loops = eventLoops.enumerated().map { (index: Int, eventLoop: any EventLoop) in
            TransportLoop(index: index, eventLoop: eventLoop, context: context, listeners: options.listeners.map(\.id))
        }
    }

    /// Sends a whole message; on the event loop `loop` only.
    ///
    /// What can't be sent is told by ``TransportEvent/sendFailed(_:wire:_:)``, later and on the same loop. Messages to one
    /// target leave in the order they are sent.
    public func send(_ wire: [UInt8], to target: SIPTarget, loop: Int) {
        guard loops.indices.contains(loop) else { return assertionFailure("no event loop \(loop)") }
        loops[loop].eventLoop.assertInEventLoop()
        loops[loop].send(wire, to: target)
    }

    /// Sends a keep-alive (RFC 5626 §3.5.1); over a connection the peer answers, and ``TransportEvent/pong(_:)`` follows.
    public func ping(_ flow: SIPFlow, loop: Int) {
        send(Connection.doubleCRLF, to: .flow(flow), loop: loop)
    }

    /// Closes the connection of `flow` after what was sent; on the event loop `loop` only.
    public func close(_ flow: SIPFlow, loop: Int) {
        let owner = ConnectionTable.loop(of: flow.connection)
        guard flow.connection != 0, loops.indices.contains(owner) else { return }
        let peer = loops[owner]
        peer.eventLoop.execute { peer.connections[flow.connection]?.close(.stopped) }
    }

    /// How long the datagram now handled on `loop` lay in its socket, zero when none waits; from any thread.
    ///
    /// The measure of overload: it grows when messages arrive faster than they are handled. Inside
    /// ``SIPTransportReceiver/receive(_:loop:now:)`` it is the wait of that very message, or for the first after a wake-up that of
    /// the one before.
    public func queueDelay(loop: Int) -> Duration {
        loops.indices.contains(loop) ? loops[loop].queueDelay : .zero
    }

    /// Open connections, both ways; from any thread.
    public var connectionCount: Int { context.connections.count }

    /// What went through each listener so far; from any thread.
    public func counters() -> [ListenerID: ListenerCounters] {
        var result: [ListenerID: ListenerCounters] = [:]
        for listener in options.listeners {
            let parts = loops.compactMap { $0.counters(of: listener.id)?.snapshot }
            result[listener.id] = parts.reduce(ListenerCounters(), +)
        }
        return result
    }
}
