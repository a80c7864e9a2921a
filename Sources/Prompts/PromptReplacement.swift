public import Basics

/// A recording that stands in for a prompt, as it is kept.
public struct PromptReplacement: Hashable, Sendable {
    /// Who wants it so; where both do, the upload counts.
    public enum Origin: String, Hashable, Sendable {
        /// The configuration file: taken away again when it is no longer there.
        case configuration
        /// Somebody handed it in.
        case upload
    }

    public let key: PromptKey
    public let origin: Origin
    public let sound: KeptSound
    /// The name the file came with, or the text that was spoken.
    public let originalName: String
    /// An account, as people read it.
    public let changedBy: String
    public let changedAt: WallTime

    public init(
        key: PromptKey, origin: Origin, sound: KeptSound, originalName: String, changedBy: String, changedAt: WallTime
    ) {
        (self.key, self.origin, self.sound, self.originalName) = (key, origin, sound, originalName)
        (self.changedBy, self.changedAt) = (changedBy, changedAt)
    }
}

/// A sound that was checked, levelled and kept.
public struct KeptSound: Hashable, Sendable {
    /// What it is kept under: the SHA-256 of its file, 64 hexadecimal digits.
    public let file: String
    public let bytes: Int
    public let duration: Duration
    /// In LUFS, before and after levelling.
    public let loudnessBefore: Double
    public let loudness: Double
    /// The SHA-256 of what it was made from.
    public let source: String

    public init(
        file: String, bytes: Int, duration: Duration, loudnessBefore: Double, loudness: Double, source: String
    ) {
        (self.file, self.bytes, self.duration, self.source) = (file, bytes, duration, source)
        (self.loudnessBefore, self.loudness) = (loudnessBefore, loudness)
    }
}
