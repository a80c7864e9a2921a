/// What a pull gave.
public struct PlayoutInfo: Hashable, Sendable {
    public enum Content: Hashable, Sendable {
        /// Audio of the sender, at least in part.
        case audio
        /// Audio that was made up in place of what was lost or late.
        case concealment
        /// Nothing was sent: silence or comfort noise.
        case silence
    }
    public var content: Content
    /// How long after its packet could have been here at the earliest the audio is heard; 0 before the first packet. Grows while
    /// nothing comes.
    public var delayNanoseconds: Int64
    public init(content: Content, delayNanoseconds: Int64) {
        (self.content, self.delayNanoseconds) = (content, delayNanoseconds)
    }
}
