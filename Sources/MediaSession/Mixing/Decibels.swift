internal import Glibc

/// The factor of a gain in decibels, at most 20; -60 and less, and what is no number, is silence.
func linearGain(decibels: Float) -> Float {
    decibels > -60 ? exp2f(min(decibels, 20) * 0.166_096_4) : 0
}

/// The level of a mean power of samples against full scale, in dB; -96 ... 0.
func decibels(power: Float) -> Float {
    max(10 * log10f(max(power, 1e-3) / (32_768 * 32_768)), -96)
}
