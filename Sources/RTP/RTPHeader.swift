/// The header of an RTP packet (RFC 3550 §5.1), read in place without allocation.
///
/// A value that exists fits its packet: version 2, with room for the contributing sources and the extension it announces.
/// Padding is judged by ``payload(of:)`` only, as its count is not legible in an encrypted packet (RFC 3711 §3.1).
public struct RTPHeader: Hashable, Sendable {
    /// The fixed part, in bytes.
    public static let minimumLength: Int = 12

    /// 0 ... 127.
    public let payloadType: UInt8
    public let marker: Bool
    public let hasPadding: Bool
    public let sequenceNumber: UInt16
    public let timestamp: UInt32
    public let ssrc: UInt32
    /// Where the payload starts: the fixed part, contributing sources and extension, in bytes; 12 or more.
    public let length: Int

    /// Reads the header at the front of `packet`; nil when it is no RTP version 2 packet or is cut short.
    @inlinable
    public init?(_ packet: UnsafeRawBufferPointer) {
        guard packet.count >= Self.minimumLength else { return nil }
        let first: UInt8 = packet[0]
        guard first >> 6 == 2 else { return nil }
        var end: Int = Self.minimumLength + 4 * Int(first & 0x0F)
        guard end <= packet.count else { return nil }
        if first & 0x10 != 0 {
            guard end + 4 <= packet.count else { return nil }
            end += 4 + 4 * Int(load16(packet, end + 2))
            guard end <= packet.count else { return nil }
        }
        let second: UInt8 = packet[1]
        payloadType = second & 0x7F
        marker = second & 0x80 != 0
        hasPadding = first & 0x20 != 0
        sequenceNumber = load16(packet, 2)
        timestamp = load32(packet, 4)
        ssrc = load32(packet, 8)
        length = end
    }

    /// Where the payload of an unencrypted `packet` lies, padding taken off; nil when the padding is illegal (RFC 3550 §5.1).
    ///
    /// - Parameter packet: the packet this header was read from.
    public func payload(of packet: UnsafeRawBufferPointer) -> Range<Int>? {
        guard length <= packet.count else { return nil }
        guard hasPadding else { return length..<packet.count }
        guard length < packet.count else { return nil }
        let padding = Int(packet[packet.count - 1])
        guard padding > 0, padding <= packet.count - length else { return nil }
        return length..<(packet.count - padding)
    }
}

/// Whether a packet on a shared port is RTCP: version 2 and packet type 192 ... 223 (RFC 5761 §4).
@inlinable
public func isRTCP(_ packet: UnsafeRawBufferPointer) -> Bool {
    packet.count >= 8 && packet[0] >> 6 == 2 && packet[1] & 0xE0 == 0xC0
}
