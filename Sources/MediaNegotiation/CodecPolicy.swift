internal import Codecs
internal import MediaSession

/// A codec as policies name it.
public enum PolicyCodec: String, Hashable, Sendable, CaseIterable {
    case opus, g722, pcma, pcmu, g729, l16
    /// Every codec that is not understood here and can only be relayed: SILK, AMR, iLBC, …
    case others

    init(_ codec: AudioCodec) {
        switch codec {
        case .opus: self = .opus
        case .g722: self = .g722
        case .pcma: self = .pcma
        case .pcmu: self = .pcmu
        case .g729: self = .g729
        case .l16: self = .l16
        }
    }

    /// As it is named where no party has named it; nil for ``others``.
    /// - Parameter sampleRate: the best that whoever talks to the party can fill, in Hz.
    func codec(upTo sampleRate: UInt32) -> AudioCodec? {
        switch self {
        case .opus: .opus(.own(upTo: sampleRate))
        case .g722: .g722
        case .pcma: .pcma
        case .pcmu: .pcmu
        case .g729: .g729(annexB: false)
        case .l16: .l16(sampleRate: 16_000, channels: 1)
        case .others: nil
        }
    }
}

/// How digits are to travel.
public enum DigitPreference: Hashable, Sendable {
    /// As events where the party takes them, else by INFO where it says that it takes those, else as tones.
    case automatic
    /// As events (RFC 4733), else as tones; INFO is answered and not acted on.
    case events
    /// As tones in the audio.
    case inBand
    /// By SIP INFO.
    case info
}

/// How a party's media is to be encrypted.
public enum EncryptionPolicy: Hashable, Sendable {
    case forbidden
    /// Where the party offers it; and offered to a party whose signalling is encrypted (RFC 8643).
    case offered
    /// By keys in the descriptions (RFC 4568), or by a handshake where the party offers that (RFC 5763).
    case required
    /// Required, and offered by handshake with ICE, as browsers want it.
    case webRTC
}

/// What one party's media may be: its tenant's and its phone's settings.
public struct CodecPolicy: Hashable, Sendable {
    /// Those that may be used, the one liked best first.
    public var codecs: [PolicyCodec]
    /// Whether what the party says may be turned into another codec for the other party, and the reverse.
    public var transcoding: Bool
    /// What is asked for where the other party asks for nothing; 10, 20, 30, 40 or 60 ms.
    public var packetTimeMs: UInt8
    public var digits: DigitPreference
    public var encryption: EncryptionPolicy

    public init(
        codecs: [PolicyCodec] = CodecPolicy.standardCodecs, transcoding: Bool = true, packetTimeMs: UInt8 = 20,
        digits: DigitPreference = .automatic, encryption: EncryptionPolicy = .offered
    ) {
        (self.codecs, self.transcoding, self.packetTimeMs) = (codecs, transcoding, packetTimeMs)
        (self.digits, self.encryption) = (digits, encryption)
    }

    public static let standardCodecs: [PolicyCodec] = [.opus, .g722, .pcma, .pcmu, .g729, .others]

    /// Where the format stands in the order; nil where it may not be used.
    func rank(of format: AudioFormat) -> Int? {
        switch format.content {
        case .audio(let codec): codecs.firstIndex(of: PolicyCodec(codec))
        case .other: codecs.firstIndex(of: .others)
        case .telephoneEvent, .comfortNoise: nil
        }
    }

    /// Whether events of RFC 4733 may be used.
    var takesEvents: Bool { digits == .automatic || digits == .events }
}
