/// The 48 bits that number a packet of a source: the roll-over counter and the sequence number (RFC 3711 §3.3.1).
enum PacketIndex {
    static let limit: UInt64 = 1 << 48

    /// The index that a sequence number most likely stands for, after `highest`. One before the first packet wraps: ``limit`` or more.
    @inline(__always)
    static func guess(sequence: UInt16, after highest: UInt64) -> UInt64 {
        let turn: UInt64 = highest & ~0xFFFF
        let last = UInt16(truncatingIfNeeded: highest)
        let low = UInt64(sequence)
        if last < 0x8000 {
            return sequence > last && sequence &- last > 0x8000 ? turn &- 0x1_0000 &+ low : turn &+ low
        }
        return last &- 0x8000 > sequence ? turn &+ 0x1_0000 &+ low : turn &+ low
    }
}
