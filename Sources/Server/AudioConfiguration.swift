public import Prompts

/// What the configuration says of prompts, music and storage.
public struct AudioConfiguration: Hashable, Sendable {
    /// A recording in a prompt's place.
    public struct Replacement: Hashable, Sendable {
        /// `music` or `music/…` for music.
        public var prompt: String
        /// BCP 47; nil for music, and where it is whatever the language.
        public var language: String?
        /// By its name; nil for all tenants.
        public var tenant: String?
        public var path: String

        public init(prompt: String, language: String?, tenant: String?, path: String) {
            (self.prompt, self.language, self.tenant, self.path) = (prompt, language, tenant, path)
        }
    }

    /// What is spoken where nothing else says; BCP 47.
    public var language: String = PromptLanguage.english.rawValue
    /// Where the human recordings of Debian's packages are.
    public var voices: String = "/usr/share/asterisk/sounds"
    public var replacements: [Replacement] = []
    public var shares = PromptShares()
    /// Of recordings and voicemail, in bytes; 0 for no bounds. Watched, not enforced.
    public var recordingShare: Int = 0
    /// In percent of a share.
    public var importantPercent: Int = 80
    public var criticalPercent: Int = 95
    /// Between looks at the storage.
    public var storageSeconds: Int = 60

    public init() {}
}

extension ServerConfiguration {
    /// Where phrases are kept that were made here.
    public var promptFolder: String { ServerConfiguration.promptFolder(of: dataFolder) }
    /// Where recordings are kept that were handed in.
    public var audioFolder: String { ServerConfiguration.audioFolder(of: dataFolder) }
    /// Where calls are recorded to.
    public var recordingFolder: String { "\(dataFolder)/recordings" }

    public static func promptFolder(of dataFolder: String) -> String { "\(dataFolder)/prompts" }
    public static func audioFolder(of dataFolder: String) -> String { "\(dataFolder)/audio" }
}
