/// One value of the Reason header field (RFC 3326 §2).
public struct Reason: Hashable, Sendable, CustomStringConvertible {
    /// `SIP`, `Q.850`, `RELEASE_CAUSE`, …
    public let protocolName: String
    public var parameters: SIPParameters

    init(protocolName: String, parameters: SIPParameters) {
        (self.protocolName, self.parameters) = (protocolName, parameters)
    }

    private init(_ name: String, _ cause: Int, _ text: String?) {
        protocolName = name
        parameters = SIPParameters()
        parameters["cause"] = String(cause)
        if let text { parameters.setQuoted("text", text) }
    }

    /// `SIP;cause=200;text="Call completed elsewhere"` and its kin.
    public static func sip(_ status: SIPStatus, text: String? = nil) -> Reason { Reason("SIP", status.code, text) }
    /// - Parameter cause: an ITU-T Q.850 cause value, 1 ... 127.
    public static func q850(_ cause: Int, text: String? = nil) -> Reason { Reason("Q.850", cause, text) }

    /// Reads one value.
    public init(_ text: String) throws(MalformedField) {
        var cursor = FieldCursor(text)
        do throws(FieldFault) {
            self = try cursor.reason()
            try cursor.expectEnd()
        } catch {
            throw MalformedField("Reason", error)
        }
    }

    /// The same protocol and cause with the words of the standard, and nothing else that stood there: what may be told to a third
    /// party, as the text is the sender's own. nil for another protocol than SIP and Q.850, or without a legal cause.
    public var standardised: Reason? {
        guard let cause else { return nil }
        switch protocolName.uppercased() {
        case "SIP":
            guard let status = SIPStatus(cause) else { return nil }
            return .sip(status, text: status == .ok ? "Call completed elsewhere" : status.defaultReason)
        case "Q.850":
            guard (1...127).contains(cause) else { return nil }
            return .q850(cause, text: Reason.q850Texts[cause])
        default: return nil
        }
    }

    /// The causes phones and gateways send, by ITU-T Q.850 §2.2.7.
    private static let q850Texts: [Int: String] = [
        1: "Unallocated number", 2: "No route to specified transit network", 3: "No route to destination",
        6: "Channel unacceptable", 16: "Normal call clearing", 17: "User busy", 18: "No user responding",
        19: "No answer from the user", 20: "Subscriber absent", 21: "Call rejected", 22: "Number changed",
        26: "Non-selected user clearing", 27: "Destination out of order", 28: "Invalid number format",
        29: "Facility rejected", 31: "Normal, unspecified", 34: "No circuit/channel available",
        38: "Network out of order", 41: "Temporary failure", 42: "Switching equipment congestion",
        44: "Requested circuit/channel not available", 47: "Resource unavailable, unspecified",
        50: "Requested facility not subscribed", 55: "Incoming calls barred within CUG",
        57: "Bearer capability not authorized", 58: "Bearer capability not presently available",
        63: "Service or option not available, unspecified", 65: "Bearer capability not implemented",
        69: "Requested facility not implemented", 79: "Service or option not implemented, unspecified",
        87: "User not member of CUG", 88: "Incompatible destination", 102: "Recovery on timer expiry",
        111: "Protocol error, unspecified", 127: "Interworking, unspecified",
    ]

    /// nil when absent or not a number.
    public var cause: Int? { parameters["cause"].flatMap { Int($0) } }
    public var text: String? { parameters["text"] }
    public var description: String { protocolName + parameters.description }
}

extension FieldCursor {
    mutating func reason() throws(FieldFault) -> Reason {
        skipWhitespace()
        let name = try token("RFC 3326 §2")
        return Reason(protocolName: name, parameters: try parameters("RFC 3326 §2"))
    }
}
