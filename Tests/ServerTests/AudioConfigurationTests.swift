import Basics
import Foundation
import Prompts
import Server
import Testing

@Suite("prompts, music and storage in the configuration file")
struct AudioConfigurationTests {
    private let folder = TestFolder()

    private func parse(_ yaml: String) throws -> AudioConfiguration {
        try ConfigurationFile.parse("data: d\nbind: 127.0.0.1\n" + yaml, file: "\(folder.path)/martinet.yaml").audio
    }

    private func touch(_ name: String) {
        _ = FileManager.default.createFile(atPath: "\(folder.path)/\(name)", contents: Data("x".utf8))
    }

    @Test("names recordings by prompt, language and tenant, with paths from the file's own folder (MV-MEDIA-06)")
    func reads() throws {
        for name in ["a.wav", "b.mp3", "c.mp3"] { touch(name) }
        let audio = try parse(
            """
            prompts:
              language: FR
              voices: voices
              replace:
                - {prompt: vm-intro, language: fr-CA, tenant: acme, file: a.wav}
                - {prompt: upload/welcome, file: \(folder.path)/a.wav}
            music:
              - {file: b.mp3}
              - {file: c.mp3, tenant: acme, name: sales}
            storage: {announcements-megabytes: 2, music-megabytes: 3, recordings-megabytes: 4, important-percent: 50,
              critical-percent: 50, check-seconds: 9}
            """)
        #expect(audio.language == "fr" && audio.voices == "\(folder.path)/voices")
        #expect(
            audio.replacements == [
                .init(prompt: "vm-intro", language: "fr-CA", tenant: "acme", path: "\(folder.path)/a.wav"),
                .init(prompt: "upload/welcome", language: nil, tenant: nil, path: "\(folder.path)/a.wav"),
                .init(prompt: "music", language: nil, tenant: nil, path: "\(folder.path)/b.mp3"),
                .init(prompt: "music/sales", language: nil, tenant: "acme", path: "\(folder.path)/c.mp3"),
            ])
        #expect(
            audio.shares.announcements == 2 << 20 && audio.shares.music == 3 << 20 && audio.recordingShare == 4 << 20)
        #expect((audio.importantPercent, audio.criticalPercent, audio.storageSeconds) == (50, 50, 9))
    }

    struct Mistake: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let yaml: String
        let key: String
        let says: String
    }

    private static let mistakes: [Mistake] = [
        Mistake(
            testDescription: "no language tag", yaml: "prompts: {language: french!}", key: "prompts.language",
            says: "a language tag such as fr"),
        Mistake(
            testDescription: "an unknown prompt",
            yaml: "prompts: {replace: [{prompt: vm-into, language: fr, file: a.wav}]}",
            key: "prompts.replace[0].prompt", says: "did you mean \"vm-intro\"?"),
        Mistake(
            testDescription: "no language", yaml: "prompts: {replace: [{prompt: vm-intro, file: a.wav}]}",
            key: "prompts.replace[0].language", says: "name the language"),
        Mistake(
            testDescription: "no prompt", yaml: "prompts: {replace: [{file: a.wav}]}", key: "prompts.replace[0].prompt",
            says: "is missing"),
        Mistake(testDescription: "no file", yaml: "music: [{tenant: acme}]", key: "music[0].file", says: "is missing"),
        Mistake(
            testDescription: "a file that is not there", yaml: "music: [{file: nowhere.wav}]", key: "music[0].file",
            says: "there is no file"),
        Mistake(
            testDescription: "music with a bad name", yaml: "music: [{file: a.wav, name: Sales!}]",
            key: "music[0].name",
            says: "is no name"),
        Mistake(
            testDescription: "music with a language", yaml: "music: [{file: a.wav, language: fr}]",
            key: "music[0].language",
            says: "unknown key"),
        Mistake(testDescription: "one, not a list", yaml: "music: {file: a.wav}", key: "music", says: "must be a list"),
        Mistake(
            testDescription: "no share", yaml: "storage: {music-megabytes: 0}", key: "storage.music-megabytes",
            says: "from 1 to"),
        Mistake(
            testDescription: "thresholds the wrong way round", yaml: "storage: {important-percent: 96}",
            key: "storage.critical-percent", says: "must not be below \"important-percent\" (96)"),
    ]

    @Test("a mistake is named with its place and rule", arguments: mistakes)
    func refuses(mistake: Mistake) throws {
        touch("a.wav")
        let error = #expect(throws: ConfigurationError.self) { _ = try parse(mistake.yaml) }
        let problems = try #require(error?.problems)
        #expect(problems.map(\.key) == [mistake.key], "\(problems)")
        #expect(problems.first?.rule.contains(mistake.says) == true, "\(problems)")
    }

    @Test("check names recordings that would be refused, and voices that are missing")
    func check() throws {
        touch("a.wav")
        let yaml = "data: \(folder.path)/d\nbind: 127.0.0.1\nmusic: [{file: a.wav}]\nprompts: {voices: /nowhere}\n"
        let configuration = try ConfigurationFile.parse(yaml, file: "\(folder.path)/martinet.yaml")
        let findings = ServerCheck.run(configuration, now: .init(secondsSinceEpoch: 0), usesFlags: false)
        let prompts = findings.filter { $0.subject == "prompts" }
        #expect(prompts.map(\.verdict) == [.warn, .fail])
        #expect(prompts[0].text.contains("apt-get install asterisk-core-sounds-fr-g722 asterisk-core-sounds-en-g722"))
        #expect(
            prompts[1].text
                == "\(folder.path)/a.wav will be refused: it is not audio: WAV, MP3, FLAC, Ogg and AIFF are taken")
    }
}
