public import Basics

/// Why bytes are not a SIP message, or a header field's value is not what its section asks for.
public struct SIPParseError: Error, Sendable, CustomStringConvertible {
    public enum Kind: String, Hashable, Sendable {
        case badStartLine, badVersion, badFieldLine, badValue, outOfRange, missingField, duplicateField, methodMismatch
        case truncated, badContentLength, messageTooLarge, bodyTooLarge, tooManyFields, uriTooLong
    }

    public let kind: Kind
    /// Of the first byte that is wrong, from the start of the message (or of the stream's current message).
    public let offset: Int
    /// The header field at fault, if it is one.
    public let field: SIPFieldName?
    /// The section broken, as `RFC 3261 §20.16`.
    public let rule: String
    /// What a server answers; nil where the rule is silence: a response, an ACK, or nothing that looks like SIP.
    public let status: SIPStatus?
    private let legible: LegibleRequest?

    init(_ fault: FieldFault, field: SIPFieldName?, status: SIPStatus?, legible: LegibleRequest? = nil) {
        (kind, offset, rule) = (fault.kind, fault.offset, fault.rule)
        (self.field, self.status, self.legible) = (field, status, legible)
    }

    public var description: String {
        let place = field.map { " in \($0)" } ?? ""
        return "\(kind.rawValue)\(place) at byte \(offset) (\(rule))"
    }

    /// The answer on the wire, to go back over the flow the request came by.
    ///
    /// It echoes what was legible of Via, From, To, Call-ID and CSeq; the server keeps no state for it (RFC 3261 §8.2.7).
    /// - Parameters:
    ///   - source: where the request came from, for `received` and `rport` (RFC 3581 §4).
    ///   - toTag: given to a To that has none.
    /// - Returns: nil where silence is the rule, or where not even a Via was found.
    public func response(source: IPEndpoint?, toTag: String) -> [UInt8]? {
        guard let status, let legible else { return nil }
        return legible.response(status: status, source: source, toTag: toTag)
    }
}

/// What is left of a request that could not be parsed: enough to answer it.
struct LegibleRequest: Sendable {
    let wire: [UInt8]
    let slots: [FieldSlot]

    func response(status: SIPStatus, source: IPEndpoint?, toTag: String) -> [UInt8]? {
        guard slots.contains(where: { $0.code == FieldCode.via }) else { return nil }
        var writer = ResponseWriter(wire: wire, slots: slots)
        writer.startLine(status, reason: status.defaultReason)
        writer.vias(source: source)
        writer.identifying(toTag: toTag)
        writer.end()
        return writer.out
    }
}
