import AudioFiles
import Basics
import CSndfile
import Foundation
import MediaSession
import Prompts
import Synchronization

/// A machine with the voices a test wants: recordings that it makes itself, and a program in place of espeak-ng that says a tone.
struct PromptMachine {
    let folder = TestFolder()

    /// - Parameters:
    ///   - recordings: frequency of the tone that each recording is, by language and name.
    ///   - speech: frequency of the tone that every synthesised phrase is; nil: not installed.
    init(recordings: [PromptLanguage: [String: Double]] = [:], speech: Double? = nil) {
        for (language, tones) in recordings {
            for (name, frequency) in tones { addRecording(language, name, frequency) }
        }
        if let speech {
            write(tone: speech, rate: 22_050, to: "speech.wav")
            let script = "#!/bin/sh\ncat >/dev/null\ncat '\(folder.path)/speech.wav'\n"
            folder.write("espeak", Array(script.utf8))
            chmod("\(folder.path)/espeak", 0o755)
        }
    }

    func addRecording(_ language: PromptLanguage, _ name: String, _ frequency: Double) {
        let voice = "sounds/\(PromptCatalogue.recordingFolder(language))"
        try? FileManager.default.createDirectory(
            atPath: "\(folder.path)/\(voice)", withIntermediateDirectories: true)
        write(tone: frequency, rate: 8000, to: "\(voice)/\(name).wav")
    }

    @discardableResult
    func write(tone: Double, rate: Int, seconds: Double = 0.5, to name: String) -> String {
        let path = "\(folder.path)/\(name)"
        _ = Sounds.write(
            Sounds.tone(tone, seconds: seconds, rate: rate), to: path, rate: rate,
            format: SF_FORMAT_WAV | SF_FORMAT_PCM_16)
        return path
    }

    var renderer: PromptRenderer {
        PromptRenderer(
            recordings: HumanRecordings(folder: "\(folder.path)/sounds"),
            synthesizer: SpeechSynthesizer(program: "\(folder.path)/espeak"))
    }
    var prompts: PromptFolder { PromptFolder("\(folder.path)/prompts", renderer: renderer) }
    var shelf: SoundShelf { SoundShelf(folder: "\(folder.path)/audio", renderer: renderer) }
}

/// Replacements in memory.
final class PromptBook: PromptRecords {
    private let rows = Mutex<[PromptReplacement]>([])
    let isBroken = Mutex(false)

    func replacements() throws(PromptRefusal) -> [PromptReplacement] { rows.withLock { $0 } }
    func put(_ replacement: PromptReplacement) throws(PromptRefusal) {
        if isBroken.withLock({ $0 }) { throw PromptRefusal(.notKept("the disk is full")) }
        rows.withLock { rows in
            rows.removeAll { $0.key == replacement.key && $0.origin == replacement.origin }
            rows.append(replacement)
        }
    }
    func remove(_ key: PromptKey, origin: PromptReplacement.Origin) throws(PromptRefusal) -> PromptReplacement? {
        rows.withLock { rows in
            rows.firstIndex { $0.key == key && $0.origin == origin }.map { rows.remove(at: $0) }
        }
    }
    func studioLink() throws(PromptRefusal) -> String? { nil }
    func setStudioLink(_ link: String?) throws(PromptRefusal) {}
}

/// Waits for a library's answer.
func clip(_ library: PromptLibrary, _ name: PromptName, _ rate: Int = 16_000) -> Result<AudioClip, PromptError> {
    let answer = Mutex<Result<AudioClip, PromptError>?>(nil)
    let done = DispatchSemaphore(value: 0)
    library.clip(name, sampleRate: rate) { result in
        answer.withLock { $0 = result }
        done.signal()
    }
    done.wait()
    return answer.withLock { $0 } ?? .failure(PromptError(name, .notFound))
}

/// The frequency of 300, 400, … 2 000 Hz that most of a clip is; nil where it is none of them.
func tone(_ clip: AudioClip) -> Double? {
    let samples = Array(clip.samples)
    return stride(from: 300.0, through: 2000, by: 100).first {
        Sounds.share(of: $0, in: samples, rate: clip.sampleRate) > 0.9
    }
}
