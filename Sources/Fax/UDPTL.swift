/// The sizes both ends of UDPTL agree on without saying so.
public enum UDPTL {
    /// The largest datagram that is read or written, in bytes.
    public static let mostBytes: Int = 1472
    /// The largest IFP packet in one, in bytes; those of V.17 and below are under 100.
    public static let mostContent: Int = 1024
    /// How many packets are remembered.
    static let window: Int = 32
}

/// Reads the parts of a datagram. Lengths are those of aligned PER (X.691 §10.9); ones in fragments are longer than any datagram.
struct PERReader {
    let bytes: UnsafeRawBufferPointer
    var place: Int

    var isAtEnd: Bool { place >= bytes.count }

    mutating func octet() -> Int? {
        guard place < bytes.count else { return nil }
        defer { place += 1 }
        return Int(bytes[place])
    }

    mutating func length() -> Int? {
        guard let first = octet() else { return nil }
        if first < 0x80 { return first }
        guard first < 0xC0, let second = octet() else { return nil }
        return (first & 0x3F) << 8 | second
    }

    /// An open type: its length, and where it is.
    mutating func openType() -> (start: Int, count: Int)? {
        guard let count = length(), place + count <= bytes.count else { return nil }
        defer { place += count }
        return (place, count)
    }
}

/// Writes the parts of a datagram, as long as there is room.
struct PERWriter {
    let bytes: UnsafeMutableRawBufferPointer
    var count: Int = 0

    init(_ bytes: UnsafeMutableRawBufferPointer) { self.bytes = bytes }

    /// What an open type of so many bytes takes.
    static func size(_ count: Int) -> Int { count + (count < 0x80 ? 1 : 2) }

    @discardableResult
    mutating func octet(_ value: Int) -> Bool {
        guard count < bytes.count else { return false }
        bytes[count] = UInt8(truncatingIfNeeded: value)
        count += 1
        return true
    }

    mutating func length(_ value: Int) {
        if value < 0x80 {
            octet(value)
        } else {
            octet(0x80 | value >> 8)
            octet(value)
        }
    }

    mutating func openType(_ content: UnsafeRawBufferPointer) -> Bool {
        guard count + Self.size(content.count) <= bytes.count else { return false }
        length(content.count)
        if let from = content.baseAddress, let to = bytes.baseAddress {
            (to + count).copyMemory(from: from, byteCount: content.count)
        }
        count += content.count
        return true
    }
}
