import Basics
import MediaSession
import Testing

@Suite("Fader and frame queue")
struct FaderTests {
    private static func passed(
        _ fader: inout Fader, _ samples: [Int16], old: [Int16]? = nil
    ) -> [Int16] {
        var samples: [Int16] = samples
        samples.withUnsafeMutableBufferPointer { samples in
            guard let old else { return fader.pass(samples) }
            old.withUnsafeBufferPointer { fader.pass(samples, old: $0) }
        }
        return samples
    }

    private static func greatestStep(_ samples: [Int16]) -> Int {
        zip(samples, samples.dropFirst()).map { abs(Int($1) - Int($0)) }.max() ?? 0
    }

    @Test("audio of one source passes as it is")
    func passes() {
        var fader = Fader(sampleRate: 8000)
        let frame: [Int16] = (0..<160).map { Int16($0 * 100) }
        #expect(Self.passed(&fader, frame) == frame)
        #expect(fader.isSounding && !fader.isChanging)
    }

    @Test(
        "a change takes 10 ms, with the old source and without, in frames of any length",
        arguments: [(8000, true), (8000, false), (48_000, true), (48_000, false)], [1, 7, 160])
    func changes(source: (rate: Int, hasOld: Bool), frame: Int) {
        let (rate, hasOld): (Int, Bool) = source
        var fader = Fader(sampleRate: UInt32(rate))
        var heard: [Int16] = Self.passed(&fader, [Int16](repeating: 20_000, count: frame))
        fader.change()
        let length: Int = rate / 100
        while heard.count < 2 * length + frame {
            let old: [Int16]? = hasOld ? [Int16](repeating: 20_000, count: frame) : nil
            heard += Self.passed(&fader, [Int16](repeating: -20_000, count: frame), old: old)
        }
        #expect(Self.greatestStep(heard) <= 40_000 / length + 1)
        #expect(heard.dropFirst(frame + length).allSatisfy { $0 == -20_000 })
        #expect(heard[frame + length / 2] < 1000 && heard[frame + length / 2] > -1000)
        #expect(!fader.isChanging)
    }

    @Test("an old source that ends within the change goes on as it ended")
    func oldEnds() {
        var fader = Fader(sampleRate: 8000)
        var heard: [Int16] = Self.passed(&fader, [10_000])
        fader.change()
        heard += Self.passed(&fader, [Int16](repeating: 0, count: 160), old: [10_000, 10_000, 9_000])
        #expect(Self.greatestStep(heard) < 1200)
    }

    @Test("the end of all audio falls to silence")
    func finishes() {
        var fader = Fader(sampleRate: 8000)
        var heard: [Int16] = Self.passed(&fader, [-12_000])
        var frame = [Int16](repeating: 77, count: 160)
        frame.withUnsafeMutableBufferPointer { fader.finish($0) }
        heard += frame
        #expect(Self.greatestStep(heard) <= 12_000 / 80 + 1)
        #expect(heard.last == 0 && !fader.isSounding)
    }

    @Test("frames of one length come out as frames of another, in order", arguments: 0..<10)
    func queues(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var queue = FrameQueue(capacity: 500)
        var (pushed, popped): (Int, Int) = (0, 0)
        for _ in 0..<500 {
            let count = Int.random(in: 0...200, using: &random)
            if queue.count + count <= 500 {
                let samples: [Int16] = (0..<count).map { Int16(truncatingIfNeeded: pushed + $0) }
                samples.withUnsafeBufferPointer { queue.push($0) }
                pushed += count
            }
            var out = [Int16](repeating: 0, count: Int.random(in: 0...160, using: &random))
            let enough: Bool = queue.count >= out.count
            let taken: Bool = out.withUnsafeMutableBufferPointer { queue.pop($0) }
            #expect(taken == enough)
            guard taken else { continue }
            #expect(out == out.indices.map { Int16(truncatingIfNeeded: popped + $0) })
            popped += out.count
        }
        #expect(queue.count == pushed - popped)
        #expect(queue.dropped == 0)
    }

    @Test("a full queue keeps the newest")
    func dropsTheOldest() {
        var queue = FrameQueue(capacity: 10)
        for values in [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]] as [[Int16]] {
            values.withUnsafeBufferPointer { queue.push($0) }
        }
        var out = [Int16](repeating: 0, count: 10)
        #expect(out.withUnsafeMutableBufferPointer { queue.pop($0) } == true)
        #expect(out == Array(3...12))
        #expect(queue.dropped == 2)
        (0..<25).map { Int16($0) }.withUnsafeBufferPointer { queue.push($0) }
        #expect(out.withUnsafeMutableBufferPointer { queue.pop($0) } == true)
        #expect(out == Array(15...24) && queue.dropped == 17)
    }
}
