import Signals
import Testing

@Suite("keys sent as tones in audio")
struct KeyToneSenderTests {
    /// Frames of a sender over audio of one value.
    static func run(
        _ sender: inout KeyToneSender, frames: Int, size: Int = 160, at: [Int: (inout KeyToneSender) -> Void] = [:]
    )
        -> [Int16]
    {
        var all: [Int16] = []
        for frame in 0..<frames {
            at[frame]?(&sender)
            var samples = [Int16](repeating: 77, count: size)
            samples.withUnsafeMutableBufferPointer { sender.fill($0) }
            all += samples
        }
        return all
    }

    @Test("keys come one after the other with their pauses, then the audio goes on", arguments: [80, 160, 480])
    func queue(size: Int) {
        var sender = KeyToneSender(sampleRate: 8000)
        sender.press(1, durationMs: 80)
        sender.press(1, durationMs: 10)
        sender.press(11, durationMs: 100)
        let all = KeyToneSenderTests.run(&sender, frames: 8000 / size, size: size)
        // 80 + 60 + 60 + 60 + 100 + 60 ms.
        #expect(all.lastIndex { $0 != 77 } == 420 * 8 - 1)
        #expect(all[(420 * 8)...].allSatisfy { $0 == 77 })
        #expect(codes(detect(all)) == [1, 1, 11])
        #expect(sender.isIdle)
    }

    @Test("a key that is held sounds until it is released, and is never too short")
    func held() {
        var sender = KeyToneSender(sampleRate: 8000)
        sender.hold(5)
        let all = KeyToneSenderTests.run(&sender, frames: 40, at: [10: { $0.release(durationMs: nil) }])
        #expect(codes(detect(all)) == [5])
        let end: Int = (all.lastIndex { $0 != 77 } ?? 0) / 8
        #expect((255...265).contains(end))
        sender.hold(6)
        sender.release(durationMs: 1)
        #expect(codes(detect(KeyToneSenderTests.run(&sender, frames: 20))) == [6])
    }

    @Test("holding a key releases the one before")
    func two() {
        var sender = KeyToneSender(sampleRate: 8000)
        sender.hold(5)
        let all = KeyToneSenderTests.run(
            &sender, frames: 60, at: [5: { $0.hold(6) }, 20: { $0.release(durationMs: 150) }])
        #expect(codes(detect(all)) == [5, 6])
        #expect(sender.isIdle)
    }

    @Test("levels are those of a telephone", arguments: [UInt32(8000), 48_000])
    func levels(rate: UInt32) {
        var sender = KeyToneSender(sampleRate: rate)
        sender.press(0, durationMs: 1200)
        let all = KeyToneSenderTests.run(&sender, frames: 60, size: Int(rate) / 50)
        let steady: ArraySlice<Int16> = all[Int(rate / 10)..<Int(rate / 10 + rate)]
        #expect(abs(level(steady, 941, rate: Double(rate)) + 9) < 0.05)
        #expect(abs(level(steady, 1336, rate: Double(rate)) + 7) < 0.05)
    }

    @Test("no more keys wait than there is room for, a flash has no tone, and stopping ends what sounds softly")
    func limits() {
        var sender = KeyToneSender(sampleRate: 8000)
        var taken = 0
        for _ in 0..<100 { taken += sender.press(2, durationMs: 100) ? 1 : 0 }
        #expect(taken == KeyToneSender.queueLimit)
        let flash: Bool = sender.press(16, durationMs: 100)
        #expect(!flash)
        let all = KeyToneSenderTests.run(&sender, frames: 20, at: [3: { $0.stop() }])
        #expect(codes(detect(all)) == [2])
        #expect(all[(61 * 8)..<(121 * 8)].allSatisfy { $0 == 0 })
        #expect(all[(121 * 8)...].allSatisfy { $0 == 77 })
    }
}
