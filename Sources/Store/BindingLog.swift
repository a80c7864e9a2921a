import Basics
import Registration
import SIPTransaction

/// The writer's view of the log of bindings: appends versions, and clears away dead ones from its old end.
///
/// A refresh of a registration appends a row, so that the rows of one transaction share pages; updated in place, each would dirty a
/// page of its own, and writing pages is nearly all that a refresh costs. What it changes is known for good only once the
/// transaction is committed.
struct BindingLog {
    private struct Step {
        let name: Int
        /// nil where the binding is gone.
        let version: Int64?
    }

    private let putStatement: RawStatement
    private let removeStatement: RawStatement
    private let keysStatement: RawStatement
    private let renewStatement: RawStatement
    private let dropStatement: RawStatement
    private let dropPhoneStatement: RawStatement
    private let listeners: ListenerMap

    /// The version that counts, by a hash of the binding's name (seeded anew in every process).
    private var live: [Int: Int64] = [:]
    private var lastVersion: Int64 = 0
    private var rows: Int = 0

    private var steps: [Step] = []
    private var dropped: Int = 0
    private var nextVersion: Int64 = 0

    init(_ connection: RawConnection, listeners: ListenerMap) throws(StoreError) {
        self.listeners = listeners
        putStatement = try connection.prepare(BindingStore.putSQL)
        removeStatement = try connection.prepare(BindingStore.removeSQL)
        keysStatement = try connection.prepare(BindingStore.keysSQL)
        renewStatement = try connection.prepare(BindingStore.renewSQL)
        dropStatement = try connection.prepare(BindingStore.dropSQL)
        dropPhoneStatement = try connection.prepare(BindingStore.dropPhoneSQL)
        keysStatement.bind(1, Int64.max)
        while try keysStatement.next() {
            lastVersion = keysStatement.integer(0)
            live[name(ofRow: keysStatement)] = keysStatement.integer(4) == 1 ? nil : lastVersion
            rows += 1
        }
        nextVersion = lastVersion + 1
    }

    /// Where the steps of an entry begin, for ``forget(since:)``.
    var mark: Int { steps.count }

    mutating func append(_ change: BindingChange) throws(StoreError) {
        let version: Int64 = nextVersion
        switch change {
        case .put(let aor, let binding):
            BindingStore.bind(
                aor, binding, version: version, bound: listeners.text(of: binding.flow.listener), to: putStatement)
            try putStatement.run()
            steps.append(Step(name: name(aor.tenant.rawValue, aor.user.rawValue, binding.key), version: version))
        case .remove(let ref):
            removeStatement.bind(1, version)
            removeStatement.bind(2, ref.aor.tenant.rawValue)
            removeStatement.bind(3, ref.aor.user.rawValue)
            removeStatement.bind(4, ref.key)
            try removeStatement.run()
            dropPhoneStatement.bind(1, ref.aor.tenant.rawValue)
            dropPhoneStatement.bind(2, ref.aor.user.rawValue)
            dropPhoneStatement.bind(3, ref.key)
            try dropPhoneStatement.run()
            steps.append(Step(name: name(ref.aor.tenant.rawValue, ref.aor.user.rawValue, ref.key), version: nil))
        }
        nextVersion += 1
    }

    /// Takes back the steps of an entry that was undone.
    mutating func forget(since mark: Int) { steps.removeLast(steps.count - mark) }

    /// Once two of three rows are dead, takes some from the old end and writes those that live again at the new one.
    ///
    /// Older versions go before newer ones, so that none comes back to life between two steps.
    mutating func compact(wall: WallTime) throws(StoreError) {
        guard !steps.isEmpty, rows + steps.count > 3 * live.count + BindingLog.slack else { return }
        var newest: [Int: Int64?] = [:]
        for step in steps { newest[step.name] = .some(step.version) }
        var lastSeen: Int64?
        var renewed: [(name: Int, old: Int64)] = []
        keysStatement.bind(1, Int64(min(2 * steps.count + 8, 4000)))
        while try keysStatement.next() {
            let version: Int64 = keysStatement.integer(0)
            // Rows of this very transaction stay.
            guard version <= lastVersion else { continue }
            let name: Int = name(ofRow: keysStatement)
            lastSeen = version
            dropped += 1
            let counting: Int64? = newest[name] ?? live[name]
            guard counting == version else { continue }
            if keysStatement.integer(5) <= wall.microsecondsSinceEpoch {
                steps.append(Step(name: name, version: nil))
            } else {
                renewed.append((name, version))
            }
        }
        for (name, old) in renewed {
            renewStatement.bind(1, old)
            renewStatement.bind(2, nextVersion)
            try renewStatement.run()
            steps.append(Step(name: name, version: nextVersion))
            nextVersion += 1
        }
        guard let lastSeen else { return }
        dropStatement.bind(1, lastSeen)
        try dropStatement.run()
    }

    mutating func committed() {
        rows += Int(nextVersion - 1 - lastVersion) - dropped
        for step in steps { live[step.name] = step.version }
        lastVersion = nextVersion - 1
        steps.removeAll(keepingCapacity: true)
        dropped = 0
    }

    mutating func rolledBack() {
        steps.removeAll(keepingCapacity: true)
        dropped = 0
        nextVersion = lastVersion + 1
    }

    /// Dead rows that are no burden however few live.
    private static let slack: Int = 10_000

    private func name(ofRow statement: RawStatement) -> Int {
        name(statement.integer(1), statement.integer(2), statement.text(3))
    }

    private func name(_ tenant: Int64, _ user: Int64, _ key: String) -> Int {
        var hasher = Hasher()
        hasher.combine(tenant)
        hasher.combine(user)
        hasher.combine(key)
        return hasher.finalize()
    }
}
