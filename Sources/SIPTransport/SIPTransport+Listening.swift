import Basics
import Glibc
import NIOCore
import NIOPosix
import SIPTransaction
import Synchronization

/// The sockets that are open, to be closed at the end.
final class OpenChannels: Sendable {
    private struct State {
        var datagram: [any Channel] = []
        var stream: [any Channel] = []
    }
    private let state = Mutex(State())

    func add(_ channel: any Channel, stream: Bool) {
        state.withLock { state in
            if stream { state.stream.append(channel) } else { state.datagram.append(channel) }
        }
    }

    func takeStream() -> [any Channel] {
        state.withLock { state in
            defer { state.stream = [] }
            return state.stream
        }
    }
    func takeDatagram() -> [any Channel] {
        state.withLock { state in
            defer { state.datagram = [] }
            return state.datagram
        }
    }
}

extension SIPTransport {
    /// Opens all listeners, or none.
    /// - Returns: where each is bound, with the ports they got.
    public func start() async throws(TransportStartError) -> [BoundListener] {
        var bound: [BoundListener] = []
        let configurations = Dictionary(options.listeners.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for loop in loops {
            // Fails only where the threads have ended: then the listeners don't open, which is told.
            try? await loop.eventLoop.submit { [loops] in
                loop.peers = loops
                loop.listeners = configurations
                loop.startSweeping()
            }.get()
        }
        do throws(TransportStartError) {
            for listener in options.listeners {
                guard configurations[listener.id] == listener else {
                    throw TransportStartError(listener: listener, reason: .duplicateListener)
                }
                bound.append(BoundListener(configuration: listener, bound: try await open(listener)))
            }
        } catch {
            await stop()
            throw error
        }
        return bound
    }

    /// Takes no new connections; those that are open and UDP go on.
    public func stopAccepting() async {
        for channel in channels.takeStream() { try? await channel.close().get() }
    }

    // What can't be closed is closed already, and a thread that ended holds nothing.

    /// Closes everything. What was handed to the sockets is sent; nothing is delivered afterwards but the ends of connections.
    public func stop() async {
        await stopAccepting()
        for channel in channels.takeDatagram() { try? await channel.close().get() }
        for loop in loops { try? await loop.eventLoop.submit { loop.stop() }.get() }
        // The ends of connections are told by then; the loops may forget each other.
        for loop in loops { try? await loop.eventLoop.submit { loop.peers = [] }.get() }
    }

    private func open(_ listener: ListenerConfiguration) async throws(TransportStartError) -> IPEndpoint {
        switch listener.transport {
        case .udp: return try await openDatagram(listener)
        case .tls where options.tls == nil: throw TransportStartError(listener: listener, reason: .noCertificate)
        case .tcp, .tls: return try await openStream(listener)
        case .ws, .wss: throw TransportStartError(listener: listener, reason: .unsupportedTransport)
        }
    }

    // MARK: UDP

    private func openDatagram(_ listener: ListenerConfiguration) async throws(TransportStartError) -> IPEndpoint {
        do throws(RawSocket.Failure) {
            guard loops.count > 1 else {
                let only = try datagramSocket(listener.bind, shared: false)
                let bound = RawSocket.localEndpoint(only) ?? listener.bind
                try await serve(listener.id, descriptor: only, on: loops[0])
                return bound
            }
            // Sockets that share a port would also share it with another process of this user: look first.
            let probe = try datagramSocket(listener.bind, shared: false)
            let bound = RawSocket.localEndpoint(probe) ?? listener.bind
            Glibc.close(probe)
            for loop in loops {
                try await serve(listener.id, descriptor: try datagramSocket(bound, shared: true), on: loop)
            }
            return bound
        } catch {
            throw TransportStartError(listener: listener, errno: error.code)
        }
    }

    private func datagramSocket(_ endpoint: IPEndpoint, shared: Bool) throws(RawSocket.Failure) -> Int32 {
        try RawSocket.boundDatagram(endpoint, shared: shared, receiveBuffer: options.limits.datagramReceiveBuffer)
    }

    private func serve(_ listener: ListenerID, descriptor: Int32, on loop: TransportLoop) async throws(RawSocket
        .Failure)
    {
        guard let counters = loop.counters(of: listener) else { throw RawSocket.Failure(code: EINVAL) }
        do {
            let channel = try await DatagramBootstrap(group: loop.eventLoop)
                .channelOption(.maxMessagesPerRead, value: 1)
                .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 65_536))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let port = DatagramPort(
                            listener: listener, descriptor: descriptor, loop: loop, counters: counters)
                        try channel.pipeline.syncOperations.addHandler(port)
                        loop.add(port)
                    }
                }
                .withBoundSocket(descriptor).get()
            channels.add(channel, stream: false)
        } catch {
            // NIO closes the socket it was given.
            throw RawSocket.Failure(code: (error as? IOError)?.errnoCode ?? EIO)
        }
    }

    // MARK: TCP and TLS

    private func openStream(_ listener: ListenerConfiguration) async throws(TransportStartError) -> IPEndpoint {
        do {
            var bootstrap = ServerBootstrap(group: loops[0].eventLoop, childGroup: group)
                .serverChannelOption(.backlog, value: 4096)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.socketOption(.so_keepalive), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.allowRemoteHalfClosure, value: false)
                .childChannelInitializer { [self] channel in
                    channel.eventLoop.makeCompletedFuture { try accept(channel, on: listener) }
                }
            if !listener.bind.address.isV4 {
                bootstrap = bootstrap.serverChannelOption(
                    ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 1)
            }
            let channel = try await bootstrap.bind(to: try listener.bind.socketAddress).get()
            channels.add(channel, stream: true)
            return channel.localAddress.flatMap { IPEndpoint($0) } ?? listener.bind
        } catch {
            throw TransportStartError(listener: listener, errno: (error as? IOError)?.errnoCode ?? EIO)
        }
    }

    private struct NotAccepted: Error {}

    /// Runs on the new channel's loop; throwing closes it.
    private func accept(_ channel: any Channel, on listener: ListenerConfiguration) throws {
        guard let loop = loops.first(where: { $0.eventLoop === channel.eventLoop }),
            let remote = channel.remoteAddress.flatMap({ IPEndpoint($0) })
        else { throw NotAccepted() }
        let counters = loop.counters(of: listener.id)
        guard options.shouldAccept(remote.address) else {
            counters?.banned.add()
            throw NotAccepted()
        }
        let key = ConnectionKey(listener: listener.id, transport: listener.transport, remote: remote)
        guard let id = context.connections.accept(key, loop: loop.index) else {
            counters?.connectionsRefused.add()
            throw NotAccepted()
        }
        let connection = Connection(id: id, key: key, accepted: true, loop: loop)
        loop.add(connection)
        do { try connection.addHandlers(to: channel) } catch {
            connection.close(.network(EIO))
            throw error
        }
    }
}
