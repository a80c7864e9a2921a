public import Basics
import Dispatch
import Synchronization

/// What many threads hand to one that takes it in batches: the queue behind every writer with a thread of its own.
///
/// Handing over takes constant time and never waits. The taking thread calls ``take()`` and ``rest(gathering:idle:)`` in turn, and
/// ``finish()`` when it is done.
public final class BatchQueue<Element: Sendable>: Sendable {
    /// What was taken together.
    public struct Batch: Sendable {
        public let elements: [Element]
        /// Nothing more will come.
        public let isClosing: Bool
        fileprivate let flushes: [DispatchSemaphore]

        /// Somebody waits in ``BatchQueue/flush()``.
        public var isAwaited: Bool { !flushes.isEmpty }

        /// Tells those who wait that everything before their flush is done with.
        public func done() {
            for flush in flushes { flush.signal() }
        }
    }

    private struct State {
        var elements: [Element] = []
        var weight: Int = 0
        var isAsleep = false
        var isClosing = false
        var flushes: [DispatchSemaphore] = []

        var isUrgent: Bool { isClosing || !flushes.isEmpty }
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let finished = DispatchSemaphore(value: 0)
    private let limit: Int
    private let enough: Int

    /// - Parameters:
    ///   - limit: the weight that may wait; what comes on top is refused.
    ///   - enough: once so much waits, gathering more gains nothing.
    public init(limit: Int, enough: Int) { (self.limit, self.enough) = (limit, enough) }

    /// What waits at this moment.
    public var count: Int { state.withLock { $0.elements.count } }

    // MARK: For those who hand over

    /// - Returns: false when too much waits already or the queue is closed: it will not be taken.
    public func submit(_ element: Element, weight: Int = 1) -> Bool {
        let (isTaken, mustWake): (Bool, Bool) = state.withLock { state in
            guard !state.isClosing, state.weight + weight <= limit else { return (false, false) }
            let isNowEnough: Bool = state.weight < enough && state.weight + weight >= enough
            let mustWake: Bool = state.isAsleep || isNowEnough
            state.elements.append(element)
            state.weight += weight
            state.isAsleep = false
            return (true, mustWake)
        }
        if mustWake { wake.signal() }
        return isTaken
    }

    /// Blocks until everything handed over before is done with. Not for event loops.
    public func flush() {
        let done = DispatchSemaphore(value: 0)
        let isOpen: Bool = state.withLock { state in
            guard !state.isClosing else { return false }
            state.flushes.append(done)
            return true
        }
        guard isOpen else { return }
        wake.signal()
        done.wait()
    }

    /// Takes nothing more, and blocks until the taking thread has finished. Not for event loops.
    public func close() {
        let isFirst: Bool = state.withLock { state in
            defer { state.isClosing = true }
            return !state.isClosing
        }
        guard isFirst else { return }
        wake.signal()
        finished.wait()
    }

    // MARK: For the thread that takes

    /// Everything that waits, without waiting for more.
    public func take() -> Batch {
        state.withLock { state in
            let batch = Batch(elements: state.elements, isClosing: state.isClosing, flushes: state.flushes)
            if !batch.elements.isEmpty {
                state.elements = []
                state.elements.reserveCapacity(min(batch.elements.count, 1024))
            }
            (state.weight, state.flushes, state.isAsleep) = (0, [], false)
            return batch
        }
    }

    /// Sleeps until there is something to take, then lets more of it gather. A flush, the end or a full house cuts it short.
    /// - Parameters:
    ///   - window: how long the first waits for company.
    ///   - idle: how long to wait for a first one; nil without end.
    /// - Returns: false when nothing came in `idle`.
    public func rest(gathering window: Duration, idle: Duration? = nil) -> Bool {
        let (isEmpty, isDue): (Bool, Bool) = state.withLock { state in
            state.isAsleep = state.elements.isEmpty && !state.isUrgent
            return (state.elements.isEmpty, state.isUrgent || state.weight >= enough)
        }
        if isDue { return true }
        if isEmpty {
            if let idle {
                if wake.wait(timeout: BatchQueue.deadline(idle)) == .timedOut { return false }
            } else {
                wake.wait()
            }
            if state.withLock({ $0.isUrgent || $0.weight >= enough }) { return true }
        }
        _ = wake.wait(timeout: BatchQueue.deadline(window))
        return true
    }

    /// To be called once, by the taking thread, after it has seen the end.
    public func finish() { finished.signal() }

    private static func deadline(_ wait: Duration) -> DispatchTime {
        .now() + .nanoseconds(Int(clamping: wait.wholeNanoseconds))
    }
}
