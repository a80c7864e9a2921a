extension SIPMessage {
    /// Reads the first line of that name to its end.
    func read<Value>(
        _ name: SIPFieldName, _ body: (inout FieldCursor) throws(FieldFault) -> Value
    ) throws(SIPParseError) -> Value? {
        for slot in storage.slots where matches(slot, name) {
            var cursor = cursor(slot)
            do throws(FieldFault) {
                let value = try body(&cursor)
                try cursor.expectEnd()
                return value
            } catch {
                throw malformed(name, error)
            }
        }
        return nil
    }

    /// Reads every comma-separated element of all lines of that name; empty elements are a fault.
    func readList<Value>(
        _ name: SIPFieldName, _ body: (inout FieldCursor) throws(FieldFault) -> Value
    ) throws(SIPParseError) -> [Value] {
        var result: [Value] = []
        for slot in storage.slots where matches(slot, name) {
            var cursor = cursor(slot)
            do throws(FieldFault) {
                repeat {
                    cursor.skipWhitespace()
                    result.append(try body(&cursor))
                } while cursor.take(Octet.comma)
                try cursor.expectEnd()
            } catch {
                throw malformed(name, error)
            }
        }
        return result
    }

    /// 400 for a request; a response is never answered.
    func malformed(_ name: SIPFieldName, _ fault: FieldFault) -> SIPParseError {
        SIPParseError(
            fault, field: name, status: isRequest && method != .ack ? .badRequest : nil,
            legible: isRequest ? LegibleRequest(wire: storage.wire, slots: storage.slots) : nil)
    }

    func addresses(_ name: SIPFieldName, _ rule: String) throws(SIPParseError) -> [NameAddress] {
        try readList(name) { (cursor) throws(FieldFault) in try cursor.nameAddress(isListed: true, rule) }
    }

    func address(_ name: SIPFieldName, _ rule: String) throws(SIPParseError) -> NameAddress? {
        try read(name) { (cursor) throws(FieldFault) in try cursor.nameAddress(isListed: false, rule) }
    }

    /// Seconds; a number above 2³²−1 counts as 2³²−1, as RFC 3261 §20.19 has it.
    func seconds(_ name: SIPFieldName, _ rule: String) throws(SIPParseError) -> UInt32? {
        try read(name) { (cursor) throws(FieldFault) in try cursor.saturatingNumber(rule) }
    }
}

extension FieldCursor {
    /// Decimal digits, held at 2³²−1.
    mutating func saturatingNumber(_ rule: String) throws(FieldFault) -> UInt32 {
        let start = at
        var value: UInt64 = 0
        while !isAtEnd, Octet.isDigit(next) {
            value = min(value * 10 + UInt64(next - 0x30), UInt64(UInt32.max))
            move(to: at + 1)
        }
        guard at > start else { throw FieldFault(at: at, rule) }
        return UInt32(value)
    }

    /// `( … )`, nested and with escapes: the text within (RFC 3261 §25.1).
    mutating func comment(_ rule: String) throws(FieldFault) -> String {
        let start = at
        var depth = 0
        var result: [UInt8] = []
        repeat {
            guard !isAtEnd else { throw FieldFault(at: start, rule) }
            var byte = next
            if byte == Octet.leftParenthesis { depth += 1 }
            if byte == Octet.rightParenthesis { depth -= 1 }
            let isOuter = (depth == 1 && at == start) || depth == 0
            if byte == Octet.backslash, at + 1 < end {
                move(to: at + 1)
                byte = next
            }
            if !isOuter { result.append(byte) }
            move(to: at + 1)
        } while depth > 0
        return String(decoding: result, as: UTF8.self)
    }

    /// `media-range` parts around the slash.
    mutating func slashedPair(_ rule: String) throws(FieldFault) -> (String, String) {
        let first = try token(rule)
        guard take(Octet.slash) else { throw FieldFault(at: at, rule) }
        return (first, try token(rule))
    }
}
