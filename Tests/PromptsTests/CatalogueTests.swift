import Foundation
import Prompts
import Testing

@Suite("The catalogue of phrases")
struct CatalogueTests {
    @Test("every phrase has a text and a source in both languages, and an id of its own (MV-MEDIA-06)")
    func complete() {
        let ids = PromptCatalogue.phrases.map(\.id)
        #expect(Set(ids).count == ids.count)
        #expect(ids.count > 300)
        for phrase in PromptCatalogue.phrases {
            #expect(phrase.id.rawValue.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" }, "\(phrase.id)")
            #expect(PromptCatalogue.phrase(phrase.id) == phrase)
            for language in PromptLanguage.allCases {
                let voice = phrase.voice(language)
                #expect(!voice.text.isEmpty && voice.text == voice.text.trimmingCharacters(in: .whitespaces))
                #expect(voice.recording?.isEmpty != true)
            }
        }
        #expect(Set(PromptCatalogue.phrases.map(\.topic)).count == PromptTopic.allCases.count)
    }

    @Test(
        "every human recording that is named is in Debian's packages",
        .enabled(if: FileManager.default.fileExists(atPath: "/usr/share/asterisk/sounds/fr_CA_f_June/vm-intro.g722")),
        arguments: PromptLanguage.allCases)
    func recordings(language: PromptLanguage) {
        for phrase in PromptCatalogue.phrases {
            guard let recording = phrase.voice(language).recording else { continue }
            let path = "/usr/share/asterisk/sounds/\(PromptCatalogue.recordingFolder(language))/\(recording).g722"
            #expect(FileManager.default.fileExists(atPath: path), "\(phrase.id): \(recording)")
        }
    }

    @Test("docs/prompts.md has the tables that the catalogue gives")
    func documentation() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appendingPathComponent("docs/prompts.md")
        let page = try String(contentsOf: file, encoding: .utf8)
        let (begin, end) = ("<!-- prompts: begin -->\n", "<!-- prompts: end -->")
        let start = try #require(page.range(of: begin)?.upperBound)
        let stop = try #require(page.range(of: end)?.lowerBound)
        if ProcessInfo.processInfo.environment["MARTINET_WRITE_DOCS"] != nil {
            try (page[..<start] + PromptsPage.text + page[stop...]).write(to: file, atomically: true, encoding: .utf8)
        } else {
            #expect(
                page[start..<stop] == PromptsPage.text,
                "write it anew: MARTINET_WRITE_DOCS=1 swift test --filter CatalogueTests")
        }
    }
}
