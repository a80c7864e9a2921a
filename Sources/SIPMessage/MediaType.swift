/// A media type with parameters: Content-Type, and Accept where `*` stands for any (RFC 3261 §20.1, §20.15).
public struct MediaType: Hashable, Sendable, CustomStringConvertible {
    /// In lower case.
    public let type: String
    /// In lower case.
    public let subtype: String
    public let parameters: SIPParameters

    init(type: String, subtype: String, parameters: SIPParameters) {
        (self.type, self.subtype, self.parameters) = (type.lowercased(), subtype.lowercased(), parameters)
    }

    public init(_ text: String) throws(MalformedField) {
        var cursor = FieldCursor(text)
        do throws(FieldFault) {
            self = try cursor.mediaType("RFC 3261 §20.15")
            try cursor.expectEnd()
        } catch {
            throw MalformedField("Content-Type", error)
        }
    }

    /// `application/sdp`, without parameters.
    public var essence: String { "\(type)/\(subtype)" }
    public var isSDP: Bool { type == "application" && subtype == "sdp" }
    public var isMultipart: Bool { type == "multipart" }
    /// Whether this range of an Accept takes `other`.
    public func accepts(_ other: MediaType) -> Bool {
        (type == "*" || type == other.type) && (subtype == "*" || subtype == other.subtype)
    }
    public var description: String { essence + parameters.description }
}

extension FieldCursor {
    mutating func mediaType(_ rule: String) throws(FieldFault) -> MediaType {
        skipWhitespace()
        let (type, subtype) = try slashedPair(rule)
        return MediaType(type: type, subtype: subtype, parameters: try parameters(rule))
    }
}

/// A token with parameters: Event, Content-Disposition, and others of that form.
public struct ParameterizedToken: Hashable, Sendable, CustomStringConvertible {
    public let value: String
    public var parameters: SIPParameters

    public init(_ value: String, parameters: SIPParameters = SIPParameters()) {
        (self.value, self.parameters) = (value, parameters)
    }

    public var description: String { value + parameters.description }
}

extension FieldCursor {
    mutating func parameterizedToken(_ rule: String) throws(FieldFault) -> ParameterizedToken {
        skipWhitespace()
        let value = try token(rule)
        return ParameterizedToken(value, parameters: try parameters(rule))
    }
}
