internal import Basics
internal import RTP

/// The RTP stream one leg's peer hears: one SSRC, with sequence and timestamps that go on whatever the source is.
///
/// A source is relayed under offsets: its gaps, its reordering and its pauses are the listener's to see. Where the source changes,
/// new offsets let the stream go on as if the time between had been silence, and the marker bit shows the change.
struct SentStream {
    let ssrc: UInt32
    /// Of the next packet that is made here, or of the one after the newest relayed.
    private(set) var nextSequence: UInt16
    /// Of the newest packet sent.
    private(set) var timestamp: UInt32
    private(set) var sentAt: Moment
    private(set) var hasSent: Bool = false
    /// Sent so far, for sender reports (RFC 3550 §6.4.1); octets of payload, headers not counted.
    private(set) var packets: UInt32 = 0
    private(set) var octets: UInt32 = 0

    /// The source that is relayed now; nil after a change.
    private var isMapped: Bool = false
    private(set) var sourceSSRC: UInt32 = 0
    private(set) var sequenceOffset: UInt16 = 0
    private(set) var timestampOffset: UInt32 = 0
    /// The next packet made or relayed carries the marker.
    private var marksNext: Bool = true

    init(ssrc: UInt32, sequence: UInt16, timestamp: UInt32, now: Moment) {
        self.ssrc = ssrc
        nextSequence = sequence
        self.timestamp = timestamp
        sentAt = now
    }

    /// Another source begins.
    mutating func changeSource() {
        isMapped = false
        marksNext = true
    }

    /// Whether reports of this source are about what is sent now.
    func relays(_ source: UInt32) -> Bool { isMapped && source == sourceSSRC }

    /// Whether packets of a source go on under the offsets there are, with nothing to be marked.
    func isSteady(source: UInt32) -> Bool { relays(source) && !marksNext && hasSent }

    /// Takes the header of a relayed packet over into this stream.
    mutating func relay(
        _ header: RTPHeader, in packet: UnsafeMutableRawPointer, count: Int, payloadType: UInt8, clockRate: UInt32,
        now: Moment
    ) {
        if !isMapped || header.ssrc != sourceSSRC { map(header, clockRate: clockRate, now: now) }
        let sequence: UInt16 = header.sequenceNumber &+ sequenceOffset
        let stamp: UInt32 = header.timestamp &+ timestampOffset
        RTPHeader.rewrite(
            packet, payloadType: payloadType, marker: header.marker || marksNext, sequenceNumber: sequence,
            timestamp: stamp, ssrc: ssrc)
        // What is late does not set the place where the next source goes on.
        if Int16(bitPattern: sequence &- nextSequence) >= 0 || !hasSent {
            nextSequence = sequence &+ 1
            timestamp = stamp
            sentAt = now
        }
        note(octets: count &- header.length)
    }

    /// A packet of the source is not for the listener: what follows it goes on without a gap in the sequence.
    mutating func leaveOut(_ header: RTPHeader) {
        guard isMapped, header.ssrc == sourceSSRC, header.sequenceNumber &+ sequenceOffset == nextSequence else {
            return
        }
        sequenceOffset &-= 1
        marksNext = true
    }

    private mutating func map(_ header: RTPHeader, clockRate: UInt32, now: Moment) {
        (isMapped, sourceSSRC) = (true, header.ssrc)
        sequenceOffset = nextSequence &- header.sequenceNumber
        timestampOffset = timestampNow(clockRate: clockRate, now: now) &- header.timestamp
        marksNext = true
    }

    /// The timestamp of audio that begins now, after a pause.
    func timestampNow(clockRate: UInt32, now: Moment) -> UInt32 {
        guard hasSent else { return timestamp }
        let (seconds, rest) = max(0, now.nanoseconds &- sentAt.nanoseconds).quotientAndRemainder(
            dividingBy: 1_000_000_000)
        let units: Int64 = seconds &* Int64(clockRate) &+ rest &* Int64(clockRate) / 1_000_000_000
        return timestamp &+ max(1, UInt32(truncatingIfNeeded: units))
    }

    /// Writes the header of a packet made here.
    mutating func make(
        in packet: UnsafeMutableRawPointer, payloadType: UInt8, timestamp stamp: UInt32, marker: Bool, payload: Int,
        now: Moment
    ) {
        RTPHeader.write(
            packet, payloadType: payloadType, marker: marker || marksNext, sequenceNumber: nextSequence,
            timestamp: stamp, ssrc: ssrc)
        isMapped = false
        nextSequence &+= 1
        timestamp = stamp
        sentAt = now
        note(octets: payload)
    }

    /// Writes the header of an event packet, whose timestamp is that of its key and not of now.
    mutating func makeEvent(
        in packet: UnsafeMutableRawPointer, payloadType: UInt8, timestamp stamp: UInt32, marker: Bool, payload: Int
    ) {
        RTPHeader.write(
            packet, payloadType: payloadType, marker: marker, sequenceNumber: nextSequence, timestamp: stamp,
            ssrc: ssrc)
        isMapped = false
        nextSequence &+= 1
        note(octets: payload)
    }

    private mutating func note(octets count: Int) {
        hasSent = true
        marksNext = false
        packets &+= 1
        octets &+= UInt32(truncatingIfNeeded: count)
    }
}
