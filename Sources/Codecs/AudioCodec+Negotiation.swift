// What SDP says of a codec, read and written.
extension AudioCodec {
    /// The codec that a=rtpmap names, with the parameters of its a=fmtp.
    ///
    /// - Parameters:
    ///   - encodingName: in any case (RFC 4855 §3).
    ///   - clockRate: of the rtpmap, in Hz. G.722 has 8 000 for its 16 kHz of audio (RFC 3551 §4.5.2).
    ///   - channels: of the rtpmap; nil where it names none, which means one.
    ///   - parameters: what follows the payload type in a=fmtp. Those that are unknown or out of range are passed over.
    /// - Returns: nil for what is not a codec of ours, or not in this form.
    public init?(encodingName: String, clockRate: UInt32, channels: UInt8? = nil, parameters: String? = nil) {
        let fields = FormatParameters(parameters)
        switch (encodingName.lowercased(), clockRate, channels ?? 1) {
        case ("pcmu", 8_000, 1): self = .pcmu
        case ("pcma", 8_000, 1): self = .pcma
        case ("g722", 8_000, 1): self = .g722
        case ("g729", 8_000, 1), ("g729a", 8_000, 1): self = .g729(annexB: fields["annexb"]?.lowercased() != "no")
        case ("opus", 48_000, 2): self = .opus(OpusParameters(fields))
        case ("l16", 8_000, 1...2), ("l16", 16_000, 1...2), ("l16", 44_100, 1...2), ("l16", 48_000, 1...2):
            self = .l16(sampleRate: clockRate, channels: channels ?? 1)
        default: return nil
        }
    }

    /// The codec of a payload type that has its meaning without an rtpmap (RFC 3551 §6); nil where it is not a codec of ours.
    public init?(staticPayloadType: UInt8, parameters: String? = nil) {
        switch staticPayloadType {
        case 0: self = .pcmu
        case 8: self = .pcma
        case 9: self = .g722
        case 10: self = .l16(sampleRate: 44_100, channels: 2)
        case 11: self = .l16(sampleRate: 44_100, channels: 1)
        case 18: self.init(encodingName: "G729", clockRate: 8_000, parameters: parameters)
        default: return nil
        }
    }

    /// What a=fmtp says of this codec; nil where its defaults say all.
    public var formatParameters: String? {
        switch self {
        case .pcmu, .pcma, .g722, .l16: nil
        case .g729(let annexB): annexB ? nil : "annexb=no"
        case .opus(let parameters): parameters.formatParameters
        }
    }
}

/// `name=value` pairs between semicolons; of a name that comes twice, the first counts.
struct FormatParameters {
    private let fields: [(name: String, value: String)]

    init(_ text: String?) {
        fields = (text ?? "").split(separator: ";").compactMap { field in
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            return (trimmed(parts[0]).lowercased(), trimmed(parts[1]))
        }
    }

    /// By the name in lower case.
    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    func flag(_ name: String) -> Bool { self[name] == "1" }

    /// Nil for what is no number or out of `range`.
    func number(_ name: String, _ range: ClosedRange<UInt32>) -> UInt32? {
        guard let number = self[name].flatMap({ UInt32($0) }), range.contains(number) else { return nil }
        return number
    }
}

private func trimmed(_ text: Substring) -> String {
    let isSpace = { (character: Character) in character == " " || character == "\t" }
    var rest = text.drop(while: isSpace)
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    return String(rest)
}

extension OpusParameters {
    init(_ fields: FormatParameters) {
        self.init(
            maxPlaybackRate: fields.number("maxplaybackrate", 8_000...48_000) ?? 48_000,
            maxCaptureRate: fields.number("sprop-maxcapturerate", 8_000...48_000) ?? 48_000,
            maxAverageBitrate: fields.number("maxaveragebitrate", 6_000...510_000), stereo: fields.flag("stereo"),
            constantBitrate: fields.flag("cbr"), inBandFEC: fields.flag("useinbandfec"), dtx: fields.flag("usedtx"))
    }

    /// Those that differ from their defaults, in the order of RFC 7587 §6.1; nil where none does.
    var formatParameters: String? {
        var fields: [String] = []
        if maxPlaybackRate != 48_000 { fields.append("maxplaybackrate=\(maxPlaybackRate)") }
        if maxCaptureRate != 48_000 { fields.append("sprop-maxcapturerate=\(maxCaptureRate)") }
        if let maxAverageBitrate { fields.append("maxaveragebitrate=\(maxAverageBitrate)") }
        if stereo { fields.append("stereo=1") }
        if constantBitrate { fields.append("cbr=1") }
        if inBandFEC { fields.append("useinbandfec=1") }
        if dtx { fields.append("usedtx=1") }
        return fields.isEmpty ? nil : fields.joined(separator: "; ")
    }
}
