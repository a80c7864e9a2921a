import Glibc

/// The level of a sine at full scale: +3.14 dBm0 by the A-law of ITU-T G.711 (µ-law has +3.17, taken as the same).
let fullScaleSineDbm0: Double = 3.14

/// The peak of a sine of `dbm0`, where full scale is 1.
func sinePeak(dbm0: Double) -> Double { pow(10, (dbm0 - fullScaleSineDbm0) / 20) }

/// The mean square of a sine of `dbm0`, where full scale is 1.
func meanSquare(dbm0: Double) -> Double { pow(10, (dbm0 - fullScaleSineDbm0) / 10) / 2 }

extension Int16 {
    /// Rounds and saturates; a NaN is 0.
    @inline(__always)
    init(saturating value: Double) {
        self = value >= 32_767 ? .max : value <= -32_768 ? .min : value.isNaN ? 0 : Int16(value.rounded())
    }
}
