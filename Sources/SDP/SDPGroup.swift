/// An a=group line (RFC 5888 §5).
public struct SDPGroup: Hashable, Sendable {
    /// `BUNDLE` (RFC 9143), `LS`, …; in upper case.
    public var semantics: String
    /// The names of m-lines by a=mid.
    public var mids: [String]

    public init(_ semantics: String, mids: [String]) { (self.semantics, self.mids) = (semantics.uppercased(), mids) }

    /// All m-lines named share the first one's port (RFC 9143 §7).
    public var isBundle: Bool { semantics == "BUNDLE" }

    init?(_ value: String) {
        let words = value.split(omittingEmptySubsequences: true) { $0 == " " || $0 == "\t" }
        guard let first = words.first else { return nil }
        self.init(String(first), mids: words.dropFirst().map(String.init))
    }

    var value: String { ([semantics] + mids).joined(separator: " ") }
}

/// An a=extmap line: what a header extension of RTP is called in its packets (RFC 8285 §8).
public struct SDPExtmap: Hashable, Sendable {
    /// 1 ... 14 in headers of one byte, up to 255 in those of two; 4096 ... 4351 are placeholders of an offer (§6).
    public var id: UInt16
    public var direction: MediaDirection?
    public var uri: String
    public var parameters: String?

    public init(id: UInt16, direction: MediaDirection? = nil, uri: String, parameters: String? = nil) {
        (self.id, self.direction, self.uri, self.parameters) = (id, direction, uri, parameters)
    }

    init?(_ value: String) {
        let words = value.split(maxSplits: 2, omittingEmptySubsequences: true) { $0 == " " || $0 == "\t" }
        guard words.count >= 2 else { return nil }
        let head = words[0].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let id = UInt16(head[0]), (1...255).contains(id) || (4096...4351).contains(id) else { return nil }
        var direction: MediaDirection?
        if head.count == 2 {
            guard let written = MediaDirection(rawValue: head[1].lowercased()) else { return nil }
            direction = written
        }
        self.init(
            id: id, direction: direction, uri: String(words[1]), parameters: words.count == 3 ? trimmed(words[2]) : nil)
    }

    var value: String {
        var text: String = "\(id)"
        if let direction { text += "/\(direction.rawValue)" }
        text += " \(uri)"
        if let parameters { text += " \(parameters)" }
        return text
    }
}
