import Basics

/// Copies from a request what its response must repeat (RFC 3261 §8.2.6.2), even from one that could not be parsed.
struct ResponseWriter {
    let wire: [UInt8]
    let slots: [FieldSlot]
    private(set) var out: [UInt8] = []

    init(wire: [UInt8], slots: [FieldSlot]) {
        (self.wire, self.slots) = (wire, slots)
        out.reserveCapacity(512)
    }

    mutating func startLine(_ status: SIPStatus, reason: String) {
        out.append(contentsOf: "SIP/2.0 ".utf8)
        out.append(contentsOf: String(status.code).utf8)
        out.append(Octet.space)
        out.append(contentsOf: reason.utf8)
        newLine()
    }

    /// Every Via in order; the top one with `received` and `rport` where it can be read.
    mutating func vias(source: IPEndpoint?) {
        var isTop = true
        for slot in slots where slot.code == FieldCode.via {
            out.append(contentsOf: "Via: ".utf8)
            var start = Int(slot.valueStart)
            if isTop, let source {
                var cursor = FieldCursor(wire, start, Int(slot.valueEnd))
                if let via = try? cursor.via() {
                    cursor.skipWhitespace()
                    via.received(from: source).write(to: &out)
                    start = cursor.at
                }
            }
            isTop = false
            copy(start, Int(slot.valueEnd))
            newLine()
        }
    }

    /// From, To, Call-ID and CSeq, the first of each that is there; `toTag` for a To without one.
    mutating func identifying(toTag: String?) {
        line(FieldCode.from, "From: ")
        if let slot = slots.first(where: { $0.code == FieldCode.to }) {
            out.append(contentsOf: "To: ".utf8)
            copy(Int(slot.valueStart), Int(slot.valueEnd))
            var cursor = FieldCursor(wire, Int(slot.valueStart), Int(slot.valueEnd))
            if let toTag, let to = try? cursor.nameAddress(isListed: false, ""), to.tag == nil {
                out.append(contentsOf: ";tag=".utf8)
                out.append(contentsOf: toTag.utf8)
            }
            newLine()
        }
        line(FieldCode.callID, "Call-ID: ")
        line(FieldCode.cseq, "CSeq: ")
    }

    /// Every line of one name.
    mutating func all(_ code: UInt8, _ name: String) {
        for slot in slots where slot.code == code {
            out.append(contentsOf: name.utf8)
            copy(Int(slot.valueStart), Int(slot.valueEnd))
            newLine()
        }
    }

    mutating func end() {
        out.append(contentsOf: "Content-Length: 0\r\n\r\n".utf8)
    }

    private mutating func line(_ code: UInt8, _ name: String) {
        guard let slot = slots.first(where: { $0.code == code }) else { return }
        out.append(contentsOf: name.utf8)
        copy(Int(slot.valueStart), Int(slot.valueEnd))
        newLine()
    }

    private mutating func copy(_ start: Int, _ end: Int) {
        var hasFold = false
        for index in start..<end where wire[index] == Octet.lf { hasFold = true }
        if hasFold {
            out.append(contentsOf: unfold(wire, start, end))
        } else {
            out.append(contentsOf: wire[start..<end])
        }
    }

    private mutating func newLine() {
        out.append(Octet.cr)
        out.append(Octet.lf)
    }
}
