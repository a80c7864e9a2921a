internal import Codecs

extension AudioCodec {
    /// The codec that a=rtpmap and a=fmtp name; nil for one that is not understood here.
    ///
    /// Tolerated, as phones write it: `G722/16000`, `G729A`, and Opus without its second channel.
    static func named(_ encoding: String, clockRate: UInt32, channels: Int, parameters: String?) -> AudioCodec? {
        let values = FormatParameters(parameters)
        switch (encoding.uppercased(), clockRate, channels) {
        case ("PCMU", 8000, 1): return .pcmu
        case ("PCMA", 8000, 1): return .pcma
        case ("G722", 8000, 1), ("G722", 16_000, 1): return .g722
        case ("G729", 8000, 1): return .g729(annexB: values["annexb"]?.lowercased() != "no")
        case ("G729A", 8000, 1): return .g729(annexB: false)
        case ("OPUS", 48_000, 1...2): return .opus(OpusParameters(values))
        case ("L16", let rate, 1...2) where [8000, 16_000, 44_100, 48_000].contains(rate):
            return .l16(sampleRate: rate, channels: UInt8(clamping: channels))
        default: return nil
        }
    }

    /// The value of a=fmtp; nil where there is nothing to say.
    var parametersText: String? {
        switch self {
        case .pcmu, .pcma, .g722, .l16: nil
        case .g729(let annexB): annexB ? nil : "annexb=no"
        case .opus(let parameters): parameters.text
        }
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

    init(_ values: FormatParameters) {
        func rate(_ name: String) -> UInt32 {
            values[name].flatMap { UInt32($0) }.map { min(max($0, 8000), 48_000) } ?? 48_000
        }
        self.init(
            maxPlaybackRate: rate("maxplaybackrate"), maxCaptureRate: rate("sprop-maxcapturerate"),
            maxAverageBitrate: values["maxaveragebitrate"].flatMap { UInt32($0) }.map { min(max($0, 6000), 510_000) },
            stereo: values["stereo"] == "1", constantBitrate: values["cbr"] == "1",
            inBandFEC: values["useinbandfec"] == "1", dtx: values["usedtx"] == "1")
    }

    var text: String? {
        var parts: [String] = []
        if maxPlaybackRate != 48_000 { parts.append("maxplaybackrate=\(maxPlaybackRate)") }
        if maxCaptureRate != 48_000 { parts.append("sprop-maxcapturerate=\(maxCaptureRate)") }
        if let maxAverageBitrate { parts.append("maxaveragebitrate=\(maxAverageBitrate)") }
        if stereo { parts.append("stereo=1") }
        if constantBitrate { parts.append("cbr=1") }
        if inBandFEC { parts.append("useinbandfec=1") }
        if dtx { parts.append("usedtx=1") }
        return parts.isEmpty ? nil : parts.joined(separator: ";")
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
