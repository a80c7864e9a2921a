public import Basics
public import SIPTransaction
internal import Synchronization

/// All registrations, in memory: the truth for look-ups. The store is written behind it and read at start.
///
/// Safe to use from any thread: an address-of-record belongs to one of several stripes, each with a lock of its own.
public final class LocationTable: Sendable {
    private struct State: Sendable {
        var records: [AddressOfRecord: LocationRecord] = [:]
        var deadlines = DeadlineQueue<AddressOfRecord>()
        var lastTicket: UInt64 = 0
        var count: Int = 0
    }

    private final class Stripe: Sendable { let state = Mutex(State()) }
    /// The addresses-of-record with bindings over each open connection, and those of each temporary GRUU seed.
    private struct Indexes: Sendable {
        var connections: [UInt64: Set<AddressOfRecord>] = [:]
        var seeds: [UInt64: AddressOfRecord] = [:]
    }

    private let stripes: [Stripe]
    private let indexes = Mutex(Indexes())
    /// Hides what temporary GRUUs are made from; the same over restarts, or those handed out before lead nowhere.
    package let gruuKey: UInt64

    /// - Parameters:
    ///   - stripes: 1 ... 256; a power of two.
    ///   - gruuKey: any number drawn once per installation.
    public init(stripes: Int = 16, gruuKey: UInt64 = 0) {
        var count = 1
        while count < min(stripes, 256) { count *= 2 }
        self.stripes = (0..<count).map { _ in Stripe() }
        self.gruuKey = gruuKey
    }

    // MARK: Looking up

    /// The bindings of confirmed registrations, dead ones included, in the order they were made: for people to look at.
    public func bindings(of aor: AddressOfRecord) -> [Binding] {
        stripe(aor).state.withLock { $0.records[aor]?.bindings ?? [] }
    }

    /// Where calls to `aor` go: what has not ended and whose connection stands, or that can be located without one, by
    /// falling q, then the newest first.
    public func usableBindings(of aor: AddressOfRecord, now: Moment) -> [Binding] {
        var found = bindings(of: aor)
        found.removeAll { !$0.flowAlive && $0.hop == nil || $0.deadline <= now }
        // A phone known to be silent would only delay the answer of those that are there; alone it gets its chance.
        if found.count > 1, found.contains(where: { $0.isReachable != false }) {
            found.removeAll { $0.isReachable == false }
        }
        if found.count > 1 { found.sort { $0.q != $1.q ? $0.q > $1.q : $0.updatedAt > $1.updatedAt } }
        return found
    }

    public func binding(_ ref: BindingRef) -> Binding? {
        stripe(ref.aor).state.withLock { $0.records[ref.aor]?.bindings.first { $0.key == ref.key } }
    }

    /// Bindings of all users.
    public var count: Int { stripes.reduce(0) { $0 + $1.state.withLock { $0.count } } }
    /// Users with at least one binding.
    public var registeredCount: Int {
        stripes.reduce(0) { $0 + $1.state.withLock { $0.records.count { !$0.value.bindings.isEmpty } } }
    }

    /// Every binding, in no order; each stripe is copied at one instant.
    public func all() -> [(aor: AddressOfRecord, binding: Binding)] { stripes.indices.flatMap { all(inStripe: $0) } }

    /// Into how many parts, each with a lock of its own, the table is divided.
    public var stripeCount: Int { stripes.count }

    /// The bindings of one part; for work over all of them that must not hold up others for long.
    /// - Parameter index: 0 ..< ``stripeCount``; another has none.
    public func all(inStripe index: Int) -> [(aor: AddressOfRecord, binding: Binding)] {
        guard stripes.indices.contains(index) else { return [] }
        return stripes[index].state.withLock { state in
            state.records.flatMap { entry in entry.value.bindings.map { (aor: entry.key, binding: $0) } }
        }
    }

    // MARK: Registering

    /// Lets `decide` judge a request by the bindings as they will be once everything on its way is confirmed, and stages what it gives.
    package func stage(
        _ aor: AddressOfRecord, _ decide: (_ foreseen: [Binding]) -> [BindingChange]
    ) -> (ticket: RegisterTicket, changes: [BindingChange])? {
        stripe(aor).state.withLock { state in
            let changes = decide(state.records[aor]?.foreseen ?? [])
            guard !changes.isEmpty else { return nil }
            state.lastTicket += 1
            state.records[aor, default: LocationRecord()].stage(changes, number: state.lastTicket)
            indexConnections(of: changes)
            return (RegisterTicket(aor: aor, number: state.lastTicket), changes)
        }
    }

    /// The store has the changes: they become visible, after those of earlier requests for the same user.
    public func commit(_ ticket: RegisterTicket) { settle(ticket.aor) { $0.commit(ticket.number) } }

    /// The store failed: the changes are forgotten.
    public func abandon(_ ticket: RegisterTicket) { settle(ticket.aor) { $0.abandon(ticket.number) } }

    /// Takes over what the store kept over a restart. Bindings over connections come back dead, since the restart cut them;
    /// what ended meanwhile is left out and given back, to be deleted.
    ///
    /// Each binding's deadline is set anew from ``Binding/expiresAt``.
    public func load(_ rows: [(aor: AddressOfRecord, binding: Binding)], now: Moment, wall: WallTime) -> [BindingRef] {
        var ended: [BindingRef] = []
        for row in rows {
            guard row.binding.expiresAt > wall else {
                ended.append(BindingRef(aor: row.aor, key: row.binding.key))
                continue
            }
            var binding = row.binding
            binding.deadline = now.advanced(by: binding.expiresAt.since(wall))
            if binding.flow.transport.isReliable { binding.flowAlive = false }
            settle(row.aor) { $0.load(binding) }
        }
        return ended
    }

    // MARK: Time and connections

    /// When ``expire(now:)`` has something to do; nil while nothing is registered.
    public var nextExpiry: Moment? { stripes.compactMap { $0.state.withLock { $0.deadlines.next } }.min() }

    /// Removes what ended by `now`, and names it for the store to delete.
    public func expire(now: Moment) -> [BindingRef] {
        var ended: [BindingRef] = []
        for stripe in stripes {
            stripe.state.withLock { state in
                while let aor = state.deadlines.popDue(now: now) {
                    var keys: [String] = []
                    change(aor, in: &state) { keys = $0.expire(now: now) }
                    ended.append(contentsOf: keys.map { BindingRef(aor: aor, key: $0) })
                }
            }
        }
        return ended
    }

    /// Marks the bindings of a connection that is gone; they stay until they end or the phone registers anew.
    public func connectionClosed(_ flow: SIPFlow) -> [BindingRef] {
        guard flow.connection != 0 else { return [] }
        let owners = indexes.withLock { $0.connections.removeValue(forKey: flow.connection) ?? [] }
        return owners.flatMap { aor in
            stripe(aor).state.withLock { state in
                (state.records[aor]?.markClosed(flow.connection) ?? []).map { BindingRef(aor: aor, key: $0) }
            }
        }
    }

    /// Notes the outcome of a qualify request: a round-trip time, or nil for no answer.
    public func noteQualify(_ ref: BindingRef, roundTrip: Duration?) {
        stripe(ref.aor).state.withLock { state in
            _ = state.records[ref.aor]?.update(ref.key) { binding in
                if let roundTrip { binding.roundTrip = roundTrip }
                binding.isReachable = roundTrip != nil
            }
        }
    }

    /// A phone that is asked no longer: nothing is known of it.
    public func forgetQualify(_ ref: BindingRef) {
        stripe(ref.aor).state.withLock { state in _ = state.records[ref.aor]?.update(ref.key) { $0.isReachable = nil } }
    }

    // MARK: GRUU

    /// The bindings a temporary GRUU leads to, where its `user` part is one of ours (RFC 5627 §5.2).
    public func bindings(ofTemporaryGRUU user: String, now: Moment) -> (aor: AddressOfRecord, bindings: [Binding])? {
        guard let seed = TemporaryGRUU.seed(in: user, key: gruuKey), let aor = indexes.withLock({ $0.seeds[seed] })
        else { return nil }
        let found = usableBindings(of: aor, now: now)
        guard let owner = bindings(of: aor).first(where: { $0.gruuSeed == seed }) else { return nil }
        return (aor, found.filter { $0.instance == owner.instance })
    }

    /// The bindings a public GRUU leads to: those of the phone whose instance is `gr` (RFC 5627 §5.1).
    public func bindings(of aor: AddressOfRecord, gr: String, now: Moment) -> [Binding] {
        usableBindings(of: aor, now: now).filter { binding in
            guard let instance = binding.instance else { return false }
            return PublicGRUU.parameter(instance) == gr
        }
    }

    // MARK: Inside

    private func stripe(_ aor: AddressOfRecord) -> Stripe {
        stripes[Int(truncatingIfNeeded: aor.user.rawValue) & (stripes.count - 1)]
    }

    private func settle(_ aor: AddressOfRecord, _ body: (inout LocationRecord) -> Void) {
        stripe(aor).state.withLock { change(aor, in: &$0, body) }
    }

    /// Changes one record and brings count, deadline and indexes in line with it.
    private func change(_ aor: AddressOfRecord, in state: inout State, _ body: (inout LocationRecord) -> Void) {
        var record = state.records.removeValue(forKey: aor) ?? LocationRecord()
        let before = record.bindings
        body(&record)
        state.count += record.bindings.count - before.count
        state.deadlines.set(aor, to: record.nextDeadline)
        updateIndexes(aor, before: before, after: record)
        if !record.isEmpty { state.records[aor] = record }
    }

    private func indexConnections(of changes: [BindingChange]) {
        for case .put(let aor, let binding) in changes where binding.flow.connection != 0 && binding.flowAlive {
            indexes.withLock { _ = $0.connections[binding.flow.connection, default: []].insert(aor) }
        }
    }

    private func updateIndexes(_ aor: AddressOfRecord, before: [Binding], after record: LocationRecord) {
        let goneConnections = before.map(\.flow.connection).filter { $0 != 0 && !record.uses(connection: $0) }
        let goneSeeds = before.map(\.gruuSeed).filter { seed in
            seed != 0 && !record.bindings.contains { $0.gruuSeed == seed }
        }
        let seeds = record.bindings.map(\.gruuSeed).filter { $0 != 0 }
        guard !goneConnections.isEmpty || !goneSeeds.isEmpty || !seeds.isEmpty else { return }
        indexes.withLock { indexes in
            for connection in goneConnections {
                indexes.connections[connection]?.remove(aor)
                if indexes.connections[connection]?.isEmpty == true { indexes.connections[connection] = nil }
            }
            for seed in goneSeeds { indexes.seeds[seed] = nil }
            for seed in seeds { indexes.seeds[seed] = aor }
        }
    }
}
