import RTP

/// Builds packets, field by field.
struct Bytes {
    var bytes: [UInt8] = []
    init(_ bytes: [UInt8] = []) { self.bytes = bytes }
    mutating func add16(_ value: UInt16) { bytes += [UInt8(value >> 8), UInt8(value & 0xFF)] }
    mutating func add32(_ value: UInt32) {
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(value >> UInt32(shift) & 0xFF)) }
    }
}

/// An RTP packet with the given first byte after which `rest` follows the fixed header.
func rtp(
    first: UInt8 = 0x80, second: UInt8 = 0, number: UInt16 = 1, timestamp: UInt32 = 160, ssrc: UInt32 = 7,
    rest: [UInt8] = []
) -> [UInt8] {
    var packet = Bytes([first, second])
    packet.add16(number)
    packet.add32(timestamp)
    packet.add32(ssrc)
    return packet.bytes + rest
}

/// An RTCP packet: its body's length must be a multiple of 4.
func rtcp(_ type: UInt8, count: UInt8, _ body: [UInt8], padding: Bool = false) -> [UInt8] {
    var packet = Bytes([0x80 | (padding ? 0x20 : 0) | count, type])
    packet.add16(UInt16(body.count / 4))
    return packet.bytes + body
}

func reportBlock(
    ssrc: UInt32, fraction: UInt8 = 0, lost: Int32 = 0, highest: UInt32 = 0, jitter: UInt32 = 0, lsr: UInt32 = 0,
    dlsr: UInt32 = 0
) -> [UInt8] {
    var block = Bytes()
    block.add32(ssrc)
    block.add32(UInt32(fraction) << 24 | UInt32(bitPattern: lost) & 0xFF_FFFF)
    for value in [highest, jitter, lsr, dlsr] { block.add32(value) }
    return block.bytes
}

func senderInfo(ssrc: UInt32, ntp: UInt64, timestamp: UInt32 = 0, packets: UInt32 = 0, octets: UInt32 = 0) -> [UInt8] {
    var info = Bytes()
    for value in [ssrc, UInt32(ntp >> 32), UInt32(truncatingIfNeeded: ntp), timestamp, packets, octets] {
        info.add32(value)
    }
    return info.bytes
}
