import Glibc
package import Prompts

/// Makes the phrases of the catalogue, and the music on hold, from what is installed on the machine. Not for event loops.
public struct PromptRenderer: Sendable {
    public let recordings: HumanRecordings
    public let synthesizer: SpeechSynthesizer

    public init(
        recordings: HumanRecordings = HumanRecordings(), synthesizer: SpeechSynthesizer = SpeechSynthesizer()
    ) {
        (self.recordings, self.synthesizer) = (recordings, synthesizer)
    }

    /// Who spoke a phrase.
    public enum Source: Hashable, Sendable { case recording, synthesis }

    /// What is missing to make all of the catalogue: Debian's packages, by name.
    public var missingPackages: [String] {
        let voices = PromptLanguage.allCases.filter { !recordings.has($0) }.map {
            "asterisk-core-sounds-\($0.rawValue)-g722"
        }
        return voices + (synthesizer.isInstalled ? [] : ["espeak-ng"])
    }

    /// Speaks a phrase: by the human recording where there is one, else by synthesis.
    package func render(
        _ phrase: Phrase, _ language: PromptLanguage
    ) throws(RenderFailure) -> (sound: PreparedSound, source: Source) {
        let voice: PhraseVoice = phrase.voice(language)
        do throws(AudioRefusal) {
            // Digits are short, and a word of 0.1 s is one.
            if let recording = voice.recording, let sound = recordings.sound(recording, language) {
                return (try PreparedSound(sound, limits: .prompt), .recording)
            }
            return (try speak(voice.text, language: language.rawValue), .synthesis)
        } catch {
            throw RenderFailure("\(phrase.id) (\(language.rawValue)): \(error)")
        }
    }

    /// Any text.
    package func speak(_ text: String, language: String) throws(AudioRefusal) -> PreparedSound {
        let sound: [Float]
        do throws(SpeechError) { sound = try synthesizer.speak(text, language: language) } catch {
            throw AudioRefusal(.unreadable(error.description))
        }
        return try PreparedSound(sound, limits: .prompt)
    }

    /// The music on hold.
    package func music() throws(RenderFailure) -> PreparedSound {
        do throws(AudioRefusal) { return try PreparedSound(HoldMusic.play(), limits: .music) } catch {
            throw RenderFailure("\(PromptID.music): \(error)")
        }
    }
}

/// Why a phrase could not be made, in words.
public struct RenderFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}
