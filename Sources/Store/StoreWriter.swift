public import Basics
import Dispatch
import Foundation
import Synchronization

/// Writes what event loops hand it, from a thread of its own, many writes to a transaction.
///
/// An event loop submits in constant time and is told once its write is on disk. A write that breaks a rule of the schema fails
/// alone; a transaction that fails (a full disk, another process's lock) is tried again and, after a bound, all its writes fail.
public final class StoreWriter: Sendable {
    /// Called on the writer's thread, once per shard and outcome in each transaction. Must not block.
    public typealias Done = @Sendable (ShardID, [StoreToken], Result<Void, StoreError>) -> Void

    private struct Entry {
        let write: StoreWrite
        let token: StoreToken?
    }

    private struct State {
        var queue: [Entry] = []
        var isAsleep = false
        var isClosing = false
        var waiting: [DispatchSemaphore] = []
        var statistics = StoreWriterStatistics()
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let finished = DispatchSemaphore(value: 0)
    private let path: String
    private let settings: StoreWriterSettings
    private let listeners: ListenerMap
    private let clock: any MartinetClock
    private let done: Done

    /// - Parameter listeners: those that registrations may name.
    public init(
        _ database: Database, settings: StoreWriterSettings = StoreWriterSettings(),
        listeners: ListenerMap = ListenerMap(), clock: any MartinetClock,
        done: @escaping Done
    ) {
        path = database.path
        (self.settings, self.listeners, self.clock) = (settings, listeners, clock)
        self.done = done
        let thread = Thread { [self] in run() }
        thread.name = "store"
        thread.start()
    }

    /// Hands a write over; never blocks on the disk.
    /// - Returns: false when too much waits already or the writer is closed: nothing will be written, and `done` is not called.
    public func submit(_ write: StoreWrite, token: StoreToken?) -> Bool {
        let (isTaken, mustWake): (Bool, Bool) = state.withLock { state in
            guard !state.isClosing, state.queue.count < settings.queueLimit else {
                state.statistics.refusals += 1
                return (false, false)
            }
            state.queue.append(Entry(write: write, token: token))
            let mustWake: Bool = state.isAsleep
            state.isAsleep = false
            return (true, mustWake)
        }
        if mustWake { wake.signal() }
        return isTaken
    }

    public var statistics: StoreWriterStatistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.queued = state.queue.count
            return statistics
        }
    }

    /// Blocks until everything submitted before is written or refused. Not for event loops.
    public func flush() {
        let semaphore = DispatchSemaphore(value: 0)
        let isRunning: Bool = state.withLock { state in
            guard !state.isClosing else { return false }
            state.waiting.append(semaphore)
            return true
        }
        guard isRunning else { return }
        wake.signal()
        semaphore.wait()
    }

    /// Writes what waits, then ends the thread; blocks until it did. Not for event loops.
    public func close() {
        let isFirst: Bool = state.withLock { state in
            defer { state.isClosing = true }
            return !state.isClosing
        }
        guard isFirst else { return }
        wake.signal()
        finished.wait()
    }

    private func run() {
        // Opened before the first write comes, as it reads the log of bindings; a failure is met again, and told, by that write.
        var connection: WriteConnection? = try? WriteConnection(
            path: path, safety: settings.safety, listeners: listeners)
        var pace = GatherPace(settings)
        while true {
            let (batch, waiting, isClosing) = take()
            if !batch.isEmpty {
                write(batch, &connection)
                pace.note(batch.count)
                if let connection, connection.walPages >= settings.checkpointPages { checkpoint(connection) }
            }
            for semaphore in waiting { semaphore.signal() }
            if isClosing, batch.isEmpty { break }
            if !isClosing, waiting.isEmpty { rest(pace, connection) }
        }
        connection?.checkpoint()
        finished.signal()
    }

    /// Sleeps until there is something to write, then lets more of it gather. A flush or a full house ends the gathering early.
    private func rest(_ pace: GatherPace, _ connection: WriteConnection?) {
        let (queued, isUrgent): (Int, Bool) = state.withLock { state in
            state.isAsleep = state.queue.isEmpty && state.waiting.isEmpty && !state.isClosing
            return (state.queue.count, state.isClosing || !state.waiting.isEmpty)
        }
        if isUrgent || queued >= pace.enough { return }
        if queued == 0 {
            if (connection?.walPages ?? 0) == 0 {
                wake.wait()
            } else if wake.wait(timeout: .now() + 1) == .timedOut {
                // Quiet for a second: a good time to put the log away. Waking is noticed by the next look at the queue.
                if let connection { checkpoint(connection) }
                return
            }
        }
        _ = wake.wait(timeout: .now() + .nanoseconds(Int(clamping: pace.window.wholeNanoseconds)))
    }

    private func take() -> (batch: [Entry], waiting: [DispatchSemaphore], isClosing: Bool) {
        state.withLock { state in
            let taken = (batch: state.queue, waiting: state.waiting, isClosing: state.isClosing)
            if !taken.batch.isEmpty {
                state.queue = []
                state.queue.reserveCapacity(min(taken.batch.count, 1024))
            }
            state.waiting = []
            state.isAsleep = false
            return taken
        }
    }

    private func checkpoint(_ connection: WriteConnection) {
        connection.checkpoint()
        state.withLock { $0.statistics.checkpoints += 1 }
    }

    /// Writes a batch, trying again while there is hope, and tells everyone.
    private func write(_ batch: [Entry], _ connection: inout WriteConnection?) {
        let began = ContinuousClock.now
        var pause: Duration = .milliseconds(10)
        var outcome: Result<[Int: StoreError], StoreError>
        while true {
            outcome = attempt(batch, &connection)
            guard case .failure(let error) = outcome, ContinuousClock.now - began < settings.giveUpAfter else { break }
            state.withLock { state in
                state.statistics.retries += 1
                state.statistics.lastError = error
            }
            if error.kind != .busy { connection = nil }
            Thread.sleep(forTimeInterval: pause.inSeconds)
            pause = min(pause * 2, .milliseconds(500))
        }
        record(outcome, batch.count, took: ContinuousClock.now - began)
        answer(batch, outcome)
    }

    /// One transaction; gives the errors of those entries that a rule of the schema refused.
    private func attempt(_ batch: [Entry], _ connection: inout WriteConnection?) -> Result<
        [Int: StoreError], StoreError
    > {
        do {
            let open = try connection ?? WriteConnection(path: path, safety: settings.safety, listeners: listeners)
            connection = open
            try open.begin()
            do {
                var refused: [Int: StoreError] = [:]
                for (index, entry) in batch.enumerated() {
                    if let error = try open.apply(entry.write) { refused[index] = error }
                }
                try open.commit(wall: clock.wallNow)
                return .success(refused)
            } catch {
                open.rollback()
                throw error
            }
        } catch {
            return .failure(StoreError(error))
        }
    }

    private func record(_ outcome: Result<[Int: StoreError], StoreError>, _ count: Int, took: Duration) {
        state.withLock { state in
            state.statistics.transactions += 1
            state.statistics.lastTransaction = took
            switch outcome {
            case .success(let refused):
                state.statistics.writes += UInt64(count - refused.count)
                state.statistics.failures += UInt64(refused.count)
                state.statistics.lastError = nil
            case .failure(let error):
                state.statistics.failures += UInt64(count)
                state.statistics.lastError = error
            }
        }
    }

    private func answer(_ batch: [Entry], _ outcome: Result<[Int: StoreError], StoreError>) {
        var written: [ShardID: [StoreToken]] = [:]
        for (index, entry) in batch.enumerated() {
            guard let token = entry.token else { continue }
            if case .success(let refused) = outcome, let error = refused[index] {
                done(token.shard, [token], .failure(error))
            } else {
                written[token.shard, default: []].append(token)
            }
        }
        let result: Result<Void, StoreError> = outcome.map { _ in () }
        for (shard, tokens) in written { done(shard, tokens, result) }
    }
}

/// Chooses how long a first write waits for others: long enough to be shared while they come steadily, short when it is alone.
private struct GatherPace {
    private let shortest: Duration
    private let longest: Duration
    /// So many together gain nothing by waiting for more.
    let enough: Int = 512
    private var lastBatch: ContinuousClock.Instant?
    /// Between writes, averaged over the last few batches.
    private var interval: Duration = .seconds(1)
    var window: Duration { interval * 2 < longest ? longest : shortest }

    init(_ settings: StoreWriterSettings) {
        shortest = settings.shortestGather
        longest = max(settings.longestGather, settings.shortestGather)
    }

    /// Takes the size of a batch that was written.
    mutating func note(_ count: Int) {
        let now = ContinuousClock.now
        let passed: Duration = lastBatch.map { now - $0 } ?? .seconds(1)
        lastBatch = now
        interval = (interval * 3 + min(.seconds(1), passed / count)) / 4
    }
}
