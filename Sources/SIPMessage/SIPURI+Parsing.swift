extension SIPURI {
    private static let rule = "RFC 3261 §19.1.1"

    /// Reads the URI that is exactly the bytes `start..<end`.
    static func parse(_ bytes: [UInt8], _ start: Int, _ end: Int) throws(FieldFault) -> SIPURI {
        var cursor = FieldCursor(bytes, start, end)
        guard start < end, Octet.isLetter(bytes[start]) else { throw FieldFault(at: start, rule) }
        while !cursor.isAtEnd, isSchemeCharacter(cursor.next) { cursor.move(to: cursor.at + 1) }
        let colon = cursor.at
        guard cursor.next == Octet.colon, colon + 1 < end else { throw FieldFault(at: colon, rule) }
        var at = -1
        for index in (colon + 1)..<end {
            let byte = bytes[index]
            guard byte > 0x20, byte != 0x7F, byte != Octet.less, byte != Octet.greater, byte != Octet.quote else {
                throw FieldFault(at: index, rule)
            }
            if byte == Octet.at, at < 0 { at = index }
        }
        cursor.move(to: colon + 1)
        switch colon - start {
        case 3 where matches(bytes, start, "sip"):
            return try cursor.sipURI(.sip, at: at)
        case 4 where matches(bytes, start, "sips"):
            return try cursor.sipURI(.sips, at: at)
        case 3 where matches(bytes, start, "tel"):
            return try cursor.telURI()
        default:
            let name = cursor.text(start..<colon).lowercased()
            guard let opaque = String(validating: bytes[(colon + 1)..<end], as: UTF8.self) else {
                throw FieldFault(at: colon + 1, rule)
            }
            return SIPURI(
                scheme: .other(name), user: nil, password: nil, host: "", port: nil, parameters: SIPParameters(),
                headers: [],
                opaque: opaque)
        }
    }

    private static func isSchemeCharacter(_ byte: UInt8) -> Bool {
        Octet.isLetter(byte) || Octet.isDigit(byte) || byte == 0x2B || byte == 0x2D || byte == Octet.dot
    }

    private static func matches(_ bytes: [UInt8], _ start: Int, _ word: StaticString) -> Bool {
        word.withUTF8Buffer { letters in
            for index in 0..<letters.count where Octet.lowercased(bytes[start + index]) != letters[index] {
                return false
            }
            return true
        }
    }
}

extension FieldCursor {
    /// What follows `sip:`; `at` is the first `@`, or negative.
    fileprivate mutating func sipURI(_ scheme: SIPURI.Scheme, at sign: Int) throws(FieldFault) -> SIPURI {
        let rule = "RFC 3261 §19.1.1"
        var user: String?
        var password: String?
        if sign >= 0 {
            var colon = at
            while colon < sign, bytes[colon] != Octet.colon { colon += 1 }
            if colon > at { user = try unescape(at, colon) }
            if colon < sign { password = try unescape(colon + 1, sign) }
            move(to: sign + 1)
        }
        let host = try host(rule)
        var port: UInt16?
        if next == Octet.colon {
            move(to: at + 1)
            port = try self.port(rule)
        }
        let parameters = try uriParameters()
        let headers = try uriHeaders()
        guard isAtEnd else { throw FieldFault(at: at, rule) }
        return SIPURI(
            scheme: scheme, user: user, password: user == nil ? nil : password, host: host, port: port,
            parameters: parameters,
            headers: headers, opaque: "")
    }

    /// What follows `tel:` (RFC 3966 §3): digits with visual separators, then parameters.
    fileprivate mutating func telURI() throws(FieldFault) -> SIPURI {
        let rule = "RFC 3966 §3"
        let start = at
        var digits = 0
        while !isAtEnd, bytes[at] != Octet.semicolon {
            let byte = bytes[at]
            guard OctetSet.telephone.contains(byte), byte != 0x2B || at == start else { throw FieldFault(at: at, rule) }
            if !OctetSet.visualSeparator.contains(byte), byte != 0x2B { digits += 1 }
            move(to: at + 1)
        }
        guard digits > 0 else { throw FieldFault(at: start, rule) }
        let number = text(start..<at)
        let parameters = try uriParameters()
        guard isAtEnd else { throw FieldFault(at: at, rule) }
        return SIPURI(
            scheme: .tel, user: number, password: nil, host: "", port: nil, parameters: parameters, headers: [],
            opaque: "")
    }

    /// `;name=value` up to `?` or the end. An empty one, as a stray `;` leaves, is passed over.
    private mutating func uriParameters() throws(FieldFault) -> SIPParameters {
        var items: [SIPParameters.Item] = []
        while next == Octet.semicolon, !isAtEnd {
            move(to: at + 1)
            let start = at
            var equal = -1
            while !isAtEnd, bytes[at] != Octet.semicolon, bytes[at] != Octet.question {
                if bytes[at] == Octet.equal, equal < 0 { equal = at }
                move(to: at + 1)
            }
            guard at > start else { continue }
            guard equal != start else { throw FieldFault(at: start, "RFC 3261 §19.1.1") }
            let name = try unescape(start, equal < 0 ? at : equal)
            let value = equal < 0 ? nil : try unescape(equal + 1, at)
            items.append(SIPParameters.Item(name: name, value: value))
        }
        return SIPParameters(items: items)
    }

    /// `?name=value&name=value` to the end.
    private mutating func uriHeaders() throws(FieldFault) -> [SIPURI.Header] {
        guard next == Octet.question, !isAtEnd else { return [] }
        var headers: [SIPURI.Header] = []
        repeat {
            move(to: at + 1)
            let start = at
            var equal = -1
            while !isAtEnd, bytes[at] != 0x26 {
                if bytes[at] == Octet.equal, equal < 0 { equal = at }
                move(to: at + 1)
            }
            guard equal > start else { throw FieldFault(at: start, "RFC 3261 §19.1.1") }
            headers.append(SIPURI.Header(name: try unescape(start, equal), value: try unescape(equal + 1, at)))
        } while !isAtEnd
        return headers
    }

    /// Text with its `%hh` resolved. A `%` without two digits, or what is not UTF-8 then, is refused (RFC 3261 §19.1.2).
    private func unescape(_ start: Int, _ end: Int) throws(FieldFault) -> String {
        var isPlain = true
        for index in start..<end where bytes[index] == Octet.percent || bytes[index] >= 0x80 { isPlain = false }
        if isPlain { return text(start..<end) }
        var result: [UInt8] = []
        result.reserveCapacity(end - start)
        var index = start
        while index < end {
            if bytes[index] == Octet.percent {
                guard index + 2 < end, let high = Octet.hex(bytes[index + 1]), let low = Octet.hex(bytes[index + 2])
                else {
                    throw FieldFault(at: index, "RFC 3261 §19.1.2")
                }
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        guard let text = String(validating: result, as: UTF8.self) else {
            throw FieldFault(at: start, "RFC 3261 §19.1.2")
        }
        return text
    }
}
