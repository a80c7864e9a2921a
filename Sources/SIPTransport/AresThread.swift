import CAres
import CSys
import Glibc
import Logging
import Synchronization

/// c-ares on a thread of its own: questions go in from everywhere, raw answers come out on the thread.
final class AresThread: @unchecked Sendable {
    struct Settings: Sendable {
        /// `192.0.2.1:53,[2001:db8::1]:53`; nil for those of `/etc/resolv.conf`.
        var servers: String?
        /// Of one try, in milliseconds.
        var timeoutMs: Int32
        var tries: Int32
    }

    /// What became of a question: the server's message, or nil when there was none.
    typealias Completion = @Sendable (_ message: [UInt8]?) -> Void

    private enum Work: Sendable {
        case ask(DNSQuestion, Completion)
        /// Runs on the thread at a time of the monotonic clock, in nanoseconds.
        case later(Int64, @Sendable () -> Void)
        case run(@Sendable () -> Void)
    }
    private struct Inbox {
        var work: [Work] = []
        var isStopped = false
        var hasEnded = false
    }

    private let settings: Settings
    private let logger: Logger
    private let inbox = Mutex(Inbox())
    private let wakeUp: Int32
    // Below: touched on the thread alone.
    private var channel: ares_channel?
    /// The sockets of c-ares, each with 1 to wait for reading, 2 for writing, 3 for both.
    private var descriptors: [Int32: Int32] = [:]
    private var delayed: [(due: Int64, body: @Sendable () -> Void)] = []
    private var serversStamp: FileStamp?

    private static let serversFile = "/etc/resolv.conf"
    private static let library: Int32 = ares_library_init(ARES_LIB_INIT_ALL)

    init(_ settings: Settings, logger: Logger) throws(ResolverStartError) {
        (self.settings, self.logger) = (settings, logger)
        guard AresThread.library == ARES_SUCCESS.code else {
            throw ResolverStartError(problem: AresThread.text(AresThread.library))
        }
        wakeUp = csys_event_create()
        guard wakeUp >= 0 else { throw ResolverStartError(problem: errorText(-wakeUp)) }
        if let problem = openChannel() { throw ResolverStartError(problem: problem) }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { argument in
                // The thread keeps its object alive until it is stopped.
                if let argument { Unmanaged<AresThread>.fromOpaque(argument).takeRetainedValue().loop() }
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw ResolverStartError(problem: errorText(code))
        }
        pthread_detach(thread)
    }

    deinit { if wakeUp >= 0 { csys_close(wakeUp) } }

    // MARK: From everywhere

    func ask(_ question: DNSQuestion, _ completion: @escaping Completion) { post(.ask(question, completion)) }
    func run(_ body: @escaping @Sendable () -> Void) { post(.run(body)) }
    func run(afterMs delay: Int64, _ body: @escaping @Sendable () -> Void) {
        post(.later(csys_monotonic_ns() + delay * 1_000_000, body))
    }

    /// Open questions are answered with nil; later ones are too.
    func stop() {
        inbox.withLock { $0.isStopped = true }
        wake()
    }

    private func post(_ work: Work) {
        let isLate = inbox.withLock { inbox in
            if inbox.hasEnded { return true }
            inbox.work.append(work)
            return false
        }
        if isLate { refuse(work) } else { wake() }
    }

    private func refuse(_ work: Work) {
        switch work {
        case .ask(_, let completion): completion(nil)
        case .run(let body): body()
        case .later: break
        }
    }

    private func wake() { csys_event_signal(wakeUp) }

    // MARK: On the thread

    private func loop() {
        while true {
            let (work, isStopped) = inbox.withLock { inbox in
                defer { inbox.work = [] }
                return (inbox.work, inbox.isStopped)
            }
            for item in work { start(item) }
            if isStopped { break }
            runDue()
            wait()
        }
        if let channel { ares_destroy(channel) }
        channel = nil
        let left = inbox.withLock { inbox in
            inbox.hasEnded = true
            defer { inbox.work = [] }
            return inbox.work
        }
        for item in left { refuse(item) }
    }

    private func start(_ work: Work) {
        switch work {
        case .later(let due, let body): delayed.append((due, body))
        case .run(let body): body()
        case .ask(let question, let completion):
            reopenIfServersChanged()
            guard let channel else { return completion(nil) }
            let box = Unmanaged.passRetained(Completing(completion))
            ares_query(
                channel, question.name, 1, Int32(question.type.rawValue),
                { argument, _, _, bytes, length in
                    guard let argument else { return }
                    let box = Unmanaged<Completing>.fromOpaque(argument).takeRetainedValue()
                    // "No such name" comes with its message too; without a message nobody answered.
                    guard let bytes, length > 0 else { return box.completion(nil) }
                    box.completion([UInt8](UnsafeBufferPointer(start: bytes, count: Int(length))))
                }, box.toOpaque())
        }
    }

    private func runDue() {
        guard !delayed.isEmpty else { return }
        let now = csys_monotonic_ns()
        let due = delayed.filter { $0.due <= now }
        delayed.removeAll { $0.due <= now }
        for item in due { item.body() }
    }

    private func wait() {
        var polled: [Int32] = [wakeUp]
        var events: [Int32] = [1]
        for (descriptor, wanted) in descriptors {
            polled.append(descriptor)
            events.append(wanted)
        }
        csys_poll(polled, &events, Int32(polled.count), timeoutMs())
        if events[0] != 0 { csys_event_clear(wakeUp) }
        guard let channel else { return }
        let bad: Int32 = -1  // ARES_SOCKET_BAD
        for (descriptor, ready) in zip(polled, events).dropFirst() where ready != 0 {
            ares_process_fd(channel, ready & 1 != 0 ? descriptor : bad, ready & 2 != 0 ? descriptor : bad)
        }
        // Looks after the timeouts of its questions.
        ares_process_fd(channel, bad, bad)
    }

    private func timeoutMs() -> Int32 {
        var limit: Int64 = 60_000
        if let due = delayed.map(\.due).min() {
            limit = min(limit, max(0, (due - csys_monotonic_ns()) / 1_000_000 + 1))
        }
        guard let channel else { return Int32(limit) }
        return cares_timeout_ms(channel, Int32(limit))
    }

    /// - Returns: what is wrong; nil when the channel is open.
    private func openChannel() -> String? {
        var options = ares_options()
        options.timeout = settings.timeoutMs
        options.tries = settings.tries
        options.ednspsz = 1232
        // Every answer that comes is wanted, "refused" too: whether to ask the next server is c-ares' affair.
        options.flags = ARES_FLAG_EDNS.code
        options.sock_state_cb_data = Unmanaged.passUnretained(self).toOpaque()
        options.sock_state_cb = { argument, descriptor, readable, writable in
            guard let argument else { return }
            let thread = Unmanaged<AresThread>.fromOpaque(argument).takeUnretainedValue()
            let events: Int32 = (readable != 0 ? 1 : 0) | (writable != 0 ? 2 : 0)
            thread.descriptors[descriptor] = events == 0 ? nil : events
        }
        let mask =
            ARES_OPT_TIMEOUTMS.code | ARES_OPT_TRIES.code | ARES_OPT_FLAGS.code | ARES_OPT_SOCK_STATE_CB.code
            | ARES_OPT_EDNSPSZ.code
        var opened: ares_channel?
        let code = ares_init_options(&opened, &options, mask)
        guard code == ARES_SUCCESS.code, let opened else { return AresThread.text(code) }
        if let servers = settings.servers {
            let code = ares_set_servers_ports_csv(opened, servers)
            guard code == ARES_SUCCESS.code else {
                ares_destroy(opened)
                return "DNS servers \(servers): \(AresThread.text(code))"
            }
        } else {
            serversStamp = FileStamp(AresThread.serversFile)
        }
        channel = opened
        return nil
    }

    /// A machine that gets its DNS servers by DHCP may get others.
    private func reopenIfServersChanged() {
        guard settings.servers == nil, descriptors.isEmpty, FileStamp(AresThread.serversFile) != serversStamp else {
            return
        }
        let old = channel
        if let problem = openChannel() {
            logger.warning("the DNS servers can't be read again", metadata: ["error": "\(problem)"])
        } else if let old {
            ares_destroy(old)
        }
    }

    private static func text(_ code: Int32) -> String { String(cString: ares_strerror(code)) }
}

/// Lets a closure pass through C.
private final class Completing {
    let completion: AresThread.Completion
    init(_ completion: @escaping AresThread.Completion) { self.completion = completion }
}

// The header's macros arrive as Int32 or as unsigned, by how they are written.
extension BinaryInteger {
    fileprivate var code: Int32 { Int32(truncatingIfNeeded: self) }
}

/// Why the resolver can't work.
public struct ResolverStartError: Error, Hashable, Sendable, CustomStringConvertible {
    public let problem: String
    public var description: String { "DNS can't be used: \(problem)" }
}
