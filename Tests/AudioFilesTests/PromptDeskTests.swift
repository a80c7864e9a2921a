import AudioFiles
import Basics
import Foundation
import Prompts
import Synchronization
import Testing

@Suite("Replacing prompts")
struct PromptDeskTests {
    private let machine = PromptMachine(speech: 700)
    private let book = PromptBook()
    private let now = WallTime(secondsSinceEpoch: 1_795_264_702)
    private var desk: PromptDesk { PromptDesk(records: book, sounds: machine.shelf) }

    private func kept() -> [String] {
        machine.folder.names("audio").flatMap { machine.folder.names("audio/\($0)") }
    }

    @Test("an upload is kept with who, when, length and loudness (MV-MEDIA-06, OI-145)")
    func upload() throws {
        let path = machine.write(tone: 500, rate: 44_100, seconds: 2, to: "studio.wav")
        let key = try PromptKey("vm-intro", tenant: TenantID(7), language: "FR")
        let made = try desk.replace(key, with: .file(path: path, name: "Accueil définitif.wav"), by: "marie", at: now)
        #expect(made.key.language == "fr")
        #expect(made.originalName == "Accueil définitif.wav" && made.changedBy == "marie" && made.changedAt == now)
        #expect(abs(made.sound.duration.inSeconds - 2) < 0.05)
        #expect(abs(made.sound.loudness - -23) < 1 && abs(made.sound.loudnessBefore - -9) < 1)
        #expect(kept() == ["\(made.sound.file).wav"])
        #expect(try desk.replacements(for: TenantID(7)) == [made])
        #expect(try desk.replacements(for: TenantID(8)).isEmpty)
        let copy = "\(machine.folder.path)/copy.wav"
        #expect(try desk.export(key, to: copy) == made)
        #expect(FileManager.default.contents(atPath: copy)?.count == made.sound.bytes)
        #expect(throws: PromptRefusal.self) { try desk.export(key, to: copy) }
    }

    @Test("what is refused leaves the old recording where it is")
    func refused() throws {
        let key = try PromptKey("vm-intro", tenant: TenantID(7), language: "fr")
        let good = machine.write(tone: 500, rate: 16_000, to: "good.wav")
        let old = try desk.replace(key, with: .file(path: good, name: "good.wav"), by: "marie", at: now)
        machine.folder.write("bad.mp3", Array("this is no audio".utf8))
        let bad = PromptDesk.Source.file(path: "\(machine.folder.path)/bad.mp3", name: "bad.mp3")
        let refusal = #expect(throws: PromptRefusal.self) { try desk.replace(key, with: bad, by: "marie", at: now) }
        #expect(refusal?.reason == .audio(AudioRefusal(.notAudio)))
        #expect(throws: PromptRefusal.self) { try desk.replace(key, with: .text("", language: nil), by: "x", at: now) }
        book.isBroken.withLock { $0 = true }
        let other = machine.write(tone: 600, rate: 16_000, to: "other.wav")
        #expect(throws: PromptRefusal(.notKept("the disk is full"))) {
            try desk.replace(key, with: .file(path: other, name: "other.wav"), by: "marie", at: now)
        }
        #expect(try desk.replacements(for: TenantID(7)) == [old])
        #expect(kept().contains("\(old.sound.file).wav"))
    }

    @Test("a text is spoken in the prompt's language")
    func text() throws {
        let key = try PromptKey("upload/closed", tenant: TenantID(7), language: nil)
        let made = try desk.replace(key, with: .text("Fermé.", language: "fr"), by: "marie", at: now)
        #expect(made.originalName == "“Fermé.”")
        #expect(throws: PromptRefusal.self) {
            try desk.replace(key, with: .text("Fermé.", language: nil), by: "x", at: now)
        }
    }

    struct Bad: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let id: String
        var language: String?
        let says: String
    }

    private static let badKeys: [Bad] = [
        Bad(
            testDescription: "unknown", id: "vm-into", language: "fr",
            says: "there is no prompt \"vm-into\"; did you mean \"vm-intro\"?"),
        Bad(
            testDescription: "nothing like it", id: "quux-xyzzy", language: "fr", says: "martinet prompt list shows all"
        ),
        Bad(testDescription: "no language", id: "vm-intro", says: "name the language"),
        Bad(testDescription: "no such tag", id: "vm-intro", language: "french!", says: "no language tag"),
        Bad(testDescription: "a path as tag", id: "vm-intro", language: "../x", says: "no language tag"),
        Bad(testDescription: "music with a language", id: "music", language: "fr", says: "the same in every language"),
        Bad(testDescription: "a path", id: "upload/../../etc/passwd", says: "is no name"),
        Bad(testDescription: "capitals", id: "upload/Hello", says: "is no name"),
        Bad(testDescription: "empty", id: "upload/", says: "is no name"),
        Bad(testDescription: "hidden", id: "music/.x", says: "is no name"),
        Bad(testDescription: "too long", id: "upload/" + String(repeating: "a", count: 65), says: "is no name"),
    ]

    @Test("a name or language that is none is refused with the rule", arguments: badKeys)
    func keys(bad: Bad) {
        let refusal = #expect(throws: PromptRefusal.self) { try PromptKey(bad.id, tenant: nil, language: bad.language) }
        #expect(refusal?.description.contains(bad.says) == true, "\(refusal?.description ?? "")")
    }

    @Test("uploads beyond the share of the disk are refused, music and announcements apart (partly: MV-VM-06)")
    func shares() throws {
        var shares = PromptShares()
        shares.announcements = 30_000
        let desk = PromptDesk(records: book, sounds: machine.shelf, shares: shares)
        let path = machine.write(tone: 500, rate: 16_000, seconds: 1.2, to: "a.wav")
        let source = PromptDesk.Source.file(path: path, name: "a.wav")
        try desk.replace(try PromptKey("upload/a", tenant: nil, language: nil), with: source, by: "x", at: now)
        let refusal = #expect(throws: PromptRefusal.self) {
            try desk.replace(try PromptKey("upload/b", tenant: nil, language: nil), with: source, by: "x", at: now)
        }
        guard case .noRoom = refusal?.reason else {
            Issue.record("\(String(describing: refusal))")
            return
        }
        try desk.replace(.init("music", tenant: nil, language: nil), with: source, by: "x", at: now)
    }

    @Test(
        "the configuration's recordings come and go with it; the same file is not read twice; an upload goes before it")
    func configuration() throws {
        let (one, two) = (
            machine.write(tone: 500, rate: 16_000, to: "1.wav"), machine.write(tone: 600, rate: 16_000, to: "2.wav")
        )
        let intro = try PromptKey("vm-intro", tenant: nil, language: "fr")
        let music = try PromptKey("music", tenant: TenantID(7), language: nil)
        let missing = try PromptKey("goodbye", tenant: nil, language: "fr")
        let long = machine.write(tone: 600, rate: 16_000, seconds: 2, to: "music.wav")
        let refused = try desk.apply(
            [.init(key: intro, path: one), .init(key: music, path: long), .init(key: missing, path: "/nowhere.wav")],
            at: now)
        #expect(refused.map(\.path) == ["/nowhere.wav"])
        let first = try book.replacements()
        #expect(Set(first.map(\.key)) == [intro, music])
        // Unchanged: the same rows, of the same time.
        #expect(
            try desk.apply(
                [.init(key: intro, path: one), .init(key: music, path: long)], at: now.advanced(by: .seconds(9))
            ).isEmpty)
        #expect(Set(try book.replacements()) == Set(first))
        // A file that became bad leaves what was there.
        machine.folder.write("1.wav", Array("no audio".utf8))
        #expect(try desk.apply([.init(key: intro, path: one), .init(key: music, path: long)], at: now).count == 1)
        #expect(Set(try book.replacements()) == Set(first))
        _ = try desk.apply([.init(key: intro, path: two)], at: now)
        #expect(try book.replacements().map(\.originalName) == ["2.wav"])
        let upload = try desk.replace(intro, with: .file(path: long, name: "3.wav"), by: "x", at: now)
        #expect(try desk.replacements(for: nil).map(\.originalName) == ["3.wav", "2.wav"])
        #expect(try desk.reset(intro) == upload)
        #expect(try desk.reset(intro) == nil)
        #expect(try desk.replacements(for: nil).map(\.originalName) == ["2.wav"])
    }

    @Test("sounds that nobody needs any more go after an hour")
    func sweep() throws {
        let path = machine.write(tone: 500, rate: 16_000, to: "a.wav")
        let key = try PromptKey("upload/a", tenant: nil, language: nil)
        let made = try desk.replace(key, with: .file(path: path, name: "a.wav"), by: "x", at: now)
        let file = machine.shelf.path(made.sound.file)
        func age() throws {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -4000)], ofItemAtPath: file)
        }
        try age()
        machine.shelf.sweep(keeping: [made.sound.file])
        #expect(kept().count == 1)
        _ = try desk.reset(key)
        #expect(kept().isEmpty)
        // Kept again, it is safe for an hour, whoever sweeps.
        _ = try desk.replace(key, with: .file(path: path, name: "a.wav"), by: "x", at: now)
        machine.shelf.sweep(keeping: [])
        #expect(kept().count == 1)
    }
}
