extension SIPMessage {
    /// Reads one datagram: bytes after the body Content-Length gives are cut off (RFC 3261 §18.3).
    /// - Throws: ``SIPParseError`` with the offset of the first bad byte, the rule, and what to answer.
    public static func parse(_ bytes: [UInt8], limits: SIPLimits = .standard) throws(SIPParseError) -> SIPMessage {
        let scan = HeaderScan(bytes, limits: limits)
        var decoder = MessageDecoder(bytes, scan, limits)
        do throws(FieldFault) {
            let message = try decoder.decode()
            guard message.wire.count <= limits.messageBytes else {
                throw FieldFault(.messageTooLarge, at: limits.messageBytes, "RFC 3261 §21.5.7")
            }
            return message
        } catch {
            throw decoder.error(error)
        }
    }
}

/// Turns a scanned head into the values every message must have.
private struct MessageDecoder {
    private let bytes: [UInt8]
    private let scan: HeaderScan
    private let limits: SIPLimits
    private var field: SIPFieldName?
    private var isResponse = false
    private var isAck = false
    private var via = -1
    private var from = -1
    private var to = -1
    private var callID = -1
    private var cseq = -1
    private var maxForwards = -1

    init(_ bytes: [UInt8], _ scan: HeaderScan, _ limits: SIPLimits) {
        (self.bytes, self.scan, self.limits) = (bytes, scan, limits)
    }

    mutating func decode() throws(FieldFault) -> SIPMessage {
        let start = try startLine()
        if let fault = scan.fault { throw fault }
        try findEssentials()
        field = .via
        var cursor = cursor(via)
        let topVia = try cursor.via()
        cursor.skipWhitespace()
        let topViaEnd = cursor.at
        guard cursor.isAtEnd || cursor.next == Octet.comma else { throw FieldFault(at: cursor.at, "RFC 3261 §20.42") }
        let from = try address(self.from, .from, "RFC 3261 §20.20")
        let to = try address(self.to, .to, "RFC 3261 §20.39")
        field = .callID
        let callID = try self.callIDText()
        field = .cseq
        cursor = self.cursor(self.cseq)
        let cseq = try cursor.cseq()
        if case .request(let method, _) = start { try checkRequest(method, cseq) }
        field = .contentLength
        let bodyStart = scan.bodyStart ?? bytes.count
        let wire = try cutToLength(bodyStart)
        return SIPMessage(
            storage: SIPMessage.Storage(
                wire: wire, slots: scan.slots, bodyStart: bodyStart, start: start, topVia: topVia, topViaEnd: topViaEnd,
                from: from, to: to, callID: callID, cseq: cseq))
    }

    private func cursor(_ slot: Int) -> FieldCursor {
        FieldCursor(bytes, Int(scan.slots[slot].valueStart), Int(scan.slots[slot].valueEnd))
    }

    private mutating func address(_ slot: Int, _ name: SIPFieldName, _ rule: String) throws(FieldFault) -> NameAddress {
        field = name
        var cursor = cursor(slot)
        let address = try cursor.nameAddress(isListed: false, rule)
        try cursor.expectEnd(rule)
        return address
    }

    /// `word [ "@" word ]`; any visible ASCII is taken (RFC 3261 §25.1).
    private func callIDText() throws(FieldFault) -> String {
        var cursor = cursor(callID)
        let range = cursor.run(of: .visible)
        guard !range.isEmpty else { throw FieldFault(at: cursor.at, "RFC 3261 §20.8") }
        try cursor.expectEnd("RFC 3261 §20.8")
        return cursor.text(range)
    }

    private mutating func findEssentials() throws(FieldFault) {
        for index in scan.slots.indices {
            switch scan.slots[index].code {
            case FieldCode.via: if via < 0 { via = index }
            case FieldCode.from: from = try once(from, index, .from)
            case FieldCode.to: to = try once(to, index, .to)
            case FieldCode.callID: callID = try once(callID, index, .callID)
            case FieldCode.cseq: cseq = try once(cseq, index, .cseq)
            case FieldCode.maxForwards: maxForwards = try once(maxForwards, index, .maxForwards)
            default: break
            }
        }
        for (slot, name) in [(via, SIPFieldName.via), (from, .from), (to, .to), (callID, .callID), (cseq, .cseq)]
        where slot < 0 {
            field = name
            throw FieldFault(.missingField, at: scan.bodyStart ?? bytes.count, "RFC 3261 §8.1.1")
        }
    }

    /// `index`, unless a line of that name was found before.
    private mutating func once(_ place: Int, _ index: Int, _ name: SIPFieldName) throws(FieldFault) -> Int {
        guard place >= 0 else { return index }
        field = name
        throw FieldFault(.duplicateField, at: Int(scan.slots[index].nameStart), "RFC 3261 §7.3.1")
    }

    private mutating func checkRequest(_ method: SIPMethod, _ cseq: CSeq) throws(FieldFault) {
        guard method == cseq.method else {
            throw FieldFault(.methodMismatch, at: Int(scan.slots[self.cseq].valueStart), "RFC 3261 §8.1.1.5")
        }
        guard maxForwards >= 0 else { return }
        field = .maxForwards
        var cursor = cursor(maxForwards)
        _ = try cursor.number(upTo: 255, "RFC 3261 §20.22")
        try cursor.expectEnd("RFC 3261 §20.22")
    }

    private func cutToLength(_ bodyStart: Int) throws(FieldFault) -> [UInt8] {
        guard let length = try scan.contentLength(bytes) else { return bytes }
        let available = bytes.count - bodyStart
        if length == available { return bytes }
        guard length < available else { throw FieldFault(.truncated, at: bytes.count, "RFC 3261 §18.3") }
        return Array(bytes[..<(bodyStart + length)])
    }
}

extension MessageDecoder {
    private mutating func startLine() throws(FieldFault) -> SIPMessage.Start {
        let line = scan.startLine
        var cursor = FieldCursor(bytes, line.lowerBound, line.upperBound)
        let first = cursor.run(of: .token)
        if cursor.next == Octet.slash, isSIP(first) {
            isResponse = true
            return try statusLine(line)
        }
        return try requestLine(line, method: first)
    }

    private func isSIP(_ range: Range<Int>) -> Bool {
        range.count == 3 && Octet.lowercased(bytes[range.lowerBound]) == 0x73
            && Octet.lowercased(bytes[range.lowerBound + 1]) == 0x69
            && Octet.lowercased(bytes[range.lowerBound + 2]) == 0x70
    }

    /// `SIP/2.0 200 OK`; the phrase may be empty, and its space left out (RFC 3261 §7.2).
    private func statusLine(_ line: Range<Int>) throws(FieldFault) -> SIPMessage.Start {
        var cursor = FieldCursor(bytes, line.lowerBound, line.upperBound)
        try version(&cursor)
        cursor.skipWhitespace()
        let digits = cursor.at
        let code = try cursor.number(upTo: 699, "RFC 3261 §7.2")
        guard cursor.at - digits == 3, let status = SIPStatus(Int(code)),
            cursor.isAtEnd || Octet.isWhitespace(cursor.next)
        else {
            throw FieldFault(.badStartLine, at: digits, "RFC 3261 §7.2")
        }
        cursor.skipWhitespace()
        return .response(status, reason: cursor.text(cursor.at..<cursor.end))
    }

    /// `SIP/2.0`; any other number is a version we do not speak (RFC 3261 §7.1).
    private func version(_ cursor: inout FieldCursor) throws(FieldFault) {
        let start = cursor.at
        guard isSIP(cursor.run(of: .token)), cursor.next == Octet.slash else {
            throw FieldFault(.badStartLine, at: start, "RFC 3261 §7.1")
        }
        cursor.move(to: cursor.at + 1)
        let number = cursor.run(of: .token)
        guard number.count == 3, bytes[number.lowerBound] == 0x32, bytes[number.lowerBound + 1] == Octet.dot,
            bytes[number.lowerBound + 2] == 0x30
        else { throw FieldFault(.badVersion, at: start, "RFC 3261 §21.5.6") }
    }

    /// Method, URI and version. More than one space between them, and space after them, is passed over.
    private mutating func requestLine(_ line: Range<Int>, method: Range<Int>) throws(FieldFault) -> SIPMessage.Start {
        var versionStart = line.upperBound
        while versionStart > method.upperBound, !Octet.isWhitespace(bytes[versionStart - 1]) { versionStart -= 1 }
        var uriEnd = versionStart
        while uriEnd > method.upperBound, Octet.isWhitespace(bytes[uriEnd - 1]) { uriEnd -= 1 }
        var uriStart = method.upperBound
        while uriStart < uriEnd, Octet.isWhitespace(bytes[uriStart]) { uriStart += 1 }
        guard !method.isEmpty, uriStart > method.upperBound, uriStart < uriEnd else {
            throw FieldFault(.badStartLine, at: method.upperBound, "RFC 3261 §7.1")
        }
        isAck = method.count == 3 && bytes[method].elementsEqual("ACK".utf8)
        var cursor = FieldCursor(bytes, versionStart, line.upperBound)
        try version(&cursor)
        guard cursor.isAtEnd else { throw FieldFault(.badStartLine, at: cursor.at, "RFC 3261 §7.1") }
        guard uriEnd - uriStart <= limits.uriBytes else {
            throw FieldFault(.uriTooLong, at: uriStart, "RFC 3261 §21.4.12")
        }
        let uri = try SIPURI.parse(bytes, uriStart, uriEnd)
        guard uri.headers.isEmpty else { throw FieldFault(.badStartLine, at: uriStart, "RFC 3261 §19.1.1") }
        return .request(SIPMethod(checked: cursor.text(method)), uri)
    }

    /// The error for a fault; silent for a response and for ACK, which are never answered (RFC 3261 §8.1.3.1, §17.1.1.3).
    func error(_ fault: FieldFault) -> SIPParseError {
        guard !isResponse, !isAck else { return SIPParseError(fault, field: field, status: nil) }
        let status: SIPStatus =
            switch fault.kind {
            case .badVersion: .versionNotSupported
            case .uriTooLong: .requestURITooLong
            case .messageTooLarge, .tooManyFields: .messageTooLarge
            case .bodyTooLarge: .requestEntityTooLarge
            case .badStartLine, .badFieldLine, .badValue, .outOfRange, .missingField, .duplicateField, .methodMismatch,
                .truncated,
                .badContentLength:
                .badRequest
            }
        return SIPParseError(
            fault, field: field, status: status, legible: LegibleRequest(wire: bytes, slots: scan.slots))
    }
}
