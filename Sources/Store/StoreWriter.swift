public import Basics
import Batching
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

    private let queue: BatchQueue<Entry>
    private let figures = Mutex(StoreWriterStatistics())
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
        queue = BatchQueue(limit: settings.queueLimit, enough: GatherPace.enough)
        (self.settings, self.listeners, self.clock) = (settings, listeners, clock)
        self.done = done
        let thread = Thread { [self] in run() }
        thread.name = "store"
        thread.start()
    }

    /// Hands a write over; never blocks on the disk.
    /// - Returns: false when too much waits already or the writer is closed: nothing will be written, and `done` is not called.
    public func submit(_ write: StoreWrite, token: StoreToken?) -> Bool {
        let isTaken: Bool = queue.submit(Entry(write: write, token: token))
        if !isTaken { figures.withLock { $0.refusals += 1 } }
        return isTaken
    }

    public var statistics: StoreWriterStatistics {
        var statistics = figures.withLock { $0 }
        statistics.queued = queue.count
        return statistics
    }

    /// Blocks until everything submitted before is written or refused. Not for event loops.
    public func flush() { queue.flush() }

    /// Writes what waits, then ends the thread; blocks until it did. Not for event loops.
    public func close() { queue.close() }

    private func run() {
        // Opened before the first write comes, as it reads the log of bindings; a failure is met again, and told, by that write.
        var connection: WriteConnection? = try? WriteConnection(
            path: path, safety: settings.safety, listeners: listeners)
        var pace = GatherPace(settings)
        while true {
            let batch = queue.take()
            if !batch.elements.isEmpty {
                write(batch.elements, &connection)
                pace.note(batch.elements.count)
                if let connection, connection.walPages >= settings.checkpointPages { checkpoint(connection) }
            }
            batch.done()
            if batch.isClosing, batch.elements.isEmpty { break }
            if batch.isClosing || batch.isAwaited { continue }
            // Quiet for a second: a good time to put the log away.
            let mayIdle: Bool = (connection?.walPages ?? 0) > 0
            if !queue.rest(gathering: pace.window, idle: mayIdle ? .seconds(1) : nil), let connection {
                checkpoint(connection)
            }
        }
        connection?.checkpoint()
        // Closed before that is told: closing looks for other users of the file, which would refuse one that opens it meanwhile.
        connection = nil
        queue.finish()
    }

    private func checkpoint(_ connection: WriteConnection) {
        connection.checkpoint()
        figures.withLock { $0.checkpoints += 1 }
    }

    /// Writes a batch, trying again while there is hope, and tells everyone.
    private func write(_ batch: [Entry], _ connection: inout WriteConnection?) {
        let began = ContinuousClock.now
        var pause: Duration = .milliseconds(10)
        var outcome: Result<[Int: StoreError], StoreError>
        while true {
            outcome = attempt(batch, &connection)
            guard case .failure(let error) = outcome, ContinuousClock.now - began < settings.giveUpAfter else { break }
            figures.withLock { figures in
                figures.retries += 1
                figures.lastError = error
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
        figures.withLock { figures in
            figures.transactions += 1
            figures.lastTransaction = took
            switch outcome {
            case .success(let refused):
                figures.writes += UInt64(count - refused.count)
                figures.failures += UInt64(refused.count)
                figures.lastError = nil
            case .failure(let error):
                figures.failures += UInt64(count)
                figures.lastError = error
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
    static let enough: Int = 512
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
