import Glibc

/// Brings audio of 16 or 48 kHz down to 8 kHz for the detectors, which listen below 2.3 kHz; 8 kHz passes through.
///
/// A windowed-sinc low pass: flat to 2.3 kHz, and what would fold below that is 60 dB down. Feeding it allocates nothing.
struct Decimator: ~Copyable {
    /// Input samples to one output sample: 1, 2 or 6.
    let factor: Int
    /// By how much the output is behind the input, in input samples.
    let delay: Int
    private let taps: UnsafeMutableBufferPointer<Float>
    /// The last samples, twice, so that the newest `taps.count` always lie in one piece.
    private let history: UnsafeMutableBufferPointer<Float>
    private var place: Int = 0
    private var phase: Int = 0

    init(sampleRate: UInt32) {
        factor = sampleRate >= 32_000 ? 6 : sampleRate >= 12_000 ? 2 : 1
        let count: Int = factor == 1 ? 1 : factor == 2 ? 21 : 61
        delay = (count - 1) / 2
        taps = .allocate(capacity: count)
        history = .allocate(capacity: 2 * count)
        history.initialize(repeating: 0)
        let middle = Double(count - 1) / 2
        let cut: Double = 4000 / Double(max(factor, 1) * 8000)
        var sum: Double = 0
        for tap in 0..<count {
            let x: Double = Double(tap) - middle
            let ideal: Double = x == 0 ? 2 * cut : sin(2 * .pi * cut * x) / (.pi * x)
            // A Blackman window: stop band below -70 dB.
            let turn: Double = count > 1 ? 2 * .pi * (Double(tap) + 1) / Double(count + 1) : .pi
            let value: Double = ideal * (0.42 - 0.5 * cos(turn) + 0.08 * cos(2 * turn))
            taps.initializeElement(at: tap, to: Float(value))
            sum += value
        }
        for tap in 0..<count { taps[tap] /= Float(sum) }
    }

    deinit {
        taps.deallocate()
        history.deallocate()
    }

    /// Takes one sample of full scale 1; gives one of 8 kHz where one is due.
    @inline(__always)
    mutating func push(_ sample: Float) -> Float? {
        if factor == 1 { return sample }
        let count: Int = taps.count
        history[place] = sample
        history[place + count] = sample
        place += 1
        if place == count { place = 0 }
        phase += 1
        guard phase == factor else { return nil }
        phase = 0
        var sum: Float = 0
        for tap in 0..<count { sum += taps[tap] * history[place + tap] }
        return sum
    }
}
