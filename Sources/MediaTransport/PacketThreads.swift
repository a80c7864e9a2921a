public import Basics
import CSys
public import DTLS
public import MediaSession

/// The media plane on packet threads of its own: every call's endpoints live on one thread, which waits for their sockets, relays
/// what comes and tells facts.
///
/// A packet costs one receive and one send; nothing on its way allocates, locks, counts references or crosses Swift concurrency.
/// ``stop()`` must be called before the last reference goes.
public final class PacketThreads: MediaPlane {
    private let threads: [PacketThread]
    private let pool: PortPool
    private let routes: CallRoutes
    private let certificate: DTLSCertificate
    private let kernel: KernelForwarder?
    /// What became of ``MediaTransportSettings/forwarding``.
    public let forwarding: ForwardingState

    /// Of the certificate all handshakes show: made at the start, kept in memory alone, for as long as the threads run.
    public var fingerprint: DTLSFingerprint? { certificate.fingerprint }

    /// Opens the first ports and starts the threads.
    ///
    /// - Parameters:
    ///   - clock: asked on the packet threads, once for each round of events.
    ///   - facts: called on the packet threads with what happened in one round, in order; must not block. Never called after ``stop()``.
    /// - Throws: where no port of an interface can be opened, no certificate can be made, or the system gives no threads or descriptors.
    public init(
        _ settings: MediaTransportSettings, clock: any MartinetClock, facts: @escaping @Sendable ([MediaFact]) -> Void
    ) throws(MediaTransportError) {
        var threads: [PacketThread] = []
        for index in 0..<min(max(settings.threads, 1), 64) { threads.append(try PacketThread(index: index)) }
        let pool = try PortPool(settings, epolls: threads.map(\.epoll), clock: clock)
        let routes = CallRoutes(threads: threads.count)
        let certificate: DTLSCertificate
        do { certificate = try DTLSCertificate(now: clock.wallNow) } catch {
            throw .noCertificate(error.description)
        }
        (kernel, forwarding) = try KernelForwarder.make(settings, pairs: pool.pairCount, now: clock.now)
        let kernel: KernelForwarder? = self.kernel
        (self.threads, self.pool, self.routes, self.certificate) = (threads, pool, routes, certificate)
        for thread in threads {
            if let failure = pool.openSpares(thread: thread.index) {
                pool.closeAll()
                throw .cannotBind(failure.interface, errno: failure.errno)
            }
        }
        for thread in threads {
            do {
                try thread.start {
                    var loop = PacketLoop(
                        thread: thread, pool: pool, routes: routes, settings: settings, certificate: certificate,
                        kernel: kernel, clock: clock, facts: facts)
                    loop.run()
                }
            } catch {
                stop()
                throw error
            }
        }
    }

    public func reserve(interface: MediaInterfaceID, for call: CallID) -> MediaPorts? {
        pool.reserve(interface, thread: thread(of: call).index)
    }

    public func release(_ ports: MediaPorts) {
        guard let index = pool.thread(of: ports) else { return }
        threads[index].enqueue(CollectionOfOne(.release(ports)))
    }

    public func perform(_ commands: [MediaCommand]) {
        guard !commands.isEmpty else { return }
        guard threads.count > 1 else {
            threads[0].enqueue(commands.lazy.map { .media($0) })
            return
        }
        // Handed over while the table is locked, so that no command of another call overtakes a move.
        routes.withTable { table in
            var waiting: [ThreadCommand] = []
            var owner: Int = 0
            func hand() {
                if !waiting.isEmpty { threads[owner].enqueue(waiting) }
                waiting.removeAll(keepingCapacity: true)
            }
            for command in commands {
                let (thread, move) = table.place(command)
                if move != nil || thread != owner { hand() }
                if let move {
                    threads[move.to].enqueue(CollectionOfOne(.await(move.call)))
                    threads[move.from].enqueue(CollectionOfOne(.give(move.call, to: threads[move.to])))
                }
                owner = thread
                waiting.append(.media(command))
            }
            hand()
        }
    }

    /// An endpoint's figures at this moment; nil when it is not open.
    public func statistics(of endpoint: MediaEndpointID) async -> MediaStatistics? {
        await withCheckedContinuation { continuation in
            routes.withTable { table in
                let taken: Bool = threads[table.thread(of: endpoint.leg.call)].enqueue(
                    CollectionOfOne(.statistics(endpoint) { continuation.resume(returning: $0) }))
                if !taken { continuation.resume(returning: nil) }
            }
        }
    }

    /// Ends every endpoint (each with its ``MediaFact/closed(_:_:)``), closes every port and ends the threads. Blocks until that is done,
    /// a few milliseconds. Commands and reservations after it are ignored.
    public func stop() {
        for thread in threads { thread.stop() }
        pool.closeAll()
    }

    /// Packets that the kernel forwarded since the start, and the streams it forwards now.
    public var forwardingFigures: (packets: UInt64, streams: Int) { kernel?.figures ?? (0, 0) }

    private func thread(of call: CallID) -> PacketThread {
        threads.count == 1 ? threads[0] : threads[routes.thread(of: call)]
    }
}

extension MediaCommand {
    /// The call it brings together with ``call``.
    var otherCall: CallID? {
        switch self {
        case .join(let one, let other) where one.leg.call != other.leg.call: other.leg.call
        case .hear(let one, .endpoint(let other)) where one.leg.call != other.leg.call: other.leg.call
        default: nil
        }
    }

    /// The call that the command is about: the first endpoint's.
    var call: CallID {
        switch self {
        case .set(let plan): plan.id.leg.call
        case .join(let id, _), .unjoin(let id), .close(let id), .hear(let id, _), .leave(_, let id),
            .press(let id, _, _):
            id.leg.call
        case .play(let plan): plan.id.call
        case .stopPlaying(let id): id.call
        case .record(let plan): plan.id.call
        case .stopRecording(let id): id.call
        case .enter(_, let member): member.endpoint.leg.call
        case .openRoom(let plan): plan.id.call
        case .closeRoom(let id): id.call
        }
    }
}
