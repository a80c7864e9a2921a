public import Basics

/// Writes a message: fields in the order they are added, straight into the wire bytes.
///
/// Nothing illegal leaves it: what is wrong is remembered and thrown by ``finish(body:contentType:)``.
public struct SIPMessageBuilder: Sendable {
    private var out: [UInt8] = []
    private var fault: MalformedField?
    private let isRequest: Bool

    public init(request method: SIPMethod, uri: SIPURI) {
        isRequest = true
        out.reserveCapacity(1024)
        out.append(contentsOf: method.name.utf8)
        out.append(Octet.space)
        if uri.headers.isEmpty { uri.write(to: &out) } else { uri.asRequestURI.write(to: &out) }
        out.append(contentsOf: " SIP/2.0\r\n".utf8)
    }

    /// - Parameter reason: the phrase; nil for the registered one.
    public init(status: SIPStatus, reason: String? = nil) {
        isRequest = false
        out.reserveCapacity(1024)
        startLine(status, reason)
    }

    /// A response to `request`: every Via (`received` and `rport` filled in from `source`, RFC 3581 §4), From, To, Call-ID
    /// and CSeq as they came (RFC 3261 §8.2.6.2).
    /// - Parameters:
    ///   - source: where the request came from; nil copies Via unchanged.
    ///   - toTag: given to a To that has none; not in a 100, which starts no dialog.
    ///   - dialogForming: Record-Route is copied too (RFC 3261 §12.1.1).
    public init(
        responseTo request: SIPMessage, status: SIPStatus, reason: String? = nil, source: IPEndpoint?, toTag: String?,
        dialogForming: Bool = false
    ) {
        isRequest = false
        var writer = ResponseWriter(wire: request.storage.wire, slots: request.storage.slots)
        startLine(status, reason)
        if let toTag, toTag.isEmpty || !OctetSet.token.containsAll(toTag) {
            note(MalformedField("tag", .illegalToken, rule: "RFC 3261 §19.3"))
        }
        writer.vias(source: source)
        writer.identifying(toTag: status == .trying ? nil : toTag)
        if dialogForming { writer.all(SIPFieldName.recordRoute.code, "Record-Route: ") }
        // RFC 3261 §8.2.6.1.
        if status == .trying { writer.all(SIPFieldName.timestamp.code, "Timestamp: ") }
        out.append(contentsOf: writer.out)
    }

    private mutating func startLine(_ status: SIPStatus, _ reason: String?) {
        out.append(contentsOf: "SIP/2.0 ".utf8)
        out.append(contentsOf: String(status.code).utf8)
        out.append(Octet.space)
        write(reason ?? status.defaultReason, field: "Reason-Phrase")
        newLine()
    }

    /// Any field. CR, LF and NUL in a value are refused, and so is Content-Length, which ``finish(body:contentType:)`` writes.
    public mutating func add(_ name: SIPFieldName, _ value: String) {
        writeName(name)
        write(value, field: name.description)
        newLine()
    }

    public mutating func add(_ via: Via) { addWritten(.via) { via.write(to: &$0) } }
    public mutating func add(_ cseq: CSeq) { add(.cseq, cseq.description) }
    public mutating func add(_ name: SIPFieldName, _ address: NameAddress) {
        addWritten(name) { address.write(to: &$0) }
    }
    public mutating func add(_ name: SIPFieldName, _ number: UInt32) { add(name, String(number)) }
    /// Elements joined by commas; nothing is written for none.
    public mutating func add(_ name: SIPFieldName, _ elements: [String]) {
        if !elements.isEmpty { add(name, elements.joined(separator: ", ")) }
    }
    public mutating func addFrom(_ address: NameAddress) { add(.from, address) }
    public mutating func addTo(_ address: NameAddress) { add(.to, address) }
    public mutating func addContact(_ address: NameAddress) { add(.contact, address) }
    public mutating func addRoute(_ address: NameAddress) { add(.route, address) }
    public mutating func addCallID(_ callID: String) { add(.callID, callID) }
    /// - Parameter hops: 0 ... 255.
    public mutating func addMaxForwards(_ hops: Int = 70) { add(.maxForwards, String(hops)) }

    /// Every line of that name in `message`, unfolded, in order.
    public mutating func copy(_ name: SIPFieldName, from message: SIPMessage) {
        let wire = message.storage.wire
        for slot in message.storage.slots where message.matches(slot, name) {
            writeName(name)
            out.append(contentsOf: unfold(wire, Int(slot.valueStart), Int(slot.valueEnd)))
            newLine()
        }
    }

    /// Adds Content-Length (always), Content-Type if given, and the body.
    /// - Throws: ``MalformedField`` when a mandatory field is missing or given twice, or a value is illegal
    ///   (RFC 3261 §8.1.1, §8.2.6, §20).
    public mutating func finish(body: [UInt8] = [], contentType: String? = nil) throws(MalformedField) -> SIPMessage {
        if let contentType { add(.contentType, contentType) }
        if let fault { throw fault }
        var wire = out
        wire.append(contentsOf: "Content-Length: ".utf8)
        wire.append(contentsOf: String(body.count).utf8)
        wire.append(contentsOf: "\r\n\r\n".utf8)
        wire.append(contentsOf: body)
        let message: SIPMessage
        do throws(SIPParseError) {
            message = try SIPMessage.parse(wire, limits: .unlimited)
        } catch {
            throw error.asMalformedField
        }
        guard !isRequest || message.has(.maxForwards) else {
            throw MalformedField("Max-Forwards", .missing, rule: "RFC 3261 §8.1.1")
        }
        return message
    }

    private mutating func addWritten(_ name: SIPFieldName, _ body: (inout [UInt8]) -> Void) {
        writeName(name)
        let start = out.count
        body(&out)
        for index in start..<out.count
        where out[index] < 0x20 && !(out[index] == 0 && out[index - 1] == Octet.backslash) {
            note(MalformedField(name.description, .illegalCharacter, rule: "RFC 3261 §25.1"))
        }
        newLine()
    }

    private mutating func writeName(_ name: SIPFieldName) {
        let text = name.description
        if text.isEmpty || !OctetSet.token.containsAll(text) {
            note(MalformedField(text, .illegalToken, rule: "RFC 3261 §7.3.1"))
        }
        if name == .contentLength { note(MalformedField(text, .duplicate, rule: "RFC 3261 §20.14")) }
        out.append(contentsOf: text.utf8)
        out.append(Octet.colon)
        out.append(Octet.space)
    }

    private mutating func write(_ value: String, field: String) {
        for byte in value.utf8 where byte == Octet.cr || byte == Octet.lf || byte == 0 {
            note(MalformedField(field, .illegalCharacter, rule: "RFC 3261 §25.1"))
        }
        out.append(contentsOf: value.utf8)
    }

    private mutating func note(_ fault: MalformedField) { if self.fault == nil { self.fault = fault } }

    private mutating func newLine() {
        out.append(Octet.cr)
        out.append(Octet.lf)
    }
}

extension SIPLimits {
    /// For messages of our own making, whose parts were bounded when they came in.
    static let unlimited = SIPLimits(messageBytes: .max, headerBytes: .max, fieldCount: .max, uriBytes: .max)
}

extension SIPParseError {
    var asMalformedField: MalformedField {
        MalformedField(field?.description ?? "message", FieldFault(kind, at: offset, rule))
    }
}
