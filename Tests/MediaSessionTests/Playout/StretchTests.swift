import Basics
import Foundation
import MediaSession
import Testing

@Suite("Time stretching")
struct StretchTests {
    @Test(
        "an hour with clocks that drift apart: delay and audio stay", arguments: [-500.0, -50, 50, 500], [8000, 16_000])
    func absorbsDrift(driftPpm: Double, rate: Int) {
        let speech: [Int16] = Speech.synthetic(seconds: 20, rate: rate)
        let listener = Listener(rate: rate, network: Network("uniform", .uniform(10)), seed: 3, driftPpm: driftPpm)
        let played: Listener.Played = listener.listen(seconds: 3600) { speech[($0 + speech.count) % speech.count] }
        let early: Double = played.meanDelay(from: 0.01, to: 0.03)
        let late: Double = played.meanDelay(from: 0.98, to: 1)
        print(
            "stretch, \(driftPpm) ppm at \(rate) Hz: delay \(early) ms, after an hour \(late) ms, at most \(played.delays.max() ?? 0), \(played.statistics)"
        )
        #expect(abs(late - early) < 20)
        #expect(played.delays.dropFirst(100).allSatisfy { $0 > 15 && $0 < 60 })
        #expect(played.statistics.concealedMs <= 100 && played.statistics.packets.late <= 2)
    }

    @Test("a tone stays a tone while the delay changes", arguments: [120.0, 440, 1000, 2900])
    func tones(frequency: Double) {
        let step: Double = frequency * 2 * .pi / 8000
        var listener = Listener(network: Network("step", .step(after: 10, by: 80)))
        listener.settings.minimumDelay = .milliseconds(100)
        let played: Listener.Played = listener.listen(seconds: 40) {
            Int16((sin(Double($0) * step) * 10_000).rounded())
        }
        #expect(played.statistics.lengthenings > 5 && played.statistics.concealedMs == 0)
        let heard: [Double] = played.samples.dropFirst(8000).map { Double($0) }
        // Of a sine x[n-1] + x[n+1] = 2 cos(w) x[n].
        var worst = 0.0
        for index in 1..<(heard.count - 1) {
            worst = max(worst, abs(heard[index - 1] + heard[index + 1] - 2 * cos(step) * heard[index]))
        }
        print("stretch, tone of \(frequency) Hz: worst deviation \(worst), \(played.statistics)")
        #expect(worst < 450, "\(worst)")
    }

    /// How like the original each 10 ms are: the signal to noise ratio against the piece of the original that fits best, in dB.
    private static func segmentRatios(_ heard: [Int16], _ original: [Int16]) -> [Double] {
        var ratios: [Double] = []
        var offset = 0
        for start in stride(from: 0, to: heard.count - 80, by: 80) {
            let piece: ArraySlice<Int16> = heard[start..<(start + 80)]
            let energy: Double = piece.reduce(1) { $0 + Double($1) * Double($1) }
            guard energy > 80 * 100 * 100 else { continue }
            var best: Double = .infinity
            var bestOffset: Int = offset
            for shift in (offset - 480)...(offset + 480) {
                let from: Int = start - shift
                guard from >= 0, from + 80 <= original.count else { continue }
                var error = 1.0
                for index in 0..<80 {
                    let difference = Double(piece[start + index]) - Double(original[from + index])
                    error += difference * difference
                    if error >= best { break }
                }
                if error < best { (best, bestOffset) = (error, shift) }
            }
            if best < energy / 100 { offset = bestOffset }
            ratios.append(10 * log10(energy / best))
        }
        return ratios
    }

    @Test(
        "speech is not heard to be stretched: no clicks, and all but a few moments are the speaker's own",
        .enabled(if: Speech.isInstalled), arguments: Speech.recordings, [-20_000.0, 20_000])
    func speech(recording: String, driftPpm: Double) throws {
        let original: [Int16] = try #require(Speech.recording(recording))
        let seconds: Double = min(Double(original.count) / 8000 - 1, 12)
        // More drift than any clock has, so that there is much to hear.
        let listener = Listener(driftPpm: driftPpm)
        let played: Listener.Played = listener.listen(seconds: seconds) {
            $0 >= 0 && $0 < original.count ? original[$0] : 0
        }
        let heard: [Int16] = Array(played.samples.drop { $0 == 0 })
        func jumps(_ samples: [Int16]) -> [Int] { zip(samples.dropFirst(), samples).map { abs(Int($0) - Int($1)) } }
        let ratios: [Double] = Self.segmentRatios(heard, Array(original.drop { $0 == 0 }))
        let changed: Int = ratios.count { $0 < 20 }
        let poor: Int = ratios.count { $0 < 6 }
        func energy(_ samples: [Int16]) -> Double {
            samples.reduce(0) { $0 + Double($1) * Double($1) } / Double(max(samples.count, 1))
        }
        let loudness: Double = 10 * log10(energy(heard) / energy(original))
        print(
            "stretch, \(recording) at \(driftPpm) ppm: \(played.statistics.shortenings) shortened, \(played.statistics.lengthenings) lengthened, concealed \(played.statistics.concealedMs) ms, greatest jump \(jumps(heard).max() ?? 0) of \(jumps(original).max() ?? 0), of \(ratios.count) pieces \(changed) below 20 dB and \(poor) below 6 dB, \(loudness) dB louder"
        )
        #expect(jumps(heard).max() ?? 0 <= (jumps(original).max() ?? 0) * 11 / 10)
        #expect(poor * 100 <= ratios.count)
        #expect(abs(loudness) < 1)
        #expect(played.statistics.concealedMs <= 40)
        #expect(played.statistics.shortenings + played.statistics.lengthenings >= 4)
    }

    @Test("audio that must not be stretched is not")
    func doesNotStretch() {
        let speech: [Int16] = Speech.synthetic(seconds: 20)
        var listener = Listener(driftPpm: 500)
        listener.settings.stretches = false
        let played: Listener.Played = listener.listen(seconds: 120) { speech[($0 + speech.count) % speech.count] }
        #expect(played.statistics.shortenings + played.statistics.lengthenings == 0)
    }
}
