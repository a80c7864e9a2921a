internal import SIPTransaction

/// Which calls use which connection, so that a connection's end costs the calls on it and no others.
struct CallConnections: Sendable {
    private var calls: [SIPFlow: Set<UInt32>] = [:]
    private var flows: [UInt32: [SIPFlow]] = [:]

    /// Calls that have a connection.
    var count: Int { flows.count }

    mutating func set(_ call: UInt32, to connections: [SIPFlow]) {
        if connections.isEmpty, flows.isEmpty { return }
        guard flows[call] ?? [] != connections else { return }
        for flow in flows[call] ?? [] {
            calls[flow]?.remove(call)
            if calls[flow]?.isEmpty ?? false { calls[flow] = nil }
        }
        for flow in connections { calls[flow, default: []].insert(call) }
        flows[call] = connections.isEmpty ? nil : connections
    }

    /// In the order they began, so that the same events lead to the same effects.
    func calls(over flow: SIPFlow) -> [UInt32] { (calls[flow] ?? []).sorted() }
}
