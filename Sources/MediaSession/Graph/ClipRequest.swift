/// A recording a player needs; the driver asks its library and answers with ``MediaGraph/supply(_:_:)``.
public struct ClipRequest: Hashable, Sendable {
    public let player: MediaPlayerID
    /// The room whose music it is; nil for a player of its own.
    let room: MediaRoomID?
    /// Its place in the player's list.
    public let place: Int
    public let name: PromptName
    /// In Hz.
    public let sampleRate: Int

    init(player: MediaPlayerID, place: Int, name: PromptName, sampleRate: Int) {
        (self.player, room, self.place, self.name, self.sampleRate) = (player, nil, place, name, sampleRate)
    }

    init(room: MediaRoomID, place: Int, name: PromptName, sampleRate: Int) {
        player = MediaPlayerID(call: room.call, number: room.number)
        (self.room, self.place, self.name, self.sampleRate) = (room, place, name, sampleRate)
    }
}
