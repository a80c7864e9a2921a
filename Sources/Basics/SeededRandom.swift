/// A source whose whole output follows from its seed (SplitMix64): for tests, simulations and hashing.
///
/// Never for secrets: production code is handed a `SystemRandomNumberGenerator`.
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z: UInt64 = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Any random source behind one type, so that machines are not generic over it.
public struct AnyRandom: RandomNumberGenerator, Sendable {
    private enum Source { case system, seeded(SeededRandom) }
    private var source: Source

    /// The operating system's cryptographic generator.
    public static var system: AnyRandom { AnyRandom(source: .system) }

    private init(source: Source) { self.source = source }

    public init(_ seeded: SeededRandom) { source = .seeded(seeded) }

    public mutating func next() -> UInt64 {
        switch source {
        case .system:
            var generator = SystemRandomNumberGenerator()
            return generator.next()
        case .seeded(var generator):
            let value = generator.next()
            source = .seeded(generator)
            return value
        }
    }

    /// A token of `length` characters from `[0-9a-z]`, without the letters that are read as digits: fit for a tag, a branch or a Call-ID.
    ///
    /// Each character carries 5 bits.
    public mutating func token(_ length: Int) -> String {
        let alphabet: StaticString = "0123456789abcdefghjkmnpqrstvwxyz"
        return String(unsafeUninitializedCapacity: length) { buffer in
            var bits: UInt64 = 0
            var left = 0
            for index in 0..<length {
                if left < 5 {
                    bits = next()
                    left = 60
                }
                buffer[index] = alphabet.utf8Start[Int(bits & 31)]
                bits >>= 5
                left -= 5
            }
            return length
        }
    }
}
