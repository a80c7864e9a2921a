import Basics

extension FieldCursor {
    func isIPv6(_ start: Int, _ end: Int) -> Bool {
        var hasColon = false
        for index in start..<end where bytes[index] == Octet.colon { hasColon = true }
        return hasColon && IPAddress(ascii: bytes[start..<end]) != nil
    }

    /// `*( SEMI generic-param )` up to a comma or the end (RFC 3261 §25.1).
    mutating func parameters(_ rule: String) throws(FieldFault) -> SIPParameters {
        var items: [SIPParameters.Item] = []
        while true {
            skipWhitespace()
            guard next == Octet.semicolon, !isAtEnd else { break }
            move(to: at + 1)
            skipWhitespace()
            items.append(try parameter(rule))
        }
        return SIPParameters(items: items)
    }

    /// `name`, `name=value` or `name="value"`.
    mutating func parameter(_ rule: String) throws(FieldFault) -> SIPParameters.Item {
        let name = try token(rule)
        let afterName = at
        skipWhitespace()
        guard next == Octet.equal, !isAtEnd else {
            move(to: afterName)
            return SIPParameters.Item(name: name, value: nil, isQuoted: false)
        }
        move(to: at + 1)
        skipWhitespace()
        if next == Octet.quote {
            return SIPParameters.Item(name: name, value: try quotedString(), isQuoted: true)
        }
        let start = at
        while !isAtEnd {
            let byte = bytes[at]
            if byte == Octet.semicolon || byte == Octet.comma || byte == Octet.quote || Octet.isWhitespace(byte) {
                break
            }
            move(to: at + 1)
        }
        return SIPParameters.Item(name: name, value: text(start..<at), isQuoted: false)
    }

    /// `name-addr` or `addr-spec` with its parameters (RFC 3261 §20.10).
    /// - Parameter isListed: a comma ends it; else one may stand in an unquoted display name, as some phones write.
    mutating func nameAddress(isListed: Bool, _ rule: String) throws(FieldFault) -> NameAddress {
        skipWhitespace()
        var displayName: String?
        if next == Octet.quote {
            displayName = try quotedString()
            skipWhitespace()
            guard next == Octet.less else { throw FieldFault(at: at, rule) }
        } else {
            let start = at
            var scan = at
            while scan < end {
                let byte = bytes[scan]
                if byte == Octet.less || byte == Octet.semicolon || byte == Octet.quote { break }
                if byte == Octet.comma, isListed { break }
                scan += 1
            }
            if scan < end, bytes[scan] == Octet.quote { throw FieldFault(at: scan, rule) }
            guard scan < end, bytes[scan] == Octet.less else { return try plainAddress(rule) }
            displayName = unquotedName(start, scan)
            move(to: scan)
        }
        let uri = try bracketedURI(rule)
        return NameAddress(displayName: displayName, uri: uri, parameters: try parameters(rule))
    }

    /// `<URI>` at the current byte; whitespace within the brackets is tolerated.
    mutating func bracketedURI(_ rule: String) throws(FieldFault) -> SIPURI {
        guard next == Octet.less else { throw FieldFault(at: at, rule) }
        var first = at + 1
        while !isAtEnd, bytes[at] != Octet.greater { move(to: at + 1) }
        guard !isAtEnd else { throw FieldFault(at: first - 1, rule) }
        var last = at
        move(to: at + 1)
        while first < last, Octet.isWhitespace(bytes[first]) { first += 1 }
        while last > first, Octet.isWhitespace(bytes[last - 1]) { last -= 1 }
        return try SIPURI.parse(bytes, first, last)
    }

    /// A URI without brackets: `;` starts the field's own parameters, and `?` may not stand in it (RFC 3261 §20.10).
    private mutating func plainAddress(_ rule: String) throws(FieldFault) -> NameAddress {
        let start = at
        while !isAtEnd {
            let byte = bytes[at]
            if byte == Octet.semicolon || byte == Octet.comma || Octet.isWhitespace(byte) { break }
            if byte == Octet.question { throw FieldFault(at: at, "RFC 3261 §20.10") }
            move(to: at + 1)
        }
        let uri = try SIPURI.parse(bytes, start, at)
        return NameAddress(displayName: nil, uri: uri, parameters: try parameters(rule))
    }

    /// Words before `<`, their whitespace collapsed; nil when there are none.
    private func unquotedName(_ start: Int, _ stop: Int) -> String? {
        var name: [UInt8] = []
        for index in start..<stop {
            let byte = bytes[index]
            if !Octet.isWhitespace(byte) {
                name.append(byte)
            } else if let last = name.last, last != Octet.space {
                name.append(Octet.space)
            }
        }
        if name.last == Octet.space { name.removeLast() }
        return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
    }
}
