import Basics
import SIPTransaction
import Synchronization

/// What makes a connection fit for a target: where it leads, and whose certificate was checked.
struct ConnectionKey: Hashable, Sendable {
    var listener: ListenerID
    var transport: SIPTransportKind
    var remote: IPEndpoint
    var serverName: String?
}

/// Names connections, finds one by where it leads, and counts them; shared by all loops.
///
/// A connection's number holds its loop in the low 8 bits, so that a flow alone says where to send.
final class ConnectionTable: Sendable {
    private struct State {
        var byKey: [ConnectionKey: UInt64] = [:]
        var accepted: [IPAddress: Int] = [:]
        var open = 0
        var last: UInt64 = 0
    }
    enum Lookup { case open(UInt64), new(UInt64), full }

    private let state = Mutex(State())
    private let limits: TransportLimits

    init(limits: TransportLimits) { self.limits = limits }

    static func loop(of connection: UInt64) -> Int { Int(connection & 0xFF) }

    var count: Int { state.withLock { $0.open } }

    /// Makes room for a connection the peer opened; nil over a limit. `remote` leads to it from now on.
    func accept(_ key: ConnectionKey, loop: Int) -> UInt64? {
        state.withLock { state in
            let address = key.remote.address
            guard state.open < limits.connections, state.accepted[address, default: 0] < limits.connectionsPerAddress
            else { return nil }
            state.open += 1
            state.accepted[address, default: 0] += 1
            let id = ConnectionTable.number(&state, loop)
            state.byKey[key] = id
            return id
        }
    }

    /// The connection that leads to `key`; else room for one that `loop` is to open.
    func find(_ key: ConnectionKey, loop: Int) -> Lookup {
        state.withLock { state in
            if let id = state.byKey[key] { return .open(id) }
            guard state.open < limits.connections else { return .full }
            state.open += 1
            let id = ConnectionTable.number(&state, loop)
            state.byKey[key] = id
            return .new(id)
        }
    }

    func remove(_ id: UInt64, key: ConnectionKey, accepted: Bool) {
        state.withLock { state in
            state.open -= 1
            if state.byKey[key] == id { state.byKey[key] = nil }
            guard accepted else { return }
            let left = state.accepted[key.remote.address, default: 1] - 1
            state.accepted[key.remote.address] = left > 0 ? left : nil
        }
    }

    private static func number(_ state: inout State, _ loop: Int) -> UInt64 {
        state.last += 1
        return state.last << 8 | UInt64(loop & 0xFF)
    }
}
