/// Samples between one who makes them in frames of one length and one who takes them in frames of another.
///
/// Belongs to one thread; its memory is allocated once. When it is full the oldest samples go.
public struct FrameQueue: ~Copyable {
    private let memory: UnsafeMutablePointer<Int16>
    public let capacity: Int
    private var head: Int = 0
    /// Samples that wait.
    public private(set) var count: Int = 0
    /// Samples that went untaken, as there was no room.
    public private(set) var dropped: UInt64 = 0

    /// - Parameter capacity: in samples; 1 and more.
    public init(capacity: Int) {
        self.capacity = max(capacity, 1)
        memory = .allocate(capacity: self.capacity)
        memory.initialize(repeating: 0, count: self.capacity)
    }

    deinit { memory.deallocate() }

    /// Adds samples behind those that wait.
    public mutating func push(_ samples: UnsafeBufferPointer<Int16>) {
        // Of more than fits the newest stay.
        let kept: Int = min(samples.count, capacity)
        guard kept > 0, let base = samples.baseAddress else { return }
        let excess: Int = max(count + kept - capacity, 0)
        discard(excess)
        dropped &+= UInt64(excess + samples.count - kept)
        let source: UnsafePointer<Int16> = base + (samples.count - kept)
        let tail: Int = (head + count) % capacity
        let first: Int = min(kept, capacity - tail)
        (memory + tail).update(from: source, count: first)
        memory.update(from: source + first, count: kept - first)
        count += kept
    }

    /// Takes the oldest samples, exactly as many as there is room for.
    ///
    /// - Returns: false, and takes none, when fewer wait.
    public mutating func pop(_ samples: UnsafeMutableBufferPointer<Int16>) -> Bool {
        guard count >= samples.count else { return false }
        guard let target = samples.baseAddress else { return true }
        let first: Int = min(samples.count, capacity - head)
        target.update(from: memory + head, count: first)
        (target + first).update(from: memory, count: samples.count - first)
        discard(samples.count)
        return true
    }

    /// Forgets the oldest samples.
    public mutating func discard(_ samples: Int) {
        let gone: Int = min(max(samples, 0), count)
        head = (head + gone) % capacity
        count -= gone
    }
}
