import Foundation
import Prompts

/// The sections `prompts`, `music` and `storage` of a configuration file.
enum AudioSections {
    /// - Parameter resolve: makes a relative path absolute.
    static func read(_ root: ConfigurationSection, resolve: (String) -> String) -> AudioConfiguration {
        var audio = AudioConfiguration()
        let prompts = root.section("prompts")
        let language = prompts.parsed("language", "a language tag such as fr or en-GB (BCP 47)") { text in
            (try? PromptKey("upload/x", tenant: nil, language: text))?.language
        }
        audio.language = language ?? audio.language
        audio.voices = prompts.string("voices").map(resolve) ?? audio.voices
        for section in prompts.sections("replace") ?? [] {
            audio.replacements += replacement(section, isMusic: false, resolve: resolve).map { [$0] } ?? []
        }
        prompts.finish()
        for section in root.sections("music") ?? [] {
            audio.replacements += replacement(section, isMusic: true, resolve: resolve).map { [$0] } ?? []
        }
        storage(root.section("storage"), &audio)
        return audio
    }

    private static func replacement(
        _ section: ConfigurationSection, isMusic: Bool, resolve: (String) -> String
    ) -> AudioConfiguration.Replacement? {
        let prompt: String? = isMusic ? music(section) : section.string("prompt")
        let language: String? = isMusic ? nil : section.string("language")
        let tenant: String? = section.string("tenant")
        let path: String? = section.string("file").map(resolve)
        for key in isMusic ? ["file"] : ["prompt", "file"] where !section.has(key) {
            section.refuse(key, "is missing; every replacement needs it")
        }
        section.finish()
        guard let prompt, let path else { return nil }
        do throws(PromptRefusal) { _ = try PromptKey(prompt, tenant: nil, language: language) } catch {
            switch error.reason {
            case .language, .languageMissing: section.refuse("language", error.description)
            default: section.refuse(isMusic ? "name" : "prompt", error.description)
            }
            return nil
        }
        guard FileManager.default.isReadableFile(atPath: path) else {
            return section.refuse("file", "there is no file \(path) that can be read")
        }
        return AudioConfiguration.Replacement(prompt: prompt, language: language, tenant: tenant, path: path)
    }

    /// `music`, or further music by its name.
    private static func music(_ section: ConfigurationSection) -> String {
        section.string("name").map { "music/\($0)" } ?? PromptID.music.rawValue
    }

    private static func storage(_ section: ConfigurationSection, _ audio: inout AudioConfiguration) {
        let megabytes: ClosedRange<Int> = 1...67_108_864
        if let value = section.integer("announcements-megabytes", in: megabytes) {
            audio.shares.announcements = value << 20
        }
        if let value = section.integer("music-megabytes", in: megabytes) { audio.shares.music = value << 20 }
        if let value = section.integer("recordings-megabytes", in: 0...67_108_864) {
            audio.recordingShare = value << 20
        }
        audio.importantPercent = section.integer("important-percent", in: 1...100) ?? audio.importantPercent
        audio.criticalPercent = section.integer("critical-percent", in: 1...100) ?? audio.criticalPercent
        audio.storageSeconds = section.integer("check-seconds", in: 1...86_400) ?? audio.storageSeconds
        if audio.criticalPercent < audio.importantPercent {
            section.refuse(
                "critical-percent", "must not be below \"important-percent\" (\(audio.importantPercent))")
        }
        section.finish()
    }
}
