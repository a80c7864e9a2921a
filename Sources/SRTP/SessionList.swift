/// The master keys in use in one direction, in place: those that count now, then those they took the place of.
struct SessionList: ~Copyable {
    /// Keys at once; a crypto line with more is refused.
    static let mostKeys: Int = 8
    /// How many replaced keys stay.
    static let mostRetired: Int = 2

    private let slots: UnsafeMutablePointer<KeyedSession>
    /// All sessions.
    private(set) var count: Int = 0
    /// The first of them are those that count now.
    private(set) var active: Int = 0

    init() { slots = .allocate(capacity: Self.mostKeys + Self.mostRetired) }

    deinit {
        slots.deinitialize(count: count)
        slots.deallocate()
    }

    /// The place of a session; `index` is below ``count``.
    @inline(__always)
    subscript(index: Int) -> UnsafeMutablePointer<KeyedSession> { slots + index }

    /// Makes these the keys that count now. One that is in use already keeps all its state.
    /// - Returns: whether anything changed.
    mutating func replace(with keys: [SRTPKey]) throws(SRTPKeyFault) -> Bool {
        try Self.check(keys)
        if keys.count == active, zip(0..., keys).allSatisfy({ slots[$0].key.protectsLike($1) }) { return false }
        var added: Int = 0
        // New ones first, behind all others, so that a fault changes nothing.
        let fresh = UnsafeMutablePointer<KeyedSession>.allocate(capacity: keys.count)
        defer { fresh.deallocate() }
        for key in keys where place(of: key) == nil {
            do {
                (fresh + added).initialize(to: try KeyedSession(key))
            } catch {
                fresh.deinitialize(count: added)
                throw error
            }
            added += 1
        }
        rearrange(keys, fresh: fresh)
        return true
    }

    /// One session from keys that were derived elsewhere: for known answers in tests.
    mutating func replace(with session: consuming KeyedSession) {
        slots.deinitialize(count: count)
        slots.initialize(to: session)
        (count, active) = (1, 1)
    }

    /// Gives up what was replaced.
    mutating func dropRetired() {
        (slots + active).deinitialize(count: count - active)
        count = active
    }

    private static func check(_ keys: [SRTPKey]) throws(SRTPKeyFault) {
        guard (1...mostKeys).contains(keys.count) else { throw .wrongCount }
        guard keys.count > 1 else { return }
        let identifiers: [[UInt8]] = keys.compactMap(\.mki)
        guard Set(identifiers).count == keys.count, Set(identifiers.map(\.count)).count == 1 else { throw .badMKI }
    }

    private func place(of key: SRTPKey) -> Int? {
        for index in 0..<count where slots[index].key.protectsLike(key) { return index }
        return nil
    }

    private mutating func rearrange(_ keys: [SRTPKey], fresh: UnsafeMutablePointer<KeyedSession>) {
        let old = UnsafeMutablePointer<KeyedSession>.allocate(capacity: count + 1)
        defer { old.deallocate() }
        var isLeft: [Bool] = Array(repeating: true, count: count)
        let places: [Int?] = keys.map { place(of: $0) }
        let oldCount: Int = count
        old.moveInitialize(from: slots, count: oldCount)
        count = 0
        var used: Int = 0
        for place in places {
            if let place {
                (slots + count).moveInitialize(from: old + place, count: 1)
                isLeft[place] = false
            } else {
                (slots + count).moveInitialize(from: fresh + used, count: 1)
                used += 1
            }
            count += 1
        }
        active = count
        // Those that counted until now stand first among the old ones.
        for index in 0..<oldCount where isLeft[index] {
            if count - active < Self.mostRetired {
                (slots + count).moveInitialize(from: old + index, count: 1)
                count += 1
            } else {
                (old + index).deinitialize(count: 1)
            }
        }
    }
}
