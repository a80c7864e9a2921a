import Glibc

/// Two frequencies of the keypad in a window of 15 ms: complex amplitudes that refer to one time.
struct DTMFPair {
    var lowReal: Float
    var lowImaginary: Float
    var highReal: Float
    var highImaginary: Float
    /// The mean square of the whole signal.
    var energy: Float

    static let samples: Int = 3 * DTMFBlock.length

    /// - Parameters:
    ///   - real: the sums over the window, as are `imaginary`.
    ///   - turn: the number of its first block, of ``DTMFTables/turns``.
    init(real: Bins, imaginary: Bins, energy: Float, row: Int, column: Int, turn: Int) {
        let scale: Float = 1 / Float(DTMFPair.samples)
        let (lr, li) = (real[row] * scale, imaginary[row] * scale)
        let (hr, hi) = (real[column] * scale, imaginary[column] * scale)
        // What a sine at the upper place of amplitude 1 leaves at the lower one; the other way it is the conjugate.
        let tables: DTMFTables = .shared
        let (leakReal, leakImaginary) = tables.leak(row, column - 4)
        let (lc, ls) = (tables.turnReal[turn][row], tables.turnImaginary[turn][row])
        let (hc, hs) = (tables.turnReal[turn][column], tables.turnImaginary[turn][column])
        let (cr, ci) = (hc * lc + hs * ls, hs * lc - hc * ls)
        let (r, i) = (cr * leakReal - ci * leakImaginary, cr * leakImaginary + ci * leakReal)
        let whole: Float = 1 / (1 - r * r - i * i)
        lowReal = (lr - (r * hr - i * hi)) * whole
        lowImaginary = (li - (r * hi + i * hr)) * whole
        highReal = (hr - (r * lr + i * li)) * whole
        highImaginary = (hi - (r * li - i * lr)) * whole
        self.energy = energy
    }
}

/// What the windows of a run say of one frequency.
struct Estimate {
    /// The sum of the windows' squared amplitudes.
    private(set) var power: Float = 0
    private var least: Float = .infinity
    private var most: Float = 0
    private var count: Int = 0
    /// The last three windows, the newest first.
    private var reals: SIMD4<Float> = .zero
    private var imaginaries: SIMD4<Float> = .zero
    /// Sums of each window by the conjugate of the one before, and of the third before.
    private var nearReal: Float = 0
    private var nearImaginary: Float = 0
    private var farReal: Float = 0
    private var farImaginary: Float = 0

    mutating func add(_ real: Float, _ imaginary: Float) {
        let square: Float = real * real + imaginary * imaginary
        power += square
        least = min(least, square)
        most = max(most, square)
        if count >= 1 {
            nearReal += real * reals[0] + imaginary * imaginaries[0]
            nearImaginary += imaginary * reals[0] - real * imaginaries[0]
        }
        if count >= 3 {
            farReal += real * reals[2] + imaginary * imaginaries[2]
            farImaginary += imaginary * reals[2] - real * imaginaries[2]
        }
        reals = SIMD4(real, reals[0], reals[1], reals[2])
        imaginaries = SIMD4(imaginary, imaginaries[0], imaginaries[1], imaginaries[2])
        count += 1
    }

    /// By how much the sine is off its place, in Hz: coarsely from neighbouring windows, finely from those 15 ms apart.
    var offsetHz: Float {
        let coarse: Float = atan2f(nearImaginary, nearReal) / (2 * .pi * 0.005)
        guard farReal != 0 || farImaginary != 0 else { return coarse }
        let fine: Float = atan2f(farImaginary, farReal) / (2 * .pi * 0.015)
        let period: Float = 1 / 0.015
        return fine + ((coarse - fine) / period).rounded() * period
    }

    /// The power of the strongest window to that of the weakest.
    var unsteadiness: Float { most / max(least, .leastNormalMagnitude) }
}

extension DTMFTables {
    /// The mean over a window of a turn by the difference of a column and a row.
    func leak(_ row: Int, _ column: Int) -> (Float, Float) { (leaks[row * 4 + column].0, leaks[row * 4 + column].1) }
}
