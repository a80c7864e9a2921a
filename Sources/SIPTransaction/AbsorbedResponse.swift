import Basics

/// The Completed state of a non-INVITE server transaction: what copies of the request are answered with (RFC 3261 §17.2.2).
///
/// There are as many as requests come in 32 s, so it holds the bytes of the response and nothing of the request.
struct AbsorbedResponse: Sendable {
    /// Nil where the answer is silence (RFC 4320 §4.2).
    let wire: [UInt8]?
    let target: SIPTarget

    init(wire: [UInt8]?, target: SIPTarget) {
        // A message is written into more room than it needs; here that would be kept for half a minute.
        self.wire = wire.map { bytes in
            bytes.capacity > bytes.count + 64 ? bytes.withUnsafeBufferPointer { Array($0) } : bytes
        }
        self.target = target
    }
}

/// Keys in the order they came, all held equally long: a queue, which costs less than a heap of deadlines.
struct ExpiryQueue: Sendable {
    private struct Entry: Sendable {
        let key: TransactionKey
        let deadline: Moment
    }
    private var entries: [Entry] = []
    private var head = 0

    /// The earliest deadline.
    var next: Moment? { head < entries.count ? entries[head].deadline : nil }
    var count: Int { entries.count - head }

    /// `deadline` must not be before that of the last key.
    mutating func append(_ key: TransactionKey, deadline: Moment) {
        entries.append(Entry(key: key, deadline: deadline))
    }

    mutating func popFirst() -> TransactionKey? {
        guard head < entries.count else { return nil }
        let key = entries[head].key
        head += 1
        if head == entries.count {
            entries.removeAll(keepingCapacity: entries.capacity < 4096)
            head = 0
        } else if head > 1024, head * 2 > entries.count {
            entries.removeSubrange(0..<head)
            head = 0
        }
        return key
    }
}
