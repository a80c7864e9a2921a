import Glibc
public import Prompts

/// Where phrases are kept once they are made: `fr/vm-intro.wav`, `music.wav`. What is missing is made when it is first needed.
///
/// A phrase that is synthesised only because the recording is not installed is kept beside, as `vm-intro.fallback.wav`, so that the
/// human voice speaks it once its package is there. Not for event loops.
public struct PromptFolder: Sendable {
    public let path: String
    public let renderer: PromptRenderer

    /// What was made by another version of the catalogue goes.
    public init(_ path: String, renderer: PromptRenderer = PromptRenderer()) {
        (self.path, self.renderer) = (path, renderer)
        let version = "\(path)/.version"
        let now = Array("\(PromptCatalogue.version)".utf8)
        if let before = try? Files.read(version, limit: 64), before == now { return }
        guard access(path, F_OK) == 0 else { return }
        for language in PromptLanguage.allCases {
            let folder = "\(path)/\(language.rawValue)"
            for name in Files.names(in: folder) where name.hasSuffix(".wav") { unlink("\(folder)/\(name)") }
        }
        unlink(musicFile)
        // Where that fails, what is made now is made once more at the next start.
        try? Files.replace(version, with: now)
    }

    public func file(_ id: PromptID, _ language: PromptLanguage) -> String { "\(path)/\(language.rawValue)/\(id).wav" }
    public var musicFile: String { "\(path)/music.wav" }
    private func fallbackFile(_ id: PromptID, _ language: PromptLanguage) -> String {
        "\(path)/\(language.rawValue)/\(id).fallback.wav"
    }

    /// The file of a phrase as it is now; nil while it was never made.
    public func madeFile(_ phrase: Phrase, _ language: PromptLanguage) -> String? {
        if access(file(phrase.id, language), R_OK) == 0 { return file(phrase.id, language) }
        let fallback = fallbackFile(phrase.id, language)
        return access(fallback, R_OK) == 0 && !canImprove(phrase, language) ? fallback : nil
    }

    /// The file of a phrase, made if it must be; blocks.
    public func readyFile(_ phrase: Phrase, _ language: PromptLanguage) throws(RenderFailure) -> String {
        if let made = madeFile(phrase, language) { return made }
        return try make(phrase, language)
    }

    /// The file of the music on hold, made if it must be; blocks.
    public func readyMusic() throws(RenderFailure) -> String {
        if access(musicFile, R_OK) != 0 { try keep(try renderer.music(), musicFile) }
        return musicFile
    }

    /// Makes a phrase anew.
    @discardableResult
    func make(_ phrase: Phrase, _ language: PromptLanguage) throws(RenderFailure) -> String {
        let (sound, source) = try renderer.render(phrase, language)
        let isFallback: Bool = source == .synthesis && phrase.voice(language).recording != nil
        let path = isFallback ? fallbackFile(phrase.id, language) : file(phrase.id, language)
        try keep(sound, path)
        if !isFallback { unlink(fallbackFile(phrase.id, language)) }
        return path
    }

    /// Makes what a power cut left damaged anew.
    func mend(_ source: PromptSource) throws(RenderFailure) -> String? {
        switch source {
        case .kept: return nil
        case .phrase(let phrase, let language): return try make(phrase, language)
        case .music:
            try makeMusic()
            return musicFile
        }
    }

    func makeMusic() throws(RenderFailure) { try keep(try renderer.music(), musicFile) }

    private func canImprove(_ phrase: Phrase, _ language: PromptLanguage) -> Bool {
        phrase.voice(language).recording.map { renderer.recordings.has($0, language) } ?? false
    }

    private func keep(_ sound: PreparedSound, _ path: String) throws(RenderFailure) {
        do throws(FileFailure) {
            try Files.replace(path, with: sound.file, isDurable: false)
            let version = "\(self.path)/.version"
            if access(version, F_OK) != 0 { try Files.replace(version, with: Array("\(PromptCatalogue.version)".utf8)) }
        } catch {
            throw RenderFailure(error.description)
        }
    }
}
