public import Basics
public import Identity
public import MediaSession
public import Registration

/// What the calls of a shard share: where they look things up, and where their effects go.
struct CallEnvironment: Sendable {
    let shard: ShardID
    let epoch: UInt32
    var random: AnyRandom
    let addresses: AddressBook
    let media: any MediaPlane
    let locations: LocationTable
    let rooms: RoomTable
    var directory: Directory
    var settings: CallSettings
    /// The instant being handled.
    var now: Moment
    var wall: WallTime
    /// Appended to by the call that is being handled; emptied by the shard.
    var effects: [CallEffect] = []
}
