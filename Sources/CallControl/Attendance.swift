internal import Basics
internal import Identity
internal import MediaSession

/// What the server does on a call that it answers itself.
struct Attendance: Sendable {
    /// What comes after what is being said.
    enum Next: Hashable, Sendable {
        case nothing, echo, enterPIN, conference
        case hangUp(String)
    }

    let number: ServiceNumber
    var hasBegun: Bool = false
    /// What sounds, and what follows it.
    var saying: (player: MediaPlayerID, next: Next)?
    /// Digits that are awaited.
    var collector: DigitCollector?
    /// How often a wrong PIN was entered.
    var wrongPINs: Int = 0
    var room: MediaRoomID?
    /// In a conference: the party's own wish not to be heard.
    var isMuted: Bool = false

    static let pinAttempts: Int = 3
}
