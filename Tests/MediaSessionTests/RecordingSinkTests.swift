import MediaSession
import Testing

@Suite("The ring between a packet thread and a recording's file")
struct RecordingSinkTests {
    private func write(_ sink: RecordingSink, _ samples: [Int16]) -> Bool {
        samples.withUnsafeBufferPointer { sink.write($0) }
    }

    /// What a file would hold.
    private func drained(_ sink: RecordingSink) -> [Int16] {
        var all: [Int16] = []
        sink.drain(
            { all.append(contentsOf: $0) },
            silence: { all.append(contentsOf: repeatElement(0, count: $0 * sink.channels)) })
        return all
    }

    @Test("what is written comes out once and in order, round the end of the ring too", arguments: [1, 2])
    func order(channels: Int) {
        let sink = RecordingSink(sampleRate: 8000, channels: channels)
        #expect(sink.capacity == 32_768)
        var next: Int16 = 0
        var expected: [Int16] = []
        var found: [Int16] = []
        for round in 0..<1000 {
            let frame = (0..<160 * channels).map { _ in
                next &+= 1
                return next
            }
            #expect(write(sink, frame))
            expected.append(contentsOf: frame)
            if round % 50 == 49 { found.append(contentsOf: drained(sink)) }
        }
        #expect(found == expected)
        #expect(drained(sink).isEmpty)
        #expect(sink.lostFrames == 0)
    }

    @Test("frames that find no room become silence of their length where they were lost")
    func overrun() {
        let sink = RecordingSink(sampleRate: 8000, channels: 2)
        let frame = [Int16](repeating: 7, count: 320)
        var taken = 0
        while write(sink, frame) { taken += 1 }
        #expect(taken == 204)
        #expect(!write(sink, frame))
        #expect(sink.lostFrames == 320)
        #expect(drained(sink) == [Int16](repeating: 7, count: 204 * 320))
        #expect(write(sink, [8, 8]))
        #expect(drained(sink) == [Int16](repeating: 0, count: 640) + [8, 8])
    }

    @Test("frames lost at the very end are silence too")
    func overrunAtTheEnd() {
        let sink = RecordingSink(sampleRate: 8000, channels: 1)
        #expect(write(sink, [Int16](repeating: 5, count: sink.capacity)))
        #expect(!write(sink, [1, 2, 3]))
        sink.finish(.stopped)
        #expect(drained(sink).suffix(5) == [5, 5, 0, 0, 0])
        #expect(sink.end == .stopped)
    }

    @Test("more gaps than the table holds keep the recording's length")
    func manyGaps() {
        let sink = RecordingSink(sampleRate: 8000, channels: 1)
        #expect(write(sink, [Int16](repeating: 1, count: sink.capacity - 20)))
        for _ in 0..<20 {
            #expect(!write(sink, [Int16](repeating: 2, count: 100)))
            #expect(write(sink, [3]))
        }
        sink.finish(.stopped)
        sink.finish(.limit)
        #expect(sink.lostFrames == 2000)
        let all = drained(sink)
        #expect(all.count == sink.capacity + 2000)
        #expect(sink.end == .stopped)
    }

    @Test("a closed sink takes nothing")
    func closed() {
        let sink = RecordingSink(sampleRate: 8000, channels: 1)
        sink.close()
        #expect(!write(sink, [1]))
        #expect(sink.isClosed)
        #expect(drained(sink).isEmpty)
    }

    @Test("a frame that is not whole is left out")
    func halfFrame() {
        let sink = RecordingSink(sampleRate: 8000, channels: 2)
        #expect(write(sink, [1, 2, 3]))
        #expect(drained(sink) == [1, 2])
    }
}
