/// A language the catalogue speaks; replacements may be in any.
public enum PromptLanguage: String, Hashable, Sendable, CaseIterable {
    case french = "fr"
    case english = "en"
}

/// What phrases are about.
public enum PromptTopic: String, Hashable, Sendable, CaseIterable {
    case numbers, letters, dates, general, errors, attendant, presence, voicemail, queue, recording, conference,
        features
    case tests

    /// As a headline.
    public var title: String {
        switch self {
        case .numbers: "Numbers"
        case .letters: "Letters"
        case .dates: "Dates and times"
        case .general: "General"
        case .errors: "Calls that fail"
        case .attendant: "Attendant and directory"
        case .presence: "Presence"
        case .voicemail: "Voicemail"
        case .queue: "Queues and agents"
        case .recording: "Recording"
        case .conference: "Conferences"
        case .features: "Features"
        case .tests: "Tests"
        }
    }
}

/// How a phrase is spoken in one language.
public struct PhraseVoice: Hashable, Sendable {
    public let text: String
    /// The human recording of Debian's asterisk-core-sounds that says it, without an extension; nil: it is synthesised.
    public let recording: String?

    static func human(_ recording: String, _ text: String) -> PhraseVoice {
        PhraseVoice(text: text, recording: recording)
    }
    static func spoken(_ text: String) -> PhraseVoice { PhraseVoice(text: text, recording: nil) }
}

/// Something the server says.
public struct Phrase: Hashable, Sendable {
    public let id: PromptID
    public let topic: PromptTopic
    private let french: PhraseVoice
    private let english: PhraseVoice

    init(_ id: PromptID, _ topic: PromptTopic, _ french: PhraseVoice, _ english: PhraseVoice) {
        (self.id, self.topic, self.french, self.english) = (id, topic, french, english)
    }

    public func voice(_ language: PromptLanguage) -> PhraseVoice {
        switch language {
        case .french: french
        case .english: english
        }
    }
}
