public import Basics
public import Signals

/// A recording that can be played, by name: the media plane's library knows where its audio is.
public struct PromptName: Hashable, Sendable, CustomStringConvertible {
    /// Looked up for the tenant first, then for all: `vm-intro`, `music`, `upload/greeting-3`.
    public let name: String
    /// The tenant's number; nil asks for what all have.
    public let tenant: Int64?
    /// BCP 47: `fr`, `en`; nil where the recording has no language.
    public let language: String?
    public init(_ name: String, tenant: Int64? = nil, language: String? = nil) {
        (self.name, self.tenant, self.language) = (name, tenant, language)
    }
    public var description: String { language.map { "\(name) (\($0))" } ?? name }
}

/// Tones a caller knows by ear; how they sound depends on the country.
public typealias CallTone = ProgressTone

public enum PlaybackItem: Hashable, Sendable {
    case prompt(PromptName)
    /// `country` is ISO 3166 alpha-2. A tone without an end of its own sounds for `duration`, or for ever.
    case tone(CallTone, country: String, duration: Duration?)
    case digits(String, toneMs: UInt16, gapMs: UInt16)
    case silence(Duration)
}

/// What a player plays: items in order, joined without a gap.
public struct PlaybackPlan: Hashable, Sendable {
    public let id: MediaPlayerID
    public var items: [PlaybackItem]
    /// How often the list is played; nil is for ever.
    public var repeats: UInt32?
    /// Where in the list to begin.
    public var startAt: Duration
    /// -60 ... +20 dB.
    public var gainDb: Float
    /// All players of the same content that loop for ever run in step, so that their encoding is shared (music on hold).
    public var isShared: Bool

    public init(
        id: MediaPlayerID, items: [PlaybackItem], repeats: UInt32? = 1, startAt: Duration = .zero, gainDb: Float = 0,
        isShared: Bool = false
    ) {
        self.id = id
        self.items = items
        self.repeats = repeats
        self.startAt = startAt
        self.gainDb = gainDb
        self.isShared = isShared
    }
}

public enum PlaybackEnd: Hashable, Sendable {
    /// All was played.
    case finished
    case stopped
    /// An item could not be played: why, in words. The rest was played.
    case failed(String)
}
