/// The one pass over a message's head: lines found, names recognised, nothing decoded.
struct HeaderScan {
    private(set) var slots: [FieldSlot] = []
    private(set) var startLine: Range<Int> = 0..<0
    /// Where the body starts; nil while no empty line was found.
    private(set) var bodyStart: Int?
    /// The first fault met; scanning goes on, so that an answer can be written.
    private(set) var fault: FieldFault?

    init(_ bytes: [UInt8], limits: SIPLimits) {
        slots.reserveCapacity(16)
        var position: Int = 0
        // RFC 3261 §7.5: line ends before the start-line are ignored.
        while position < bytes.count, bytes[position] == Octet.cr || bytes[position] == Octet.lf { position += 1 }
        let start = position
        let lineEnd = HeaderScan.endOfLine(bytes, position)
        startLine = position..<HeaderScan.trimmed(bytes, position, lineEnd)
        if let control = HeaderScan.illegalControl(bytes, position, lineEnd) {
            note(FieldFault(.badStartLine, at: control, "RFC 3261 §7.1"))
        }
        position = lineEnd + 1
        scanFields(bytes, from: position, start: start, limits: limits)
        if bodyStart == nil, fault == nil { checkUnfinished(bytes) }
    }

    /// The index of the next LF, or the count of bytes.
    @inline(__always) private static func endOfLine(_ bytes: [UInt8], _ start: Int) -> Int {
        var position = start
        while position < bytes.count, bytes[position] != Octet.lf { position += 1 }
        return position
    }

    @inline(__always) private static func trimmed(_ bytes: [UInt8], _ start: Int, _ end: Int) -> Int {
        var end = min(end, bytes.count)
        while end > start, Octet.isWhitespace(bytes[end - 1]) { end -= 1 }
        return end
    }

    private mutating func scanFields(_ bytes: [UInt8], from first: Int, start: Int, limits: SIPLimits) {
        var position = first
        while position < bytes.count {
            var lineEnd = HeaderScan.endOfLine(bytes, position)
            if lineEnd == position || (lineEnd == position + 1 && bytes[position] == Octet.cr), lineEnd < bytes.count {
                bodyStart = lineEnd + 1
                return
            }
            // A line that starts with SP or HT goes on with the one before (RFC 3261 §7.3.1).
            while lineEnd + 1 < bytes.count, bytes[lineEnd + 1] == Octet.space || bytes[lineEnd + 1] == Octet.tab {
                lineEnd = HeaderScan.endOfLine(bytes, lineEnd + 1)
            }
            if lineEnd - start > limits.headerBytes {
                return note(FieldFault(.messageTooLarge, at: position, "RFC 3261 §21.5.7"))
            }
            if slots.count == limits.fieldCount {
                return note(FieldFault(.tooManyFields, at: position, "RFC 3261 §21.5.7"))
            }
            scanLine(bytes, position, lineEnd)
            position = lineEnd + 1
        }
    }

    private mutating func note(_ fault: FieldFault) { if self.fault == nil { self.fault = fault } }

    private mutating func scanLine(_ bytes: [UInt8], _ start: Int, _ lineEnd: Int) {
        let end = HeaderScan.trimmed(bytes, start, lineEnd)
        var position = start
        while position < end, OctetSet.token.contains(bytes[position]) { position += 1 }
        let nameEnd = position
        while position < end, Octet.isWhitespace(bytes[position]) { position += 1 }
        guard nameEnd > start, nameEnd - start <= 255, position < end, bytes[position] == Octet.colon else {
            return note(FieldFault(.badFieldLine, at: position, "RFC 3261 §7.3.1"))
        }
        position += 1
        while position < end, Octet.isWhitespace(bytes[position]) { position += 1 }
        let valueStart = position
        if let control = HeaderScan.illegalControl(bytes, position, lineEnd) {
            note(FieldFault(.badFieldLine, at: control, "RFC 3261 §25.1"))
        }
        slots.append(
            FieldSlot(
                nameStart: UInt32(start), valueStart: UInt32(valueStart), valueEnd: UInt32(end),
                nameLength: UInt16(nameEnd - start), code: FieldNameTable.shared.code(of: bytes, start, nameEnd)))
    }

    /// The first control character that may not stand in a line: CR but in CRLF; any other but HT and LF, unless a backslash
    /// is before it as in a quoted string.
    @inline(__always) private static func illegalControl(_ bytes: [UInt8], _ start: Int, _ end: Int) -> Int? {
        var position = start
        while position < end {
            let byte = bytes[position]
            if byte < 0x20, byte != Octet.tab, byte != Octet.lf {
                let isLegal =
                    byte == Octet.cr
                    ? position + 1 < bytes.count && bytes[position + 1] == Octet.lf
                    : position > start && bytes[position - 1] == Octet.backslash
                if !isLegal { return position }
            }
            position += 1
        }
        return nil
    }

    /// No empty line: tolerated where the last line is whole, as some senders leave it out of a datagram without a body.
    private mutating func checkUnfinished(_ bytes: [UInt8]) {
        guard bytes.last == Octet.lf, !slots.isEmpty else {
            return note(FieldFault(.truncated, at: bytes.count, "RFC 3261 §7"))
        }
        bodyStart = bytes.count
    }

    /// The body's length as Content-Length gives it; nil when there is none. Several must agree (RFC 3261 §20.14).
    func contentLength(_ bytes: [UInt8]) throws(FieldFault) -> Int? {
        var length: Int?
        for slot in slots where slot.code == FieldCode.contentLength {
            var cursor = FieldCursor(bytes, Int(slot.valueStart), Int(slot.valueEnd))
            let value = try HeaderScan.contentLength(&cursor)
            if let length, length != value {
                throw FieldFault(.badContentLength, at: Int(slot.valueStart), "RFC 3261 §20.14")
            }
            length = value
        }
        return length
    }

    /// A length too large to be held is one too large to be taken: `Int.max`.
    static func contentLength(_ cursor: inout FieldCursor) throws(FieldFault) -> Int {
        let start = cursor.at
        while !cursor.isAtEnd, Octet.isDigit(cursor.next) { cursor.move(to: cursor.at + 1) }
        let digits = start..<cursor.at
        cursor.skipWhitespace()
        guard !digits.isEmpty, cursor.isAtEnd else { throw FieldFault(.badContentLength, at: start, "RFC 3261 §20.14") }
        var value: Int = 0
        for index in digits { value = min(value * 10 + Int(cursor.bytes[index] - 0x30), Int(UInt32.max)) }
        return value == Int(UInt32.max) ? Int.max : value
    }
}
