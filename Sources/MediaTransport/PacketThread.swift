import Basics
import CSys
import Glibc
import MediaSession
import Synchronization

/// What a packet thread is asked.
enum ThreadCommand: Sendable {
    case media(MediaCommand)
    case release(MediaPorts)
    case supply(ClipRequest, Result<AudioClip, PromptError>)
    case recorded(MediaRecorderID, RecordingResult)
    /// A call is on its way here from another thread: what it is asked meanwhile waits.
    case await(CallID)
    /// A call goes to another thread, which awaits it.
    case give(CallID, to: PacketThread)
    case take(MovedCall)
    case statistics(MediaEndpointID, @Sendable (MediaStatistics?) -> Void)
}

/// One packet thread, as the others see it: a queue of commands and a descriptor that wakes it.
final class PacketThread: Sendable {
    private struct Queue {
        var commands: [ThreadCommand] = []
        var isStopped: Bool = false
    }

    let index: Int
    let epoll: Int32
    let wake: Int32
    private let queue = Mutex(Queue())
    private let handle = Mutex<pthread_t?>(nil)

    init(index: Int) throws(MediaTransportError) {
        self.index = index
        epoll = csys_epoll_create()
        guard epoll >= 0 else { throw .system(call: "epoll_create1", errno: -epoll) }
        wake = csys_event_create()
        guard wake >= 0 else {
            _ = csys_close(epoll)
            throw .system(call: "eventfd", errno: -wake)
        }
        let result: Int32 = csys_epoll_add(epoll, wake, PacketLoop.wakeData)
        guard result == 0 else {
            _ = csys_close(epoll)
            _ = csys_close(wake)
            throw .system(call: "epoll_ctl", errno: -result)
        }
    }

    deinit {
        _ = csys_close(epoll)
        _ = csys_close(wake)
    }

    /// Starts the thread; `body` is its whole life.
    func start(_ body: @escaping @Sendable () -> Void) throws(MediaTransportError) {
        let box = Unmanaged.passRetained(ThreadBody(body))
        var thread = pthread_t()
        let result: Int32 = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().body() }
                return nil
            }, box.toOpaque())
        guard result == 0 else {
            box.release()
            throw .system(call: "pthread_create", errno: result)
        }
        let started: pthread_t = thread
        handle.withLock { $0 = started }
    }

    /// Hands commands over; the thread is woken only where it had none waiting.
    ///
    /// - Returns: false after ``stop()``.
    @discardableResult
    func enqueue(_ commands: some Sequence<ThreadCommand>) -> Bool {
        let (taken, wakes): (Bool, Bool) = queue.withLock { queue in
            guard !queue.isStopped else { return (false, false) }
            let wasEmpty: Bool = queue.commands.isEmpty
            queue.commands.append(contentsOf: commands)
            return (true, wasEmpty && !queue.commands.isEmpty)
        }
        if wakes { csys_event_signal(wake) }
        return taken
    }

    /// All waiting commands, at once, and whether the thread is to end after them; called by the thread itself.
    func takeCommands() -> (commands: [ThreadCommand], isStopped: Bool) {
        csys_event_clear(wake)
        return queue.withLock { queue in
            let commands: [ThreadCommand] = queue.commands
            queue.commands = []
            return (commands, queue.isStopped)
        }
    }

    /// Lets the thread do what waits, then end; returns when it has.
    func stop() {
        queue.withLock { $0.isStopped = true }
        csys_event_signal(wake)
        let thread: pthread_t? = handle.withLock { handle in
            defer { handle = nil }
            return handle
        }
        if let thread { pthread_join(thread, nil) }
    }
}

private final class ThreadBody: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
