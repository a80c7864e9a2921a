/// Everything the server says by itself, in French and English; `docs/prompts.md` is made from it.
///
/// Texts are what the human recordings say, where there is one.
public enum PromptCatalogue {
    public static let phrases: [Phrase] =
        numbers + letters + dates + general + errors + attendant + presence + voicemail + queue + recording + conference
        + features + tests

    private static let byID: [PromptID: Phrase] = Dictionary(phrases.map { ($0.id, $0) }) { first, _ in first }

    public static func phrase(_ id: PromptID) -> Phrase? { byID[id] }

    /// Where Debian's packages put the recordings of a language: the voice the catalogue's texts were written down from.
    public static func recordingFolder(_ language: PromptLanguage) -> String {
        switch language {
        case .french: "fr_CA_f_June"
        case .english: "en_US_f_Allison"
        }
    }

    /// Debian's packages that speak the catalogue.
    public static let packages: [String] = [
        "asterisk-core-sounds-fr-g722", "asterisk-core-sounds-en-g722", "espeak-ng",
    ]

    /// Rises when texts or sources change, so that what was rendered before is rendered anew.
    public static let version: Int = 1
}
