public import Codecs

extension EModel.Coding {
    public init(_ codec: AudioCodec) {
        switch codec {
        case .pcmu, .pcma: self = .g711
        case .g722: self = .g722
        case .g729(let annexB): self = annexB ? .g729WithVAD : .g729
        case .opus(let parameters):
            switch parameters.sampleRate {
            case ...8_000: self = .opusNarrow
            case ...16_000: self = .opusWide
            default: self = .opusFull
            }
        case .l16(let sampleRate, _):
            switch sampleRate {
            case ..<16_000: self = .linear(.narrow)
            case ..<32_000: self = .linear(.wide)
            default: self = .linear(.full)
            }
        }
    }
}

extension AudioCodec {
    /// What the coding itself holds back before a packet's first sample can be sent, in ms: its look-ahead.
    ///
    /// G.711 and L16 none, G.722 1.5 ms of filters, G.729 5 ms (G.729 §2), Opus 6.5 ms (RFC 6716 §2).
    var lookAheadMs: Double {
        switch self {
        case .pcmu, .pcma, .l16: 0
        case .g722: 1.5
        case .g729: 5
        case .opus: 6.5
        }
    }
}
