/// An audio coding as SDP names it, with the parameters that change its bytes.
public enum AudioCodec: Hashable, Sendable {
    /// G.711 µ-law (RFC 3551 §4.5.14).
    case pcmu
    /// G.711 A-law (RFC 3551 §4.5.14).
    case pcma
    /// G.722 at 64 kbit/s: 16 kHz audio on an RTP clock of 8 kHz (RFC 3551 §4.5.2).
    case g722
    /// G.729 (RFC 3551 §4.5.6). `annexB`: silence frames may be sent (RFC 4856 §2.1.9).
    case g729(annexB: Bool)
    /// Opus (RFC 7587). Its RTP clock is 48 kHz whatever the audio's rate.
    case opus(OpusParameters)
    /// Linear 16-bit samples in network order (RFC 3551 §4.5.11). Rates 8000, 16000, 44100, 48000 Hz; 1 or 2 channels.
    case l16(sampleRate: UInt32, channels: UInt8)

    /// The encoding name of a=rtpmap.
    public var name: String {
        switch self {
        case .pcmu: "PCMU"
        case .pcma: "PCMA"
        case .g722: "G722"
        case .g729: "G729"
        case .opus: "opus"
        case .l16: "L16"
        }
    }

    /// The rate of RTP timestamps, in Hz.
    public var clockRate: UInt32 {
        switch self {
        case .pcmu, .pcma, .g722, .g729: 8_000
        case .opus: 48_000
        case .l16(let sampleRate, _): sampleRate
        }
    }

    /// The rate of the audio that is encoded and decoded, in Hz.
    public var sampleRate: UInt32 {
        switch self {
        case .pcmu, .pcma, .g729: 8_000
        case .g722: 16_000
        case .opus(let parameters): parameters.sampleRate
        case .l16(let sampleRate, _): sampleRate
        }
    }

    /// The channels of a=rtpmap; Opus always says 2 (RFC 7587 §7).
    public var channels: UInt8 {
        switch self {
        case .pcmu, .pcma, .g722, .g729: 1
        case .opus: 2
        case .l16(_, let channels): channels
        }
    }

    /// The payload type number that needs no rtpmap (RFC 3551 §6).
    public var staticPayloadType: UInt8? {
        switch self {
        case .pcmu: 0
        case .pcma: 8
        case .g722: 9
        case .g729: 18
        case .opus: nil
        case .l16(44_100, 2): 10
        case .l16(44_100, 1): 11
        case .l16: nil
        }
    }

    /// Whether a packet of one is a packet of the other: the same coding, parameters of the receiver's taste aside.
    public func isSameCoding(as other: AudioCodec) -> Bool {
        switch (self, other) {
        case (.g729, .g729), (.opus, .opus): true
        default: self == other
        }
    }
}

/// What an a=fmtp line of Opus says (RFC 7587 §6.1): what its author wants to receive.
public struct OpusParameters: Hashable, Sendable {
    /// maxplaybackrate: more bandwidth than this is wasted on the receiver; 8 000 ... 48 000 Hz.
    public var maxPlaybackRate: UInt32
    /// sprop-maxcapturerate: what the sender can fill; 8 000 ... 48 000 Hz.
    public var maxCaptureRate: UInt32
    /// maxaveragebitrate: 6 000 ... 510 000 bit/s; nil leaves it to the sender.
    public var maxAverageBitrate: UInt32?
    public var stereo: Bool
    public var constantBitrate: Bool
    public var inBandFEC: Bool
    public var dtx: Bool

    public init(
        maxPlaybackRate: UInt32 = 48_000, maxCaptureRate: UInt32 = 48_000, maxAverageBitrate: UInt32? = nil,
        stereo: Bool = false, constantBitrate: Bool = false, inBandFEC: Bool = false, dtx: Bool = false
    ) {
        self.maxPlaybackRate = maxPlaybackRate
        self.maxCaptureRate = maxCaptureRate
        self.maxAverageBitrate = maxAverageBitrate
        self.stereo = stereo
        self.constantBitrate = constantBitrate
        self.inBandFEC = inBandFEC
        self.dtx = dtx
    }

    /// The rate the audio is handled at: the lowest that Opus knows and that holds the playback rate (RFC 6716 §2.1.3).
    public var sampleRate: UInt32 {
        switch maxPlaybackRate {
        case ...8_000: 8_000
        case ...16_000: 16_000
        case ...24_000: 24_000
        default: 48_000
        }
    }
}
