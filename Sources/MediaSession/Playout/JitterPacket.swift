public import Codecs

/// What a packet that waits to be played is.
public enum JitterPacketKind: UInt8, Hashable, Sendable {
    /// Audio that more audio follows.
    case speech
    /// Audio after which the sender may send nothing: a frame of Opus DTX, a silence descriptor of G.729B. Its decoder fills the pause.
    case lastSpeech
    /// A description of background noise, after which the sender may send nothing (RFC 3389).
    case comfortNoise
    /// No audio (an event of RFC 4733): takes a sequence number, and the audio around it is not missing.
    case other

    /// What a packet of `codec` with so many bytes is.
    public init(codec: AudioCodec, payloadLength: Int) {
        switch codec {
        case .opus: self = payloadLength <= 2 ? .lastSpeech : .speech
        // A silence descriptor has 2 bytes and ends the packet (RFC 3551 §4.5.6).
        case .g729: self = payloadLength % 10 == 2 ? .lastSpeech : .speech
        case .pcmu, .pcma, .g722, .l16: self = .speech
        }
    }
}

/// What became of a packet that was put into a jitter buffer.
public enum JitterVerdict: Hashable, Sendable {
    case kept
    /// It came after its time, or from a series that does not go on.
    case late
    case duplicate
    /// Larger than 1 536 bytes, or than all memory.
    case overflow
}

/// A packet on its way from a jitter buffer to a decoder.
public struct JitterPacket {
    /// Legible until the buffer is next used.
    public let payload: UnsafeRawBufferPointer
    public let sequence: UInt16
    /// As on the wire.
    public let timestamp: UInt32
    public let marker: Bool
    public let kind: JitterPacketKind
    /// Its first sample follows the last one of the packet played before it.
    public let isContinuous: Bool
    /// No packet is missing before it, and its timestamp says that the sender paused.
    public let afterPause: Bool
    /// How long it waited.
    public let waitedNanoseconds: Int64
}

/// What is to be played next.
public enum JitterStep {
    /// This packet. Say ``JitterBuffer/played(_:)`` once its length is known.
    case packet(JitterPacket)
    /// So much audio, in ticks of the RTP clock, did not come though what follows it did. `next` is that packet where it follows
    /// at once: it may hold a copy (Opus FEC), and stays in the buffer. Say ``JitterBuffer/filled(_:)``.
    case missing(Int64, next: JitterPacket?)
    /// Audio should be here and nothing is: the delay is too short, or the stream ended. Say ``JitterBuffer/filled(_:)``.
    case empty
    /// Nothing is to be heard now: the sender pauses, or its first packet waits for its time. Say ``JitterBuffer/filled(_:)``.
    case silence
}
