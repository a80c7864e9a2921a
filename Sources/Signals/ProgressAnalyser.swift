import Glibc

/// Says of each 10 ms what is heard in the 50 ms around it.
struct ProgressAnalyser: ~Copyable {
    private static let length: Int = 80
    private static let window: Int = 5
    /// Of its frequencies in the power of a set that is heard.
    private static let share: Float = 0.7
    /// Softer is silence, as a mean square: -45 dBm0.
    private static let softest = Float(meanSquare(dbm0: -45))

    private struct Block {
        var real: Bins = .zero
        var imaginary: Bins = .zero
        var energy: Float = 0
    }

    private let cosine: UnsafeMutablePointer<Bins>
    private let sine: UnsafeMutablePointer<Bins>
    /// By how much each frequency turns in a block.
    private var turn: (real: Bins, imaginary: Bins) = (.zero, .zero)
    private var phase: (real: Bins, imaginary: Bins) = (Bins(repeating: 1), .zero)
    private var blocks: InlineArray<5, Block> = InlineArray(repeating: Block())
    private var place: Int = 0
    private var block = Block()
    private var filled: Int = 0
    /// Each set as a mask, how many frequencies it has, and how many sets there are.
    private var masks: InlineArray<8, Bins> = InlineArray(repeating: .zero)
    private var members: InlineArray<8, UInt8> = InlineArray(repeating: 0)
    private let count: Int
    /// The level of the last tone, for what counts as silence after it.
    private var toneLevel: Float = 0

    init(_ book: borrowing ProgressBook) {
        cosine = .allocate(capacity: ProgressAnalyser.length)
        sine = .allocate(capacity: ProgressAnalyser.length)
        for sample in 0...ProgressAnalyser.length {
            var (c, s) = (Bins.zero, Bins.zero)
            for (bin, hertz) in book.hertz.enumerated() {
                let angle: Double = 2 * .pi * hertz * Double(sample) / 8000
                (c[bin], s[bin]) = (Float(cos(angle)), Float(sin(angle)))
            }
            if sample == ProgressAnalyser.length {
                turn = (c, s)
            } else {
                (cosine + sample).initialize(to: c)
                (sine + sample).initialize(to: s)
            }
        }
        count = min(book.sets.count, 8)
        for set in 0..<count {
            var mask = Bins.zero
            for bin in 0..<8 where book.sets[set] & (1 << UInt8(bin)) != 0 { mask[bin] = 1 }
            masks[set] = mask
            members[set] = book.sets[set]
        }
    }

    deinit {
        cosine.deallocate()
        sine.deallocate()
    }

    /// Takes one sample of full scale 1; gives what is heard where 10 ms are full.
    @inline(__always)
    mutating func push(_ sample: Float) -> ProgressBook.Sound? {
        block.real += cosine[filled] * sample
        block.imaginary -= sine[filled] * sample
        block.energy += sample * sample
        filled += 1
        guard filled == ProgressAnalyser.length else { return nil }
        return finish()
    }

    private mutating func finish() -> ProgressBook.Sound {
        var turned: Block = block
        turned.real = block.real * phase.real + block.imaginary * phase.imaginary
        turned.imaginary = block.imaginary * phase.real - block.real * phase.imaginary
        blocks[place] = turned
        place = place == ProgressAnalyser.window - 1 ? 0 : place + 1
        block = Block()
        filled = 0
        let (r, i) = phase
        phase = (r * turn.real - i * turn.imaginary, r * turn.imaginary + i * turn.real)
        if place == 0 {
            // Rounding may not make it grow.
            let size: Bins = (phase.real * phase.real + phase.imaginary * phase.imaginary).squareRoot()
            let whole: Bins = size.replacing(with: 1, where: size .== 0)
            phase = (phase.real / whole, phase.imaginary / whole)
        }
        return judge()
    }

    private mutating func judge() -> ProgressBook.Sound {
        var (real, imaginary, energy) = (Bins.zero, Bins.zero, Float(0))
        for number in 0..<ProgressAnalyser.window {
            real += blocks[number].real
            imaginary += blocks[number].imaginary
            energy += blocks[number].energy
        }
        let samples = Float(ProgressAnalyser.length * ProgressAnalyser.window)
        let level: Float = energy / samples
        // An echo or noise 16 dB below the tone is its pause.
        guard level > max(ProgressAnalyser.softest, toneLevel / 40) else { return ProgressBook.silence }
        let powers: Bins = (real * real + imaginary * imaginary) * (2 / (samples * samples))
        var (best, most) = (ProgressBook.other, ProgressAnalyser.share * level)
        for set in 0..<count {
            let part: Bins = powers * masks[set]
            let sum: Float = part.sum()
            guard sum > most else { continue }
            // Each of its frequencies is heard.
            var isWhole = true
            for bin in 0..<8 where members[set] & (1 << UInt8(bin)) != 0 && part[bin] < 0.1 * sum { isWhole = false }
            if isWhole { (best, most) = (ProgressBook.Sound(set), sum) }
        }
        if best >= 0 { toneLevel = max(level, toneLevel * 0.98) }
        if best == ProgressBook.other { toneLevel *= 0.9 }
        return best
    }
}
