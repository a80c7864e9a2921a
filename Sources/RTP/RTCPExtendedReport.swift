public import Basics

/// An extended report (RFC 3611 §2), read block by block; valid only while the buffer it was read from is.
public struct RTCPExtendedReport {
    static let packetType: UInt8 = 207

    public enum Block {
        /// The time of a receiver, to be answered by ``RTCPReferenceTimeAnswer`` (§4.4).
        case receiverReferenceTime(ntpTimestamp: UInt64)
        case referenceTimeAnswers(RTCPReferenceTimeAnswers)
        case statisticsSummary(RTCPStatisticsSummary)
        case voipMetrics(RTCPVoIPMetrics)
        /// Of a kind that is not read, or of a length that does not fit its kind.
        case other(type: UInt8)
    }

    /// Who reports.
    public let ssrc: UInt32
    let bytes: UnsafeRawBufferPointer
    private var offset: Int = 4

    /// - Parameter body: the packet without its first four bytes; nil when it is too short.
    init?(_ body: UnsafeRawBufferPointer) {
        guard body.count >= 4 else { return nil }
        ssrc = load32(body, 0)
        bytes = body
    }

    /// The next block; nil after the last, and where one runs over the packet's end.
    public mutating func next() -> Block? {
        guard let raw = nextRaw() else { return nil }
        switch (raw.type, raw.content.count) {
        case (4, 8):
            return .receiverReferenceTime(ntpTimestamp: load64(raw.content, 0))
        case (5, let length) where length % RTCPReferenceTimeAnswer.length == 0:
            return .referenceTimeAnswers(RTCPReferenceTimeAnswers(bytes: raw.content))
        case (RTCPStatisticsSummary.blockType, RTCPStatisticsSummary.length):
            return .statisticsSummary(RTCPStatisticsSummary(raw.content, flags: raw.specific))
        case (RTCPVoIPMetrics.blockType, RTCPVoIPMetrics.length):
            return .voipMetrics(RTCPVoIPMetrics(raw.content, at: 0))
        default:
            return .other(type: raw.type)
        }
    }

    /// The next block's kind, type-specific byte and content.
    mutating func nextRaw() -> (type: UInt8, specific: UInt8, content: UnsafeRawBufferPointer)? {
        guard offset + 4 <= bytes.count else { return nil }
        let end: Int = offset + 4 + 4 * Int(load16(bytes, offset + 2))
        guard end <= bytes.count else { return nil }
        defer { offset = end }
        return (bytes[offset], bytes[offset + 1], slice(bytes, offset + 4, end))
    }
}

/// What a sender answers to the time of a receiver (RFC 3611 §4.5).
public struct RTCPReferenceTimeAnswer: Hashable, Sendable {
    static let length: Int = 12

    /// The receiver that is answered.
    public var ssrc: UInt32
    /// The middle 32 bits of its time.
    public var lastReferenceTime: UInt32
    /// From the time's arrival to this answer, in 1/65 536 s.
    public var delay: UInt32

    public init(ssrc: UInt32, lastReferenceTime: UInt32, delay: UInt32) {
        (self.ssrc, self.lastReferenceTime, self.delay) = (ssrc, lastReferenceTime, delay)
    }

    /// The time from sending the reference time to its answer, without the time the peer held it.
    /// - Returns: nil when the peer claims to have held it longer than it was gone.
    public func roundTrip(sentAt: Moment, receivedAt: Moment) -> Duration? {
        RTCPReportBlock(ssrc: ssrc, lastSenderReport: lastReferenceTime, delaySinceLastSenderReport: delay)
            .roundTrip(sentAt: sentAt, receivedAt: receivedAt)
    }
}

/// The answers of one block; valid only while the buffer they were read from is.
public struct RTCPReferenceTimeAnswers {
    let bytes: UnsafeRawBufferPointer

    public var count: Int { bytes.count / RTCPReferenceTimeAnswer.length }

    /// The answer at `index`; 0 ..< ``count``.
    public subscript(index: Int) -> RTCPReferenceTimeAnswer {
        precondition(index >= 0 && index < count)
        let start: Int = index * RTCPReferenceTimeAnswer.length
        return RTCPReferenceTimeAnswer(
            ssrc: load32(bytes, start), lastReferenceTime: load32(bytes, start + 4), delay: load32(bytes, start + 8))
    }
}

/// A receiver's counts over a range of sequence numbers (RFC 3611 §4.6).
public struct RTCPStatisticsSummary: Hashable, Sendable {
    static let blockType: UInt8 = 6
    /// Without the block's head, in bytes.
    static let length: Int = 36

    public struct Spread: Hashable, Sendable {
        public var minimum: UInt32
        public var maximum: UInt32
        public var mean: UInt32
        public var deviation: UInt32
        public init(minimum: UInt32, maximum: UInt32, mean: UInt32, deviation: UInt32) {
            (self.minimum, self.maximum, self.mean, self.deviation) = (minimum, maximum, mean, deviation)
        }
    }

    public var ssrc: UInt32
    /// The first sequence number, and the last one plus 1.
    public var firstSequence: UInt16
    public var endSequence: UInt16
    public var packetsLost: UInt32?
    public var packetsDuplicated: UInt32?
    /// In timestamp units.
    public var jitter: Spread?

    public init(ssrc: UInt32, firstSequence: UInt16, endSequence: UInt16) {
        (self.ssrc, self.firstSequence, self.endSequence) = (ssrc, firstSequence, endSequence)
    }

    /// L, D and J: which figures are there. TTL is never told.
    var flags: UInt8 {
        (packetsLost == nil ? 0 : 0x80) | (packetsDuplicated == nil ? 0 : 0x40) | (jitter == nil ? 0 : 0x20)
    }

    init(_ bytes: UnsafeRawBufferPointer, flags: UInt8) {
        ssrc = load32(bytes, 0)
        (firstSequence, endSequence) = (load16(bytes, 4), load16(bytes, 6))
        if flags & 0x80 != 0 { packetsLost = load32(bytes, 8) }
        if flags & 0x40 != 0 { packetsDuplicated = load32(bytes, 12) }
        if flags & 0x20 != 0 {
            jitter = Spread(
                minimum: load32(bytes, 16), maximum: load32(bytes, 20), mean: load32(bytes, 24),
                deviation: load32(bytes, 28))
        }
    }

    func write(_ bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
        store32(ssrc, bytes, offset)
        store16(firstSequence, bytes, offset + 4)
        store16(endSequence, bytes, offset + 6)
        store32(packetsLost ?? 0, bytes, offset + 8)
        store32(packetsDuplicated ?? 0, bytes, offset + 12)
        store32(jitter?.minimum ?? 0, bytes, offset + 16)
        store32(jitter?.maximum ?? 0, bytes, offset + 20)
        store32(jitter?.mean ?? 0, bytes, offset + 24)
        store32(jitter?.deviation ?? 0, bytes, offset + 28)
        store32(0, bytes, offset + 32)
    }
}
