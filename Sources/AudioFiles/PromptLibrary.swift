import Basics
import Batching
import Foundation
public import MediaSession
public import Prompts
import Synchronization

/// How the library works.
public struct PromptLibrarySettings: Sendable {
    /// What is spoken where neither the call nor the recording says.
    public var language: String = PromptLanguage.english.rawValue
    /// Of sound in memory; the least recently used goes when it is more. Clips that are playing stay as long as they do.
    public var cacheBytes: Int = 256 << 20
    public init() {}
}

/// Prompts and music for the packet threads, from files, read by a thread of its own.
public final class PromptLibrary: AudioLibrary {
    fileprivate struct Asked: Hashable {
        let name: PromptName
        let sampleRate: Int
    }
    fileprivate typealias Ready = @Sendable (Result<AudioClip, PromptError>) -> Void

    fileprivate struct State {
        var catalogue: PromptLookup
        var cache: ClipCache
        /// What could not be read, and is not tried again until something changes.
        var broken: [PromptSource: String] = [:]
        var waiting: [Asked: [Ready]] = [:]
    }

    private let state: Mutex<State>
    private let queue = BatchQueue<Asked>(limit: .max, enough: 1)
    private let folder: PromptFolder
    private let shelf: SoundShelf

    public init(
        folder: PromptFolder, shelf: SoundShelf, settings: PromptLibrarySettings = PromptLibrarySettings()
    ) {
        (self.folder, self.shelf) = (folder, shelf)
        state = Mutex(
            State(
                catalogue: PromptLookup(replacements: [], language: settings.language),
                cache: ClipCache(limit: settings.cacheBytes)))
        let thread = Thread { [self] in run() }
        thread.name = "prompts"
        thread.start()
    }

    /// Takes the recordings that stand in for prompts from now on. What is playing plays on.
    public func setReplacements(_ replacements: [PromptReplacement]) {
        state.withLock { state in
            state.catalogue = PromptLookup(replacements: replacements, language: state.catalogue.language)
            state.broken = [:]
        }
    }

    public func clip(
        _ name: PromptName, sampleRate: Int, ready: @escaping @Sendable (Result<AudioClip, PromptError>) -> Void
    ) {
        guard [8000, 16_000, 48_000].contains(sampleRate) else {
            ready(.failure(PromptError(name, .badSampleRate)))
            return
        }
        let asked = Asked(name: name, sampleRate: sampleRate)
        // nil: it has to be read, and `ready` waits.
        let answer: Result<AudioClip, PromptError>? = state.withLock { state in
            if let answer = state.answer(asked.name, asked.sampleRate) { return answer }
            let isFirst: Bool = state.waiting[asked] == nil
            state.waiting[asked, default: []].append(ready)
            return isFirst && !queue.submit(asked) ? .failure(state.giveUp(asked)) : nil
        }
        if let answer { ready(answer) }
    }

    /// Ends the thread; what is asked for from now on fails. Not for event loops.
    public func close() { queue.close() }

    // MARK: The thread that reads

    private func run() {
        while true {
            let batch = queue.take()
            for asked in batch.elements { read(asked) }
            batch.done()
            if batch.isClosing, batch.elements.isEmpty { break }
            if !batch.isClosing, !batch.isAwaited { _ = queue.rest(gathering: .zero) }
        }
        queue.finish()
    }

    /// Reads sources in their order until one gives a clip.
    private func read(_ asked: Asked) {
        while true {
            let next: PromptSource? = state.withLock { state in
                guard state.answer(asked.name, asked.sampleRate) == nil else { return nil }
                return state.catalogue.sources(of: asked.name).first { state.broken[$0] == nil }
            }
            guard let source = next else { break }
            let clip: Result<AudioClip, RenderFailure> = Result { () throws(RenderFailure) in
                try load(source, sampleRate: asked.sampleRate)
            }
            state.withLock { state in
                switch clip {
                case .success(let clip): state.cache.add(clip, source, asked.sampleRate)
                case .failure(let failure): state.broken[source] = failure.description
                }
            }
        }
        let (answer, waiting) = state.withLock { state in
            let answer = state.answer(asked.name, asked.sampleRate) ?? .failure(PromptError(asked.name, .notFound))
            return (answer, state.waiting.removeValue(forKey: asked) ?? [])
        }
        for ready in waiting { ready(answer) }
    }

    private func load(_ source: PromptSource, sampleRate: Int) throws(RenderFailure) -> AudioClip {
        let path: String =
            switch source {
            case .kept(let file): shelf.path(file)
            case .phrase(let phrase, let language): try folder.readyFile(phrase, language)
            case .music: try folder.readyMusic()
            }
        let sound = try read(path, mending: source)
        guard sound.sampleRate != sampleRate else { return AudioClip(sampleRate: sampleRate, samples: sound.samples) }
        let other = SoundResampler.resample(sound.samples.map(Float.init), from: sound.sampleRate, to: sampleRate)
        return AudioClip(sampleRate: sampleRate, count: other.count) { target in
            for (index, sample) in other.enumerated() {
                target[index] = Int16(max(-32_768, min(32_767, sample.rounded())))
            }
        }
    }

    private func read(_ path: String, mending source: PromptSource?) throws(RenderFailure) -> (
        samples: [Int16], sampleRate: Int
    ) {
        let bytes: [UInt8]
        do throws(FileFailure) { bytes = try Files.read(path, limit: 256 << 20) } catch {
            throw RenderFailure(error.description)
        }
        if let sound = PCMReader.sound(bytes), !sound.samples.isEmpty { return sound }
        if let source, let mended = try folder.mend(source) { return try read(mended, mending: nil) }
        throw RenderFailure("\(path) is not a WAV file of 16-bit PCM in one channel")
    }
}

extension PromptLibrary.State {
    /// What can be said without reading; nil where something has to be read first.
    fileprivate mutating func answer(_ name: PromptName, _ sampleRate: Int) -> Result<AudioClip, PromptError>? {
        var why: String?
        for source in catalogue.sources(of: name) {
            if let clip = cache.clip(source, sampleRate) { return .success(clip) }
            guard let reason = broken[source] else { return nil }
            why = why ?? reason
        }
        return .failure(PromptError(name, why.map { .unreadable($0) } ?? .notFound))
    }

    fileprivate mutating func giveUp(_ asked: PromptLibrary.Asked) -> PromptError {
        waiting[asked] = nil
        return PromptError(asked.name, .unreadable("the server is stopping"))
    }
}
