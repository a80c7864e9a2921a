import Basics
import MediaSession
import Testing

@Suite("Playout")
struct PlayoutTests {
    @Test("an even stream is played bit by bit, with the least delay", arguments: [10.0, 20, 30, 40, 60], [0.0, 20])
    func playsEvenStreams(packetMs: Double, minimum: Double) {
        var listener = Listener(packetMs: packetMs)
        listener.settings.minimumDelay = .milliseconds(Int(minimum))
        listener.settings.packetTime = .milliseconds(Int(packetMs))
        let played: Listener.Played = listener.listen(seconds: 20, ramp)
        guard let first = played.contents.firstIndex(of: .audio) else {
            Issue.record("nothing was played")
            return
        }
        #expect(played.contents[first...].allSatisfy { $0 == .audio })
        let heard: ArraySlice<Int16> = played.samples[(first * 160)...]
        #expect(heard.elementsEqual(heard.indices.map { ramp($0 - first * 160) }))
        #expect(played.statistics.concealedMs == 0 && played.statistics.packets.late == 0)
        let delay: Double = played.meanDelay()
        #expect(delay >= minimum && delay < minimum + 30, "\(delay) ms")
    }

    /// With the mean delay and the part of the audio made up that are never exceeded; both close to what is measured. A mean
    /// delay has 10 ms in it that come of asking every 20 ms.
    static let networks: [(Network, delay: Double, concealed: Double)] = [
        (Network("even", .even), 34, 0),
        (Network("uniform 10 ms", .uniform(10)), 34, 0),
        (Network("uniform 40 ms", .uniform(40)), 60, 0.0005),
        (Network("uniform 100 ms", .uniform(100)), 125, 0.001),
        (Network("spikes of 80 ms", .spikes(80)), 105, 0.001),
        (Network("5 % loss", .even, loss: 0.05), 35, 0.051),
        (Network("bursts of 10 %", .bursts(enter: 0.033, leave: 0.3)), 40, 0.095),
        (Network("stalls of 150 ms every 6 s", .stalls(every: 6, for: 150)), 165, 0.0015),
        (Network("stalls of 150 ms every 40 s", .stalls(every: 40, for: 150)), 90, 0.005),
        (Network("stalls of 2 s every 20 s", .stalls(every: 20, for: 2000)), 150, 0.09),
        (Network("reordered", .reordering), 60, 0.0005),
        (Network("60 ms longer after 20 s", .step(after: 20, by: 60)), 45, 0.001),
        (Network("all copied", .uniform(20), copies: 1), 40, 0.0005),
    ]

    private static let speech: [Int16] = Speech.synthetic(seconds: 20)

    @Test("delay and concealment stay within bounds", arguments: networks)
    func adapts(network: Network, delay: Double, concealed: Double) {
        let speech: [Int16] = Self.speech
        let played: Listener.Played = Listener(network: network, seed: 7).listen(seconds: 120) {
            speech[$0 % speech.count]
        }
        let mean: Double = played.meanDelay(from: 0)
        print(
            "playout, \(network): mean delay \(Int(mean)) ms, 95 % \(Int(played.delayPercentile(0.95))) ms, concealed \(played.concealedRatio * 100) %, \(played.statistics)"
        )
        #expect(mean <= delay)
        #expect(played.concealedRatio <= concealed)
    }

    @Test("a delay that is no longer needed goes away within half a minute, unheard")
    func shrinks() {
        let speech: [Int16] = Self.speech
        let played: Listener.Played = Listener(network: Network("spike", .stalls(every: 100, for: 180))).listen(
            seconds: 160
        ) {
            speech[$0 % speech.count]
        }
        // One stall, at 100 s.
        let delays: [Double] = played.delays
        #expect((delays[5200..<5300].min() ?? 0) > 120)
        #expect((delays[(130 * 50)...].max() ?? 0) < 60, "\(delays[(130 * 50)...].max() ?? 0)")
        #expect(played.statistics.concealedMs <= 180)
    }

    @Test("what a packet and a pull cost", arguments: [8000, 16_000])
    func cost(rate: Int) {
        var stage = PlayoutStage(clockRate: UInt32(rate), sampleRate: UInt32(rate))
        var decoder = PlainDecoder()
        let payload = [Int16](repeating: 1000, count: rate / 50)
        var output = payload
        var times: [Duration] = []
        let clock = ContinuousClock()
        for round in 0..<500 {
            times.append(
                clock.measure {
                    for packet in (round * 20)..<(round * 20 + 20) {
                        let now = Moment(nanoseconds: Int64(packet) * 20_000_000)
                        payload.withUnsafeBytes {
                            _ = stage.insert(
                                $0, sequence: UInt16(truncatingIfNeeded: packet),
                                timestamp: UInt32(truncatingIfNeeded: packet * rate / 50), marker: false, arrival: now)
                        }
                        output.withUnsafeMutableBufferPointer {
                            _ = stage.pull(rate / 50, now: now, from: &decoder, into: $0)
                        }
                    }
                })
        }
        print("playout, \(rate) Hz: \((times.min() ?? .zero) / 20) for a packet and a pull of 20 ms")
        #expect(stage.statistics.concealedMs == 0)
    }
}
