import AudioFiles
import Basics
import Dispatch
import Foundation
import MediaSession
import Prompts
import Synchronization
import Testing

@Suite("The library of prompts")
struct PromptLibraryTests {
    private let machine = PromptMachine(
        recordings: [.french: ["vm-intro": 400, "vm-goodbye": 500], .english: ["vm-intro": 600]], speech: 700)

    private func library(_ settings: PromptLibrarySettings = PromptLibrarySettings()) -> PromptLibrary {
        PromptLibrary(folder: machine.prompts, shelf: machine.shelf, settings: settings)
    }

    private func replace(
        _ desk: PromptDesk, _ id: String, _ frequency: Double, tenant: TenantID? = nil, language: String? = nil
    ) throws {
        let path = machine.write(tone: frequency, rate: 44_100, seconds: 1.5, to: "upload-\(frequency).wav")
        try desk.replace(
            try PromptKey(id, tenant: tenant, language: language), with: .file(path: path, name: "upload.wav"),
            by: "test", at: WallTime(secondsSinceEpoch: 1))
    }

    @Test("a phrase is spoken by the recording of its language, at each rate", arguments: [8000, 16_000, 48_000])
    func rates(rate: Int) throws {
        let library = library()
        defer { library.close() }
        let french = try clip(library, PromptName("vm-intro", language: "fr"), rate).get()
        #expect(french.sampleRate == rate)
        #expect(tone(french) == 400)
        #expect(abs(french.duration.inSeconds - 0.5) < 0.02)
        #expect(tone(try clip(library, PromptName("vm-intro", language: "fr-CA"), rate).get()) == 400)
        #expect(tone(try clip(library, PromptName("vm-intro", language: "en"), rate).get()) == 600)
        #expect(tone(try clip(library, PromptName("error-not-allowed", language: "fr"), rate).get()) == 700)
    }

    @Test("a language that the server does not speak is answered in the server's own")
    func otherLanguage() throws {
        var settings = PromptLibrarySettings()
        settings.language = "fr"
        let library = library(settings)
        defer { library.close() }
        #expect(tone(try clip(library, PromptName("vm-intro", language: "de")).get()) == 400)
        #expect(tone(try clip(library, PromptName("vm-intro")).get()) == 400)
    }

    @Test("what is in memory is given at once, on the caller's thread")
    func cached() throws {
        let library = library()
        defer { library.close() }
        let name = PromptName("vm-intro", language: "fr")
        let first = try clip(library, name).get()
        let second = Mutex<AudioClip?>(nil)
        library.clip(name, sampleRate: 16_000) { result in second.withLock { $0 = try? result.get() } }
        #expect(second.withLock { $0 } === first)
    }

    @Test("many that wait for the same phrase get the same clip, and it is read once")
    func together() {
        let library = library()
        defer { library.close() }
        let clips = Mutex<[ObjectIdentifier: Int]>([:])
        let done = DispatchSemaphore(value: 0)
        for _ in 0..<100 {
            library.clip(PromptName("vm-intro", language: "fr"), sampleRate: 8000) { result in
                if let clip = try? result.get() { clips.withLock { $0[ObjectIdentifier(clip), default: 0] += 1 } }
                done.signal()
            }
        }
        for _ in 0..<100 { done.wait() }
        #expect(clips.withLock { Array($0.values) } == [100])
    }

    @Test("what there is not, and what cannot be made, is told in words")
    func failures() throws {
        let bare = PromptMachine()
        let library = PromptLibrary(folder: bare.prompts, shelf: bare.shelf)
        defer { library.close() }
        #expect(throws: PromptError(PromptName("vm-into"), .notFound)) {
            try clip(library, PromptName("vm-into")).get()
        }
        #expect(throws: PromptError(PromptName("vm-intro"), .badSampleRate)) {
            try clip(library, PromptName("vm-intro"), 44_100).get()
        }
        let refusal = #expect(throws: PromptError.self) {
            try clip(library, PromptName("vm-intro", language: "fr")).get()
        }
        #expect(refusal?.description.contains("is not installed: apt-get install espeak-ng") == true)
        // The music on hold is made by ourselves.
        #expect(try clip(library, PromptName("music")).get().duration > .seconds(60))
    }

    @Test(
        "a tenant's recording goes before all others', in its language, and is taken up while the server runs (MV-MEDIA-06)"
    )
    func replacements() throws {
        let library = library()
        defer { library.close() }
        let book = PromptBook()
        let desk = PromptDesk(records: book, sounds: machine.shelf)
        let (acme, other) = (TenantID(7), TenantID(8))
        func heard(_ name: String, _ tenant: TenantID, _ language: String?) throws -> Double? {
            tone(try clip(library, PromptName(name, tenant: tenant.rawValue, language: language)).get())
        }
        #expect(try heard("vm-intro", acme, "fr") == 400)
        try replace(desk, "vm-intro", 800, language: "fr")
        try replace(desk, "vm-intro", 900, tenant: acme, language: "fr")
        try replace(desk, "upload/hello", 1000, tenant: acme)
        try replace(desk, "upload/hallo", 1100, tenant: acme, language: "de")
        library.setReplacements(try book.replacements())
        #expect(try heard("vm-intro", acme, "fr") == 900)
        #expect(try heard("vm-intro", acme, "fr-CA") == 900)
        #expect(try heard("vm-intro", acme, "en") == 600)
        #expect(try heard("vm-intro", other, "fr") == 800)
        #expect(try heard("upload/hello", acme, "en") == 1000)
        #expect(try heard("upload/hallo", acme, "fr") == 1100)
        #expect(throws: PromptError.self) { try heard("upload/hello", other, "en") }
        _ = try desk.reset(try PromptKey("vm-intro", tenant: acme, language: "fr"))
        library.setReplacements(try book.replacements())
        #expect(try heard("vm-intro", acme, "fr") == 800)
    }

    @Test("music on hold is a tenant's own, else the server's, else ours (MV-MEDIA-05)")
    func music() throws {
        let library = library()
        defer { library.close() }
        let book = PromptBook()
        let desk = PromptDesk(records: book, sounds: machine.shelf)
        try replace(desk, "music", 800, tenant: TenantID(7))
        try replace(desk, "music", 900)
        try replace(desk, "music/sales", 1000, tenant: TenantID(7))
        library.setReplacements(try book.replacements())
        func heard(_ name: String, _ tenant: Int64) throws -> Double? {
            tone(try clip(library, PromptName(name, tenant: tenant, language: "fr")).get())
        }
        #expect(try heard("music", 7) == 800)
        #expect(try heard("music", 8) == 900)
        #expect(try heard("music/sales", 7) == 1000)
        #expect(try heard("music/sales", 8) == 900)
    }

    @Test("a recording whose file is gone or damaged gives way to the next")
    func damaged() throws {
        let library = library()
        defer { library.close() }
        let book = PromptBook()
        try replace(PromptDesk(records: book, sounds: machine.shelf), "vm-intro", 800, language: "fr")
        let file = try #require(try book.replacements().first?.sound.file)
        _ = FileManager.default.createFile(atPath: machine.shelf.path(file), contents: Data("RIFF".utf8))
        library.setReplacements(try book.replacements())
        #expect(tone(try clip(library, PromptName("vm-intro", language: "fr")).get()) == 400)
    }

    @Test("a phrase that a power cut left empty is made anew")
    func mended() throws {
        let phrase = try #require(PromptCatalogue.phrase("vm-intro"))
        let path = machine.prompts.file(phrase.id, .french)
        try FileManager.default.createDirectory(
            atPath: "\(machine.folder.path)/prompts/fr", withIntermediateDirectories: true)
        _ = machine.prompts
        machine.folder.write("prompts/.version", Array("\(PromptCatalogue.version)".utf8))
        _ = FileManager.default.createFile(atPath: path, contents: Data())
        let library = library()
        defer { library.close() }
        #expect(tone(try clip(library, PromptName("vm-intro", language: "fr")).get()) == 400)
    }

    @Test("memory is bounded: what was not used for longest goes, what plays stays with its player")
    func bounded() throws {
        var settings = PromptLibrarySettings()
        settings.cacheBytes = 40_000
        let library = library(settings)
        defer { library.close() }
        let intro = PromptName("vm-intro", language: "fr")
        let first = try clip(library, intro).get()
        for name in ["goodbye", "error-not-allowed", "error-busy", "error-technical"] {
            _ = try clip(library, PromptName(name, language: "fr")).get()
        }
        #expect(tone(first) == 400)
        let again = try clip(library, intro).get()
        #expect(again !== first)
        #expect(Array(again.samples) == Array(first.samples))
    }
}
