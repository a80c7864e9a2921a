public import SIPMessage

extension Subscription.Key {
    /// The subscription that an Event field names.
    public init(_ event: ParameterizedToken) {
        self.init(package: event.value, id: event.parameters["id"])
    }

    /// The subscription that a SUBSCRIBE or NOTIFY is about; nil without an Event field that can be read.
    public init?(of message: SIPMessage) {
        guard let event = try? message.event() else { return nil }
        self.init(event)
    }
}

extension Subscription.Status {
    /// A state the RFC does not know is taken for pending: there is a subscription, and nothing to build on.
    public init(_ field: SubscriptionState) {
        switch field.state {
        case "active": self = .active(expires: field.expires)
        case "terminated": self = .terminated(Subscription.EndReason(field.reason), retryAfter: field.retryAfter)
        default: self = .pending(expires: field.expires)
        }
    }

    /// The Subscription-State of a NOTIFY; nil where it is missing or illegible, which is answered 400 (RFC 6665
    /// §4.1.3).
    public init?(of notify: SIPMessage) {
        guard let field = try? notify.subscriptionState() else { return nil }
        self.init(field)
    }
}

extension Subscription {
    /// Judges a SUBSCRIBE by its event package and duration (RFC 6665 §4.2.1.1).
    ///
    /// An interval of an hour or more is never too brief, whatever the package's minimum.
    /// - Parameter packages: the event packages offered, by name, compared by case.
    public static func judge(_ subscribe: SIPMessage, packages: [String: Limits]) -> SubscribeVerdict {
        let event: ParameterizedToken?
        let asked: UInt32?
        do {
            event = try subscribe.event()
            asked = try subscribe.expires()
        } catch { return .malformed }
        guard let event, let limits = packages[event.value] else { return .badEvent }
        let expires: UInt32 = asked ?? limits.standard
        if expires > 0, expires < limits.minimum, expires < 3600 { return .tooBrief(minimum: limits.minimum) }
        return .accept(Key(event), expires: min(expires, limits.maximum))
    }
}
