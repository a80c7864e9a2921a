public import Basics

/// A conference room of the media plane.
public struct RoomPlan: Hashable, Sendable {
    public let id: MediaRoomID
    /// 2 ... 500.
    public var memberLimit: UInt16
    /// Plays while only one is there.
    public var music: PromptName?
    /// Sounds when somebody enters or leaves.
    public var announces: Bool
    public var country: String
    /// What is mixed, in Hz: 8 000, 16 000 or 48 000. Legs of other rates are brought to it.
    public var sampleRate: UInt32

    public init(
        id: MediaRoomID, memberLimit: UInt16 = 500, music: PromptName? = nil, announces: Bool = true,
        country: String = "FR", sampleRate: UInt32 = 16_000
    ) {
        self.id = id
        self.memberLimit = memberLimit
        self.music = music
        self.announces = announces
        self.country = country
        self.sampleRate = sampleRate
    }
}

/// One leg's part in a room.
public struct RoomMember: Hashable, Sendable {
    public enum Role: Hashable, Sendable {
        /// Hears all but itself, is heard by all.
        case talker
        /// Hears all, is heard by nobody.
        case listener
        /// Hears all, is heard by one member alone (supervisor to agent).
        case whisper(to: MediaEndpointID)
    }

    public let endpoint: MediaEndpointID
    public var role: Role
    public var isMuted: Bool
    /// Of what it says, -60 ... +20 dB.
    public var gainDb: Float
    /// Of what it hears, -60 ... +20 dB.
    public var volumeDb: Float
    /// Enters and leaves without a tone.
    public var isSilent: Bool

    public init(endpoint: MediaEndpointID, role: Role = .talker) {
        self.endpoint = endpoint
        self.role = role
        isMuted = false
        gainDb = 0
        volumeDb = 0
        isSilent = false
    }
}
