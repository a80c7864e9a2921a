import Basics
import Codecs
import MediaSession
import Testing

/// A stage at 8 kHz, fed and pulled by hand: packet n of 20 ms holds the samples n * 160 + 1 ... of its sender.
private struct Bench: ~Copyable {
    var stage: PlayoutStage
    var decoder = PlainDecoder(concealment: -7)
    var now: Double = 0
    var heard: [Int16] = []
    var contents: [PlayoutInfo.Content] = []

    init(_ settings: PlayoutSettings = PlayoutSettings(minimumDelay: .zero)) {
        stage = PlayoutStage(clockRate: 8000, sampleRate: 8000, settings: settings)
    }

    @discardableResult
    mutating func insert(
        _ sequence: Int, timestamp: Int, value: Int16 = 100, samples: Int = 160, kind: JitterPacketKind = .speech,
        marker: Bool = false, at: Double? = nil
    ) -> JitterVerdict {
        let payload = [Int16](repeating: value, count: samples)
        return payload.withUnsafeBytes {
            stage.insert(
                $0, sequence: UInt16(truncatingIfNeeded: sequence), timestamp: UInt32(truncatingIfNeeded: timestamp),
                marker: marker, kind: kind, arrival: Moment(nanoseconds: Int64((at ?? now) * 1e6)))
        }
    }

    /// Pulls 20 ms and lets as much pass; the last sample stands for all.
    @discardableResult
    mutating func pull(_ samples: Int = 160) -> Int16 {
        var output = [Int16](repeating: 0, count: samples)
        output.withUnsafeMutableBufferPointer {
            contents.append(
                stage.pull(samples, now: Moment(nanoseconds: Int64(now * 1e6)), from: &decoder, into: $0).content)
        }
        heard += output
        now += Double(samples) / 8
        return output[samples - 1]
    }
}

@Suite("Playout of unusual streams")
struct PlayoutStreamTests {
    @Test("verdicts: kept, duplicate, late, overflow")
    func verdicts() {
        var bench = Bench()
        #expect(bench.insert(1, timestamp: 160) == .kept)
        #expect(bench.insert(1, timestamp: 160) == .duplicate)
        #expect(bench.insert(3, timestamp: 480) == .kept)
        bench.pull()
        #expect(bench.insert(1, timestamp: 160) == .duplicate)
        for _ in 0..<4 { bench.pull() }
        #expect(bench.insert(2, timestamp: 320) == .late)
        #expect(bench.insert(4, timestamp: 640, samples: 769) == .overflow)
        #expect(bench.insert(9000, timestamp: 99_999) == .late)
        let packets: JitterStatistics = bench.stage.statistics.packets
        #expect((packets.kept, packets.duplicates, packets.late, packets.dropped) == (2, 2, 2, 1))
    }

    @Test("packets that begin a stream out of order are played in order")
    func ordersTheFirst() {
        var bench = Bench(PlayoutSettings(minimumDelay: .milliseconds(20)))
        bench.insert(6, timestamp: 960, value: 2)
        bench.insert(5, timestamp: 800, value: 1)
        bench.now = 40
        #expect([bench.pull(), bench.pull()] == [1, 2])
    }

    @Test("a lost packet is concealed for its length, and played from the copy in the next one where there is one")
    func recovers() {
        let plain: Listener.Played = Listener(network: Network("loss", .even, loss: 0.1)).listen(seconds: 20, ramp)
        #expect(plain.statistics.recovered == 0 && plain.statistics.concealedMs > 1000)
        var listener = Listener(network: Network("loss", .even, loss: 0.1), hasCopies: true)
        listener.settings.minimumDelay = .milliseconds(40)
        let copied: Listener.Played = listener.listen(seconds: 20, ramp)
        // What is concealed are runs of two and more.
        #expect(copied.statistics.recovered > 70)
        #expect(copied.statistics.concealedMs < plain.statistics.concealedMs / 4)
    }

    @Test("a pause without packets is silence and no loss, and its end finds the delay anew")
    func pauses() {
        var listener = Listener(network: Network("uniform", .uniform(30)), talkMs: 900, pauseMs: 500)
        listener.settings.minimumDelay = .zero
        let played: Listener.Played = listener.listen(seconds: 60) { _ in 1000 }
        #expect(played.statistics.concealedMs <= 60, "\(played.statistics)")
        #expect(played.statistics.packets.late == 0)
        #expect(played.meanDelay() < 55)
        // Nothing of the sender's is left out, and nothing added.
        let loud: Int = played.samples.count { $0 > 500 }
        #expect(abs(loud - played.sent * 160) < 800 * 3)
    }

    @Test("a decoder that makes audio up in steps leaves no hole, whatever is pulled", arguments: [20, 80])
    func concealsInSteps(step: Int) {
        var bench = Bench()
        bench.decoder.concealmentStep = step
        bench.insert(0, timestamp: 0)
        bench.pull(100)
        bench.insert(2, timestamp: 320)
        for _ in 0..<6 { bench.pull(70) }
        // Where the two meet zero is passed, no more.
        #expect(bench.heard.drop { $0 == 0 }.count { $0 == 0 } <= 6)
        #expect(bench.heard.count { $0 == -7 } >= 160)
    }

    @Test("comfort noise fills a pause at its level")
    func comfortNoise() {
        var bench = Bench()
        bench.insert(1, timestamp: 0)
        bench.pull()
        let payload: [UInt8] = [40]
        payload.withUnsafeBytes {
            _ = bench.stage.insert(
                $0, sequence: 2, timestamp: 160, marker: false, kind: .comfortNoise,
                arrival: Moment(nanoseconds: Int64(bench.now * 1e6)))
        }
        for _ in 0..<50 { bench.pull() }
        #expect(bench.contents.dropFirst().allSatisfy { $0 == .silence })
        let noise: [Double] = bench.heard.suffix(4000).map { Double($0) }
        let level: Double = noise.map { $0 * $0 }.reduce(0, +) / 4000
        // -40 dBov is a root mean square of 327.68.
        #expect(abs(level.squareRoot() - 328) < 20, "\(level.squareRoot())")
        bench.insert(3, timestamp: 160 + 50 * 160, value: 9, marker: true)
        #expect(bench.pull() == 9 && bench.stage.statistics.concealedMs == 0)
    }

    @Test("the decoder fills a pause that a frame of its own announces")
    func pausesOfTheCodec() {
        var bench = Bench()
        bench.insert(1, timestamp: 0)
        bench.pull()
        bench.insert(2, timestamp: 160, kind: .lastSpeech)
        bench.pull()
        for _ in 0..<20 { #expect(bench.pull() == -7) }
        #expect(bench.stage.statistics.concealedMs == 0 && bench.stage.statistics.underruns == 0)
        #expect(JitterPacketKind(codec: .opus(.init()), payloadLength: 1) == .lastSpeech)
        #expect(JitterPacketKind(codec: .opus(.init()), payloadLength: 40) == .speech)
        #expect(JitterPacketKind(codec: .g729(annexB: true), payloadLength: 12) == .lastSpeech)
        #expect(JitterPacketKind(codec: .g729(annexB: true), payloadLength: 20) == .speech)
        #expect(JitterPacketKind(codec: .pcmu, payloadLength: 2) == .speech)
    }

    @Test("events between the audio are no loss, and the time they take is silence")
    func events() {
        var bench = Bench()
        for packet in 0..<5 {
            bench.insert(packet, timestamp: packet * 160)
            bench.pull()
        }
        // An event of 160 ms: nine packets with the timestamp of its beginning, and two copies of its end.
        for packet in 5..<16 {
            bench.insert(packet, timestamp: 800, samples: 2, kind: .other)
            if packet < 13 { bench.pull() }
        }
        bench.insert(16, timestamp: 800 + 8 * 160, value: 50)
        #expect(bench.pull() == 50)
        #expect(bench.stage.statistics.concealedMs == 0 && bench.stage.statistics.underruns == 0)
        #expect(bench.contents[5..<13].allSatisfy { $0 == .silence })
    }

    @Test("a sender whose packets change their length is played without a gap")
    func packetTimeChanges() {
        var bench = Bench(PlayoutSettings(minimumDelay: .milliseconds(60)))
        var (sequence, timestamp) = (0, 0)
        for tick in 0..<60 {
            let length: Int = tick < 20 ? 1 : tick < 40 ? 3 : 2
            guard tick % length == 0 || tick == 20 else {
                bench.pull()
                continue
            }
            bench.insert(sequence, timestamp: timestamp, value: 100, samples: 160 * length)
            (sequence, timestamp) = (sequence + 1, timestamp + 160 * length)
            bench.pull()
        }
        let first: Int = bench.contents.firstIndex(of: .audio) ?? 0
        #expect(bench.contents[first...].allSatisfy { $0 == .audio })
        #expect(bench.stage.statistics.concealedMs == 0)
    }

    @Test("a jump of the timestamps neither silences nor delays", arguments: [-1_000_000, 400_000, 0x7fff_0000])
    func timestampsJump(by jump: Int) {
        var bench = Bench()
        for packet in 0..<100 {
            bench.insert(packet, timestamp: packet * 160 + (packet < 50 ? 0 : jump), value: Int16(packet + 1))
            #expect(bench.pull() == Int16(packet + 1))
        }
        #expect(bench.stage.statistics.concealedMs == 0)
    }

    @Test("timestamps that stood still during a pause do not make the delay that pause")
    func timestampsPause() {
        var bench = Bench()
        for packet in 0..<50 {
            bench.insert(packet, timestamp: packet * 160, value: 1)
            bench.pull()
        }
        for _ in 0..<100 { bench.pull() }
        for packet in 50..<600 {
            bench.insert(packet, timestamp: packet * 160, value: Int16(packet))
            let heard: Int16 = bench.pull()
            #expect(heard == Int16(packet), "\(packet)")
        }
        #expect(bench.stage.statistics.packets.dropped == 0)
    }

    @Test(
        "a series that begins anew under the same source is played from its second packet on",
        arguments: [30_000, 1100, -150, -20_000])
    func sequenceRestarts(by jump: Int) {
        var bench = Bench()
        for packet in 0..<20 {
            bench.insert(packet, timestamp: packet * 160, value: 1)
            bench.pull()
        }
        for packet in 0..<20 {
            bench.insert(jump + packet, timestamp: 7_000_000 + packet * 160, value: 2)
            bench.pull()
        }
        #expect(bench.heard.suffix(160 * 18).allSatisfy { $0 == 2 })
    }

    @Test("after a reset another source is played at once")
    func resets() {
        var bench = Bench()
        for packet in 0..<20 {
            bench.insert(packet, timestamp: packet * 160, value: 1)
            bench.pull()
        }
        bench.stage.reset()
        for packet in 0..<20 {
            bench.insert(100 + packet, timestamp: 3_000_000_000 + packet * 160, value: 2)
            #expect(bench.pull() == 2)
        }
        #expect(bench.stage.statistics.concealedMs == 0)
    }

    @Test("two seconds that come at once are not played two seconds late")
    func catchesUp() {
        var bench = Bench()
        for packet in 0..<100 {
            bench.insert(packet, timestamp: packet * 160, value: 1)
            bench.pull()
        }
        for _ in 0..<100 { bench.pull() }
        for packet in 100..<200 { bench.insert(packet, timestamp: packet * 160, value: Int16(packet)) }
        for packet in 200..<300 {
            bench.insert(packet, timestamp: packet * 160, value: Int16(packet))
            let heard: Int16 = bench.pull()
            #expect(heard >= Int16(packet - 11), "\(packet): \(heard)")
        }
        #expect(bench.stage.statistics.packets.dropped > 80)
        #expect(bench.stage.statistics.concealedMs > 1900)
    }

    @Test("nothing clicks where packets were dropped, where a pause begins and where it ends")
    func smooths() {
        var bench = Bench()
        bench.decoder.concealment = 8000
        for packet in 0..<50 {
            bench.insert(packet, timestamp: packet * 160, value: 8000)
            bench.pull()
        }
        for _ in 0..<10 { bench.pull() }
        // A pause of 200 ms, known as one when its end is there ahead of its time.
        for packet in 50..<60 { bench.insert(packet, timestamp: (packet + 15) * 160, value: 8000) }
        for _ in 0..<10 { bench.pull() }
        // A stall of 2 s, and what was held up at once.
        for _ in 0..<100 { bench.pull() }
        for packet in 60..<170 {
            bench.insert(packet, timestamp: (packet + 15) * 160, value: packet < 140 ? 8000 : -8000)
        }
        for _ in 0..<10 { bench.pull() }
        #expect(bench.stage.statistics.packets.dropped > 60)
        #expect(bench.contents.contains(.silence) && bench.heard.contains(-8000))
        let steps: [Int] = zip(bench.heard.dropFirst(800), bench.heard.dropFirst(801)).map { abs(Int($1) - Int($0)) }
        #expect(steps.max() ?? 0 <= 505, "\(steps.max() ?? 0)")
    }

    @Test("what no buffer holds drops what is oldest, and all memory comes back", arguments: [1, 40, 768])
    func overflows(samples: Int) {
        var bench = Bench()
        for round in 0..<50 {
            for packet in 0..<300 {
                bench.insert(round * 300 + packet, timestamp: (round * 300 + packet) * 160, samples: samples)
            }
            for _ in 0..<20 { bench.pull() }
        }
        bench.now += 60_000
        for packet in 0..<200 {
            bench.insert(15_000 + packet, timestamp: 9_000_000 + packet * 160, value: 5)
            bench.pull()
        }
        #expect(bench.heard.suffix(160 * 100).allSatisfy { $0 == 5 })
    }

    @Test("no series of packets and pulls stops playing", arguments: 0..<150)
    func survivesNoise(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var bench = Bench(PlayoutSettings(minimumDelay: .milliseconds(seed % 3 * 20)))
        bench.decoder.concealmentStep = [1, 20, 80][seed % 3]
        bench.decoder.fillsPauses = seed % 5 == 0
        var (sequence, timestamp) = (0, 0)
        for _ in 0..<3000 {
            switch Int.random(in: 0..<12, using: &random) {
            case 0: sequence = Int.random(in: 0..<65_536, using: &random)
            case 1: timestamp = Int.random(in: 0..<0x1_0000_0000, using: &random)
            case 2: sequence -= Int.random(in: 0..<80, using: &random)
            case 3: timestamp -= Int.random(in: 0..<2000, using: &random)
            case 4: bench.now += Double.random(in: 0..<3000, using: &random)
            default: (sequence, timestamp) = (sequence + 1, timestamp + 160)
            }
            let kinds: [JitterPacketKind] = [.speech, .speech, .speech, .lastSpeech, .comfortNoise, .other]
            let kind: JitterPacketKind = kinds[Int.random(in: 0..<6, using: &random)]
            bench.insert(sequence, timestamp: timestamp, samples: Int.random(in: 0..<900, using: &random), kind: kind)
            guard Int.random(in: 0..<4, using: &random) > 0 else { continue }
            bench.pull(seed % 4 == 0 ? Int.random(in: 1...500, using: &random) : 160)
        }
        bench.now += 10_000
        for packet in 0..<100 {
            bench.insert(40_000 + packet, timestamp: 70_000 + packet * 160, value: 77)
            bench.pull()
        }
        #expect(bench.heard.suffix(160 * 20).allSatisfy { $0 == 77 })
    }
}
