import Glibc

/// Eight values, one a frequency of the keypad: 0-3 the rows, 4-7 the columns.
typealias Bins = SIMD8<Float>

/// What 5 ms of audio hold at the eight frequencies, as complex amplitudes that refer to one time for all blocks.
struct DTMFBlock {
    static let length: Int = 40
    static let rate: Double = 8000

    var real: Bins = .zero
    var imaginary: Bins = .zero
    /// The sum of squares.
    var energy: Float = 0
}

/// The tables behind the analysis: made once for the whole process, never changed.
struct DTMFTables: @unchecked Sendable {
    static let shared = DTMFTables()

    /// cos and sin of each frequency, for each sample of a block.
    let cosine: UnsafeMutablePointer<Bins>
    let sine: UnsafeMutablePointer<Bins>
    /// By how much each frequency has turned at the start of a block: frequencies are whole Hz, so it repeats every second.
    let turnReal: UnsafeMutablePointer<Bins>
    let turnImaginary: UnsafeMutablePointer<Bins>
    static let turns: Int = 200
    /// By row and column: the mean over 15 ms of a turn by the difference of both frequencies.
    let leaks: UnsafeMutablePointer<(Float, Float)>

    private init() {
        let hertz: [Double] = DTMF.rows + DTMF.columns
        func table(_ count: Int, _ step: Int, _ function: (Double) -> Double) -> UnsafeMutablePointer<Bins> {
            let table = UnsafeMutablePointer<Bins>.allocate(capacity: count)
            for place in 0..<count {
                var bins = Bins.zero
                for bin in 0..<8 {
                    let turns: Double = hertz[bin] * Double(place * step) / DTMFBlock.rate
                    bins[bin] = Float(function(2 * .pi * (turns - turns.rounded(.down))))
                }
                (table + place).initialize(to: bins)
            }
            return table
        }
        cosine = table(DTMFBlock.length, 1, cos)
        sine = table(DTMFBlock.length, 1, sin)
        turnReal = table(DTMFTables.turns, DTMFBlock.length, cos)
        turnImaginary = table(DTMFTables.turns, DTMFBlock.length, sin)
        leaks = .allocate(capacity: 16)
        for pair in 0..<16 {
            let step: Double = 2 * .pi * (DTMF.columns[pair % 4] - DTMF.rows[pair / 4]) / DTMFBlock.rate
            var sum = (0.0, 0.0)
            for place in 0..<DTMFPair.samples {
                sum.0 += cos(step * Double(place)) / Double(DTMFPair.samples)
                sum.1 += sin(step * Double(place)) / Double(DTMFPair.samples)
            }
            (leaks + pair).initialize(to: (Float(sum.0), Float(sum.1)))
        }
    }
}

/// Turns samples of 8 kHz into blocks.
struct DTMFAnalyser {
    private var block = DTMFBlock()
    private var filled: Int = 0
    private var turn: Int = 0
    private var lastIn: Float = 0
    private var lastOut: Float = 0
    private let tables: DTMFTables = .shared

    /// Takes one sample of full scale 1; gives a block where one is full.
    @inline(__always)
    mutating func push(_ sample: Float) -> DTMFBlock? {
        // Without offset and hum: a first-order high pass at 200 Hz.
        let value: Float = 0.925 * (sample - lastIn) + 0.85 * lastOut
        lastIn = sample
        lastOut = value
        block.real += tables.cosine[filled] * value
        block.imaginary -= tables.sine[filled] * value
        block.energy += value * value
        filled += 1
        guard filled == DTMFBlock.length else { return nil }
        let (c, s) = (tables.turnReal[turn], tables.turnImaginary[turn])
        var result: DTMFBlock = block
        result.real = block.real * c + block.imaginary * s
        result.imaginary = block.imaginary * c - block.real * s
        block = DTMFBlock()
        filled = 0
        turn += 1
        if turn == DTMFTables.turns { turn = 0 }
        return result
    }
}
