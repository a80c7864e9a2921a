import Prompts

/// What a listener hears, as text; a pause is a comma.
func spoken(_ language: PromptLanguage, _ parts: [PhrasePart]) -> String {
    var text: String = ""
    for part in parts {
        switch part {
        case .prompt(let id):
            let word = PromptCatalogue.phrase(id)?.voice(language).text ?? "<\(id)?>"
            text += (text.isEmpty ? "" : " ") + word
        case .pause: text += ","
        }
    }
    return text
}

/// With hyphens as spaces, in lower case.
func plain(_ text: String) -> String { text.replacing("-", with: " ").lowercased() }
