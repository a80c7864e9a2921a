import Basics
import Codecs
import MediaSession
import RTP
import Testing

@Suite("Recorders")
struct GraphRecordingTests {
    static let id = MediaRecorderID(call: CallID(epoch: 1, shard: ShardID(0), number: 1), number: 1)

    /// Makes a call of two telephones of A-law of which the first leg is recorded.
    static func open(_ studio: inout Studio, _ change: (inout RecordingPlan) -> Void = { _ in }) -> RecordingSink {
        for _ in 0..<2 { _ = studio.open { ($0.incoming, $0.outgoing) = ([pcmaFormat], [pcmaFormat]) } }
        studio.graph.join(studio.nodes[0], studio.nodes[1])
        var plan = RecordingPlan(id: id, endpoint: Studio.id(0), name: "test")
        change(&plan)
        let sink = RecordingSink(sampleRate: 8000, channels: plan.content == .both ? 2 : 1)
        studio.graph.record(plan, to: sink, now: .zero)
        return sink
    }

    /// Both telephones say a tone, each 20 ms from `start` to `end`, in ms; packets whose number is in `lost` do not come.
    static func talk(_ studio: inout Studio, from start: Int64, to end: Int64, lost: Set<Int64> = []) {
        var time: Int64 = start
        while time < end {
            while let due = studio.graph.nextTick, due <= at(time) {
                studio.graph.tick(now: due)
                _ = studio.take()
            }
            let number: Int64 = time / 20
            if !lost.contains(number) {
                _ = studio.send(GraphRoomTests.tone(2000, UInt16(number)), from: 0, at: time)
            }
            _ = studio.send(GraphRoomTests.tone(9000, UInt16(number)), from: 1, at: time)
            time += 20
        }
    }

    /// What the sink holds: left and right.
    static func drain(_ sink: RecordingSink) -> (left: [Int16], right: [Int16]) {
        var all: [Int16] = []
        sink.drain {
            all += $0
        } silence: {
            all += [Int16](repeating: 0, count: $0 * sink.channels)
        }
        guard sink.channels == 2 else { return (all, []) }
        return (
            stride(from: 0, to: all.count, by: 2).map { all[$0] }, stride(from: 1, to: all.count, by: 2).map { all[$0] }
        )
    }

    static func level(_ samples: ArraySlice<Int16>) -> Int {
        samples.isEmpty ? 0 : samples.reduce(0) { $0 + abs(Int($1)) } / samples.count
    }

    @Test(
        "a relayed call is recorded with the peer on the left and what it hears on the right, in step and without holes"
    )
    func both() {
        var studio = Studio()
        let sink: RecordingSink = Self.open(&studio)
        Self.talk(&studio, from: 0, to: 2000, lost: [40, 41])
        studio.graph.perform(.stopRecording(Self.id), now: at(2000))
        let (left, right) = Self.drain(sink)
        #expect(left.count == 16_000 && right.count == 16_000)
        #expect((1900...2100).contains(Self.level(left[400..<6000])))
        #expect((8600...9400).contains(Self.level(right[400..<15_000])))
        #expect(right[400..<15_000].allSatisfy { $0 != 0 })
        #expect(Self.level(left[6400..<6560]) > 500, "a loss is made up for")
        #expect(sink.end == .stopped)
    }

    @Test("a pause is left out, and a limit ends the recording to the sample")
    func limits() {
        var studio = Studio()
        let sink: RecordingSink = Self.open(&studio) {
            $0.limit = .milliseconds(700)
            $0.content = .peer
        }
        var plan = RecordingPlan(id: Self.id, endpoint: Studio.id(0), name: "test", content: .peer)
        plan.limit = .milliseconds(700)
        plan.isPaused = true
        Self.talk(&studio, from: 0, to: 800)
        let isChanged: Bool = studio.graph.change(plan)
        #expect(isChanged)
        Self.talk(&studio, from: 800, to: 1600)
        plan.isPaused = false
        _ = studio.graph.change(plan)
        Self.talk(&studio, from: 1600, to: 3000)
        #expect(Self.drain(sink).left.count == 5600 && sink.end == .limit)
    }

    @Test("it ends when the peer was silent for so long, and when the leg is gone")
    func ends() {
        var studio = Studio()
        let sink: RecordingSink = Self.open(&studio) { $0.silenceLimit = .milliseconds(1000) }
        Self.talk(&studio, from: 0, to: 1000)
        Self.talk(&studio, from: 1000, to: 2600, lost: Set(50..<130))
        #expect(sink.end == .silence)
        #expect((1700...2200).contains(Self.drain(sink).left.count / 8))
        var other = Studio()
        let second: RecordingSink = Self.open(&other)
        Self.talk(&other, from: 0, to: 500)
        _ = other.graph.close(Studio.id(0), now: at(500))
        #expect(second.end == .endpointClosed && Self.drain(second).left.count == 4000)
    }

    @Test("both in one channel are the sum")
    func mixed() {
        var studio = Studio()
        let sink: RecordingSink = Self.open(&studio) { $0.content = .mixed }
        Self.talk(&studio, from: 0, to: 1000)
        studio.graph.perform(.stopRecording(Self.id), now: at(1000))
        #expect((10_500...11_500).contains(Self.level(Self.drain(sink).left[800..<7000])))
    }
}
