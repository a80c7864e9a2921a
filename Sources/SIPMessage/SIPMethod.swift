/// A method (RFC 3261 §7.1): an open set, compared by case.
public struct SIPMethod: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    public let name: String

    /// - Throws: ``MalformedField`` when `name` is not a token (RFC 3261 §25.1).
    public init(_ name: String) throws(MalformedField) {
        guard !name.isEmpty, OctetSet.token.containsAll(name) else {
            throw MalformedField("method", .illegalToken, rule: "RFC 3261 §25.1")
        }
        self.name = name
    }

    /// For names written in source; one that is not a token is a programming error.
    public init(stringLiteral value: String) {
        precondition(!value.isEmpty && OctetSet.token.containsAll(value), "a SIP method is a token")
        name = value
    }

    /// For bytes already known to be a token.
    init(checked name: String) { self.name = name }

    public var description: String { name }

    public static let invite = SIPMethod(checked: "INVITE")
    public static let ack = SIPMethod(checked: "ACK")
    public static let bye = SIPMethod(checked: "BYE")
    public static let cancel = SIPMethod(checked: "CANCEL")
    public static let options = SIPMethod(checked: "OPTIONS")
    public static let register = SIPMethod(checked: "REGISTER")
    /// RFC 3262.
    public static let prack = SIPMethod(checked: "PRACK")
    /// RFC 3311.
    public static let update = SIPMethod(checked: "UPDATE")
    /// RFC 3428.
    public static let message = SIPMethod(checked: "MESSAGE")
    /// RFC 3515.
    public static let refer = SIPMethod(checked: "REFER")
    /// RFC 3903.
    public static let publish = SIPMethod(checked: "PUBLISH")
    /// RFC 6086.
    public static let info = SIPMethod(checked: "INFO")
    /// RFC 6665.
    public static let subscribe = SIPMethod(checked: "SUBSCRIBE")
    /// RFC 6665.
    public static let notify = SIPMethod(checked: "NOTIFY")

    /// Every method registered with IANA.
    public static let registered: [SIPMethod] = [
        .invite, .ack, .bye, .cancel, .options, .register, .prack, .update, .message, .refer, .publish, .info,
        .subscribe,
        .notify,
    ]
}
