public import SIPMessage

/// The answer to a REGISTER, without what every response has.
public struct RegisterReply: Hashable, Sendable {
    public struct Field: Hashable, Sendable {
        public let name: SIPFieldName
        public let value: String
        public init(_ name: SIPFieldName, _ value: String) { (self.name, self.value) = (name, value) }
    }

    public let status: SIPStatus
    /// Replaces the status's usual reason phrase.
    public let reason: String?
    /// To be added in order.
    public let fields: [Field]

    public init(_ status: SIPStatus, reason: String? = nil, fields: [Field] = []) {
        (self.status, self.reason, self.fields) = (status, reason, fields)
    }
}

/// What a REGISTER leads to.
public enum RegisterOutcome: Hashable, Sendable {
    /// Answer at once; nothing changes.
    case reply(RegisterReply)
    /// Write the changes, then ``LocationTable/commit(_:)`` and answer; when writing fails, ``LocationTable/abandon(_:)`` and answer 500.
    case store(RegisterTicket, changes: [BindingChange], then: RegisterReply)
}
