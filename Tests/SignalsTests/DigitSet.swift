import Basics
import Glibc
import Signals

/// One digit as a line may spoil it.
struct SpoiledDigit {
    enum Noise: CaseIterable { case none, white30, white20, white12, babble30, babble20, babble12 }
    enum Coding: CaseIterable { case none, aLaw, muLaw, g722 }

    var code: UInt8
    var ms: Double = 70
    /// Of the stronger frequency.
    var levelDbm0: Double = -10
    /// The upper frequency over the lower.
    var twistDb: Double = 0
    /// Of both frequencies, in percent.
    var offsets: (Double, Double) = (0, 0)
    var noise: Noise = .none
    var coding: Coding = .none
    /// Where the peaks are cut, of the greatest; 1 leaves them.
    var clip: Double = 1

    /// The digit with some silence (or noise) before and after it, and where it begins.
    func audio(_ random: inout SeededRandom) -> (samples: [Int16], start: Int) {
        guard let (low, high) = DTMF.frequencies(code) else { return ([], 0) }
        let before = Int(random.within(160, 240))
        let phase: Double = random.within(0, 6.28)
        var tone: Audio = .tone(
            [
                (low * (1 + offsets.0 / 100), levelDbm0 - max(twistDb, 0)),
                (high * (1 + offsets.1 / 100), levelDbm0 + min(twistDb, 0)),
            ], ms: ms, phase: phase)
        let power: Double = tone.power
        if clip < 1 {
            let peak: Double = tone.samples.map(abs).max() ?? 0
            tone.samples = tone.samples.map { max(-peak * clip, min(peak * clip, $0)) }
        }
        var all = Audio([Double](repeating: 0, count: before + tone.samples.count + 480))
        all.mix(tone, at: before)
        let (source, ratio): ([Double]?, Double) =
            switch noise {
            case .none: (nil, 0)
            case .white30: (Noises.white, 30)
            case .white20: (Noises.white, 20)
            case .white12: (Noises.white, 12)
            case .babble30: (Noises.babble, 30)
            case .babble20: (Noises.babble, 20)
            case .babble12: (Noises.babble, 12)
            }
        if let source {
            let gain: Double = (power / pow(10, ratio / 10)).squareRoot()
            let offset = Int(random.unit() * Double(source.count - all.samples.count))
            for index in all.samples.indices { all.samples[index] += source[offset + index] * gain }
        }
        let pcm: [Int16] = all.pcm
        let coded: [Int16] =
            switch coding {
            case .none: pcm
            case .aLaw: pcm.map(G711.aLaw)
            case .muLaw: pcm.map(G711.muLaw)
            case .g722: spandspG722(pcm)
            }
        return (coded, before)
    }
}

/// Noises of mean square 1, some seconds long.
enum Noises {
    static let white: [Double] = {
        var random = SeededRandom(seed: 1)
        return (0..<400_000).map { _ in random.noise() }
    }()

    /// Eight people who talk at a time.
    static let babble: [Double] = {
        var sum = [Double](repeating: 0, count: 800_000)
        var random = SeededRandom(seed: 2)
        for _ in 0..<8 {
            var index = 0
            while index < sum.count {
                for sample in Speech.read(Speech.files[Int(random.next() % UInt64(Speech.files.count))]) {
                    guard index < sum.count else { break }
                    sum[index] += Double(sample)
                    index += 1
                }
            }
        }
        let power: Double = (sum.reduce(0) { $0 + $1 * $1 } / Double(sum.count)).squareRoot()
        return sum.map { $0 / power }
    }()
}
