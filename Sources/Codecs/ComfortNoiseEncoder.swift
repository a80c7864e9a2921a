/// Describes silence as comfort noise (RFC 3389): its level and colour, as a mean that slides over a tenth of a second.
///
/// Whoever has found that nobody speaks lets it hear the samples, and sends the payload when silence starts and whenever
/// ``hasChanged``. Belongs to one thread; allocates nothing after `init`.
public struct ComfortNoiseEncoder: ~Copyable {
    private let clockRate: Int
    /// To the payload's rate, where what is heard has another.
    private var resampler: Resampler?
    private let scratch: UnsafeMutableBufferPointer<Int16>

    /// The last samples that the next ones are compared with, then these.
    private let window: UnsafeMutablePointer<Float>
    /// The mean product of samples so many places apart.
    private let products: UnsafeMutablePointer<Float>
    private let weights: UnsafeMutablePointer<Float>
    private let coefficients: UnsafeMutablePointer<Float>
    private var isFirst = true
    /// What was written last.
    private let last: UnsafeMutablePointer<UInt8>
    private var hasWritten = false

    /// As many coefficients as the example of G.711 Appendix II sends.
    private static let order = 10
    private static let block = 80

    /// - Parameters:
    ///   - sampleRate: of what is heard, in Hz.
    ///   - clockRate: of the rtpmap of CN, in Hz: the payload describes a band of half of it.
    /// - Throws: for rates that cannot be had.
    public init(sampleRate: Int, clockRate: UInt32 = 8_000) throws(CodecError) {
        guard (8_000...48_000).contains(clockRate), (8_000...48_000).contains(sampleRate) else {
            throw CodecError("comfort noise of CN/\(clockRate) at \(sampleRate) Hz", "rates are 8000 to 48000 Hz")
        }
        if sampleRate == Int(clockRate) {
            scratch = .allocate(capacity: 0)
        } else {
            let resampler = try Resampler(from: sampleRate, to: Int(clockRate))
            scratch = .allocate(capacity: resampler.mostOutput(of: Self.block))
            self.resampler = consume resampler
        }
        self.clockRate = Int(clockRate)
        window = .allocate(capacity: Self.order + scratch.count + Self.block)
        products = .allocate(capacity: Self.order + 1)
        weights = .allocate(capacity: Self.order)
        coefficients = .allocate(capacity: Self.order)
        last = .allocate(capacity: Self.order + 1)
        reset()
    }

    deinit {
        scratch.deallocate()
        window.deallocate()
        products.deallocate()
        weights.deallocate()
        coefficients.deallocate()
        last.deallocate()
    }

    /// Takes samples of silence, any number of them.
    public mutating func hear(_ samples: UnsafeBufferPointer<Int16>) {
        var start = 0
        while start < samples.count {
            let part = UnsafeBufferPointer(rebasing: samples[start..<min(samples.count, start + Self.block)])
            start += part.count
            if let count = resampler?.resample(part, into: scratch) {
                take(UnsafeBufferPointer(rebasing: scratch[..<count]))
            } else {
                take(part)
            }
        }
    }

    /// How loud the silence is, in -dBov: 0 (loudest) ... 127 (§3.1).
    public var level: UInt8 { ComfortNoise.level(power: products[0]) }

    /// Whether the noise is no longer as the last payload told: louder or quieter by 3 dB, or of another colour.
    public var hasChanged: Bool {
        guard hasWritten else { return true }
        if abs(Int(level) - Int(last[0])) >= 3 { return true }
        findCoefficients()
        // The first ones tell most.
        return (0..<4).contains { abs(coefficients[$0] - ComfortNoise.coefficient(last[$0 + 1])) > 0.25 }
    }

    /// Writes the payload.
    /// - Parameter payload: 11 bytes take all; in fewer, coefficients are left out.
    /// - Returns: the bytes written.
    public mutating func encode(into payload: UnsafeMutableRawBufferPointer) -> Int {
        findCoefficients()
        last[0] = level
        for index in 0..<Self.order { last[index + 1] = ComfortNoise.index(coefficients[index]) }
        hasWritten = true
        let count = min(payload.count, Self.order + 1)
        for index in 0..<count { payload[index] = last[index] }
        return count
    }

    /// Forgets what was heard.
    public mutating func reset() {
        (isFirst, hasWritten) = (true, false)
        window.update(repeating: 0, count: Self.order)
        products.update(repeating: 0, count: Self.order + 1)
        resampler?.reset()
    }

    private mutating func take(_ samples: UnsafeBufferPointer<Int16>) {
        guard !samples.isEmpty else { return }
        let now = window + Self.order
        for index in 0..<samples.count { now[index] = Float(samples[index]) }
        let share = isFirst ? 1 : min(1, 10 * Float(samples.count) / Float(clockRate))
        isFirst = false
        for lag in 0...Self.order {
            var sum: Float = 0
            for index in 0..<samples.count { sum += now[index] * now[index - lag] }
            products[lag] += (sum / Float(samples.count) - products[lag]) * share
        }
        window.update(from: window + samples.count, count: Self.order)
    }

    /// Levinson's recursion, which gives the reflection coefficients on its way.
    private func findCoefficients() {
        // A trifle of white noise keeps silence and tones from dividing by nothing.
        var left = products[0] * 1.000_1 + 1
        for order in 0..<Self.order {
            var sum = products[order + 1]
            for index in 0..<order { sum -= weights[index] * products[order - index] }
            let k = max(-0.98, min(0.98, sum / left))
            coefficients[order] = k
            ComfortNoise.raise(weights, to: order, k)
            left *= 1 - k * k
        }
    }
}
