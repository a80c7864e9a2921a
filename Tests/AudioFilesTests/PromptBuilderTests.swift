import AudioFiles
import Foundation
import MediaSession
import Prompts
import Testing

@Suite("Building the catalogue")
struct PromptBuilderTests {
    private let count: Int = PromptCatalogue.phrases.count

    @Test("makes every phrase of both languages and the music, says how far it is, and goes on where it stopped")
    func restart() throws {
        let machine = PromptMachine(recordings: [.french: ["vm-intro": 400]], speech: 700)
        let builder = PromptBuilder(machine.prompts)
        var steps: [Int] = []
        let first = builder.build { number, total, _ in
            #expect(total == 2 * count + 1)
            steps.append(number)
            return number <= 50
        }
        #expect(first.isCancelled && first.made == 50 && first.kept == 0)
        #expect(steps == Array(1...51))
        let second = builder.build()
        #expect(!second.isCancelled && second.failures == [])
        #expect(second.kept == 50 && second.made == 2 * count + 1 - 50)
        #expect(builder.build().made == 0)
        for phrase in PromptCatalogue.phrases {
            #expect(
                machine.prompts.madeFile(phrase, .french) != nil && machine.prompts.madeFile(phrase, .english) != nil)
        }
        let human = PromptCatalogue.phrases.count { $0.voice(.french).recording != nil }
        // The one recording there is, and what has none: the rest of the human ones wait for their packages.
        #expect(builder.build(languages: [.french]).fallbacks == human - 1)
        #expect(machine.folder.names("prompts/fr").contains("vm-intro.wav"))
        #expect(machine.folder.names("prompts/fr").contains("vm-deleted.fallback.wav"))
    }

    @Test("a human voice takes the place of synthesis once its package is installed")
    func improves() throws {
        let machine = PromptMachine(speech: 700)
        let library = PromptLibrary(folder: machine.prompts, shelf: machine.shelf)
        #expect(tone(try clip(library, PromptName("vm-deleted", language: "fr")).get()) == 700)
        library.close()
        machine.addRecording(.french, "vm-deleted", 400)
        let later = PromptLibrary(folder: machine.prompts, shelf: machine.shelf)
        defer { later.close() }
        #expect(tone(try clip(later, PromptName("vm-deleted", language: "fr")).get()) == 400)
        #expect(machine.folder.names("prompts/fr") == ["vm-deleted.wav"])
    }

    @Test("without any voice every phrase fails in words, and the music is made all the same")
    func nothingInstalled() {
        let machine = PromptMachine()
        let report = PromptBuilder(machine.prompts).build(languages: [.french])
        #expect(report.made == 1 && report.failures.count == count)
        #expect(report.failures.allSatisfy { $0.contains("is not installed: apt-get install espeak-ng") })
    }

    @Test("what another version of the catalogue made is made anew")
    func version() throws {
        let machine = PromptMachine(speech: 700)
        _ = PromptBuilder(machine.prompts).build(languages: [.french]) { number, _, _ in number < 10 }
        #expect(machine.folder.names("prompts/fr").count == 8)
        machine.folder.write("prompts/.version", Array("0".utf8))
        _ = machine.prompts
        #expect(machine.folder.names("prompts/fr").isEmpty)
        #expect(machine.folder.bytes("prompts/.version") == Array("\(PromptCatalogue.version)".utf8))
    }
}
