/// A dictionary that forgets what was not touched for long: bounded, and as cheap as two look-ups.
///
/// Entries live in two generations. When the young one holds half the capacity it becomes the old one, and what was in the old
/// one and not touched since is gone.
struct RecentTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let half: Int
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]

    init(capacity: Int) { half = max(capacity / 2, 1) }

    var count: Int { young.count + old.count { young[$0.key] == nil } }

    /// Looks without touching.
    func peek(_ key: Key) -> Value? { young[key] ?? old[key] }

    mutating func set(_ key: Key, _ value: Value) {
        if young.count >= half, young[key] == nil { (old, young) = (young, [:]) }
        young[key] = value
    }

    mutating func remove(_ key: Key) {
        young[key] = nil
        old[key] = nil
    }

    func forEach(_ body: (Key, Value) -> Void) {
        for (key, value) in young { body(key, value) }
        for (key, value) in old where young[key] == nil { body(key, value) }
    }
}
