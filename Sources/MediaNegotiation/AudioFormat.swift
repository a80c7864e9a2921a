internal import Codecs
public import MediaSession
internal import SDP

/// One payload type of an audio stream as a description names it.
public struct AudioFormat: Hashable, Sendable {
    /// 0 ... 127.
    public var number: UInt8
    public let content: MediaFormat.Content
    /// What a=rtpmap says after the number: `opus/48000/2`.
    public let encoding: String
    /// The value of a=fmtp.
    public var parameters: String?
    /// What it stands for, however it is numbered: formats with the same are the same coding.
    public let identity: String
    /// Stored: looked up in `content` each time, it makes the optimiser of Swift 6.3.1 fail with an ownership error.
    let codec: AudioCodec?

    init(number: UInt8, content: MediaFormat.Content, encoding: String, parameters: String?) {
        (self.number, self.content, self.encoding, self.parameters) = (number, content, encoding, parameters)
        identity = AudioFormat.identity(of: content)
        if case .audio(let known) = content { codec = known } else { codec = nil }
    }

    init(number: UInt8, _ codec: AudioCodec) {
        self.init(
            number: number, content: .audio(codec), encoding: codec.encodingText, parameters: codec.formatParameters)
    }

    private static func identity(of content: MediaFormat.Content) -> String {
        switch content {
        case .audio(let codec): codec.encodingText
        case .telephoneEvent(let clockRate): "telephone-event/\(clockRate)"
        case .comfortNoise(let clockRate): "CN/\(clockRate)"
        case .other(let text): text
        }
    }

    /// For people: `PCMA`, `opus/48000`.
    public var label: String {
        let parts = encoding.split(separator: "/", maxSplits: 2)
        guard parts.count > 1, parts[1] != "8000" else { return String(parts.first ?? "") }
        return "\(parts[0])/\(parts[1])"
    }

    /// Something to hear, and no event or noise beside it.
    var isSpeech: Bool {
        switch content {
        case .audio, .other: true
        case .telephoneEvent, .comfortNoise: false
        }
    }

    /// In Hz.
    var clockRate: UInt32 {
        switch content {
        case .audio(let codec): codec.clockRate
        case .telephoneEvent(let rate), .comfortNoise(let rate): rate
        case .other:
            encoding.split(separator: "/").dropFirst().first.flatMap { UInt32($0) } ?? 8000
        }
    }

    var mediaFormat: MediaFormat { MediaFormat(payloadType: number, content) }

    // MARK: Reading

    /// The formats of a stream, in its order; each coding and each number once.
    ///
    /// Left out is what can't be used: numbers that mean nothing, those RTCP has (RFC 5761 §4), and RED (RFC 2198), whose packets name
    /// payload types that have other numbers on another leg.
    /// - Parameter offered: what this answers: a number without a=rtpmap stands for the same as there.
    static func read(_ media: MediaDescription, answering offered: [AudioFormat] = []) -> [AudioFormat] {
        let maps = media.rtpmaps
        let parameters = media.fmtps
        let reserved: ClosedRange<UInt8> = media.rtcpMux ? 64...95 : 72...76
        var found: [AudioFormat] = []
        for text in media.formats {
            guard let number = UInt8(text), number < 128, !reserved.contains(number),
                let format = read(
                    number, maps.first { $0.payloadType == number },
                    parameters.first { $0.format == text }?.parameters, offered),
                !found.contains(where: { $0.number == number || $0.identity == format.identity })
            else { continue }
            found.append(format)
        }
        return found
    }

    private static func read(_ number: UInt8, _ map: SDPRTPMap?, _ parameters: String?, _ offered: [AudioFormat])
        -> AudioFormat?
    {
        if let map { return AudioFormat(number, map, parameters) }
        if let text = standardEncodings[number], let map = SDPRTPMap("\(number) \(text)") {
            return AudioFormat(number, map, parameters)
        }
        guard let known = offered.first(where: { $0.number == number }) else { return nil }
        return AudioFormat(
            number: number, content: known.content, encoding: known.encoding, parameters: parameters)
    }

    private init?(_ number: UInt8, _ map: SDPRTPMap, _ parameters: String?) {
        let name: String = map.encoding.lowercased()
        guard map.clockRate > 0, name != "red", name != "rtx", name != "ulpfec" else { return nil }
        let channels: String = map.parameters.map { "/\($0)" } ?? ""
        let encoding = "\(map.encoding)/\(map.clockRate)\(channels)"
        let content: MediaFormat.Content
        if name == "telephone-event" {
            content = .telephoneEvent(clockRate: map.clockRate)
        } else if name == "cn" {
            content = .comfortNoise(clockRate: map.clockRate)
        } else if let codec = AudioCodec.named(
            name, clockRate: map.clockRate, channels: map.channels, parameters: parameters)
        {
            content = .audio(codec)
        } else {
            let own: String = map.channels > 1 ? channels : ""
            content = .other("\(name)/\(map.clockRate)\(own)" + AudioFormat.defining(name, parameters))
        }
        self.init(number: number, content: content, encoding: encoding, parameters: parameters)
    }

    /// The parameters without which packets can't be understood; others are the receiver's taste.
    private static func defining(_ name: String, _ parameters: String?) -> String {
        let values = FormatParameters(parameters)
        switch name {
        // RFC 4867 §8.1: packets with and without aligned octets are different ones.
        case "amr", "amr-wb": return values["octet-align"] == "1" ? " octet-align=1" : ""
        case "g7221": return values["bitrate"].map { " bitrate=\($0)" } ?? ""
        case "mpeg4-generic", "mp4a-latm": return values["config"].map { " config=\($0.lowercased())" } ?? ""
        default: return ""
        }
    }

    /// Payload types that need no a=rtpmap (RFC 3551 §6).
    private static let standardEncodings: [UInt8: String] = [
        0: "PCMU/8000", 3: "GSM/8000", 4: "G723/8000", 5: "DVI4/8000", 6: "DVI4/16000", 7: "LPC/8000", 8: "PCMA/8000",
        9: "G722/8000", 10: "L16/44100/2", 11: "L16/44100", 12: "QCELP/8000", 13: "CN/8000", 14: "MPA/90000",
        15: "G728/8000", 16: "DVI4/11025", 17: "DVI4/22050", 18: "G729/8000",
    ]

    /// What a number below 35 stands for; nil where RFC 3551 gives it to nothing.
    static func standard(_ number: UInt8) -> AudioFormat? { read(number, nil, nil, []) }
}

extension [AudioFormat] {
    /// The one that is the same coding.
    func same(as format: AudioFormat) -> AudioFormat? { first { $0.identity == format.identity } }

    func holds(_ format: AudioFormat) -> Bool { contains { $0.identity == format.identity } }

    var speech: [AudioFormat] { filter(\.isSpeech) }

    /// For people: `opus/48000, PCMA`; events and noise left out.
    var labels: [String] { speech.map(\.label) }

    /// The RTP clocks of what is heard, each once.
    var clockRates: [UInt32] {
        var found: [UInt32] = []
        for format in speech where !found.contains(format.clockRate) { found.append(format.clockRate) }
        return found
    }
}
