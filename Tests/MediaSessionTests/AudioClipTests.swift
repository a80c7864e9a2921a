import MediaSession
import Testing

@Suite("A clip in memory")
struct AudioClipTests {
    @Test("lasts as long as its samples at its rate")
    func duration() {
        #expect(AudioClip(sampleRate: 8000, samples: [Int16](repeating: 1, count: 12_000)).duration == .seconds(1.5))
        #expect(AudioClip(sampleRate: 48_000, samples: [1]).duration == .microseconds(20))
        #expect(AudioClip(sampleRate: 16_000, samples: []).duration == .zero)
    }

    @Test("holds what it was filled with, and silence where it was not")
    func samples() {
        let clip = AudioClip(sampleRate: 8000, count: 4) { $0[1] = -3 }
        #expect(Array(clip.samples) == [0, -3, 0, 0])
    }
}
