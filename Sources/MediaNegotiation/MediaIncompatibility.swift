/// Why two parties can't understand each other.
public struct MediaIncompatibility: Error, Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        /// The parties share no codec, and none may be turned into another one.
        case transcodingForbidden
        /// They share no codec, and what one of them has is not understood here.
        case unknownCodecs
        /// What the author of the offer has is forbidden to it, or to the other one.
        case forbidden
        /// The answer holds nothing of what was offered.
        case nothingTaken
    }

    public let reason: Reason
    /// The codecs of the party that offered.
    public let offered: [String]
    /// Those the other party takes, or may be offered.
    public let taken: [String]

    init(_ reason: Reason, offered: [String], taken: [String]) {
        (self.reason, self.offered, self.taken) = (reason, offered, taken)
    }

    /// Both lists, for a Warning of code 305 (RFC 3261 §20.43).
    /// - Parameters:
    ///   - offerer: who offered: `caller`.
    ///   - answerer: the other one.
    public func lists(offerer: String, answerer: String) -> String {
        let verb: String = reason == .forbidden ? "may use" : "takes"
        return
            "\(offerer) offers \(MediaIncompatibility.list(offered)), \(answerer) \(verb) \(MediaIncompatibility.list(taken))"
    }

    /// A sentence for the call's history.
    public func explanation(offerer: String, answerer: String) -> String {
        let why: String =
            switch reason {
            case .transcodingForbidden: "transcoding is not allowed"
            case .unknownCodecs: "what one of them speaks can't be transcoded"
            case .forbidden: "the settings forbid what is offered"
            case .nothingTaken: "the answer takes nothing of it"
            }
        return "no common codec, and \(why): \(lists(offerer: offerer, answerer: answerer))"
    }

    private static func list(_ labels: [String]) -> String { labels.isEmpty ? "none" : labels.joined(separator: ", ") }
}
