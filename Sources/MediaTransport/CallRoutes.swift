import Basics
import MediaSession
import Synchronization

/// Which packet thread a call and a room are on.
///
/// Calls are spread evenly by their numbers. One that is to meet another call, in a room or by being joined to it, is brought to that
/// call's thread and stays there until its last endpoint is closed.
final class CallRoutes: Sendable {
    /// A call and the thread it goes to.
    struct Move {
        let call: CallID
        let from: Int
        let to: Int
    }

    struct Table {
        fileprivate(set) var calls: [CallID: Int] = [:]
        fileprivate(set) var rooms: [MediaRoomID: Int] = [:]
        /// Calls with endpoints in a room: they can't be moved away from it.
        fileprivate(set) var anchored: [CallID: [MediaEndpointID: MediaRoomID]] = [:]
        let count: Int

        func thread(of call: CallID) -> Int {
            // Calls are numbered in turn, so the remainder spreads them evenly.
            calls[call] ?? Int((call.number &+ UInt32(call.shard.rawValue)) % UInt32(count))
        }

        /// Where a command goes, and which call has to be brought there first.
        mutating func place(_ command: MediaCommand) -> (thread: Int, move: Move?) {
            switch command {
            case .openRoom(let plan):
                let thread: Int = rooms[plan.id] ?? thread(of: plan.id.call)
                rooms[plan.id] = thread
                return (thread, nil)
            case .closeRoom(let id):
                for endpoints in anchored.values {
                    for (endpoint, room) in endpoints where room == id { release(endpoint) }
                }
                return (rooms.removeValue(forKey: id) ?? thread(of: id.call), nil)
            case .enter(let room, let member):
                let call: CallID = member.endpoint.leg.call
                let thread: Int = rooms[room] ?? thread(of: room.call)
                let move: Move? = bring(call, to: thread)
                anchored[call, default: [:]][member.endpoint] = room
                return (self.thread(of: call), move)
            case .join(let one, let other): return meet(one, other)
            case .hear(let one, .endpoint(let other)): return meet(one, other)
            case .leave(_, let id), .unjoin(let id), .hear(let id, _), .close(let id):
                let call: CallID = id.leg.call
                if !anchored.isEmpty { release(id) }
                return (thread(of: call), nil)
            default: return (thread(of: command.call), nil)
            }
        }

        private mutating func release(_ id: MediaEndpointID) {
            anchored[id.leg.call]?[id] = nil
            if anchored[id.leg.call]?.isEmpty ?? false { anchored[id.leg.call] = nil }
        }

        private mutating func meet(_ one: MediaEndpointID, _ other: MediaEndpointID) -> (thread: Int, move: Move?) {
            if !anchored.isEmpty {
                release(one)
                release(other)
            }
            guard one.leg.call != other.leg.call else { return (thread(of: one.leg.call), nil) }
            let isFixed: Bool = anchored[other.leg.call] != nil
            let (stays, comes) = isFixed ? (other.leg.call, one.leg.call) : (one.leg.call, other.leg.call)
            let move: Move? = bring(comes, to: thread(of: stays))
            return (thread(of: stays), move)
        }

        /// A call that is in a room of another thread stays there: what it was to hear is told to have failed.
        private mutating func bring(_ call: CallID, to thread: Int) -> Move? {
            let from: Int = self.thread(of: call)
            guard from != thread, anchored[call] == nil else { return nil }
            calls[call] = thread
            return Move(call: call, from: from, to: thread)
        }
    }

    private let table: Mutex<Table>

    init(threads: Int) { table = Mutex(Table(count: threads)) }

    func thread(of call: CallID) -> Int { table.withLock { $0.thread(of: call) } }

    /// Calls `body` with the table locked: what it hands to the threads is in the order of the moves.
    func withTable(_ body: (inout Table) -> Void) { table.withLock { body(&$0) } }

    /// A moved call has nothing open any more.
    func forget(_ call: CallID, on thread: Int) {
        table.withLock { table in
            if table.calls[call] == thread { table.calls[call] = nil }
            table.anchored[call] = nil
        }
    }
}
