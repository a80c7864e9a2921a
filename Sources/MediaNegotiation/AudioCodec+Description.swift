internal import Codecs

extension AudioCodec {
    /// The codec that a=rtpmap and a=fmtp name; nil for one that is not understood here.
    ///
    /// Tolerated, as phones write it: `G722/16000`, and Opus without its second channel.
    static func named(_ encoding: String, clockRate: UInt32, channels: Int, parameters: String?) -> AudioCodec? {
        var (rate, count) = (clockRate, channels)
        if encoding == "g722", rate == 16_000 { rate = 8000 }
        if encoding == "opus", count == 1 { count = 2 }
        return AudioCodec(
            encodingName: encoding, clockRate: rate, channels: UInt8(clamping: count), parameters: parameters)
    }

    /// The value of a=rtpmap without its number.
    var encodingText: String { "\(name)/\(clockRate)" + (channels > 1 ? "/\(channels)" : "") }

    /// What decoding and encoding cost beside one another; measured on nothing, only their order counts.
    var cost: Int {
        switch self {
        case .pcmu, .pcma, .l16: 1
        case .g722: 4
        case .g729: 12
        case .opus: 20
        }
    }
}

extension OpusParameters {
    /// What is asked of a party where no other party asks for anything (RFC 7587 §6.1).
    static func own(upTo sampleRate: UInt32) -> OpusParameters {
        let rate: UInt32 = sampleRate <= 8000 ? 8000 : sampleRate <= 16_000 ? 16_000 : 48_000
        return OpusParameters(maxPlaybackRate: rate, maxCaptureRate: rate, inBandFEC: true)
    }
}

/// The `name=value` pairs of an a=fmtp line; names in lower case.
struct FormatParameters {
    private var values: [String: String] = [:]

    init(_ text: String?) {
        for part in (text ?? "").split(separator: ";") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2 else { continue }
            let name = String(sides[0].drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()).lowercased()
            let value = String(sides[1].drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            if values[name] == nil { values[name] = value }
        }
    }

    subscript(name: String) -> String? { values[name] }
}
