/// Which nonces were used, and with which `nc`; bounded.
///
/// What is pushed out raises a floor: nonces issued up to then and not remembered count as used. So a full table makes
/// phones ask for a new nonce sooner and never lets a request be replayed.
struct NonceTable: Sendable {
    private struct Use: Sendable {
        var highest: UInt32
        /// Bit n tells that `highest - n` was seen.
        var window: UInt64
        let issuedAt: UInt64
    }

    private let capacity: Int
    private let lifetime: UInt64
    private var uses: [UInt32: Use] = [:]
    /// The keys of `uses` in the order they came; `head` is the oldest.
    private var order: [UInt32] = []
    private var head: Int = 0
    /// Nonces issued before, in milliseconds, are not taken unless remembered.
    private var floor: UInt64 = 0

    /// - Parameter lifetime: milliseconds.
    init(capacity: Int, lifetime: UInt64) { (self.capacity, self.lifetime) = (max(capacity, 1), lifetime) }

    var count: Int { uses.count }

    /// Whether `count` of the nonce may still be used; nil asks for a nonce used once, without `nc`.
    func isFresh(_ nonce: Nonce, count: UInt32?) -> Bool {
        guard let use = uses[nonce.number], use.issuedAt == nonce.issuedAt else { return nonce.issuedAt >= floor }
        guard let count else { return false }
        if count > use.highest { return true }
        let age: UInt32 = use.highest - count
        return age < 64 && use.window >> UInt64(age) & 1 == 0
    }

    /// Marks `count` of the nonce as used, nil as all of it; false when it was.
    mutating func use(_ nonce: Nonce, count: UInt32?, now: UInt64) -> Bool {
        guard isFresh(nonce, count: count) else { return false }
        guard var use = uses[nonce.number], use.issuedAt == nonce.issuedAt else {
            remember(nonce, highest: count ?? .max, window: count == nil ? .max : 1, now: now)
            return true
        }
        let value = count ?? .max
        if value > use.highest {
            let step: UInt32 = value - use.highest
            use.window = step < 64 ? use.window << UInt64(step) | 1 : 1
            use.highest = value
        } else {
            use.window |= 1 << UInt64(use.highest - value)
        }
        uses[nonce.number] = use
        return true
    }

    private mutating func remember(_ nonce: Nonce, highest: UInt32, window: UInt64, now: UInt64) {
        while head < order.count, let use = uses[order[head]], uses.count >= capacity || use.issuedAt + lifetime < now {
            floor = max(floor, min(use.issuedAt, now) + 1)
            uses[order[head]] = nil
            head += 1
        }
        if head > 1024, head * 2 > order.count {
            order.removeFirst(head)
            head = 0
        }
        if uses.updateValue(Use(highest: highest, window: window, issuedAt: nonce.issuedAt), forKey: nonce.number)
            == nil
        {
            order.append(nonce.number)
        }
    }
}
