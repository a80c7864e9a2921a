/// Writes the packets of one RTCP datagram into a buffer, without allocation (RFC 3550 §6.1).
///
/// What does not fit, or would break the order of a compound, is not written: the method says false and the datagram stays as it
/// was. Report blocks follow their report, and the blocks of an extended report follow its head.
public struct RTCPWriter {
    private let buffer: UnsafeMutableRawBufferPointer
    private let isReducedSize: Bool
    /// Bytes written; a multiple of 4.
    public private(set) var count: Int = 0
    /// Where the last packet starts.
    private var last: Int = -1
    private var hasReport = false
    private var hasName = false
    private var isEnded = false

    /// - Parameter isReducedSize: the datagram need not start with a report nor name its source (RFC 5506).
    public init(_ buffer: UnsafeMutableRawBufferPointer, isReducedSize: Bool = false) {
        (self.buffer, self.isReducedSize) = (buffer, isReducedSize)
    }

    /// Whether what is written may be sent: it starts with a report and names its source, or is of reduced size and not empty.
    public var isComplete: Bool { count > 0 && (isReducedSize || (hasReport && hasName)) }

    /// The datagram so far.
    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[..<count]) }

    @discardableResult
    public mutating func senderReport(_ report: RTCPSenderReport) -> Bool {
        guard let body = open(200, words: 6) else { return false }
        store32(report.ssrc, buffer, body)
        store64(report.ntpTimestamp, buffer, body + 4)
        store32(report.rtpTimestamp, buffer, body + 12)
        store32(report.packetCount, buffer, body + 16)
        store32(report.octetCount, buffer, body + 20)
        hasReport = true
        return true
    }

    /// - Parameter ssrc: of the receiver who reports.
    @discardableResult
    public mutating func receiverReport(ssrc: UInt32) -> Bool {
        guard let body = open(201, words: 1) else { return false }
        store32(ssrc, buffer, body)
        hasReport = true
        return true
    }

    /// Adds a block to the report written last; at most 31.
    @discardableResult
    public mutating func reportBlock(_ block: RTCPReportBlock) -> Bool {
        guard last >= 0, buffer[last + 1] == 200 || buffer[last + 1] == 201, buffer[last] & 0x1F < 31,
            let start = extend(words: 6)
        else { return false }
        buffer[last] += 1
        let lost: Int32 = min(max(block.cumulativeLost, -0x80_0000), 0x7F_FFFF)
        store32(block.ssrc, buffer, start)
        store32(UInt32(block.fractionLost) << 24 | UInt32(bitPattern: lost) & 0xFF_FFFF, buffer, start + 4)
        store32(block.extendedHighestSequence, buffer, start + 8)
        store32(block.jitter, buffer, start + 12)
        store32(block.lastSenderReport, buffer, start + 16)
        store32(block.delaySinceLastSenderReport, buffer, start + 20)
        return true
    }

    /// Names a source by its CNAME, 1 ... 255 bytes of UTF-8 (RFC 3550 §6.5.1).
    @discardableResult
    public mutating func sourceDescription(ssrc: UInt32, cname: UnsafeRawBufferPointer) -> Bool {
        guard (1...255).contains(cname.count) else { return false }
        // Type, length and text end with at least one zero byte.
        let words: Int = 1 + (2 + cname.count) / 4 + 1
        guard let body = open(202, words: words, count: 1) else { return false }
        store32(ssrc, buffer, body)
        buffer[body + 4] = RTCPSourceDescription.cname
        buffer[body + 5] = UInt8(cname.count)
        UnsafeMutableRawBufferPointer(rebasing: buffer[(body + 6)...]).copyMemory(from: cname)
        for index in (body + 6 + cname.count)..<(body + 4 * words) { buffer[index] = 0 }
        hasName = true
        return true
    }

    /// Ends a source; nothing may follow (RFC 3550 §6.1).
    /// - Parameter reason: at most 255 bytes of UTF-8; empty says nothing.
    @discardableResult
    public mutating func goodbye(
        ssrc: UInt32, reason: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
    )
        -> Bool
    {
        guard reason.count <= 255 else { return false }
        let words: Int = 1 + (reason.isEmpty ? 0 : reason.count / 4 + 1)
        guard let body = open(203, words: words, count: 1) else { return false }
        store32(ssrc, buffer, body)
        if !reason.isEmpty {
            buffer[body + 4] = UInt8(reason.count)
            UnsafeMutableRawBufferPointer(rebasing: buffer[(body + 5)...]).copyMemory(from: reason)
            for index in (body + 5 + reason.count)..<(body + 4 * words) { buffer[index] = 0 }
        }
        isEnded = true
        return true
    }

    /// The head of an extended report (RFC 3611 §2), to which blocks are added.
    @discardableResult
    public mutating func extendedReport(ssrc: UInt32) -> Bool {
        guard let body = open(RTCPExtendedReport.packetType, words: 1) else { return false }
        store32(ssrc, buffer, body)
        return true
    }

    /// Asks a source for a whole picture (RFC 4585 §6.3.1).
    @discardableResult
    public mutating func pictureLoss(from ssrc: UInt32, of media: UInt32) -> Bool {
        guard let body = open(206, words: 2, count: 1) else { return false }
        store32(ssrc, buffer, body)
        store32(media, buffer, body + 4)
        return true
    }

    // MARK: Pieces

    /// Starts a packet and leaves its body to the caller.
    /// - Returns: where the body starts; nil when it does not fit or may not come now.
    mutating func open(_ type: UInt8, words: Int, count items: UInt8 = 0) -> Int? {
        let isReport: Bool = type == 200 || type == 201
        guard !isEnded, hasReport || isReport || isReducedSize, words < 1 << 16,
            self.count + 4 + 4 * words <= buffer.count
        else { return nil }
        last = count
        buffer[last] = 0x80 | items
        buffer[last + 1] = type
        store16(UInt16(words), buffer, last + 2)
        count += 4 + 4 * words
        return last + 4
    }

    /// Makes the last packet longer; nil when it does not fit.
    mutating func extend(words: Int) -> Int? {
        guard last >= 0 else { return nil }
        let length: Int = (count - last) / 4 - 1 + words
        guard length < 1 << 16, count + 4 * words <= buffer.count else { return nil }
        store16(UInt16(length), buffer, last + 2)
        let start: Int = count
        count += 4 * words
        return start
    }

    /// Adds a block to an extended report; its content is left to the caller.
    mutating func block(_ type: UInt8, specific: UInt8 = 0, words: Int) -> Int? {
        guard last >= 0, buffer[last + 1] == RTCPExtendedReport.packetType, let start = extend(words: 1 + words) else {
            return nil
        }
        buffer[start] = type
        buffer[start + 1] = specific
        store16(UInt16(words), buffer, start + 2)
        return start + 4
    }

    /// The memory written to, for those who fill in a body they opened.
    var memory: UnsafeMutableRawBufferPointer { buffer }

    /// Takes the last packet back: what was opened turned out empty.
    mutating func withdraw() {
        guard last >= 0 else { return }
        count = last
        last = -1
    }
}
