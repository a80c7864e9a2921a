/// The longest datagram.
let longestPacket: Int = 65_535
let rtpFixedLength: Int = 12
let rtcpFixedLength: Int = 8
/// E flag and index of an RTCP packet (RFC 3711 §3.4).
let rtcpIndexLength: Int = 4

/// Reads a big-endian integer; the caller has checked that it lies within the packet.
@inline(__always)
func load16(_ base: UnsafeMutableRawPointer, _ offset: Int) -> UInt16 {
    UInt16(bigEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
}

@inline(__always)
func load32(_ base: UnsafeMutableRawPointer, _ offset: Int) -> UInt32 {
    UInt32(bigEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
}

/// Where the encrypted part of an RTP packet starts: after the contributing sources and the extension (RFC 3711 §3.1).
/// - Parameter end: where the payload ends; at least 12.
/// - Returns: nil for another version and for a header that does not fit.
@inline(__always)
func rtpPayloadStart(_ base: UnsafeMutableRawPointer, end: Int) -> Int? {
    let first: UInt8 = base.load(as: UInt8.self)
    guard first >> 6 == 2 else { return nil }
    var start: Int = rtpFixedLength + 4 * Int(first & 0x0F)
    if first & 0x10 != 0 {
        guard start + 4 <= end else { return nil }
        start += 4 + 4 * Int(load16(base, start + 2))
    }
    return start <= end ? start : nil
}
