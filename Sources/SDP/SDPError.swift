/// Why a session description could not be read or written, where, and by which rule.
public struct SDPError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Hashable, Sendable {
        /// More bytes, lines or m-lines than ``SDPLimits`` allow.
        case tooLarge
        /// Not of the form `x=value`.
        case notALine
        /// NUL, or a CR or LF inside a value.
        case illegalByte
        /// A line whose value does not follow its grammar.
        case malformed
        /// A line that may stand only once, or not here.
        case misplaced
        /// A line without which there is no description.
        case missing
        /// A version other than 0.
        case unsupportedVersion
    }

    public let kind: Kind
    /// The line, counted from 1; nil where no single line is at fault, and when writing.
    public let line: Int?
    /// The type letter of the line, or the field's name when writing.
    public let field: String
    /// The rule that was broken, as in `RFC 8866 §5.14`.
    public let rule: String

    public init(_ kind: Kind, line: Int?, field: String, rule: String) {
        (self.kind, self.line, self.field, self.rule) = (kind, line, field, rule)
    }

    public var description: String {
        let place: String = line.map { "line \($0), " } ?? ""
        return "SDP \(kind): \(place)\(field)= (\(rule))"
    }
}

/// What a description may cost to read.
public struct SDPLimits: Hashable, Sendable {
    /// Bytes of the whole description.
    public var bytes: Int
    /// Lines, blank ones included.
    public var lines: Int
    /// m-lines.
    public var media: Int

    public init(bytes: Int = 65_536, lines: Int = 1_000, media: Int = 32) {
        (self.bytes, self.lines, self.media) = (bytes, lines, media)
    }

    /// 64 KiB, 1,000 lines, 32 m-lines.
    public static let standard = SDPLimits()
}
