/// Why a codec, a resampler or a noise generator cannot be made.
public struct CodecError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was asked for: `opus at 11025 Hz`.
    public let what: String
    /// Why it cannot be had, in words.
    public let why: String

    public init(_ what: String, _ why: String) { (self.what, self.why) = (what, why) }

    public var description: String { "\(what): \(why)" }
}
