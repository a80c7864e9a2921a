/// Audio that was decoded and is not yet heard, with what was heard last before it: one piece of memory, allocated once.
struct SampleQueue: ~Copyable {
    private let memory: UnsafeMutablePointer<Int16>
    private let capacity: Int
    /// How many samples that were taken stay legible, as far as there were so many.
    let history: Int
    private var head: Int
    private var tail: Int

    init(capacity: Int, history: Int) {
        self.capacity = capacity + 2 * history
        self.history = history
        memory = .allocate(capacity: self.capacity)
        memory.initialize(repeating: 0, count: self.capacity)
        (head, tail) = (history, history)
    }

    deinit { memory.deallocate() }

    /// Samples that wait.
    var count: Int { tail - head }

    /// The sample heard after all others so far.
    var last: Int16 { memory[tail - 1] }

    /// The first sample that waits. `history` samples before it are legible.
    var front: UnsafeMutablePointer<Int16> { memory + head }

    /// Where more samples go.
    var free: UnsafeMutableBufferPointer<Int16> {
        UnsafeMutableBufferPointer(start: memory + tail, count: capacity - tail)
    }

    /// So many samples were written to the front of ``free``.
    mutating func append(_ samples: Int) {
        tail += min(max(samples, 0), capacity - tail)
    }

    /// The last samples are not there any more.
    mutating func shorten(by samples: Int) {
        tail -= min(max(samples, 0), count)
    }

    /// Takes the oldest samples away unheard; the history keeps its end.
    mutating func drop(_ samples: Int) {
        let dropped: Int = min(max(samples, 0), count)
        // What was heard last is what comes before the new front.
        (memory + head + dropped - history).update(from: memory + head - history, count: history)
        head += dropped
        compact()
    }

    /// Makes room for samples before the oldest; they are to be written at the new ``front``.
    mutating func insertGap(_ samples: Int) {
        (memory + head + samples).update(from: memory + head, count: count)
        tail += samples
    }

    /// Takes the oldest samples out; silence for those that are not there.
    mutating func take(_ samples: Int, into output: UnsafeMutablePointer<Int16>) {
        let taken: Int = min(samples, count)
        output.update(from: memory + head, count: taken)
        if taken < samples { (output + taken).update(repeating: 0, count: samples - taken) }
        head += taken
        compact()
    }

    /// Moves what is kept to the front of the memory.
    private mutating func compact() {
        let start: Int = head - history
        guard start > 0 else { return }
        memory.update(from: memory + start, count: tail - start)
        head -= start
        tail -= start
    }

    mutating func clear() {
        memory.update(repeating: 0, count: capacity)
        (head, tail) = (history, history)
    }
}
