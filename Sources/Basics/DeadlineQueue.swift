/// Keys ordered by their deadline; each key has at most one.
///
/// A binary heap with an index by key: setting, moving and clearing a deadline cost O(log n), looking at the next one O(1).
public struct DeadlineQueue<Key: Hashable & Sendable>: Sendable {
    @usableFromInline
    struct Entry: Sendable {
        @usableFromInline var deadline: Moment
        @usableFromInline var key: Key

        @inlinable
        init(deadline: Moment, key: Key) { (self.deadline, self.key) = (deadline, key) }
    }
    @usableFromInline var heap: [Entry] = []
    @usableFromInline var positions: [Key: Int] = [:]

    // Inlinable all: every packet moves deadlines, and a generic that is not specialised costs several times as much.
    @inlinable
    public init() {}

    @inlinable public var count: Int { heap.count }
    @inlinable public var isEmpty: Bool { heap.isEmpty }
    /// The earliest deadline; nil when there is none.
    @inlinable public var next: Moment? { heap.first?.deadline }

    /// The deadline of `key`.
    @inlinable public subscript(key: Key) -> Moment? { positions[key].map { heap[$0].deadline } }

    /// Gives `key` its deadline, replacing the one it had; nil clears it.
    @inlinable
    public mutating func set(_ key: Key, to deadline: Moment?) {
        guard let deadline else { return remove(key) }
        if let position = positions[key] {
            let old = heap[position].deadline
            guard old != deadline else { return }
            heap[position].deadline = deadline
            if deadline < old { siftUp(position) } else { siftDown(position) }
        } else {
            heap.append(Entry(deadline: deadline, key: key))
            positions[key] = heap.count - 1
            siftUp(heap.count - 1)
        }
    }

    @inlinable
    public mutating func remove(_ key: Key) {
        guard let position = positions.removeValue(forKey: key) else { return }
        let last = heap.removeLast()
        guard position < heap.count else { return }
        let old = heap[position].deadline
        heap[position] = last
        positions[last.key] = position
        if last.deadline < old { siftUp(position) } else { siftDown(position) }
    }

    /// Takes out the earliest key whose deadline is not after `now`.
    @inlinable
    public mutating func popDue(now: Moment) -> Key? {
        guard let first = heap.first, first.deadline <= now else { return nil }
        remove(first.key)
        return first.key
    }

    @inlinable
    mutating func siftUp(_ start: Int) {
        var child = start
        let entry = heap[child]
        while child > 0 {
            let parent = (child - 1) / 2
            guard entry.deadline < heap[parent].deadline else { break }
            heap[child] = heap[parent]
            positions[heap[child].key] = child
            child = parent
        }
        heap[child] = entry
        positions[entry.key] = child
    }

    @inlinable
    mutating func siftDown(_ start: Int) {
        var parent = start
        let entry = heap[parent]
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].deadline < heap[child].deadline { child += 1 }
            guard heap[child].deadline < entry.deadline else { break }
            heap[parent] = heap[child]
            positions[heap[parent].key] = parent
            parent = child
        }
        heap[parent] = entry
        positions[entry.key] = parent
    }
}
