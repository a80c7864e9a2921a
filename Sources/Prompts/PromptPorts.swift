/// Where sounds that were handed in are kept; the files behind it are an adapter's. Blocks on the disk.
public protocol SoundKeeping: Sendable {
    /// Reads a file, checks and levels its sound, and keeps it.
    func keep(file path: String, limits: AudioLimits) throws(AudioRefusal) -> KeptSound
    /// Speaks a text and keeps it.
    /// - Parameter language: BCP 47.
    func keep(text: String, language: String) throws(AudioRefusal) -> KeptSound
    /// The SHA-256 of a file as it is handed in, to see whether it is the one that was.
    func fingerprint(_ path: String) throws(AudioRefusal) -> String
    /// Writes a kept sound to a file of its own, which must not be there yet.
    func export(_ file: String, to path: String) throws(AudioRefusal)
    /// Takes away what nobody needs any more: all but `files`, and what was kept within the last hour.
    func sweep(keeping files: Set<String>)
}

/// Where it is written which sound stands for which prompt; the store's. Blocks on the disk.
public protocol PromptRecords: Sendable {
    /// Server-wide: every replacement there is, by key.
    func replacements() throws(PromptRefusal) -> [PromptReplacement]
    /// Adds a replacement, or changes the one of this key and origin.
    func put(_ replacement: PromptReplacement) throws(PromptRefusal)
    /// - Returns: what was there; nil where there was nothing.
    func remove(_ key: PromptKey, origin: PromptReplacement.Origin) throws(PromptRefusal) -> PromptReplacement?
    /// Where the operator's customers can have prompts recorded: a link to a studio (OI-145); nil where none is set.
    func studioLink() throws(PromptRefusal) -> String?
    func setStudioLink(_ link: String?) throws(PromptRefusal)
}
