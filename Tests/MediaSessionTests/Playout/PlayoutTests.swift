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

    static let networks: [(Network, delay: Double, concealed: Double)] = [
        (Network("even", .even), 42, 0),
        (Network("uniform 10 ms", .uniform(10)), 45, 0.0005),
        (Network("uniform 40 ms", .uniform(40)), 75, 0.001),
        (Network("uniform 100 ms", .uniform(100)), 140, 0.002),
        (Network("spikes of 80 ms", .spikes(80)), 140, 0.01),
        (Network("5 % loss", .even, loss: 0.05), 42, 0.055),
        (Network("bursts of 10 %", .bursts(enter: 0.033, leave: 0.3)), 42, 0.12),
        (Network("stalls of 150 ms", .stalls(every: 6, for: 150)), 200, 0.01),
        (Network("stalls of 2 s", .stalls(every: 20, for: 2000)), 200, 0.15),
        (Network("reordered", .reordering), 85, 0.001),
        (Network("60 ms longer after 20 s", .step(after: 20, by: 60)), 60, 0.002),
        (Network("all copied", .uniform(20), copies: 1), 60, 0.001),
    ]

    @Test("delay and concealment stay within bounds", arguments: networks)
    func adapts(network: Network, delay: Double, concealed: Double) {
        let played: Listener.Played = Listener(network: network, seed: 7).listen(seconds: 120, ramp)
        let mean: Double = played.meanDelay()
        print(
            "playout, \(network): mean delay \(Int(mean)) ms, 95 % \(Int(played.delayPercentile(0.95))) ms, concealed \(played.concealedRatio * 100) %, \(played.statistics)"
        )
        #expect(mean <= delay)
        #expect(played.concealedRatio <= concealed)
    }
}
