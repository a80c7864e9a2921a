package import Basics

/// What is going to happen, in order of time; of one instant, in the order it was scheduled.
package struct EventHeap {
    private struct Entry {
        let at: Moment
        let serial: UInt64
        let action: () -> Void

        func precedes(_ other: Entry) -> Bool { (at.nanoseconds, serial) < (other.at.nanoseconds, other.serial) }
    }

    private var entries: [Entry] = []
    private var lastSerial: UInt64 = 0

    package init() {}

    package var next: Moment? { entries.first?.at }
    package var count: Int { entries.count }

    package mutating func schedule(at moment: Moment, _ action: @escaping () -> Void) {
        lastSerial += 1
        entries.append(Entry(at: moment, serial: lastSerial, action: action))
        var child: Int = entries.count - 1
        while child > 0 {
            let parent: Int = (child - 1) / 2
            guard entries[child].precedes(entries[parent]) else { break }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes out the earliest event if it is due by `limit`.
    package mutating func pop(until limit: Moment) -> (at: Moment, action: () -> Void)? {
        guard let first = entries.first, first.at <= limit else { return nil }
        let last: Entry = entries.removeLast()
        if !entries.isEmpty {
            entries[0] = last
            siftDown()
        }
        return (first.at, first.action)
    }

    private mutating func siftDown() {
        var parent: Int = 0
        while true {
            var child: Int = 2 * parent + 1
            guard child < entries.count else { return }
            if child + 1 < entries.count, entries[child + 1].precedes(entries[child]) { child += 1 }
            guard entries[child].precedes(entries[parent]) else { return }
            entries.swapAt(child, parent)
            parent = child
        }
    }
}
