public import Codecs

/// One payload type of a stream: a number on the wire and what it stands for.
public struct MediaFormat: Hashable, Sendable {
    public enum Content: Hashable, Sendable {
        case audio(AudioCodec)
        /// Digits and tones as events (RFC 4733), on this RTP clock in Hz.
        case telephoneEvent(clockRate: UInt32)
        /// Comfort noise (RFC 3389), on this RTP clock in Hz.
        case comfortNoise(clockRate: UInt32)
        /// Anything else, by its rtpmap and parameters: `H264/90000 profile-level-id=42e01f`. Relayed to the same, never decoded.
        case other(String)
    }

    /// 0 ... 127.
    public var payloadType: UInt8
    public var content: Content

    public init(payloadType: UInt8, _ content: Content) {
        self.payloadType = payloadType
        self.content = content
    }

    public var codec: AudioCodec? {
        if case .audio(let codec) = content { return codec }
        return nil
    }

    /// Whether a packet of one can be sent as a packet of the other with nothing but its payload type changed.
    public func isSameCoding(as other: MediaFormat) -> Bool {
        switch (content, other.content) {
        case (.audio(let one), .audio(let other)): one.isSameCoding(as: other)
        default: content == other.content
        }
    }
}
