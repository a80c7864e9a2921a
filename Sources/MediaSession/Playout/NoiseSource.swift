/// White noise at a level, for pauses whose sender described its background (RFC 3389 §3).
struct NoiseSource {
    private var state: UInt32 = 0x2545_F491
    /// Of the samples, and what it moves to.
    private var amplitude: Float = 0
    private var wanted: Float = 0

    /// Takes the level of a comfort noise payload: its first byte, in -dBov.
    mutating func describe(_ payload: UnsafeRawBufferPointer) {
        guard let first = payload.first else { return }
        // The amplitude of uniform noise is √3 of its power's root; -dBov counts from full scale.
        var amplitude: Float = 32_767 * 1.732
        for _ in 0..<Int(first & 0x7F) { amplitude *= 0.891_250_94 }
        wanted = min(amplitude, 8_000)
    }

    mutating func silence() {
        (amplitude, wanted) = (0, 0)
    }

    mutating func fill(_ samples: UnsafeMutableBufferPointer<Int16>) {
        for index in samples.indices {
            amplitude += (wanted - amplitude) * 0.01
            state ^= state << 13
            state ^= state >> 17
            state ^= state << 5
            let uniform: Float = Float(Int32(bitPattern: state)) * (1 / 2_147_483_648)
            samples[index] = Int16(uniform * amplitude)
        }
    }
}
