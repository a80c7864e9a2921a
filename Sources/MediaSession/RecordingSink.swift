import Synchronization

/// The way from a packet thread to a recording's file: a ring that one thread writes and one thread drains, without a lock.
///
/// Audio that finds the ring full is counted and becomes silence of the same length, so that what follows keeps its time.
public final class RecordingSink: Sendable {
    /// In Hz.
    public let sampleRate: Int
    /// 1, or 2 interleaved.
    public let channels: Int
    /// How many frames (a sample of each channel) the ring holds: a power of two, at least 4 s.
    public let capacity: Int

    private nonisolated(unsafe) let ring: UnsafeMutablePointer<Int16>
    /// Frames written and drained since the beginning.
    private let written = Atomic<Int>(0)
    private let drained = Atomic<Int>(0)
    /// Gaps told to the draining thread: silence of `gapLengths` before the frame of number `gapPositions`.
    private nonisolated(unsafe) let gapPositions: UnsafeMutablePointer<Int>
    private nonisolated(unsafe) let gapLengths: UnsafeMutablePointer<Int>
    private let gapsWritten = Atomic<Int>(0)
    private let gapsDrained = Atomic<Int>(0)
    /// Frames that found no room and are not yet told as a gap; the writing thread's own.
    private let owed = Atomic<Int>(0)
    private let lost = Atomic<Int>(0)
    private let closed = Atomic<Bool>(false)
    private let finished = Atomic<Bool>(false)
    private let ending = Mutex<RecordingResult.End?>(nil)

    private static let gapCapacity = 16

    public init(sampleRate: Int, channels: Int) {
        self.sampleRate = sampleRate
        self.channels = max(1, channels)
        var capacity = 4096
        while capacity < 4 * sampleRate { capacity *= 2 }
        self.capacity = capacity
        ring = .allocate(capacity: capacity * self.channels)
        ring.initialize(repeating: 0, count: capacity * self.channels)
        gapPositions = .allocate(capacity: RecordingSink.gapCapacity)
        gapLengths = .allocate(capacity: RecordingSink.gapCapacity)
        gapPositions.initialize(repeating: 0, count: RecordingSink.gapCapacity)
        gapLengths.initialize(repeating: 0, count: RecordingSink.gapCapacity)
    }

    deinit {
        ring.deallocate()
        gapPositions.deallocate()
        gapLengths.deallocate()
    }

    // MARK: the packet thread

    /// Adds interleaved samples; a frame that is not whole is left out. Never blocks, allocates nothing.
    /// - Returns: false where they found no room or the file is gone: they are lost, and counted.
    @discardableResult
    public func write(_ samples: UnsafeBufferPointer<Int16>) -> Bool {
        let frames = samples.count / channels
        guard frames > 0, let source = samples.baseAddress else { return true }
        let position = written.load(ordering: .relaxed)
        let free = capacity - (position - drained.load(ordering: .acquiring))
        guard frames <= free, !closed.load(ordering: .relaxed) else {
            owed.store(owed.load(ordering: .relaxed) + frames, ordering: .relaxed)
            lost.store(lost.load(ordering: .relaxed) + frames, ordering: .relaxed)
            return false
        }
        tellGap(before: position)
        let start = position & (capacity - 1)
        let first = min(frames, capacity - start)
        (ring + start * channels).update(from: source, count: first * channels)
        if frames > first { ring.update(from: source + first * channels, count: (frames - first) * channels) }
        written.store(position + frames, ordering: .releasing)
        return true
    }

    /// Ends the recording, from the thread that writes; what was written before is still saved. The first end counts.
    public func finish(_ end: RecordingResult.End) {
        tellGap(before: written.load(ordering: .relaxed))
        ending.withLock { if $0 == nil { $0 = end } }
        finished.store(true, ordering: .releasing)
    }

    /// Whether the store closed the file, as it does when it cannot be written: nothing more is taken.
    public var isClosed: Bool { closed.load(ordering: .acquiring) }

    /// Frames that found no room, since the beginning.
    public var lostFrames: Int { lost.load(ordering: .relaxed) }

    /// Where the table of gaps is full, the silence waits for the next frame with room: late, but as long.
    private func tellGap(before position: Int) {
        let frames = owed.load(ordering: .relaxed)
        guard frames > 0 else { return }
        let count = gapsWritten.load(ordering: .relaxed)
        guard count - gapsDrained.load(ordering: .acquiring) < RecordingSink.gapCapacity else { return }
        gapPositions[count % RecordingSink.gapCapacity] = position
        gapLengths[count % RecordingSink.gapCapacity] = frames
        gapsWritten.store(count + 1, ordering: .releasing)
        owed.store(0, ordering: .relaxed)
    }

    // MARK: the file thread

    /// Frames that wait to be drained.
    public var waitingFrames: Int { written.load(ordering: .acquiring) - drained.load(ordering: .relaxed) }

    /// Whether the recording has ended; what ``drain(_:silence:)`` finds from then on is the rest.
    public var isFinished: Bool { finished.load(ordering: .acquiring) }

    /// How the recording ended; nil while it goes on.
    public var end: RecordingResult.End? { ending.withLock { $0 } }

    /// Takes all that waits, in order: `audio` gets interleaved samples, `silence` a number of frames that were lost.
    public func drain(
        _ audio: (UnsafeBufferPointer<Int16>) throws -> Void, silence: (Int) throws -> Void
    ) rethrows {
        var position = drained.load(ordering: .relaxed)
        let limit = written.load(ordering: .acquiring)
        var gap = gapsDrained.load(ordering: .relaxed)
        // Gaps told after `limit` was read lie at or behind it; those behind it wait.
        let gaps = gapsWritten.load(ordering: .acquiring)
        while true {
            let next = gap < gaps ? min(limit, gapPositions[gap % RecordingSink.gapCapacity]) : limit
            try take(from: position, to: next, audio)
            position = next
            drained.store(position, ordering: .releasing)
            guard gap < gaps, gapPositions[gap % RecordingSink.gapCapacity] == position else { break }
            try silence(gapLengths[gap % RecordingSink.gapCapacity])
            gap += 1
            gapsDrained.store(gap, ordering: .releasing)
        }
        // The writing thread is done: what it could not tell is ours.
        guard isFinished else { return }
        let rest = owed.exchange(0, ordering: .relaxed)
        if rest > 0 { try silence(rest) }
    }

    private func take(
        from start: Int, to end: Int, _ audio: (UnsafeBufferPointer<Int16>) throws -> Void
    ) rethrows {
        var position = start
        while position < end {
            let offset = position & (capacity - 1)
            let frames = min(end - position, capacity - offset)
            try audio(UnsafeBufferPointer(start: ring + offset * channels, count: frames * channels))
            position += frames
        }
    }

    /// Says that the file is gone: writes are counted as lost from now on.
    public func close() { closed.store(true, ordering: .releasing) }
}
