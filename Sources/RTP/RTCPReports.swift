public import Basics

/// What a sender reports of itself (RFC 3550 §6.4.1).
public struct RTCPSenderReport: Hashable, Sendable {
    public let ssrc: UInt32
    /// Seconds since 1900 in the high half, fraction in the low.
    public let ntpTimestamp: UInt64
    public let rtpTimestamp: UInt32
    public let packetCount: UInt32
    public let octetCount: UInt32

    public init(ssrc: UInt32, ntpTimestamp: UInt64, rtpTimestamp: UInt32, packetCount: UInt32, octetCount: UInt32) {
        self.ssrc = ssrc
        self.ntpTimestamp = ntpTimestamp
        self.rtpTimestamp = rtpTimestamp
        self.packetCount = packetCount
        self.octetCount = octetCount
    }

    init(_ body: UnsafeRawBufferPointer) {
        ssrc = load32(body, 0)
        ntpTimestamp = load64(body, 4)
        rtpTimestamp = load32(body, 12)
        packetCount = load32(body, 16)
        octetCount = load32(body, 20)
    }

    /// The middle 32 bits of the timestamp: what a receiver gives back as ``RTCPReportBlock/lastSenderReport``.
    public var compactTimestamp: UInt32 { UInt32(truncatingIfNeeded: ntpTimestamp >> 16) }
}

/// What a receiver reports of one source (RFC 3550 §6.4.1).
public struct RTCPReportBlock: Hashable, Sendable {
    static let length: Int = 24

    public let ssrc: UInt32
    /// Lost since the last report, in 256ths.
    public let fractionLost: UInt8
    /// Lost since the start; negative when duplicates outnumber losses. 24 bits.
    public let cumulativeLost: Int32
    public let extendedHighestSequence: UInt32
    /// In timestamp units.
    public let jitter: UInt32
    /// ``RTCPSenderReport/compactTimestamp`` of the last report received; 0 when none was.
    public let lastSenderReport: UInt32
    /// From that report's arrival to this one's sending, in 1/65 536 s.
    public let delaySinceLastSenderReport: UInt32

    /// - Parameter cumulativeLost: clamped to 24 bits where it is written (RFC 3550 §A.3).
    public init(
        ssrc: UInt32, fractionLost: UInt8 = 0, cumulativeLost: Int32 = 0, extendedHighestSequence: UInt32 = 0,
        jitter: UInt32 = 0, lastSenderReport: UInt32 = 0, delaySinceLastSenderReport: UInt32 = 0
    ) {
        self.ssrc = ssrc
        self.fractionLost = fractionLost
        self.cumulativeLost = cumulativeLost
        self.extendedHighestSequence = extendedHighestSequence
        self.jitter = jitter
        self.lastSenderReport = lastSenderReport
        self.delaySinceLastSenderReport = delaySinceLastSenderReport
    }

    init(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        ssrc = load32(bytes, offset)
        fractionLost = bytes[offset + 4]
        cumulativeLost = Int32(bitPattern: load32(bytes, offset + 4) << 8) >> 8
        extendedHighestSequence = load32(bytes, offset + 8)
        jitter = load32(bytes, offset + 12)
        lastSenderReport = load32(bytes, offset + 16)
        delaySinceLastSenderReport = load32(bytes, offset + 20)
    }

    /// The time from sending the sender report to its echo, without the time the peer held it (RFC 3550 §6.4.1).
    ///
    /// - Parameter sentAt: when the report named by ``lastSenderReport`` was sent.
    /// - Returns: nil when the peer claims to have held it longer than it was gone.
    public func roundTrip(sentAt: Moment, receivedAt: Moment) -> Duration? {
        let held = Int64((UInt64(delaySinceLastSenderReport) * 1_000_000_000) >> 16)
        let (trip, overflow) = (receivedAt.nanoseconds - sentAt.nanoseconds).subtractingReportingOverflow(held)
        return overflow || trip < 0 ? nil : .nanoseconds(trip)
    }
}

/// The report blocks of one packet; valid only while the buffer they were read from is.
public struct RTCPReportBlocks {
    private let bytes: UnsafeRawBufferPointer
    private let start: Int
    /// 0 ... 31.
    public let count: Int

    init(_ bytes: UnsafeRawBufferPointer, from start: Int, count: Int) {
        (self.bytes, self.start, self.count) = (bytes, start, count)
    }

    /// The block at `index`; 0 ..< ``count``.
    public subscript(index: Int) -> RTCPReportBlock {
        precondition(index >= 0 && index < count)
        return RTCPReportBlock(bytes, at: start + index * RTCPReportBlock.length)
    }
}
