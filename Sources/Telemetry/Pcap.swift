import Basics
import SIPTransaction

/// Writes traced messages as a capture file (classic pcap, microseconds, LINKTYPE_RAW) that Wireshark and tshark open.
///
/// Every message becomes one UDP datagram between the addresses it really had, whatever carried it, so that SIP over TCP and
/// TLS decodes too. IP and UDP headers are made up, with true lengths and checksums.
public enum Pcap {
    /// Longest message that fits a datagram: 65 535 less the IPv4 and UDP headers.
    private static let longestPayload: Int = 65_507

    /// The capture file of all SIP messages among `records`; remarks are left out.
    public static func file(_ records: [TraceRecord]) -> [UInt8] {
        var out: [UInt8] = []
        append32LE(0xA1B2_C3D4, to: &out)
        append16LE(2, to: &out)
        append16LE(4, to: &out)
        append32LE(0, to: &out)
        append32LE(0, to: &out)
        append32LE(262_144, to: &out)
        append32LE(101, to: &out)  // LINKTYPE_RAW: an IP packet, its version in the first nibble
        for record in records {
            guard case .sip(let direction, _, let local, let remote, let bytes) = record.content else { continue }
            let isReceived: Bool = direction == .received
            let packet = datagram(
                from: isReceived ? remote : local, to: isReceived ? local : remote, bytes.prefix(longestPayload))
            let micros: Int64 = max(0, record.at.microsecondsSinceEpoch)
            append32LE(UInt32(truncatingIfNeeded: micros / 1_000_000), to: &out)
            append32LE(UInt32(truncatingIfNeeded: micros % 1_000_000), to: &out)
            append32LE(UInt32(packet.count), to: &out)
            append32LE(UInt32(packet.count + bytes.count - min(bytes.count, longestPayload)), to: &out)
            out += packet
        }
        return out
    }

    private static func datagram(from source: IPEndpoint, to target: IPEndpoint, _ payload: ArraySlice<UInt8>)
        -> [UInt8]
    {
        // A socket bound to :: hands over an IPv4 peer beside an unspecified IPv6 address: written as IPv6 then (RFC 4291 §2.5.5.2).
        source.address.isV4 && target.address.isV4
            ? datagramV4(from: source, to: target, payload) : datagramV6(from: source, to: target, payload)
    }

    private static func datagramV4(from source: IPEndpoint, to target: IPEndpoint, _ payload: ArraySlice<UInt8>)
        -> [UInt8]
    {
        var packet: [UInt8] = [0x45, 0]
        append16(UInt16(28 + payload.count), to: &packet)
        packet += [0, 0, 0x40, 0, 64, 17, 0, 0]
        append32(UInt32(truncatingIfNeeded: source.address.low), to: &packet)
        append32(UInt32(truncatingIfNeeded: target.address.low), to: &packet)
        store16(checksum(packet[...], initial: 0), at: 10, in: &packet)
        let udp = udpBytes(
            source.port, target.port, payload, pseudoHeader: sum(packet[12..<20], 0) + 17 + UInt32(8 + payload.count))
        return packet + udp
    }

    private static func datagramV6(from source: IPEndpoint, to target: IPEndpoint, _ payload: ArraySlice<UInt8>)
        -> [UInt8]
    {
        var packet: [UInt8] = [0x60, 0, 0, 0]
        append16(UInt16(8 + payload.count), to: &packet)
        packet += [17, 64]
        for address in [source.address, target.address] {
            let low: UInt64 = address.isV4 ? 0xFFFF_0000_0000 | address.low : address.low
            append32(UInt32(truncatingIfNeeded: address.high >> 32), to: &packet)
            append32(UInt32(truncatingIfNeeded: address.high), to: &packet)
            append32(UInt32(truncatingIfNeeded: low >> 32), to: &packet)
            append32(UInt32(truncatingIfNeeded: low), to: &packet)
        }
        let udp = udpBytes(
            source.port, target.port, payload, pseudoHeader: sum(packet[8..<40], 0) + 17 + UInt32(8 + payload.count))
        return packet + udp
    }

    private static func udpBytes(
        _ source: UInt16, _ target: UInt16, _ payload: ArraySlice<UInt8>, pseudoHeader: UInt32
    ) -> [UInt8] {
        var udp: [UInt8] = []
        udp.reserveCapacity(8 + payload.count)
        append16(source, to: &udp)
        append16(target, to: &udp)
        append16(UInt16(8 + payload.count), to: &udp)
        append16(0, to: &udp)
        udp += payload
        let value: UInt16 = checksum(udp[...], initial: pseudoHeader)
        store16(value == 0 ? 0xFFFF : value, at: 6, in: &udp)  // RFC 768: zero would mean none
        return udp
    }

    /// The sum of 16-bit words, carries folded in (RFC 1071).
    private static func sum(_ bytes: ArraySlice<UInt8>, _ initial: UInt32) -> UInt32 {
        var total: UInt32 = initial
        var position: Int = bytes.startIndex
        while position < bytes.endIndex {
            let low: UInt8 = position + 1 < bytes.endIndex ? bytes[position + 1] : 0
            total += UInt32(bytes[position]) << 8 | UInt32(low)
            total = (total & 0xFFFF) + (total >> 16)
            position += 2
        }
        return total
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>, initial: UInt32) -> UInt16 {
        var total: UInt32 = sum(bytes, initial)
        while total >> 16 != 0 { total = (total & 0xFFFF) + (total >> 16) }
        return ~UInt16(truncatingIfNeeded: total)
    }

    private static func append16(_ value: UInt16, to out: inout [UInt8]) {
        out.append(UInt8(value >> 8))
        out.append(UInt8(value & 255))
    }

    private static func append32(_ value: UInt32, to out: inout [UInt8]) {
        append16(UInt16(value >> 16), to: &out)
        append16(UInt16(value & 0xFFFF), to: &out)
    }

    private static func store16(_ value: UInt16, at position: Int, in out: inout [UInt8]) {
        out[position] = UInt8(value >> 8)
        out[position + 1] = UInt8(value & 255)
    }

    private static func append16LE(_ value: UInt16, to out: inout [UInt8]) {
        out.append(UInt8(value & 255))
        out.append(UInt8(value >> 8))
    }

    private static func append32LE(_ value: UInt32, to out: inout [UInt8]) {
        append16LE(UInt16(value & 0xFFFF), to: &out)
        append16LE(UInt16(value >> 16), to: &out)
    }
}
