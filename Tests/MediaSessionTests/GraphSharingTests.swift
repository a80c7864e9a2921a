import Basics
import Codecs
import MediaSession
import RTP
import Testing

@Suite("What several listeners share")
struct GraphSharingTests {
    /// Music for so many telephones that take Opus with FEC, or G.711.
    func studio(_ count: Int, _ codec: AudioCodec, rate: Int, repeats: UInt32? = nil) -> Studio {
        var studio = Studio()
        for _ in 0..<count { _ = studio.open { $0.outgoing = [MediaFormat(payloadType: 111, .audio(codec))] } }
        var seed: UInt32 = 1
        let samples: [Int16] = voice(2000, rate: rate, isTalk: true, seed: &seed)
        GraphPlayingTests.start(&studio, [.prompt(PromptName("music"))]) {
            ($0.repeats, $0.isShared) = (repeats, true)
        }
        for number in 0..<count {
            studio.graph.perform(.hear(Studio.id(number), .player(GraphPlayingTests.id)), now: .zero)
        }
        GraphPlayingTests.supply(&studio, ["music": AudioClip(sampleRate: rate, samples: samples)])
        return studio
    }

    /// How many packets of 5 s bring the one before them, after listeners reported these losses, in 1/256.
    func protected(_ studio: inout Studio, from second: Int64, _ losses: [UInt8?], ssrcs: [Int: UInt32]) throws -> Int {
        for (number, loss) in losses.enumerated() {
            guard let loss, let ssrc = ssrcs[number] else { continue }
            let block: [UInt32] = [0x81C9_0007, 77, ssrc, UInt32(loss) << 24, 0, 0, 0, 0]
            _ = studio.send(words(block), from: number, at: second * 1000, isRTCP: true)
        }
        var decoder = try AudioDecoder(Self.codec)
        var samples = [Int16](repeating: 0, count: AudioDecoder.mostSamples)
        var count = 0
        for (_, sent) in GraphPlayingTests.run(&studio, until: (second + 5) * 1000) where sent.line == 0 {
            sent.payload.withUnsafeBytes { payload in
                samples.withUnsafeMutableBufferPointer { room in
                    if decoder.recover(samples: 320, from: payload, into: room) != nil { count += 1 }
                    _ = decoder.decode(payload, into: room)
                }
            }
        }
        return count
    }

    static let codec = AudioCodec.opus(
        OpusParameters(maxPlaybackRate: 16_000, maxAverageBitrate: 32_000, inBandFEC: true))

    func ssrcs(_ studio: inout Studio) -> [Int: UInt32] {
        var found: [Int: UInt32] = [:]
        for (_, sent) in GraphPlayingTests.run(&studio, until: 1000) { found[sent.line] = sent.header.ssrc }
        return found
    }

    @Test(
        "loss that one of a few listeners tells makes their shared Opus bring each packet twice, until none tells any for a while"
    )
    func fewListeners() throws {
        var studio = studio(3, Self.codec, rate: 16_000)
        let ssrcs: [Int: UInt32] = ssrcs(&studio)
        #expect(ssrcs.count == 3)
        #expect(try protected(&studio, from: 1, [0, 0, 0], ssrcs: ssrcs) == 0)
        #expect(try protected(&studio, from: 6, [0, 64, 0], ssrcs: ssrcs) > 50)
        // Others that lose nothing do not hide the one that does.
        #expect(try protected(&studio, from: 11, [0, 64, 0], ssrcs: ssrcs) > 50)
        #expect(try protected(&studio, from: 16, [0, 0, 0], ssrcs: ssrcs) > 50, "not at once")
        for round in 0..<8 { _ = try protected(&studio, from: 21 + 5 * Int64(round), [0, 0, 0], ssrcs: ssrcs) }
        #expect(try protected(&studio, from: 61, [0, 0, 0], ssrcs: ssrcs) == 0)
    }

    @Test("in a large group one bad line changes nothing, and a tenth of them do")
    func manyListeners() throws {
        var studio = studio(40, Self.codec, rate: 16_000)
        let ssrcs: [Int: UInt32] = ssrcs(&studio)
        var losses = [UInt8?](repeating: 0, count: 40)
        losses[7] = 64
        for round in 0..<3 {
            #expect(try protected(&studio, from: 1 + 5 * Int64(round), losses, ssrcs: ssrcs) == 0)
        }
        for number in 0..<4 { losses[number] = 64 }
        _ = try protected(&studio, from: 16, losses, ssrcs: ssrcs)
        #expect(try protected(&studio, from: 21, losses, ssrcs: ssrcs) > 50)
    }

    @Test(
        "players of one recording in G.711 send what each would make alone, wherever they are, whatever their law and gain"
    )
    func encodedOnce() throws {
        var seed: UInt32 = 5
        let clips: [String: AudioClip] = [
            "a": AudioClip(sampleRate: 8000, samples: voice(1015, rate: 8000, isTalk: true, seed: &seed)),
            "b": AudioClip(sampleRate: 8000, samples: voice(333, rate: 8000, isTalk: true, seed: &seed)),
        ]
        var studio = Studio()
        var plans: [(law: G711.Law, plan: PlaybackPlan)] = []
        for number in 0..<12 {
            let law: G711.Law = number % 2 == 0 ? .mu : .a
            _ = studio.open { $0.outgoing = [law == .mu ? pcmuFormat : pcmaFormat] }
            var plan = PlaybackPlan(
                id: MediaPlayerID(call: GraphPlayingTests.call, number: UInt16(number)),
                items: [.prompt(PromptName("a")), .silence(.milliseconds(30)), .prompt(PromptName("b"))], repeats: 2)
            plan.startAt = .milliseconds(number * 37)
            plan.gainDb = number % 3 == 0 ? -6 : 0
            plans.append((law, plan))
        }
        var heard: [Int: [UInt8]] = [:]
        for step in 0..<12 {
            studio.graph.perform(.play(plans[step].plan), now: at(Int64(step) * 50))
            studio.graph.perform(.hear(Studio.id(step), .player(plans[step].plan.id)), now: at(Int64(step) * 50))
            GraphPlayingTests.supply(&studio, clips)
            for (_, sent) in GraphPlayingTests.run(&studio, until: Int64(step + 1) * 50) {
                heard[sent.line, default: []] += sent.payload
            }
        }
        for (_, sent) in GraphPlayingTests.run(&studio, until: 5000) { heard[sent.line, default: []] += sent.payload }
        for (number, (law, plan)) in plans.enumerated() {
            let list: [Int16] =
                Array(clips["a"]!.samples) + [Int16](repeating: 0, count: 240) + Array(clips["b"]!.samples)
            let whole: [Int16] = Array((list + list).dropFirst(number * 37 * 8))
            let samples: [Int16] = plan.gainDb == 0 ? whole : whole.map { Int16(Int32($0) * 2053 >> 12) }
            let wanted = [UInt8](unsafeUninitializedCapacity: samples.count) { room, count in
                count = samples.withUnsafeBufferPointer {
                    G711.encode($0, law: law, into: UnsafeMutableRawBufferPointer(room))
                }
            }
            #expect(heard[number].map { Array($0.prefix(wanted.count)) == wanted } == true, "player \(number)")
        }
    }
}
