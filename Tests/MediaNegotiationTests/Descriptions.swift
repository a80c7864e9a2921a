import MediaNegotiation
import SDP

/// A description with one audio stream: the formats of its m-line, and its attributes.
func audio(_ formats: String, _ attributes: String..., proto: String = "RTP/AVP", port: Int = 4000) throws
    -> SessionDescription
{
    try described(["m=audio \(port) \(proto) \(formats)"] + attributes.map { "a=" + $0 })
}

/// A description with these lines after `v o s c t`.
func described(_ lines: [String]) throws -> SessionDescription {
    let head = ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0"]
    return try SessionDescription.parse(Array((head + lines).map { $0 + "\r\n" }.joined().utf8))
}

extension SessionDescription {
    /// The m-lines' protocols and formats, and all attributes, as text.
    var mediaText: [String] {
        media.flatMap { stream in
            ["\(stream.kind)\(stream.isRejected ? " refused" : "") \(stream.formats.joined(separator: " "))"]
                + stream.attributes.map { $0.name + ($0.value.map { ":" + $0 } ?? "") }
        }
    }

    /// The formats of the first stream with what they stand for: `8 PCMA/8000, 101 telephone-event/8000 0-16`.
    var formatsText: String {
        guard let stream = media.first else { return "" }
        if stream.isRejected { return "refused" }
        return stream.formats.map { format in
            let map: String = UInt8(format).flatMap { stream.rtpmap($0)?.value } ?? format
            return map + (stream.fmtp(format).map { " \($0)" } ?? "")
        }.joined(separator: ", ")
    }
}

extension CodecPolicy {
    static let standard = CodecPolicy()
    static let noTranscoding = CodecPolicy(transcoding: false)
    static func only(_ codecs: PolicyCodec...) -> CodecPolicy { CodecPolicy(codecs: codecs) }
}

/// One leg after both ends have spoken.
func agreed(_ own: SessionDescription, _ remote: SessionDescription) -> AgreedAudio {
    AgreedAudio(local: own.media[0], remote: remote.media[0])
}

/// What becomes of a call: the caller's offer, the callee's answer to what it was offered, and what both then have.
struct Outcome {
    let toCallee: SessionDescription
    let toCaller: SessionDescription
    let caller: AgreedAudio
    let callee: AgreedAudio
    let choice: MediaChoice?

    init(
        _ offer: SessionDescription, _ answer: SessionDescription, caller: CodecPolicy = .standard,
        callee: CodecPolicy = .standard
    ) throws {
        var (calleeNumbers, callerNumbers): ([PayloadNumbers], [PayloadNumbers]) = ([], [])
        toCallee = try MediaNegotiation.offer(offer, from: caller, to: callee, numbers: &calleeNumbers)
        toCaller = try MediaNegotiation.answer(
            to: offer, of: caller, after: answer, own: toCallee, of: callee, numbers: &callerNumbers)
        self.caller = agreed(toCaller, offer)
        self.callee = agreed(toCallee, answer)
        choice = MediaChoice(
            .init("caller", self.caller, offered: true), .init("callee", self.callee, offered: false),
            transcoding: caller.transcoding && callee.transcoding)
    }
}
