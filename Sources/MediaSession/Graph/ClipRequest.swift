/// A recording a player needs; the driver asks its library and answers with ``MediaGraph/supply(_:_:)``.
public struct ClipRequest: Hashable, Sendable {
    public let player: MediaPlayerID
    /// Its place in the player's list.
    public let place: Int
    public let name: PromptName
    /// In Hz.
    public let sampleRate: Int
}
