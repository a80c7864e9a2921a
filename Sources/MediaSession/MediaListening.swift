/// What the server itself listens for in what a leg's peer says, besides what somebody else has to hear of it.
public struct MediaListening: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Keys as tones, told by ``MediaFact/digit(_:_:)``, while the leg hears another one.
    ///
    /// Not needed for events, which are always told, nor where the leg's digits come in band and it hears no other leg (a player, a room,
    /// nothing), nor where the other leg takes events or INFO: tones are then listened for anyhow.
    public static let keys = MediaListening(rawValue: 1)
    /// Fax and modem tones, told by ``MediaFact/heard(_:_:)``.
    public static let machines = MediaListening(rawValue: 2)
    /// Speech and silence, told by ``MediaFact/voice(_:_:)``.
    public static let voice = MediaListening(rawValue: 4)
}
