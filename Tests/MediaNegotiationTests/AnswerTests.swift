import Codecs
import MediaNegotiation
import MediaSession
import SDP
import Testing

@Suite("What the caller is answered, and what both then have")
struct AnswerTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// Formats and rtpmaps of the caller's offer and the callee's answer.
        let offer: [String]
        let answer: [String]
        var caller: CodecPolicy = .standard
        var callee: CodecPolicy = .standard
        let toCaller: String
        /// The payload types of both plans' ``MediaEndpointPlan/outgoing``.
        let outgoing: [[UInt8]]
        let explanation: String
    }

    static let events: String = "rtpmap:101 telephone-event/8000"
    static let rows: [Row] = [
        Row(
            testDescription: "one shared codec", offer: ["8 0 101", events], answer: ["8 101", events],
            toCaller: "8 PCMA/8000, 101 telephone-event/8000 0-15", outgoing: [[8, 101], [8, 101]],
            explanation: "PCMA both ways, relayed"),
        Row(
            testDescription: "several shared codecs, in the callee's order", offer: ["8 0 9"], answer: ["0 9"],
            toCaller: "0 PCMU/8000, 9 G722/8000", outgoing: [[0, 9], [0, 9]], explanation: "PCMU both ways, relayed"),
        Row(
            testDescription: "a shared codec goes before what the callee likes better", offer: ["8"],
            answer: ["9 8"], toCaller: "8 PCMA/8000", outgoing: [[8], [8, 9]], explanation: "PCMA both ways, relayed"),
        Row(
            testDescription: "none shared: transcoded",
            offer: ["111 104", "rtpmap:111 opus/48000/2", "rtpmap:104 SILK/24000"],
            answer: ["8"], toCaller: "111 opus/48000/2 maxplaybackrate=8000; sprop-maxcapturerate=8000; useinbandfec=1",
            outgoing: [[111], [8]],
            explanation:
                "caller opus/48000, callee PCMA: transcoded, because the callee took none of the caller's codecs [opus/48000, SILK/24000]"
        ),
        Row(
            testDescription: "the highest bandwidth both have, then the cheapest",
            offer: ["18 8 9"], answer: ["107", "rtpmap:107 opus/48000/2"], toCaller: "9 G722/8000",
            outgoing: [[9], [107]],
            explanation:
                "caller G722, callee opus/48000: transcoded, because the callee took none of the caller's codecs [G729, PCMA, G722]"
        ),
        Row(
            testDescription: "of equals the cheapest", offer: ["18 0"], answer: ["107 8", "rtpmap:107 opus/48000/2"],
            toCaller: "0 PCMU/8000", outgoing: [[0], [8, 107]],
            explanation:
                "caller PCMU, callee PCMA: transcoded, because the callee took none of the caller's codecs [G729, PCMU]"
        ),
        Row(
            testDescription: "numbers of each leg's own",
            offer: ["96 97", "rtpmap:96 opus/48000/2", "rtpmap:97 telephone-event/48000"],
            answer: ["120 121", "rtpmap:120 opus/48000/2", "rtpmap:121 telephone-event/48000"],
            toCaller: "96 opus/48000/2, 97 telephone-event/48000 0-15", outgoing: [[96, 97], [120, 121]],
            explanation: "opus/48000 both ways, relayed, number 96 made 120"),
        Row(
            testDescription: "an answer without rtpmap means the offer's",
            offer: ["96 101", "rtpmap:96 iLBC/8000", events],
            answer: ["96 101"], toCaller: "96 iLBC/8000, 101 telephone-event/8000 0-15",
            outgoing: [[96, 101], [96, 101]],
            explanation: "iLBC both ways, relayed"),
        Row(
            testDescription: "what was not offered is no answer", offer: ["8"],
            answer: ["3 8 99", "rtpmap:99 speex/8000"],
            toCaller: "8 PCMA/8000", outgoing: [[8], [8]], explanation: "PCMA both ways, relayed"),
        Row(
            testDescription: "parameters pass: G.729 without Annex B", offer: ["18"],
            answer: ["18", "rtpmap:18 G729/8000", "fmtp:18 annexb=no"], toCaller: "18 G729/8000 annexb=no",
            outgoing: [[18], [18]], explanation: "G729 both ways, relayed"),
        Row(
            testDescription: "events are answered though the callee takes none: they are converted",
            offer: ["8 101", events, "fmtp:101 0-16"], answer: ["8"],
            toCaller: "8 PCMA/8000, 101 telephone-event/8000 0-16", outgoing: [[8, 101], [8]],
            explanation: "PCMA both ways, relayed"),
        Row(
            testDescription: "the caller's policy takes no events", offer: ["8 101", events],
            answer: ["8 101", events],
            caller: CodecPolicy(digits: .inBand), toCaller: "8 PCMA/8000", outgoing: [[8], [8, 101]],
            explanation: "PCMA both ways, relayed"),
        Row(
            testDescription: "a phone whose only events have another clock",
            offer: ["111 101", "rtpmap:111 opus/48000/2", events],
            answer: ["111", "rtpmap:111 opus/48000/2"], toCaller: "111 opus/48000/2, 101 telephone-event/8000 0-15",
            outgoing: [[111, 101], [111]], explanation: "opus/48000 both ways, relayed"),
        Row(
            testDescription: "comfort noise where both have it", offer: ["8 13 101", events], answer: ["8 13"],
            toCaller: "8 PCMA/8000, 13 CN/8000, 101 telephone-event/8000 0-15", outgoing: [[8, 13, 101], [8, 13]],
            explanation: "PCMA both ways, relayed"),
        Row(
            testDescription: "comfort noise to a caller whose audio is made", offer: ["8 13"],
            answer: ["107", "rtpmap:107 opus/48000/2"], toCaller: "8 PCMA/8000, 13 CN/8000",
            outgoing: [[8, 13], [107]],
            explanation:
                "caller PCMA, callee opus/48000: transcoded, because the callee took none of the caller's codecs [PCMA]"
        ),
        Row(
            testDescription: "no comfort noise to a callee without it", offer: ["8 13"], answer: ["8"],
            toCaller: "8 PCMA/8000", outgoing: [[8], [8]], explanation: "PCMA both ways, relayed"),
        Row(
            testDescription: "AMR with and without aligned octets are two codings",
            offer: ["96 97 8", "rtpmap:96 AMR/8000", "rtpmap:97 AMR/8000", "fmtp:97 octet-align=1"],
            answer: ["97", "rtpmap:97 AMR/8000", "fmtp:97 octet-align=1;mode-set=7"],
            toCaller: "97 AMR/8000 octet-align=1;mode-set=7", outgoing: [[97], [97]],
            explanation: "AMR both ways, relayed"),
    ]

    private static func description(_ lines: [String]) throws -> SessionDescription {
        try described(["m=audio 4000 RTP/AVP \(lines[0])"] + lines.dropFirst().map { "a=" + $0 })
    }

    @Test("answer, plans and explanation", arguments: rows)
    func outcome(_ row: Row) throws {
        let outcome = try Outcome(
            AnswerTests.description(row.offer), AnswerTests.description(row.answer), caller: row.caller,
            callee: row.callee)
        #expect(outcome.toCaller.formatsText == row.toCaller)
        let choice = try #require(outcome.choice)
        #expect([choice.firstOutgoing.map(\.payloadType), choice.secondOutgoing.map(\.payloadType)] == row.outgoing)
        #expect(choice.explanation == row.explanation)
        #expect(choice.isTranscoded == row.explanation.contains("transcoded"))
        #expect(outcome.caller.incoming.map { String($0.payloadType) } == outcome.toCaller.media[0].formats)
        // The callee sends what it answered, under the numbers it was offered.
        #expect(
            outcome.callee.incoming.allSatisfy { outcome.toCallee.media[0].formats.contains(String($0.payloadType)) })
        let spoken = outcome.callee.incoming.filter { $0.codec != nil }
        #expect(spoken.allSatisfy { format in choice.secondOutgoing.contains { $0.isSameCoding(as: format) } })
    }

    @Test(
        "an answer nothing can be made of",
        arguments: [
            (CodecPolicy.noTranscoding, "9", "0", MediaIncompatibility.Reason.transcodingForbidden),
            (.standard, "3 8", "96", .nothingTaken), (.standard, "8", "13", .nothingTaken),
        ])
    func incompatible(
        _ policy: CodecPolicy, _ offered: String, _ answered: String, _ reason: MediaIncompatibility.Reason
    ) throws {
        let (offer, answer) = (try audio(offered), try audio(answered))
        var (one, other): ([PayloadNumbers], [PayloadNumbers]) = ([], [])
        let told = try MediaNegotiation.offer(offer, from: .standard, to: .standard, numbers: &one)
        let error = #expect(throws: MediaIncompatibility.self) {
            try MediaNegotiation.answer(
                to: offer, of: policy, after: answer, own: told, of: policy, numbers: &other)
        }
        #expect(error?.reason == reason)
        #expect(error?.explanation(offerer: "caller", answerer: "callee").hasPrefix("no common codec, and ") == true)
    }

    @Test(
        "direction, packet time and unknown attributes are the callee's; RTCP shares the port where the caller asked for it"
    )
    func attributes() throws {
        let outcome = try Outcome(
            audio("8", "rtcp-mux", "ptime:20"), audio("8", "recvonly", "ptime:40", "X-note:kept"), callee: .only(.pcma))
        #expect(
            outcome.toCaller.mediaText == [
                "audio 8", "rtpmap:8 PCMA/8000", "recvonly", "ptime:40", "X-note:kept", "rtcp-mux",
            ])
        let plain = try Outcome(audio("8"), audio("8", "rtcp-mux"), callee: .only(.pcma))
        #expect(!plain.toCaller.media[0].rtcpMux)
    }

    @Test("a stream the callee refuses is refused with the formats it was offered with")
    func refused() throws {
        let offer = try described(["m=audio 4000 RTP/AVP 8 0", "m=audio 4002 RTP/AVP 9 8", "a=rtpmap:9 G722/8000"])
        let answer = try described(["m=audio 5000 RTP/AVP 8", "m=audio 0 RTP/AVP 0"])
        let outcome = try Outcome(offer, answer)
        #expect(outcome.toCaller.media[1].isRejected)
        #expect(outcome.toCaller.media[1].formats == ["9", "8"])
    }

    @Test(
        "how digits travel",
        arguments: [
            ("8 101", DigitPreference.automatic, false, DigitTransport.events), ("8 101", .automatic, true, .events),
            ("8", .automatic, true, .info), ("8", .automatic, false, .inBand), ("8", .events, true, .inBand),
            ("8 101", .info, false, .info), ("8 101", .inBand, true, .inBand), ("3", .automatic, false, .info),
            ("3", .inBand, false, .info),
        ])
    func digits(_ formats: String, _ preference: DigitPreference, _ speaksINFO: Bool, _ expected: DigitTransport) throws
    {
        let both = try audio(formats, "rtpmap:101 telephone-event/8000")
        let way = agreed(both, both).digits(preference, speaksINFO: speaksINFO)
        #expect(way.incoming == expected && way.outgoing == expected)
    }

    @Test("what a phone asks of Opus reaches the encoder's plan")
    func opusParameters() throws {
        let outcome = try Outcome(
            audio("8"),
            audio(
                "107", "rtpmap:107 opus/48000/2",
                "fmtp:107 maxplaybackrate=16000; sprop-maxcapturerate=16000;maxaveragebitrate=20000;stereo=1;useinbandfec=1;usedtx=1;cbr=1"
            ))
        let expected = OpusParameters(
            maxPlaybackRate: 16_000, maxCaptureRate: 16_000, maxAverageBitrate: 20_000, stereo: true,
            constantBitrate: true, inBandFEC: true, dtx: true)
        #expect(outcome.choice?.secondOutgoing.first?.content == .audio(.opus(expected)))
        #expect(outcome.choice?.secondClockRate == 48_000)
    }
}
