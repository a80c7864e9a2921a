/// The outline of an IFP packet (T.38 §7), looked at before a library is given it.
struct IFPacket {
    enum Kind: Equatable {
        /// V.17 and below.
        case known
        /// Of V.8, V.33 or V.34, which are not relayed.
        case beyond
    }

    let kind: Kind
    /// The indicator (T.38 §7.3.1), where it is one of those known.
    let indicator: UInt8?
    /// What of the bytes is the packet; zeros, and nothing else, may stand behind it where it was made of a parity.
    let count: Int

    /// A modem begins to speak: the preamble of V.21, or the training of a faster one.
    var startsSignal: Bool { indicator.map { $0 >= 3 } ?? false }

    /// - Returns: nil where the bytes are no IFP packet of this version of T.38.
    init?(_ bytes: UnsafeRawBufferPointer, version: UInt8) {
        guard let first = bytes.first else { return nil }
        let hasFields: Bool = first & 0x80 != 0
        let isData: Bool = first & 0x40 != 0
        let isExtended: Bool = first & 0x20 != 0
        // The type of an extended packet goes on in the second octet.
        let head: Int = isExtended ? 2 : 1
        guard bytes.count >= head, isData || !hasFields else { return nil }
        if isData, !isExtended, first >> 1 & 0xF > 8 { return nil }
        kind = isExtended ? .beyond : .known
        indicator = isData || isExtended ? nil : first >> 1 & 0xF
        guard let end = !hasFields ? head : version == 0 ? Self.oldFields(bytes, head) : Self.fields(bytes, head),
            end <= bytes.count, bytes[end...].allSatisfy({ $0 == 0 })
        else { return nil }
        count = end
    }

    /// Fields as version 0 has them: a field without data takes four bits.
    private static func oldFields(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Int? {
        guard start < bytes.count else { return nil }
        var place: Int = start + 1
        var isInOctet = false
        for _ in 0..<bytes[start] {
            guard place < bytes.count else { return nil }
            let bits: UInt8 = isInOctet ? bytes[place] & 0xF : bytes[place] >> 4
            let hasData: Bool = bits & 8 != 0
            if isInOctet || hasData { place += 1 }
            isInOctet = !isInOctet && !hasData
            if hasData {
                guard let end = data(bytes, place) else { return nil }
                place = end
            }
        }
        return isInOctet ? place + 1 : place
    }

    private static func fields(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Int? {
        guard start < bytes.count else { return nil }
        var place: Int = start + 1
        for _ in 0..<bytes[start] {
            guard place < bytes.count else { return nil }
            let first: UInt8 = bytes[place]
            place += first & 0x40 != 0 ? 2 : 1
            guard place <= bytes.count else { return nil }
            if first & 0x80 != 0 {
                guard let end = data(bytes, place) else { return nil }
                place = end
            }
        }
        return place
    }

    private static func data(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Int? {
        guard start + 2 <= bytes.count else { return nil }
        let end: Int = start + 2 + (Int(bytes[start]) << 8 | Int(bytes[start + 1])) + 1
        return end <= bytes.count ? end : nil
    }
}
