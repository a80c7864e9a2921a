/// The CSeq header field (RFC 3261 §20.16).
public struct CSeq: Hashable, Sendable, CustomStringConvertible {
    /// Orders the requests of a dialog; 0 ..< 2³¹ (RFC 3261 §8.1.1.5).
    public let number: UInt32
    public let method: SIPMethod

    public init(number: UInt32, method: SIPMethod) throws(MalformedField) {
        guard number < 1 << 31 else { throw MalformedField("CSeq", .outOfRange, rule: "RFC 3261 §8.1.1.5") }
        (self.number, self.method) = (number, method)
    }

    init(checked number: UInt32, _ method: SIPMethod) { (self.number, self.method) = (number, method) }

    public var description: String { "\(number) \(method)" }
}

extension FieldCursor {
    mutating func cseq() throws(FieldFault) -> CSeq {
        let number = try number(upTo: (1 << 31) - 1, "RFC 3261 §8.1.1.5")
        let afterNumber = at
        skipWhitespace()
        guard at > afterNumber else { throw FieldFault(at: at, "RFC 3261 §20.16") }
        let method = SIPMethod(checked: try token("RFC 3261 §20.16"))
        try expectEnd("RFC 3261 §20.16")
        return CSeq(checked: UInt32(number), method)
    }
}
