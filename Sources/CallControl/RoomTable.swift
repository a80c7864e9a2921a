public import Basics
public import MediaSession
import Synchronization

/// The conferences that are going on, by the number that is called for them; calls of every shard meet in them.
public final class RoomTable: Sendable {
    private struct Room {
        let id: MediaRoomID
        var members: Int
    }

    private struct State {
        var rooms: [ServiceNumberID: Room] = [:]
        var next: UInt16 = 0
    }

    private let state = Mutex(State())

    public init() {}

    /// Lets a call in, opening the room where it is the first.
    /// - Returns: the room, and how many are in it already; nil when it is full.
    func enter(_ number: ServiceNumberID, as call: CallID, limit: Int) -> (room: MediaRoomID, others: Int)? {
        state.withLock { state in
            if let room = state.rooms[number] {
                guard room.members < limit else { return nil }
                state.rooms[number]?.members += 1
                return (room.id, room.members)
            }
            state.next &+= 1
            let id = MediaRoomID(call: call, number: state.next)
            state.rooms[number] = Room(id: id, members: 1)
            return (id, 0)
        }
    }

    /// - Returns: whether the last one has left, and the room is to be closed.
    func leave(_ number: ServiceNumberID, _ room: MediaRoomID) -> Bool {
        state.withLock { state in
            guard let known = state.rooms[number], known.id == room else { return false }
            guard known.members > 1 else {
                state.rooms[number] = nil
                return true
            }
            state.rooms[number]?.members -= 1
            return false
        }
    }
}
