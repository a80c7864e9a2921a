import Basics
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import SIPMessage
import SIPTransaction
import SIPTransport
import Synchronization

/// Something a test waited for did not come.
struct Overdue: Error { let what: String }

/// Collects things and lets tests wait for them, each up to a deadline.
final class Collector<Item: Sendable>: Sendable {
    private struct Waiter: Sendable {
        var id: Int
        var matches: @Sendable (Item) -> Bool
        var continuation: CheckedContinuation<Item?, Never>
    }
    private struct State {
        var items: [Item] = []
        var waiters: [Waiter] = []
        var last = 0
    }
    private let state = Mutex(State())

    func add(_ item: Item) {
        let waiter: Waiter? = state.withLock { state in
            if let index = state.waiters.firstIndex(where: { $0.matches(item) }) {
                return state.waiters.remove(at: index)
            }
            state.items.append(item)
            return nil
        }
        waiter?.continuation.resume(returning: item)
    }

    /// Takes out the first item that matches, now or when it comes.
    func take(_ what: String, within limit: Duration = .seconds(30), where matches: @escaping @Sendable (Item) -> Bool)
        async throws -> Item
    {
        let id = state.withLock { state in
            state.last += 1
            return state.last
        }
        let deadline = Task {
            try? await Task.sleep(for: limit)
            let waiter: Waiter? = state.withLock { state in
                state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume(returning: nil)
        }
        defer { deadline.cancel() }
        let item: Item? = await withCheckedContinuation { continuation in
            let ready: Item? = state.withLock { state in
                if let index = state.items.firstIndex(where: matches) { return state.items.remove(at: index) }
                state.waiters.append(Waiter(id: id, matches: matches, continuation: continuation))
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
        guard let item else { throw Overdue(what: what) }
        return item
    }

    var waiting: [Item] { state.withLock { $0.items } }
}

struct Received: Sendable {
    var event: TransportEvent
    var loop: Int
}

final class Inbox: SIPTransportReceiver {
    let events = Collector<Received>()

    func receive(_ event: TransportEvent, loop: Int, now: Moment) { events.add(Received(event: event, loop: loop)) }

    func message(_ callID: String) async throws -> (SIPMessage, SIPFlow, loop: Int) {
        let item = try await events.take("message \(callID)") {
            if case .message(let message, _) = $0.event { message.callID == callID } else { false }
        }
        guard case .message(let message, let flow) = item.event else { throw Overdue(what: callID) }
        return (message, flow, item.loop)
    }

    func opened() async throws -> SIPFlow {
        let item = try await events.take("opened") { if case .opened = $0.event { true } else { false } }
        guard case .opened(let flow) = item.event else { throw Overdue(what: "opened") }
        return flow
    }

    func closed(loop: Int = 0) async throws -> (SIPFlow, CloseReason) {
        let item = try await events.take("closed") { if case .closed = $0.event { $0.loop == loop } else { false } }
        guard case .closed(let flow, let reason) = item.event else { throw Overdue(what: "closed") }
        return (flow, reason)
    }

    func sendFailed() async throws -> (SIPTarget, SendFailure) {
        let item = try await events.take("sendFailed") { if case .sendFailed = $0.event { true } else { false } }
        guard case .sendFailed(let target, _, let failure) = item.event else { throw Overdue(what: "sendFailed") }
        return (target, failure)
    }

    func malformed() async throws -> (SIPParseError, SIPFlow) {
        let item = try await events.take("malformed") { if case .malformed = $0.event { true } else { false } }
        guard case .malformed(let error, _, let flow) = item.event else { throw Overdue(what: "malformed") }
        return (error, flow)
    }

    func pong() async throws {
        _ = try await events.take("pong") { if case .pong = $0.event { true } else { false } }
    }
}

/// A transport on loopback with its own event loops.
final class Node: Sendable {
    let group: MultiThreadedEventLoopGroup
    let loops: [any EventLoop]
    let inbox = Inbox()
    let transport: SIPTransport
    let bound: [BoundListener]

    init(
        _ listeners: [ListenerConfiguration], loops count: Int = 1,
        configure: (inout SIPTransport.Options) -> Void = { _ in }
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: count)
        var options = SIPTransport.Options(listeners: listeners)
        configure(&options)
        let transport = SIPTransport(
            options, group: group, receiver: inbox, clock: SystemClock(), logger: Logger(label: "test"))
        (self.group, self.transport) = (group, transport)
        loops = Array(group.makeIterator())
        do { bound = try await transport.start() } catch {
            try await group.shutdownGracefully()
            throw error
        }
    }

    func stop() async throws {
        await transport.stop()
        try await group.shutdownGracefully()
    }

    func send(_ wire: [UInt8], to target: SIPTarget, loop: Int = 0) async throws {
        try await loops[loop].submit { [transport] in transport.send(wire, to: target, loop: loop) }.get()
    }

    func endpoint(_ index: Int = 0) -> IPEndpoint { bound[index].bound }

    func counters(_ listener: UInt8 = 0) -> ListenerCounters {
        transport.counters()[ListenerID(listener)] ?? ListenerCounters()
    }
}

/// Runs `body` with nodes that are stopped afterwards, whatever happens.
func withNodes(_ nodes: Node..., body: () async throws -> Void) async throws {
    do { try await body() } catch {
        for node in nodes { try? await node.stop() }
        throw error
    }
    for node in nodes { try await node.stop() }
}

func loopback(_ transport: SIPTransportKind, id: UInt8 = 0, port: UInt16 = 0, v6: Bool = false) -> ListenerConfiguration
{
    ListenerConfiguration(
        id: ListenerID(id), transport: transport, bind: IPEndpoint(v6 ? .loopbackV6 : .loopbackV4, port))
}

func address(_ transport: SIPTransportKind, _ endpoint: IPEndpoint, name: String? = nil) -> SIPTarget {
    .address(transport, endpoint, listener: ListenerID(0), serverName: name)
}

func options(_ callID: String, body: String = "") -> [UInt8] {
    let head = [
        "OPTIONS sip:test@127.0.0.1 SIP/2.0", "Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK\(callID)",
        "From: <sip:a@127.0.0.1>;tag=1",
        "To: <sip:b@127.0.0.1>", "Call-ID: \(callID)", "CSeq: 1 OPTIONS", "Max-Forwards: 70",
        "Content-Length: \(body.utf8.count)",
    ]
    return Array((head.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
}

/// A TCP or TLS client that knows nothing of SIP.
final class RawClient: Sendable {
    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let bytes: Collector<[UInt8]>
        let ended: Collector<Bool>
        init(_ bytes: Collector<[UInt8]>, _ ended: Collector<Bool>) { (self.bytes, self.ended) = (bytes, ended) }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            bytes.add(Array(unwrapInboundIn(data).readableBytesView))
        }
        func channelInactive(context: ChannelHandlerContext) { ended.add(true) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    let channel: any Channel
    let bytes: Collector<[UInt8]>
    private let ended: Collector<Bool>

    init(_ group: MultiThreadedEventLoopGroup, _ endpoint: IPEndpoint, tls: NIOSSLContext? = nil, name: String? = nil)
        async throws
    {
        let (bytes, ended) = (Collector<[UInt8]>(), Collector<Bool>())
        (self.bytes, self.ended) = (bytes, ended)
        channel = try await ClientBootstrap(group: group)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: name))
                    }
                    try channel.pipeline.syncOperations.addHandler(Handler(bytes, ended))
                }
            }
            .connect(host: endpoint.address.description, port: Int(endpoint.port)).get()
    }

    func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get() }

    func read() async throws -> [UInt8] { try await bytes.take("bytes") { _ in true } }

    /// Waits for the server to close.
    func closedByPeer() async throws { _ = try await ended.take("close by the server") { _ in true } }
}
