/// A URI with a display name and the header field's parameters: From, To, Contact, Route and their kin (RFC 3261 §20.10).
public struct NameAddress: Hashable, Sendable, CustomStringConvertible {
    /// Unquoted and unescaped; nil when there is none.
    public var displayName: String?
    public var uri: SIPURI
    /// Of the header field, not of the URI.
    public var parameters: SIPParameters

    public init(displayName: String? = nil, uri: SIPURI, parameters: SIPParameters = SIPParameters()) {
        (self.displayName, self.uri, self.parameters) = (displayName, uri, parameters)
    }

    /// Reads one `name-addr` or `addr-spec` with parameters.
    public init(_ text: String) throws(MalformedField) {
        var cursor = FieldCursor(text)
        do throws(FieldFault) {
            self = try cursor.nameAddress(isListed: false, "RFC 3261 §20.10")
            try cursor.expectEnd()
        } catch {
            throw MalformedField("address", error)
        }
    }

    /// The `tag` parameter (RFC 3261 §19.3).
    public var tag: String? {
        get { parameters["tag"] }
        set { parameters["tag"] = newValue }
    }

    /// With its tag set, or removed when nil.
    public func withTag(_ tag: String?) -> NameAddress {
        var copy = self
        copy.tag = tag
        return copy
    }

    /// `"name" <uri>;parameters`; always in brackets.
    public var description: String {
        var out: [UInt8] = []
        write(to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    func write(to out: inout [UInt8]) {
        if let displayName {
            appendQuoted(displayName, to: &out)
            out.append(Octet.space)
        }
        out.append(Octet.less)
        uri.write(to: &out)
        out.append(Octet.greater)
        parameters.write(to: &out)
    }
}

/// Parameters of a Contact (RFC 3261 §20.10, RFC 5626 §11, RFC 5627 §8).
extension NameAddress {
    /// Seconds; nil when absent or not a number. A number above 2³²−1 counts as 2³²−1 (RFC 3261 §20.19).
    public var expires: UInt32? { parameters["expires"].flatMap(saturatingSeconds) }
    /// Thousandths, 0 ... 1000; nil when absent or malformed.
    public var qThousandths: Int? { parameters["q"].flatMap(parseQ) }
    /// `+sip.instance` without its angle brackets: `urn:uuid:…`.
    public var sipInstance: String? {
        guard let value = parameters["+sip.instance"] else { return nil }
        return value.hasPrefix("<") && value.hasSuffix(">") && value.count > 1
            ? String(value.dropFirst().dropLast()) : value
    }
    /// `reg-id`, 1 ... 2³¹−1.
    public var regID: UInt32? {
        guard let value = parameters["reg-id"].flatMap({ UInt32($0) }), value > 0, value < 1 << 31 else { return nil }
        return value
    }
    public var pubGRUU: String? { parameters["pub-gruu"] }
    public var tempGRUU: String? { parameters["temp-gruu"] }
}

/// Decimal digits as seconds, held at 2³²−1; nil for anything else.
func saturatingSeconds(_ text: String) -> UInt32? {
    guard !text.isEmpty else { return nil }
    var value: UInt64 = 0
    for byte in text.utf8 {
        guard Octet.isDigit(byte) else { return nil }
        value = min(value * 10 + UInt64(byte - 0x30), UInt64(UInt32.max))
    }
    return UInt32(value)
}

/// A qvalue, `0` ... `1` with up to three decimals, in thousandths (RFC 3261 §25.1).
func parseQ(_ text: String) -> Int? {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, first == 0x30 || first == 0x31, bytes.count <= 5 else { return nil }
    var value = Int(first - 0x30)
    if bytes.count > 1, bytes[1] != Octet.dot { return nil }
    for position in 0..<3 {
        let index = position + 2
        guard index < bytes.count else {
            value *= 10
            continue
        }
        guard Octet.isDigit(bytes[index]) else { return nil }
        value = value * 10 + Int(bytes[index] - 0x30)
    }
    return value <= 1000 ? value : nil
}
