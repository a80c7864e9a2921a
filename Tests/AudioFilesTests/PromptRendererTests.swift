import AudioFiles
import Foundation
import Prompts
import Testing

@Suite("Phrases made from what is installed")
struct PromptRendererTests {
    private static let hasPackages: Bool = PromptRenderer().missingPackages.isEmpty

    @Test("a machine without packages is told which to install", arguments: [true, false])
    func missing(hasSpeech: Bool) {
        let renderer = PromptRenderer(
            recordings: HumanRecordings(folder: "/nowhere"),
            synthesizer: SpeechSynthesizer(program: hasSpeech ? "/bin/cat" : "/nowhere/espeak-ng"))
        let voices = ["asterisk-core-sounds-fr-g722", "asterisk-core-sounds-en-g722"]
        #expect(renderer.missingPackages == voices + (hasSpeech ? [] : ["espeak-ng"]))
    }

    @Test(
        "a phrase with a human recording is spoken by it at 16 kHz, one without by synthesis", .enabled(if: hasPackages)
    )
    func sources() throws {
        let renderer = PromptRenderer()
        for (id, source) in [("vm-intro", PromptRenderer.Source.recording), ("error-not-allowed", .synthesis)] {
            let phrase = try #require(PromptCatalogue.phrase(PromptID(rawValue: id)))
            for language in PromptLanguage.allCases {
                let made = try renderer.render(phrase, language)
                #expect(made.source == source)
                #expect(made.sound.duration > .seconds(1))
                #expect(abs(made.sound.loudness - AudioLimits.prompt.loudness) < 1)
                // Wideband: something is above 4 kHz.
                #expect(highShare(made.sound.samples) > 0.0002, "\(id)")
            }
        }
    }

    /// How much of a sound's power is above about 4 kHz: what a difference of neighbours leaves of a sum of them.
    private func highShare(_ samples: [Int16]) -> Double {
        var (high, all): (Double, Double) = (0, 1)
        for index in 2..<samples.count {
            let value = Double(samples[index]) - 2 * Double(samples[index - 1]) + Double(samples[index - 2])
            high += value * value / 16
            all += Double(samples[index]) * Double(samples[index])
        }
        return high / all
    }

    @Test("without the packages of recordings synthesis speaks all", .enabled(if: SpeechSynthesizer().isInstalled))
    func fallback() throws {
        let renderer = PromptRenderer(recordings: HumanRecordings(folder: "/nowhere"))
        let phrase = try #require(PromptCatalogue.phrase("vm-intro"))
        #expect(try renderer.render(phrase, .french).source == .synthesis)
    }

    struct Speech: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let text: String
        var language: String = "fr"
        var program: String = "espeak-ng"
        let says: String
    }

    private static let refused: [Speech] = [
        Speech(testDescription: "no text", text: "", says: "must have 1 to 2000 characters, not 0"),
        Speech(
            testDescription: "too much text", text: String(repeating: "a", count: 2001),
            says: "must have 1 to 2000 characters, not 2001"),
        Speech(testDescription: "an option", text: "x", language: "-w/tmp/x", says: "is no language tag"),
        Speech(testDescription: "a path", text: "x", language: "../fr", says: "is no language tag"),
        Speech(testDescription: "an unknown language", text: "x", language: "tlh-x-qo", says: "espeak-ng"),
        Speech(
            testDescription: "not installed", text: "x", program: "/nowhere/espeak-ng",
            says: "is not installed: apt-get install espeak-ng"),
        Speech(
            testDescription: "a program that fails", text: "x", program: "/bin/false",
            says: "/bin/false failed (exit 1)"),
        Speech(testDescription: "a program that is none", text: "x", program: "/bin/cat", says: "failed"),
        Speech(testDescription: "a program that says nothing", text: "x", program: "/bin/true", says: "gave no sound"),
    ]

    @Test("what cannot be spoken is refused in words", arguments: refused)
    func refusals(speech: Speech) {
        let renderer = PromptRenderer(synthesizer: SpeechSynthesizer(program: speech.program))
        let refusal = #expect(throws: AudioRefusal.self) {
            _ = try renderer.speak(speech.text, language: speech.language)
        }
        #expect(refusal?.description.contains(speech.says) == true, "\(refusal?.description ?? "")")
    }

    @Test("a text is spoken as a text, whatever it begins with", .enabled(if: SpeechSynthesizer().isInstalled))
    func textIsNoOption() throws {
        let sound = try PromptRenderer().speak("--help, dit-elle ; $(reboot) <speak>", language: "fr")
        #expect(sound.duration > .seconds(1))
    }

    @Test("the music on hold is levelled, over a minute long, and loops without a click")
    func music() throws {
        let music = try PromptRenderer().music()
        #expect(music.duration > .seconds(60) && music.duration < .seconds(120))
        #expect(abs(Sounds.loudness(music.samples, rate: 16_000) - AudioLimits.music.loudness) < 1)
        let steps = zip(music.samples, music.samples.dropFirst()).map { abs(Int($0) - Int($1)) }
        let seam = abs(Int(music.samples[0]) - Int(music.samples[music.samples.count - 1]))
        #expect(seam <= steps.max() ?? 0)
        // Something is heard in every half second.
        for start in stride(from: 0, to: music.samples.count - 8000, by: 8000) {
            let part = music.samples[start..<start + 8000]
            #expect(part.contains { abs(Int($0)) > 500 })
        }
        #expect(try PromptRenderer().music().samples == music.samples)
    }
}
