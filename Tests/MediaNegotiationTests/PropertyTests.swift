import Basics
import MediaNegotiation
import MediaSession
import SDP
import Testing

/// Random phones, policies and answers: what the RFCs ask for holds whatever they are.
@Suite("Whatever two phones say")
struct PropertyTests {
    private static let encodings: [(number: Int?, name: String)] = [
        (0, "PCMU/8000"), (8, "PCMA/8000"), (9, "G722/8000"), (18, "G729/8000"), (3, "GSM/8000"), (13, "CN/8000"),
        (nil, "opus/48000/2"), (nil, "L16/16000"), (nil, "L16/48000/2"), (nil, "iLBC/8000"), (nil, "SILK/24000"),
        (nil, "speex/16000"), (nil, "AMR-WB/16000"), (nil, "telephone-event/8000"), (nil, "telephone-event/16000"),
        (nil, "telephone-event/48000"), (nil, "CN/16000"), (nil, "red/8000"),
    ]

    /// What a phone names, now and then with a number that may not be used.
    private func phone(_ random: inout SeededRandom) throws -> SessionDescription {
        var (formats, lines): ([String], [String]) = ([], [])
        for encoding in PropertyTests.encodings.shuffled(using: &random)
        where Int.random(in: 0..<3, using: &random) == 0 {
            let isOdd: Bool = Int.random(in: 0..<20, using: &random) == 0
            let number: Int =
                isOdd
                ? Int.random(in: 0...130, using: &random) : encoding.number ?? Int.random(in: 96...110, using: &random)
            formats.append(String(number))
            if encoding.number == nil || Bool.random(using: &random) {
                lines.append("a=rtpmap:\(number) \(encoding.name)")
            }
            if Int.random(in: 0..<4, using: &random) == 0 { lines.append("a=fmtp:\(number) annexb=no;mode=20;0-16") }
        }
        if formats.isEmpty { formats = ["8"] }
        let mux: [String] = Bool.random(using: &random) ? ["a=rtcp-mux"] : []
        return try described(["m=audio 4000 RTP/AVP \(formats.joined(separator: " "))"] + lines + mux)
    }

    private func policy(_ random: inout SeededRandom) -> CodecPolicy {
        var codecs: [PolicyCodec] = PolicyCodec.allCases.shuffled(using: &random)
        codecs.removeLast(Int.random(in: 0..<codecs.count, using: &random))
        let digits: [DigitPreference] = [.automatic, .automatic, .events, .inBand, .info]
        return CodecPolicy(
            codecs: codecs, transcoding: Int.random(in: 0..<4, using: &random) > 0,
            digits: digits[Int.random(in: 0..<digits.count, using: &random)])
    }

    /// Our descriptions name each number once, none of RTCP's, and explain each dynamic one.
    private func check(_ own: SessionDescription, _ seed: UInt64) throws {
        for media in own.media where !media.isRejected {
            let numbers: [UInt8] = media.formats.compactMap { UInt8($0) }
            #expect(numbers.count == media.formats.count && Set(numbers).count == numbers.count, "seed \(seed)")
            #expect(!numbers.contains { (72...76).contains($0) || $0 > 127 }, "seed \(seed)")
            if media.rtcpMux { #expect(!numbers.contains { (64...95).contains($0) }, "seed \(seed)") }
            #expect(media.rtpmaps.map(\.payloadType) == numbers, "seed \(seed)")
            #expect(media.formats.count >= 1, "seed \(seed)")
        }
        #expect(try SessionDescription.parse(own.serialised()) == own, "seed \(seed)")
    }

    /// As a phone would: a part of what it has of what it is offered, under its own numbers or the offer's.
    private func answer(_ told: SessionDescription, _ random: inout SeededRandom) throws -> SessionDescription {
        var (formats, lines): ([String], [String]) = ([], [])
        let all = told.media[0].rtpmaps
        for map in Bool.random(using: &random) ? all : all.shuffled(using: &random) {
            guard Int.random(in: 0..<2, using: &random) == 0 || (formats.isEmpty && map == all.last) else { continue }
            let isOwn: Bool = map.payloadType >= 96 && Int.random(in: 0..<5, using: &random) == 0
            let number: Int = isOwn ? 64 - formats.count : Int(map.payloadType)
            formats.append(String(number))
            lines.append(
                "a=rtpmap:\(number) \(map.encoding)/\(map.clockRate)" + (map.parameters.map { "/\($0)" } ?? ""))
        }
        return try described(["m=audio 5000 RTP/AVP \(formats.isEmpty ? "0" : formats.joined(separator: " "))"] + lines)
    }

    @Test("10,000 calls: legal offers, answers within their offers, and a plan that can be carried out")
    func randomCalls() throws {
        var (relayed, transcoded, refused) = (0, 0, 0)
        for seed in UInt64(0)..<10_000 {
            var random = SeededRandom(seed: seed)
            let offer = try phone(&random)
            let (one, other) = (policy(&random), policy(&random))
            var numbers: [PayloadNumbers] = []
            guard let told = try? MediaNegotiation.offer(offer, from: one, to: other, numbers: &numbers) else {
                refused += 1
                continue
            }
            try check(told, seed)
            let answered = try answer(told, &random)
            guard let outcome = try? Outcome(offer, answered, caller: one, callee: other) else {
                refused += 1
                continue
            }
            #expect(outcome.toCallee == told, "seed \(seed)")
            try check(outcome.toCaller, seed)
            // RFC 3264 §6.1: what we answer was offered, with the offer's numbers.
            for number in outcome.toCaller.media[0].formats {
                #expect(offer.media[0].formats.contains(number), "seed \(seed)")
            }
            let choice = try #require(outcome.choice, "seed \(seed)")
            relayed += choice.isTranscoded ? 0 : 1
            transcoded += choice.isTranscoded ? 1 : 0
            try check(outcome, choice, one, other, seed)
        }
        #expect(relayed > 2000 && transcoded > 500 && refused > 500, "\(relayed) \(transcoded) \(refused)")
    }

    private func check(
        _ outcome: Outcome, _ choice: MediaChoice, _ one: CodecPolicy, _ other: CodecPolicy, _ seed: UInt64
    ) throws {
        let (first, second) = (choice.firstOutgoing, choice.secondOutgoing)
        let toFirst = try #require(first.first, "seed \(seed)")
        let toSecond = try #require(second.first, "seed \(seed)")
        let isShared: Bool = first.contains { format in
            switch format.content {
            case .audio, .other: second.contains { $0.isSameCoding(as: format) }
            case .telephoneEvent, .comfortNoise: false
            }
        }
        #expect(isShared == !choice.isTranscoded, "seed \(seed): a shared codec is never transcoded")
        if choice.isTranscoded {
            #expect(one.transcoding && other.transcoding, "seed \(seed)")
            #expect(toFirst.codec != nil && toSecond.codec != nil, "seed \(seed)")
        } else {
            #expect(toFirst.isSameCoding(as: toSecond), "seed \(seed)")
            // Whatever the caller may send can go on as it is.
            for format in outcome.caller.incoming {
                switch format.content {
                case .audio, .other: #expect(second.contains { $0.isSameCoding(as: format) }, "seed \(seed)")
                case .telephoneEvent, .comfortNoise: break
                }
            }
        }
    }
}
