public import Basics
import CSys
public import MediaSession

/// The media plane on packet threads of its own: every call's endpoints live on one thread, which waits for their sockets, relays
/// what comes and tells facts.
///
/// A packet costs one receive and one send; nothing on its way allocates, locks, counts references or crosses Swift concurrency.
/// ``stop()`` must be called before the last reference goes.
public final class PacketThreads: MediaPlane {
    private let threads: [PacketThread]
    private let pool: PortPool

    /// Opens the first ports and starts the threads.
    ///
    /// - Parameters:
    ///   - clock: asked on the packet threads, once for each round of events.
    ///   - facts: called on the packet threads with what happened in one round, in order; must not block. Never called after ``stop()``.
    /// - Throws: where no port of an interface can be opened, or the system gives no threads or descriptors.
    public init(
        _ settings: MediaTransportSettings, clock: any MartinetClock, facts: @escaping @Sendable ([MediaFact]) -> Void
    ) throws(MediaTransportError) {
        var threads: [PacketThread] = []
        for index in 0..<min(max(settings.threads, 1), 64) { threads.append(try PacketThread(index: index)) }
        let pool = try PortPool(settings, epolls: threads.map(\.epoll), clock: clock)
        self.threads = threads
        self.pool = pool
        for thread in threads {
            if let failure = pool.openSpares(thread: thread.index) {
                pool.closeAll()
                throw .cannotBind(failure.interface, errno: failure.errno)
            }
        }
        for thread in threads {
            do {
                try thread.start {
                    var loop = PacketLoop(thread: thread, pool: pool, settings: settings, clock: clock, facts: facts)
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
        guard let first = commands.first else { return }
        // Nearly always all are of one call.
        let owner: PacketThread = thread(of: first.call)
        if threads.count == 1 || commands.allSatisfy({ thread(of: $0.call) === owner }) {
            owner.enqueue(commands.lazy.map { .media($0) })
        } else {
            for command in commands { thread(of: command.call).enqueue(CollectionOfOne(.media(command))) }
        }
    }

    /// An endpoint's figures at this moment; nil when it is not open.
    public func statistics(of endpoint: MediaEndpointID) async -> MediaStatistics? {
        await withCheckedContinuation { continuation in
            let taken: Bool = thread(of: endpoint.leg.call).enqueue(
                CollectionOfOne(.statistics(endpoint) { continuation.resume(returning: $0) }))
            if !taken { continuation.resume(returning: nil) }
        }
    }

    /// Ends every endpoint (each with its ``MediaFact/closed(_:_:)``), closes every port and ends the threads. Blocks until that is done,
    /// a few milliseconds. Commands and reservations after it are ignored.
    public func stop() {
        for thread in threads { thread.stop() }
        pool.closeAll()
    }

    /// Calls are numbered in turn, so the remainder spreads them evenly.
    private func thread(of call: CallID) -> PacketThread {
        threads[Int((call.number &+ UInt32(call.shard.rawValue)) % UInt32(threads.count))]
    }
}

extension MediaCommand {
    /// The call that the command is about: the first endpoint's.
    fileprivate var call: CallID {
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
