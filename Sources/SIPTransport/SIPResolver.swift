public import Basics
import FoundationEssentials
public import Logging
public import NIOCore
import Synchronization

/// Finds where to send requests (RFC 3263), asking DNS on a thread of its own.
public final class SIPResolver: Sendable {
    public struct Options: Sendable {
        public var policy = LocationSearch.Policy()
        public var cache = DNSCache.Settings()
        /// How long a target that failed is put last.
        public var denyTime: Duration = .seconds(60)
        /// `192.0.2.1:53,[2001:db8::1]:53`; nil for those of the machine.
        public var servers: String?
        /// Of one try, 100 ms or more; each server is tried twice.
        public var timeout: Duration = .seconds(1)
        /// How long to wait for DNS when an older answer could be used instead.
        public var patience: Duration = .milliseconds(800)
        public var hostsFile: String? = "/etc/hosts"

        public init() {}
    }

    public typealias Completion = @Sendable (Result<LocationPlan, LocationError>) -> Void

    private struct Waiting {
        var search: LocationSearch
        var completion: Completion
    }

    private struct State {
        var cache: DNSCache
        var dead: DeadTargets
        var random: AnyRandom
        /// Whose answers are awaited, each asked once however many wait.
        var asked: [DNSQuestion: Set<UInt64>] = [:]
        var searches: [UInt64: Waiting] = [:]
        var lastSearch: UInt64 = 0
        var questions = 0
    }

    private let options: Options
    private let clock: any MartinetClock
    private let thread: AresThread
    private let state: Mutex<State>
    /// Searches waiting at once; more fail, as DNS must be out.
    private static let capacity = 10_000

    public init(
        _ options: Options, clock: any MartinetClock, random: AnyRandom, logger: Logger
    ) throws(ResolverStartError) {
        (self.options, self.clock) = (options, clock)
        let timeout = Int32(clamping: max(100, options.timeout.wholeMilliseconds))
        thread = try AresThread(.init(servers: options.servers, timeoutMs: timeout, tries: 2), logger: logger)
        state = Mutex(
            State(cache: DNSCache(options.cache), dead: DeadTargets(denyTime: options.denyTime), random: random))
    }

    /// Questions sent to DNS so far.
    public var questionCount: Int { state.withLock { $0.questions } }

    /// The plan, when no question need be asked for it; from any thread, at once.
    public func known(_ query: LocationQuery) -> Result<LocationPlan, LocationError>? {
        let search = LocationSearch(query, policy: options.policy)
        return state.withLock { result(of: step(search, &$0), &$0) }
    }

    /// Locates `query`; `completion` is called once, on `loop`, never from inside this call.
    public func locate(_ query: LocationQuery, on loop: any EventLoop, completion: @escaping Completion) {
        locate(query) { result in loop.execute { completion(result) } }
    }

    public func locate(_ query: LocationQuery) async -> Result<LocationPlan, LocationError> {
        await withCheckedContinuation { continuation in
            locate(query) { continuation.resume(returning: $0) }
        }
    }

    /// The candidate did not answer, or said 503: it is put last for the deny time, or for `time` (a Retry-After).
    public func markDead(_ candidate: LocationCandidate, for time: Duration? = nil) {
        let now = clock.now
        state.withLock { $0.dead.markDead(candidate, now: now, for: time) }
    }

    public func markAlive(_ candidate: LocationCandidate) {
        state.withLock { $0.dead.markAlive(candidate) }
    }

    /// Searches that wait are answered as if DNS were out.
    public func stop() { thread.stop() }

    // MARK: Searching

    /// Calls `completion` at once, or on the thread.
    private func locate(_ query: LocationQuery, _ completion: @escaping Completion) {
        let search = LocationSearch(query, policy: options.policy)
        let id: UInt64? = state.withLock { state in
            guard state.searches.count < SIPResolver.capacity else { return nil }
            state.lastSearch += 1
            state.searches[state.lastSearch] = Waiting(search: search, completion: completion)
            return state.lastSearch
        }
        guard let id else { return completion(.failure(.noAnswer)) }
        advance(id)
    }

    private func step(_ search: LocationSearch, _ state: inout State) -> LocationSearch.Step {
        let now = clock.now
        let cache = state.cache
        return search.step(random: &state.random) { cache.answer(to: $0, now: now) }
    }

    private func result(of step: LocationSearch.Step, _ state: inout State) -> Result<LocationPlan, LocationError>? {
        switch step {
        case .ask: return nil
        case .impossible(let error): return .failure(error)
        case .done(let plan): return .success(state.dead.order(plan, now: clock.now))
        }
    }

    private func advance(_ id: UInt64) {
        var toAsk: [(DNSQuestion, hasStale: Bool)] = []
        let finished: (Completion, Result<LocationPlan, LocationError>)? = state.withLock { state in
            guard let waiting = state.searches[id] else { return nil }
            let step = step(waiting.search, &state)
            if let result = result(of: step, &state) {
                state.searches[id] = nil
                return (waiting.completion, result)
            }
            guard case .ask(let questions) = step else { return nil }
            let now = clock.now
            for question in questions {
                let isNew = state.asked[question] == nil
                state.asked[question, default: []].insert(id)
                guard isNew else { continue }
                state.questions += 1
                toAsk.append((question, state.cache.stale(question, now: now) != nil))
            }
            return nil
        }
        if let (completion, result) = finished { completion(result) }
        for (question, hasStale) in toAsk { ask(question, hasStale: hasStale) }
    }

    private func ask(_ question: DNSQuestion, hasStale: Bool) {
        if let file = options.hostsFile, question.type == .a || question.type == .aaaa,
            let content = FileManager.default.contents(atPath: file),
            let answer = HostsFile(Array(content)).answer(to: question)
        {
            // Read again before long, since people edit it.
            return learn(question) { cache, now in cache.store(answer, for: question, ttl: 5, now: now) }
        }
        if hasStale {
            thread.run(afterMs: max(1, options.patience.wholeMilliseconds)) { [weak self] in
                self?.loosePatience(with: question)
            }
        }
        thread.ask(question) { [weak self] bytes in
            let message = bytes.flatMap { DNSMessage($0, question: question) }
            self?.learn(question) { cache, now in
                guard let message, message.isAnswer else { return cache.storeFailure(of: question, now: now) }
                let answer: DNSAnswer = message.records.isEmpty ? .absent : .records(message.records)
                cache.store(answer, for: question, ttl: message.ttl, now: now)
            }
        }
    }

    /// The older answer is used from here on; a new one that comes yet is stored all the same.
    private func loosePatience(with question: DNSQuestion) {
        guard state.withLock({ $0.asked[question] != nil }) else { return }
        learn(question) { cache, now in cache.storeFailure(of: question, now: now) }
    }

    private func learn(_ question: DNSQuestion, _ store: (inout DNSCache, Moment) -> Void) {
        let now = clock.now
        let waiting: Set<UInt64> = state.withLock { state in
            store(&state.cache, now)
            return state.asked.removeValue(forKey: question) ?? []
        }
        for id in waiting.sorted() { advance(id) }
    }
}
