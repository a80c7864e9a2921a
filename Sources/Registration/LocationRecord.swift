internal import Basics
internal import SIPTransaction

/// What the location table holds of one address-of-record.
struct LocationRecord: Sendable {
    /// One request's changes on their way to the store.
    struct Staged: Sendable {
        let number: UInt64
        var changes: [BindingChange]
        /// The store has it, but an earlier request's changes are still on their way.
        var isCommitted: Bool = false
    }

    /// Confirmed by the store, in the order they were made.
    private(set) var bindings: [Binding] = []
    private(set) var staged: [Staged] = []

    var isEmpty: Bool { bindings.isEmpty && staged.isEmpty }
    var nextDeadline: Moment? { bindings.lazy.map(\.deadline).min() }

    /// The bindings as they will be once everything staged is confirmed: what the next request is judged by.
    var foreseen: [Binding] {
        guard !staged.isEmpty else { return bindings }
        var result = bindings
        for entry in staged { LocationRecord.apply(entry.changes, to: &result) }
        return result
    }

    mutating func stage(_ changes: [BindingChange], number: UInt64) {
        staged.append(Staged(number: number, changes: changes))
    }

    /// Applies what is confirmed, strictly in the order of the requests, so that the last one wins.
    mutating func commit(_ number: UInt64) {
        guard let position = staged.firstIndex(where: { $0.number == number }) else { return }
        staged[position].isCommitted = true
        applyConfirmed()
    }

    mutating func abandon(_ number: UInt64) {
        staged.removeAll { $0.number == number }
        applyConfirmed()
    }

    private mutating func applyConfirmed() {
        while let first = staged.first, first.isCommitted {
            LocationRecord.apply(first.changes, to: &bindings)
            staged.removeFirst()
        }
    }

    mutating func load(_ binding: Binding) {
        if let position = bindings.firstIndex(where: { $0.key == binding.key }) {
            bindings[position] = binding
        } else {
            bindings.append(binding)
        }
    }

    /// Removes what ended by `now` and gives its keys.
    mutating func expire(now: Moment) -> [String] {
        var keys: [String] = []
        bindings.removeAll { binding in
            guard binding.deadline <= now else { return false }
            keys.append(binding.key)
            return true
        }
        return keys
    }

    /// Marks what uses `connection`, the staged included; gives the keys of the confirmed ones.
    mutating func markClosed(_ connection: UInt64) -> [String] {
        var keys: [String] = []
        for position in bindings.indices
        where bindings[position].flow.connection == connection && bindings[position].flowAlive {
            bindings[position].flowAlive = false
            keys.append(bindings[position].key)
        }
        for position in staged.indices {
            staged[position].changes = staged[position].changes.map { change in
                guard case .put(let aor, var binding) = change, binding.flow.connection == connection else {
                    return change
                }
                binding.flowAlive = false
                return .put(aor, binding)
            }
        }
        return keys
    }

    /// Changes the binding with this key in place; false when there is none.
    mutating func update(_ key: String, _ change: (inout Binding) -> Void) -> Bool {
        guard let position = bindings.firstIndex(where: { $0.key == key }) else { return false }
        change(&bindings[position])
        return true
    }

    func uses(connection: UInt64) -> Bool {
        bindings.contains { $0.flow.connection == connection }
            || staged.contains { entry in
                entry.changes.contains { change in
                    guard case .put(_, let binding) = change else { return false }
                    return binding.flow.connection == connection
                }
            }
    }

    private static func apply(_ changes: [BindingChange], to bindings: inout [Binding]) {
        for change in changes {
            switch change {
            case .put(_, let binding):
                if let position = bindings.firstIndex(where: { $0.key == binding.key }) {
                    bindings[position] = binding
                } else {
                    bindings.append(binding)
                }
            case .remove(let ref):
                bindings.removeAll { $0.key == ref.key }
            }
        }
    }
}
