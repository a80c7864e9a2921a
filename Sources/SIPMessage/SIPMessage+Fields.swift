extension SIPMessage {
    /// The first such line's value, unfolded and trimmed; nil when there is none.
    public func first(_ name: SIPFieldName) -> String? {
        for slot in storage.slots where matches(slot, name) { return text(slot) }
        return nil
    }

    /// Each such line's value, unfolded and trimmed, in order.
    public func values(_ name: SIPFieldName) -> [String] {
        var result: [String] = []
        for slot in storage.slots where matches(slot, name) { result.append(text(slot)) }
        return result
    }

    /// The elements of all such lines, split at commas outside quotes and angle brackets; empty ones are passed over.
    public func list(_ name: SIPFieldName) -> [String] {
        var result: [String] = []
        for slot in storage.slots where matches(slot, name) {
            var cursor = cursor(slot)
            while !cursor.isAtEnd {
                cursor.skipWhitespace()
                let start = cursor.at
                while !cursor.isAtEnd, cursor.next != Octet.comma { cursor.skipUnit() }
                var end = cursor.at
                while end > start, Octet.isWhitespace(wire[end - 1]) { end -= 1 }
                if end > start { result.append(unfolded(storage.wire, start, end)) }
                cursor.move(to: cursor.at + 1)
            }
        }
        return result
    }

    public func has(_ name: SIPFieldName) -> Bool { storage.slots.contains { matches($0, name) } }

    /// How many lines there are of that name.
    public func count(of name: SIPFieldName) -> Int {
        storage.slots.reduce(into: 0) { $0 += matches($1, name) ? 1 : 0 }
    }

    /// Whether an option tag is listed, compared without regard to case: of Supported, Require and their kin.
    public func hasOption(_ tag: String, in name: SIPFieldName) -> Bool {
        has(name) && list(name).contains { equalsIgnoringCase($0, tag) }
    }

    /// Every header field line in order, its value unfolded and trimmed.
    public var fields: some Sequence<(name: SIPFieldName, value: String)> {
        storage.slots.lazy.map { slot in (name: self.name(of: slot), value: self.text(slot)) }
    }

    func name(of slot: FieldSlot) -> SIPFieldName {
        if slot.code != 0 { return SIPFieldName(code: slot.code) }
        let start = Int(slot.nameStart)
        return SIPFieldName(String(decoding: storage.wire[start..<(start + Int(slot.nameLength))], as: UTF8.self))
    }

    @inline(__always) func matches(_ slot: FieldSlot, _ name: SIPFieldName) -> Bool {
        slot.code == name.code && (slot.code != 0 || self.name(of: slot) == name)
    }

    func text(_ slot: FieldSlot) -> String { unfolded(storage.wire, Int(slot.valueStart), Int(slot.valueEnd)) }

    func cursor(_ slot: FieldSlot) -> FieldCursor {
        FieldCursor(storage.wire, Int(slot.valueStart), Int(slot.valueEnd))
    }
}

/// Bytes as text, each fold with the whitespace around it made one space (RFC 3261 §7.3.1).
func unfolded(_ bytes: [UInt8], _ start: Int, _ end: Int) -> String {
    for index in start..<end where bytes[index] == Octet.lf {
        return String(decoding: unfold(bytes, start, end), as: UTF8.self)
    }
    return String(decoding: bytes[start..<end], as: UTF8.self)
}

func unfold(_ bytes: [UInt8], _ start: Int, _ end: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(end - start)
    var index = start
    while index < end {
        let byte = bytes[index]
        guard byte == Octet.lf || (byte == Octet.cr && index + 1 < end && bytes[index + 1] == Octet.lf) else {
            result.append(byte)
            index += 1
            continue
        }
        while let last = result.last, last == Octet.space || last == Octet.tab { result.removeLast() }
        while index < end, Octet.isWhitespace(bytes[index]) { index += 1 }
        result.append(Octet.space)
    }
    return result
}
