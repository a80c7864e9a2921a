/// The catalogue for people who read: the tables of docs/prompts.md.
public enum PromptsPage {
    /// Markdown: a heading and a table for each topic, after a summary.
    public static var text: String {
        var text: String = summary
        for topic in PromptTopic.allCases {
            text += "## \(topic.title)\n\n| id | French | spoken by | English | spoken by |\n|---|---|---|---|---|\n"
            for phrase in PromptCatalogue.phrases where phrase.topic == topic {
                let (french, english) = (phrase.voice(.french), phrase.voice(.english))
                let cells: [String] = [
                    "`\(phrase.id)`", french.text, source(french), english.text, source(english),
                ]
                text += "| " + cells.joined(separator: " | ") + " |\n"
            }
            text += "\n"
        }
        return text
    }

    private static var summary: String {
        let human: [Int] = PromptLanguage.allCases.map { language in
            PromptCatalogue.phrases.count { $0.voice(language).recording != nil }
        }
        return
            "\(PromptCatalogue.phrases.count) phrases; a human voice speaks \(human[0]) of them in French and \(human[1]) in "
            + "English, synthesis the others.\n\n"
    }

    private static func source(_ voice: PhraseVoice) -> String { voice.recording.map { "`\($0)`" } ?? "synthesis" }
}
