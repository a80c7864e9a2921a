/// Makes the noise that comfort-noise packets describe (RFC 3389).
///
/// Belongs to one thread; allocates nothing after `init`.
public struct ComfortNoiseDecoder: ~Copyable {
    /// The rate of the noise given out, in Hz.
    public let sampleRate: Int
    private let clockRate: Int
    /// From the payload's rate to the one wanted, where they differ.
    private var resampler: Resampler?

    /// The last samples, newest first, and what they are weighted with: the filter that colours the noise.
    private let past: UnsafeMutablePointer<Float>
    private let weights: UnsafeMutablePointer<Float>
    private let scratch: UnsafeMutableBufferPointer<Int16>
    private var count = 0

    /// Of the noise before it is coloured; `gain` follows `target`.
    private var gain: Float = 0
    private var target: Float = 0
    private var isFirst = true
    private let seed: UInt32
    private var random: UInt32

    /// - Parameters:
    ///   - sampleRate: of the noise wanted, in Hz.
    ///   - clockRate: of the rtpmap of CN, in Hz: the payload describes a band of half of it.
    ///   - seed: of the random numbers.
    /// - Throws: for rates that cannot be had.
    public init(sampleRate: Int, clockRate: UInt32 = 8_000, seed: UInt32 = 1) throws(CodecError) {
        guard (8_000...48_000).contains(clockRate), (8_000...48_000).contains(sampleRate) else {
            throw CodecError("comfort noise of CN/\(clockRate) at \(sampleRate) Hz", "rates are 8000 to 48000 Hz")
        }
        resampler = sampleRate == Int(clockRate) ? nil : try Resampler(from: Int(clockRate), to: sampleRate)
        (self.sampleRate, self.clockRate) = (sampleRate, Int(clockRate))
        past = .allocate(capacity: ComfortNoise.order)
        past.initialize(repeating: 0, count: ComfortNoise.order)
        weights = .allocate(capacity: ComfortNoise.order)
        weights.initialize(repeating: 0, count: ComfortNoise.order)
        scratch = .allocate(capacity: Int(clockRate) / 100)
        // An odd constant, so that no seed becomes the one state that stays.
        self.seed = seed &* 2 | 1
        random = self.seed
    }

    deinit {
        past.deallocate()
        weights.deallocate()
        scratch.deallocate()
    }

    /// Takes a payload; the noise changes to what it says within some 20 ms.
    /// - Returns: false for an empty payload, which says nothing.
    public mutating func decode(_ payload: UnsafeRawBufferPointer) -> Bool {
        guard let first = payload.first else { return false }
        count = min(payload.count - 1, ComfortNoise.order)
        // From reflection coefficients to those of a filter, one order at a time.
        var left: Float = 1
        for order in 0..<count {
            let k = ComfortNoise.coefficient(payload[order + 1])
            left *= 1 - k * k
            ComfortNoise.raise(weights, to: order, k)
        }
        for index in count..<ComfortNoise.order { weights[index] = 0 }
        // Even noise of -1 ... 1 has a third of its square.
        target = (3 * ComfortNoise.power(level: first & 0x7F) * left).squareRoot()
        if isFirst { gain = target }
        isFirst = false
        return true
    }

    /// Fills `samples` with noise; with silence before the first payload.
    public mutating func generate(into samples: UnsafeMutableBufferPointer<Int16>) {
        guard let start = samples.baseAddress else { return }
        guard resampler != nil else { return make(start, samples.count) }
        // So much at the payload's rate as gives the samples wanted.
        var written = 0
        while written < samples.count {
            let left = samples.count - written
            let size = max(1, min(scratch.count, left * clockRate / sampleRate))
            if let scratchStart = scratch.baseAddress { make(scratchStart, size) }
            let rest = UnsafeMutableBufferPointer(rebasing: samples[written...])
            written += resampler?.resample(UnsafeBufferPointer(rebasing: scratch[..<size]), into: rest) ?? left
        }
    }

    /// Forgets the noise: silence until the next payload.
    public mutating func reset() {
        (gain, target, isFirst, random, count) = (0, 0, true, seed, 0)
        past.update(repeating: 0, count: ComfortNoise.order)
        weights.update(repeating: 0, count: ComfortNoise.order)
        resampler?.reset()
    }

    private mutating func make(_ samples: UnsafeMutablePointer<Int16>, _ length: Int) {
        let step = 200 / Float(clockRate)
        for index in 0..<length {
            gain += (target - gain) * step
            random ^= random &<< 13
            random ^= random &>> 17
            random ^= random &<< 5
            var value = Float(Int32(bitPattern: random)) * (gain / 2_147_483_648)
            for tap in 0..<count { value += weights[tap] * past[tap] }
            for tap in stride(from: count - 1, to: 0, by: -1) { past[tap] = past[tap - 1] }
            past[0] = value
            samples[index] = Int16(max(-32_768, min(32_767, value.rounded())))
        }
    }
}
