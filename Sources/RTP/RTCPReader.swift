/// Reads the packets of an RTCP datagram one by one, in place (RFC 3550 §6.1).
///
/// Valid only while the buffer it was made from is.
public struct RTCPReader {
    /// The fixed part of every RTCP packet with its sender's SSRC, in bytes.
    public static let headerLength: Int = 8

    private let bytes: UnsafeRawBufferPointer
    private var offset: Int = 0
    /// Of the packet read last.
    private var lastStart: Int = 0
    private var lastEnd: Int = 0

    /// Checks the whole datagram by RFC 3550 §A.2: version 2 throughout, first a report without padding, padding on the last
    /// packet only, and lengths that add up exactly. Nil when it fails, as an encrypted one (RFC 3711 §3.4) does.
    ///
    /// - Parameter allowReducedSize: takes datagrams that do not start with a report too (RFC 5506).
    public init?(_ datagram: UnsafeRawBufferPointer, allowReducedSize: Bool = false) {
        guard datagram.count >= Self.headerLength, datagram[0] & 0x20 == 0 || allowReducedSize else { return nil }
        guard allowReducedSize || datagram[1] == 200 || datagram[1] == 201 else { return nil }
        var position = 0
        while position < datagram.count {
            guard position + 4 <= datagram.count, datagram[position] >> 6 == 2, datagram[position + 1] & 0xE0 == 0xC0
            else { return nil }
            let length: Int = 4 + 4 * Int(load16(datagram, position + 2))
            let end: Int = position + length
            guard end <= datagram.count else { return nil }
            if datagram[position] & 0x20 != 0 {
                let padding = Int(datagram[end - 1])
                guard end == datagram.count, padding > 0, padding <= length - 4 else { return nil }
            }
            position = end
        }
        bytes = datagram
    }

    /// The next packet; nil after the last. A packet whose content does not fit its length comes as ``RTCPPacket/other(type:)``.
    public mutating func next() -> RTCPPacket? {
        guard offset < bytes.count else { return nil }
        let end: Int = offset + 4 + 4 * Int(load16(bytes, offset + 2))
        let first: UInt8 = bytes[offset]
        let type: UInt8 = bytes[offset + 1]
        let padding: Int = first & 0x20 != 0 ? Int(bytes[end - 1]) : 0
        let body = UnsafeRawBufferPointer(rebasing: bytes[(offset + 4)..<(end - padding)])
        (lastStart, lastEnd) = (offset, end - padding)
        offset = end
        return RTCPPacket(type: type, count: Int(first & 0x1F), body: body)
    }

    /// The packet ``next()`` gave last, without its first four bytes and its padding.
    var lastBody: UnsafeRawBufferPointer {
        lastEnd == 0 ? UnsafeRawBufferPointer(start: nil, count: 0) : slice(bytes, lastStart + 4, lastEnd)
    }

    /// The packet ``next()`` gave last as extended report; nil when it is none or too short.
    public var extendedReport: RTCPExtendedReport? {
        guard lastEnd > 0, bytes[lastStart + 1] == RTCPExtendedReport.packetType else { return nil }
        return RTCPExtendedReport(lastBody)
    }

    /// The packet ``next()`` gave last as feedback; nil when it is none or too short.
    public var feedback: RTCPFeedback? {
        guard lastEnd > 0 else { return nil }
        return RTCPFeedback(type: bytes[lastStart + 1], format: bytes[lastStart] & 0x1F, body: lastBody)
    }
}

/// One packet of an RTCP datagram; valid only while the buffer it was read from is.
public enum RTCPPacket {
    case senderReport(RTCPSenderReport, RTCPReportBlocks)
    case receiverReport(ssrc: UInt32, RTCPReportBlocks)
    case sourceDescription(RTCPSourceDescription)
    case goodbye(RTCPGoodbye)
    /// Application-defined, feedback (``RTCPReader/feedback``), extended reports (``RTCPReader/extendedReport``), or of a content
    /// that does not fit its length.
    case other(type: UInt8)

    init(type: UInt8, count: Int, body: UnsafeRawBufferPointer) {
        switch type {
        case 200 where body.count >= 24 + count * RTCPReportBlock.length:
            self = .senderReport(RTCPSenderReport(body), RTCPReportBlocks(body, from: 24, count: count))
        case 201 where body.count >= 4 + count * RTCPReportBlock.length:
            self = .receiverReport(ssrc: load32(body, 0), RTCPReportBlocks(body, from: 4, count: count))
        case 202:
            self = .sourceDescription(RTCPSourceDescription(bytes: body, count: count))
        case 203 where body.count >= 4 * count:
            self = .goodbye(RTCPGoodbye(bytes: body, count: count))
        default:
            self = .other(type: type)
        }
    }
}
