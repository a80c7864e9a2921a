/// Why a prompt is not changed, in words. What was there before stays.
public struct PromptRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        case unknown(String, near: String?)
        case name(String)
        case language(String)
        case languageMissing(String)
        case musicHasNoLanguage
        case audio(AudioRefusal)
        /// The store or the disk did not take it: why.
        case notKept(String)
        /// The share of the disk for this kind is used up.
        case noRoom(used: Int, limit: Int)
    }

    public let reason: Reason
    public init(_ reason: Reason) { self.reason = reason }

    public var description: String {
        switch reason {
        case .unknown(let id, let near):
            "there is no prompt \"\(id)\"\(near.map { "; did you mean \"\($0)\"?" } ?? "; martinet prompt list shows all")"
                + " Recordings of your own are named upload/NAME, further music music/NAME"
        case .name(let id):
            "\"\(id)\" is no name: after upload/ or music/ come 1 to 64 lower-case letters, digits, \"-\", \"_\" or \".\""
        case .language(let text): "\"\(text)\" is no language tag such as fr or pt-BR (BCP 47)"
        case .languageMissing(let id): "prompt \"\(id)\" has a recording in each language: name the language"
        case .musicHasNoLanguage: "music is the same in every language: leave the language out"
        case .audio(let refusal): refusal.description
        case .notKept(let why): why
        case .noRoom(let used, let limit):
            "\(used >> 20) of \(limit >> 20) MB for recordings of this kind are used: take some away first"
        }
    }
}
