/// The payload of comfort noise (RFC 3389): a level in one byte, then the noise's colour as reflection coefficients.
///
/// The RFC leaves the sign of a coefficient open; as in G.711 Appendix II, which it is taken from, and in bcg729, the first one is
/// positive for noise whose neighbouring samples are alike.
enum ComfortNoise {
    /// Coefficients looked at; what a payload brings beyond them is passed over, as §3 allows.
    static let order = 12

    /// The mean square of a level in -dBov (§3.1): 0 dBov is that of a square wave of full scale.
    static func power(level: UInt8) -> Float {
        var power: Float = 1_073_741_824
        for _ in 0..<level { power *= 0.794_328_2 }
        return power
    }

    /// The level whose power is nearest, in dB; 127 for silence.
    static func level(power: Float) -> UInt8 {
        var bound: Float = 1_073_741_824 * 0.891_250_9
        var level: UInt8 = 0
        while level < 127, power < bound {
            bound *= 0.794_328_2
            level += 1
        }
        return level
    }

    /// `k = 258 * (N - 127) / 32768` (§3.2).
    static func coefficient(_ index: UInt8) -> Float { Float(258 * (Int32(min(index, 254)) - 127)) / 32_768 }

    static func index(_ coefficient: Float) -> UInt8 {
        let index = (coefficient * 32_768 / 258).rounded() + 127
        return UInt8(max(0, min(254, index)))
    }

    /// Gives a predictor of `order` weights one more, by its reflection coefficient.
    static func raise(_ weights: UnsafeMutablePointer<Float>, to order: Int, _ k: Float) {
        for index in 0..<(order / 2) {
            let (one, other) = (weights[index], weights[order - 1 - index])
            weights[index] = one - k * other
            weights[order - 1 - index] = other - k * one
        }
        if order % 2 == 1 { weights[order / 2] -= k * weights[order / 2] }
        weights[order] = k
    }
}
