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
