/// Reads one header field value, or a part of one, from left to right. Folded lines are whitespace to it.
struct FieldCursor {
    let bytes: [UInt8]
    private(set) var at: Int
    let end: Int

    init(_ bytes: [UInt8], _ start: Int, _ end: Int) { (self.bytes, at, self.end) = (bytes, start, end) }

    init(_ text: String) {
        bytes = Array(text.utf8)
        (at, end) = (0, bytes.count)
    }

    var isAtEnd: Bool { at >= end }
    /// The next byte; 0 at the end.
    @inline(__always) var next: UInt8 { at < end ? bytes[at] : 0 }

    mutating func move(to position: Int) { at = position }

    @inline(__always) mutating func skipWhitespace() {
        while at < end, Octet.isWhitespace(bytes[at]) { at += 1 }
    }

    /// Consumes `byte` with whitespace on both sides, if it is next.
    mutating func take(_ byte: UInt8) -> Bool {
        skipWhitespace()
        guard at < end, bytes[at] == byte else { return false }
        at += 1
        skipWhitespace()
        return true
    }

    /// Consumes the longest run of `set`.
    mutating func run(of set: OctetSet) -> Range<Int> {
        let start = at
        while at < end, set.contains(bytes[at]) { at += 1 }
        return start..<at
    }

    func text(_ range: Range<Int>) -> String {
        range.isEmpty ? "" : String(decoding: bytes[range], as: UTF8.self)
    }

    mutating func token(_ rule: String = "RFC 3261 §25.1") throws(FieldFault) -> String {
        let range = run(of: .token)
        guard !range.isEmpty else { throw FieldFault(at: at, rule) }
        return text(range)
    }

    /// Reads `"…"` at the current byte: the text within, escapes resolved (RFC 3261 §25.1).
    mutating func quotedString() throws(FieldFault) -> String {
        let start = at
        guard next == Octet.quote else { throw FieldFault(at: at) }
        at += 1
        let first = at
        var hasEscape = false
        while at < end, bytes[at] != Octet.quote {
            if bytes[at] == Octet.backslash || bytes[at] == Octet.cr || bytes[at] == Octet.lf { hasEscape = true }
            at += bytes[at] == Octet.backslash ? 2 : 1
        }
        guard at < end else {
            at = end
            throw FieldFault(at: start, "RFC 3261 §25.1")
        }
        let last = at
        at += 1
        return hasEscape ? unescaped(first, last) : text(first..<last)
    }

    private func unescaped(_ start: Int, _ end: Int) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(end - start)
        var position = start
        while position < end {
            var byte = bytes[position]
            if byte == Octet.backslash, position + 1 < end {
                position += 1
                byte = bytes[position]
            } else if byte == Octet.cr || byte == Octet.lf {
                position += 1
                continue
            }
            result.append(byte)
            position += 1
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Passes over `"…"` or `<…>` at the current byte, or over one byte.
    mutating func skipUnit() {
        switch next {
        case Octet.quote:
            at += 1
            while at < end, bytes[at] != Octet.quote { at += bytes[at] == Octet.backslash ? 2 : 1 }
            at = min(at + 1, end)
        case Octet.less:
            while at < end, bytes[at] != Octet.greater { at += 1 }
            at = min(at + 1, end)
        default:
            at = min(at + 1, end)
        }
    }

    /// Decimal digits; leading zeros are fine. Nothing at all, or more than `maximum`, is a fault.
    mutating func number(upTo maximum: UInt64, _ rule: String) throws(FieldFault) -> UInt64 {
        let start = at
        var value: UInt64 = 0
        var tooLarge = false
        while at < end, Octet.isDigit(bytes[at]) {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(bytes[at] - 0x30))
            tooLarge = tooLarge || overflow || carry || sum > maximum
            value = sum
            at += 1
        }
        guard at > start else { throw FieldFault(at: at, rule) }
        guard !tooLarge else { throw FieldFault(.outOfRange, at: start, rule) }
        return value
    }

    /// Nothing but whitespace may be left.
    mutating func expectEnd(_ rule: String = "RFC 3261 §25.1") throws(FieldFault) {
        skipWhitespace()
        guard isAtEnd else { throw FieldFault(at: at, rule) }
    }

    /// A name or IPv4 address, or an IPv6 reference in brackets, which must be valid.
    mutating func host(_ rule: String) throws(FieldFault) -> String {
        let start = at
        if next == Octet.leftBracket {
            while at < end, bytes[at] != Octet.rightBracket { at += 1 }
            guard at < end, isIPv6(start + 1, at) else { throw FieldFault(at: start, rule) }
            at += 1
        } else {
            while at < end, OctetSet.host.contains(bytes[at]) { at += 1 }
            guard at > start else { throw FieldFault(at: start, rule) }
        }
        return text(start..<at)
    }

    /// `:` already consumed: 1 ... 65 535.
    mutating func port(_ rule: String) throws(FieldFault) -> UInt16 {
        let start = at
        let value = try number(upTo: 65_535, rule)
        guard value > 0 else { throw FieldFault(.outOfRange, at: start, rule) }
        return UInt16(value)
    }
}
