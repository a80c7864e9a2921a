import MediaNegotiation
import SDP
import Testing

@Suite("What the callee is offered")
struct OfferTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let formats: String
        var attributes: [String] = []
        var caller: CodecPolicy = .standard
        var callee: CodecPolicy = .standard
        let expected: String
    }

    static let events: String = "101 telephone-event/8000 0-16"
    static let rows: [Row] = [
        Row(
            testDescription: "the caller's codecs in the policy's order, then what can be made of them",
            formats: "0 8 101",
            attributes: ["rtpmap:101 telephone-event/8000", "fmtp:101 0-15"],
            expected:
                "8 PCMA/8000, 0 PCMU/8000, 107 opus/48000/2 maxplaybackrate=8000; sprop-maxcapturerate=8000; useinbandfec=1, 9 G722/8000, 18 G729/8000 annexb=no, 101 telephone-event/8000 0-15, 110 telephone-event/48000 0-16"
        ),
        Row(
            testDescription: "what the tenant allows and no more", formats: "0 8 18 9", callee: .only(.pcmu, .pcma),
            expected: "0 PCMU/8000, 8 PCMA/8000, \(events)"),
        Row(
            testDescription: "what the caller may not use is as if it had not been offered", formats: "0 8 9",
            caller: .only(.pcma), callee: .only(.g722, .pcma), expected: "8 PCMA/8000, 9 G722/8000, \(events)"),
        Row(
            testDescription: "without transcoding only what the caller has", formats: "9 8", callee: .noTranscoding,
            expected: "9 G722/8000, 8 PCMA/8000, \(events)"),
        Row(
            testDescription: "the caller's phone may forbid transcoding too", formats: "8", caller: .noTranscoding,
            expected: "8 PCMA/8000, \(events)"),
        Row(
            testDescription: "the caller's numbers are kept", formats: "120 96",
            attributes: ["rtpmap:120 opus/48000/2", "fmtp:120 stereo=1;x-own=7", "rtpmap:96 telephone-event/48000"],
            callee: .noTranscoding, expected: "120 opus/48000/2 stereo=1;x-own=7, 96 telephone-event/48000"),
        Row(
            testDescription: "a codec with a number of its own gets that", formats: "97 98",
            attributes: ["rtpmap:97 PCMA/8000", "rtpmap:98 G729/8000", "fmtp:98 annexb=yes"], callee: .noTranscoding,
            expected: "8 PCMA/8000, 18 G729/8000 annexb=yes, \(events)"),
        Row(
            testDescription: "a number that is taken is left to whom it belongs", formats: "101 8",
            attributes: ["rtpmap:101 opus/48000/2"], callee: .only(.opus, .pcma),
            expected: "101 opus/48000/2, 8 PCMA/8000, 110 telephone-event/48000 0-16, 96 telephone-event/8000 0-16"),
        Row(
            testDescription: "an unknown codec passes at its place in the order, with nothing beside it to transcode",
            formats: "104 105", attributes: ["rtpmap:104 SILK/24000", "rtpmap:105 iLBC/8000", "fmtp:105 mode=30"],
            expected: "104 SILK/24000, 105 iLBC/8000 mode=30, \(events)"),
        Row(
            testDescription: "unknown codecs stay out where the policy does not name others", formats: "104 8",
            attributes: ["rtpmap:104 SILK/24000"], callee: .only(.pcma), expected: "8 PCMA/8000, \(events)"),
        Row(
            testDescription: "comfort noise goes with codecs of its clock", formats: "8 13 118",
            attributes: ["rtpmap:118 CN/16000"], callee: .only(.pcma), expected: "8 PCMA/8000, 13 CN/8000, \(events)"),
        Row(
            testDescription: "no events where digits are tones or INFO", formats: "8 101",
            attributes: ["rtpmap:101 telephone-event/8000"], callee: CodecPolicy(codecs: [.pcma], digits: .info),
            expected: "8 PCMA/8000"),
        Row(
            testDescription: "RED names numbers inside its packets and stays out", formats: "63 111",
            attributes: ["rtpmap:63 red/48000/2", "fmtp:63 111/111", "rtpmap:111 opus/48000/2"],
            callee: .only(.opus, .others), expected: "111 opus/48000/2, 110 telephone-event/48000 0-16"),
        Row(
            testDescription: "numbers of RTCP, numbers of nothing and doubles are passed over",
            formats: "72 99 8 8 97 128 x",
            attributes: ["rtpmap:72 opus/48000/2", "rtpmap:97 PCMA/8000"], callee: .only(.pcma, .others),
            expected: "8 PCMA/8000, \(events)"),
        Row(
            testDescription: "phones that misname G.722 and G.729", formats: "9 18",
            attributes: ["rtpmap:9 G722/16000", "rtpmap:18 G729a/8000"], callee: .only(.g722, .g729),
            expected: "9 G722/16000, 18 G729a/8000, \(events)"),
        Row(
            testDescription: "a G.722 caller is worth 16 kHz of Opus", formats: "9", callee: .only(.g722, .opus),
            expected:
                "9 G722/8000, 107 opus/48000/2 maxplaybackrate=16000; sprop-maxcapturerate=16000; useinbandfec=1, \(events), 110 telephone-event/48000 0-16"
        ),
        Row(
            testDescription: "L16 at the rate the caller has, 16 kHz where it has none", formats: "96",
            attributes: ["rtpmap:96 L16/48000"], caller: .only(.l16), callee: .only(.l16, .pcma),
            expected: "96 L16/48000, 8 PCMA/8000, 110 telephone-event/48000 0-16, \(events)"),
    ]

    @Test("formats and parameters", arguments: rows)
    func formats(_ row: Row) throws {
        var description = try audio(row.formats)
        description.media[0].attributes = row.attributes.map {
            let parts = $0.split(separator: ":", maxSplits: 1)
            return SDPAttribute(String(parts[0]), String(parts[1]))
        }
        var numbers: [PayloadNumbers] = []
        let offer = try MediaNegotiation.offer(description, from: row.caller, to: row.callee, numbers: &numbers)
        #expect(offer.formatsText == row.expected)
    }

    @Test("the stream's other attributes pass, those of its packets don't, and a packet time is asked for")
    func attributes() throws {
        let description = try audio(
            "8 101", "rtcp-mux", "mid:0", "rtpmap:8 PCMA/8000", "extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
            "rtcp-fb:8 nack", "rtpmap:101 telephone-event/8000", "fmtp:101 0-15", "maxptime:60", "ssrc:7 cname:x",
            "X-note:kept", "sendonly")
        var numbers: [PayloadNumbers] = []
        let offer = try MediaNegotiation.offer(
            description, from: .standard, to: CodecPolicy(codecs: [.pcma], packetTimeMs: 30), numbers: &numbers)
        #expect(
            offer.mediaText == [
                "audio 8 101", "rtcp-mux", "mid:0", "rtpmap:8 PCMA/8000", "rtpmap:101 telephone-event/8000",
                "fmtp:101 0-15", "ptime:30", "maxptime:60", "X-note:kept", "sendonly",
            ])
    }

    @Test("the caller's packet time goes before the policy's, and a codec that is only relayed gets none")
    func packetTime() throws {
        var numbers: [PayloadNumbers] = []
        let asked = try MediaNegotiation.offer(
            audio("8", "ptime:40"), from: .standard, to: .only(.pcma), numbers: &numbers)
        #expect(asked.media[0].ptimeMs == 40)
        let relayed = try MediaNegotiation.offer(
            audio("96", "rtpmap:96 iLBC/8000"), from: .standard, to: .standard, numbers: &numbers)
        #expect(relayed.media[0].ptimeMs == nil)
    }

    @Test("video, refused streams, fax and streams over other transports pass as they are")
    func otherStreams() throws {
        let description = try described([
            "m=audio 4000 RTP/AVP 8", "m=video 4002 RTP/AVP 96 97", "a=rtpmap:96 H264/90000", "a=rtcp-fb:96 nack pli",
            "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96", "m=audio 0 RTP/AVP 0", "m=image 4004 udptl t38",
            "a=T38FaxVersion:0",
            "m=audio 4006 TCP/MRCPv2 1", "m=audio 4008 RTP/XYZ 99",
        ])
        var numbers: [PayloadNumbers] = []
        let offer = try MediaNegotiation.offer(description, from: .standard, to: .only(.pcma), numbers: &numbers)
        #expect(Array(offer.media[1...]) == Array(description.media[1...]))
    }

    @Test(
        "nothing that may be offered: refused with both lists",
        arguments: [
            ("0 9", CodecPolicy.standard, CodecPolicy(codecs: [.pcma], transcoding: false), "PCMU, G722", "pcma"),
            ("3", .standard, .only(.opus, .pcma), "GSM", "opus, pcma"),
            ("0 8", .only(.opus), .standard, "PCMU, PCMA", "opus"),
            ("101", .only(.pcma), .standard, "none", "pcma"),
        ])
    func incompatible(
        _ formats: String, _ caller: CodecPolicy, _ callee: CodecPolicy, _ offered: String, _ allowed: String
    ) throws {
        var numbers: [PayloadNumbers] = []
        let description = try audio(formats, "rtpmap:101 telephone-event/8000")
        let error = #expect(throws: MediaIncompatibility.self) {
            try MediaNegotiation.offer(description, from: caller, to: callee, numbers: &numbers)
        }
        let lists = try #require(error?.lists(offerer: "caller", answerer: "callee"))
        #expect(lists.hasPrefix("caller offers \(offered), callee "))
        #expect(lists.hasSuffix(" \(allowed)"))
    }

    @Test("of two audio streams the one that can't be used is refused, and the other one stands")
    func secondStream() throws {
        let description = try described(["m=audio 4000 RTP/AVP 3", "m=audio 4002 RTP/AVP 8"])
        var numbers: [PayloadNumbers] = []
        let offer = try MediaNegotiation.offer(description, from: .standard, to: .only(.pcma), numbers: &numbers)
        #expect(offer.media.map(\.isRejected) == [true, false])
    }

    /// RFC 3264 §8.3.2
    @Test("a number that stood for one codec never stands for another one on the leg, and a codec keeps its number")
    func numbersLast() throws {
        var numbers: [PayloadNumbers] = []
        func offered(_ formats: String, _ attributes: [String]) throws -> String {
            let lines = ["m=audio 4000 RTP/AVP \(formats)"] + attributes.map { "a=" + $0 }
            return try MediaNegotiation.offer(
                described(lines), from: .standard, to: CodecPolicy(transcoding: false, digits: .inBand),
                numbers: &numbers
            ).formatsText
        }
        #expect(try offered("96", ["rtpmap:96 opus/48000/2"]) == "96 opus/48000/2")
        #expect(try offered("96", ["rtpmap:96 iLBC/8000"]) == "97 iLBC/8000")
        #expect(
            try offered("97 98", ["rtpmap:97 opus/48000/2", "rtpmap:98 iLBC/8000"])
                == "96 opus/48000/2, 97 iLBC/8000")
    }

    @Test("a hundred dynamic codecs: each number once, none of RTCP's")
    func manyCodecs() throws {
        let all: [Int] = Array(35...63) + Array(96...127)
        let lines = all.map { "a=rtpmap:\($0) own\($0)/8000" }
        let description = try described(["m=audio 4000 RTP/AVP " + all.map(String.init).joined(separator: " ")] + lines)
        var numbers: [PayloadNumbers] = []
        let offer = try MediaNegotiation.offer(
            description, from: .standard, to: CodecPolicy(digits: .inBand), numbers: &numbers)
        #expect(offer.media[0].formats.count == all.count)
        #expect(Set(offer.media[0].formats).count == all.count)
    }
}
