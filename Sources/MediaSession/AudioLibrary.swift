/// Where prompts and music come from; the files behind it are an adapter's.
public protocol AudioLibrary: Sendable {
    /// Finds a recording at 8 000, 16 000 or 48 000 Hz: the tenant's own, else what all have; in the language asked for, else
    /// in the tenant's or the server's.
    ///
    /// Never blocks. `ready` is called once: at once on the caller's thread where the clip is in memory, else later on a
    /// thread of the library's.
    func clip(
        _ name: PromptName, sampleRate: Int, ready: @escaping @Sendable (Result<AudioClip, PromptError>) -> Void)
}

/// Why a recording cannot be played, in words.
public struct PromptError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        /// There is no such recording.
        case notFound
        /// Clips have 8 000, 16 000 and 48 000 Hz.
        case badSampleRate
        /// Its file is there and cannot be read: why, in words.
        case unreadable(String)
    }

    public let name: PromptName
    public let reason: Reason
    public init(_ name: PromptName, _ reason: Reason) { (self.name, self.reason) = (name, reason) }

    public var description: String {
        switch reason {
        case .notFound: "there is no prompt \(name)"
        case .badSampleRate: "prompt \(name) was asked for at a rate that is not 8000, 16000 or 48000 Hz"
        case .unreadable(let why): "prompt \(name) cannot be read: \(why)"
        }
    }
}
