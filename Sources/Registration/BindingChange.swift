/// What a store has to write before a registration is confirmed; to be written in order, and one request's changes as a whole.
public enum BindingChange: Hashable, Sendable {
    /// Makes the binding, or replaces the one with its key.
    case put(AddressOfRecord, Binding)
    case remove(BindingRef)

    public var aor: AddressOfRecord {
        switch self {
        case .put(let aor, _): aor
        case .remove(let ref): ref.aor
        }
    }
}

/// One request's changes that wait for the store; see ``LocationTable/commit(_:)``.
public struct RegisterTicket: Hashable, Sendable {
    public let aor: AddressOfRecord
    /// Rises by one with each staged request of a stripe of the table.
    public let number: UInt64

    package init(aor: AddressOfRecord, number: UInt64) { (self.aor, self.number) = (aor, number) }
}
