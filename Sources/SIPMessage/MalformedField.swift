/// Why a value could not be made or written.
public struct MalformedField: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: String, Hashable, Sendable {
        case illegalToken, illegalCharacter, outOfRange, missing, duplicate, syntax, tooLong
    }

    /// The header field, URI part or parameter that is wrong.
    public let field: String
    public let reason: Reason
    /// The section broken, as `RFC 3261 §25.1`.
    public let rule: String

    public init(_ field: String, _ reason: Reason, rule: String) {
        (self.field, self.reason, self.rule) = (field, reason, rule)
    }

    init(_ field: String, _ fault: FieldFault) {
        let reason: Reason =
            switch fault.kind {
            case .outOfRange: .outOfRange
            case .missingField: .missing
            case .duplicateField: .duplicate
            case .messageTooLarge, .bodyTooLarge, .tooManyFields, .uriTooLong: .tooLong
            case .badStartLine, .badVersion, .badFieldLine, .badValue, .methodMismatch, .truncated, .badContentLength:
                .syntax
            }
        self.init(field, reason, rule: fault.rule)
    }

    public var description: String { "\(field): \(reason.rawValue) (\(rule))" }
}

/// What is wrong at one place, before it is known which field of which message holds it.
struct FieldFault: Error {
    let kind: SIPParseError.Kind
    let offset: Int
    let rule: String

    init(_ kind: SIPParseError.Kind = .badValue, at offset: Int, _ rule: String = "RFC 3261 §25.1") {
        (self.kind, self.offset, self.rule) = (kind, offset, rule)
    }
}
