extension G722 {
    /// What a band knows: its quantiser's scale and its predictor of two poles and six zeros.
    struct Band {
        private var s: Int32 = 0
        private var sz: Int32 = 0
        private var nb: Int32 = 0
        private var det: Int32
        /// `r1` is kept doubled.
        private var (r1, p1, p2): (Int32, Int32, Int32) = (0, 0, 0)
        private var (a1, a2): (Int32, Int32) = (0, 0)
        /// The zeros' six last differences and coefficients, newest first; two places are spare.
        private var d = SIMD8<Int16>()
        private var b = SIMD8<Int16>()

        init(detail: Int32) { det = detail }
    }
}

// Decoding.
extension G722.Band {
    /// The lower band's sample, of 15 bits.
    @inline(__always)
    mutating func decodeLow(_ byte: UInt8, _ tables: G722.Tables) -> Int32 {
        let ilr = Int(byte & 0x3F)
        let rlow = Self.clamp(s &+ (det &* tables.qm6[ilr]) &>> 15, -16_384, 16_383)
        takeLow(ilr &>> 2, tables)
        return rlow
    }

    /// The upper band's.
    @inline(__always)
    mutating func decodeHigh(_ byte: UInt8, _ tables: G722.Tables) -> Int32 {
        let ih = Int(byte &>> 6)
        let dhigh = (det &* tables.qm2[ih]) &>> 15
        let rhigh = Self.clamp(dhigh &+ s, -16_384, 16_383)
        takeHigh(ih, dhigh, tables)
        return rhigh
    }
}

// Encoding.
extension G722.Band {
    /// The code of a sample of 15 bits: 6 bits.
    @inline(__always)
    mutating func encodeLow(_ xlow: Int32, _ tables: G722.Tables) -> Int32 {
        let el = Self.saturate(xlow &- s)
        let sign = el &>> 31
        // Decision level i is `(q6[i] * det) >> 12`; those that are not above the difference have a q6 of at most this.
        let q = (UInt32(truncatingIfNeeded: el ^ sign) &<< 12 | 4_095) / UInt32(truncatingIfNeeded: det)
        let mil = Int(tables.levels[Int(min(q, 2_919))])
        let ilow = tables.codes[mil &+ Int(sign & 32)]
        takeLow(Int(ilow &>> 2), tables)
        return ilow
    }

    /// The code of the upper band: 2 bits.
    @inline(__always)
    mutating func encodeHigh(_ xhigh: Int32, _ tables: G722.Tables) -> Int32 {
        let eh = Self.saturate(xhigh &- s)
        let sign = eh &>> 31
        let isLarge: Int32 = (eh ^ sign) >= (564 &* det) &>> 12 ? 1 : 0
        // 3 and 2 for what is not negative, 1 and 0 for what is; the smaller number is the larger difference.
        let ihigh = 3 &- isLarge &+ (sign & -2)
        takeHigh(Int(ihigh), (det &* tables.qm2[Int(ihigh)]) &>> 15, tables)
        return ihigh
    }
}

extension G722.Band {
    /// The code of a silent upper band that ``G722/encodeLower(_:bytes:into:)`` writes.
    mutating func encodeNothing(_ tables: G722.Tables) { takeHigh(3, (det &* tables.qm2[3]) &>> 15, tables) }
}

// Adapting, alike at both ends.
extension G722.Band {
    @inline(__always)
    private mutating func takeLow(_ ril: Int, _ tables: G722.Tables) {
        let dlow = (det &* tables.qm4[ril]) &>> 15
        nb = Self.clamp((nb &* 127) &>> 7 &+ tables.wl[ril], 0, 18_432)
        det = tables.scale[Int(nb &>> 6)]
        predict(dlow)
    }

    @inline(__always)
    private mutating func takeHigh(_ ih: Int, _ dhigh: Int32, _ tables: G722.Tables) {
        nb = Self.clamp((nb &* 127) &>> 7 &+ tables.wh[ih], 0, 22_528)
        det = tables.scaleHigh[Int(nb &>> 6)]
        predict(dhigh)
    }

    /// Block 4: the predictor follows the quantised difference `dx`.
    @inline(__always)
    private mutating func predict(_ dx: Int32) {
        let r0 = Self.saturate(s &+ dx)
        let p0 = Self.saturate(sz &+ dx)
        // -1 where the signs differ, else 0.
        let (differs1, differs2) = ((p0 ^ p1) &>> 31, (p0 ^ p2) &>> 31)

        // UPPOL2
        let wd2 = Self.saturate(((a1 &<< 2) ^ ~differs1) &- ~differs1)
        let wd3 = ((128 ^ differs2) &- differs2) &+ wd2 &>> 7 &+ (a2 &* 32_512) &>> 15
        a2 = Self.clamp(wd3, -12_288, 12_288)
        // UPPOL1
        let bound = 15_360 &- a2
        a1 = Self.clamp(((192 ^ differs1) &- differs1) &+ (a1 &* 32_640) &>> 15, -bound, bound)

        zeros(Int16(truncatingIfNeeded: dx))

        // FILTEP, PREDIC
        let twice = Self.saturate(2 &* r0)
        let sp = (a1 &* twice) &>> 15 &+ (a2 &* r1) &>> 15
        (r1, p2, p1) = (twice, p1, p0)
        s = Self.saturate(Self.saturate(sp) &+ sz)
    }

    /// UPZERO and FILTEZ. Differences are of 15 bits and coefficients settle within 16, so that nothing needs limiting but the sum.
    @inline(__always)
    private mutating func zeros(_ dx: Int16) {
        let signs = (d ^ SIMD8(repeating: dx)) &>> 15
        let step = SIMD8<Int16>(repeating: dx == 0 ? 0 : 128)
        // b * 255 / 256, rounded down.
        let wide = SIMD8<Int32>(truncatingIfNeeded: b)
        let leaked = SIMD8<Int16>(truncatingIfNeeded: (wide &* 255) &>> 8)
        b = leaked &+ ((step ^ signs) &- signs)
        d = SIMD8(dx, d[0], d[1], d[2], d[3], d[4], 0, 0)
        let products = SIMD8<Int32>(truncatingIfNeeded: b) &* SIMD8<Int32>(truncatingIfNeeded: d)
        sz = Self.saturate((products &>> 14).wrappedSum())
    }

    @inline(__always)
    private static func saturate(_ value: Int32) -> Int32 {
        let low = Int32(Int16(truncatingIfNeeded: value))
        return low == value ? value : value &>> 31 ^ 32_767
    }

    @inline(__always)
    private static func clamp(_ value: Int32, _ least: Int32, _ most: Int32) -> Int32 { max(least, min(most, value)) }
}

extension G722 {
    /// The Recommendation's tables, some of them folded into one. Made once and never changed.
    struct Tables: @unchecked Sendable {
        static let shared = Tables()

        /// How many decision levels of the lower band are at or below a value, which is less than 2 920.
        let levels: UnsafePointer<UInt8>
        /// Codes of differences by that number: 30 of those that are not negative, then 30 of those that are, from 32 on.
        let codes: UnsafePointer<Int32>
        let qm6: UnsafePointer<Int32>
        let qm4: UnsafePointer<Int32>
        let qm2: UnsafePointer<Int32>
        /// Logarithmic steps of the lower band by its 4-bit code, and of the upper one by its code.
        let wl: UnsafePointer<Int32>
        let wh: UnsafePointer<Int32>
        /// The quantiser's scale by its logarithm.
        let scale: UnsafePointer<Int32>
        let scaleHigh: UnsafePointer<Int32>

        private init() {
            let q6 = [
                35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1_023, 1_121,
                1_219, 1_339, 1_458, 1_612, 1_765, 1_980, 2_195, 2_557, 2_919,
            ]
            levels = Self.keep((0..<2_920).map { value in UInt8(q6.count { $0 <= value }) })
            let positive: [Int32] = (32...61).reversed()
            let negative: [Int32] = [63, 62] + (4...31).reversed()
            codes = Self.keep(positive + [0, 0] + negative)
            let positive6: [Int32] = [
                24_808, 21_904, 19_008, 16_704, 14_984, 13_512, 12_280, 11_192, 10_232, 9_360, 8_576, 7_856, 7_192,
                6_576, 6_000, 5_456, 4_944, 4_464, 4_008, 3_576, 3_168, 2_776, 2_400, 2_032, 1_688, 1_360, 1_040, 728,
            ]
            let forbidden: [Int32] = [-136, -136, -136, -136]
            qm6 = Self.keep(forbidden + positive6.map { -$0 } + positive6 + [432, 136, -432, -136])
            let positive4: [Int32] = [20_456, 12_896, 8_968, 6_288, 4_240, 2_584, 1_200]
            qm4 = Self.keep([0] + positive4.map { -$0 } + positive4 + [0])
            qm2 = Self.keep([-7_408, -1_616, 7_408, 1_616])
            let steps: [Int32] = [3_042, 1_198, 538, 334, 172, 58, -30]
            wl = Self.keep([-60] + steps + steps + [-60])
            wh = Self.keep([798, -214, 798, -214])
            let logarithms: [Int32] = [
                2_048, 2_093, 2_139, 2_186, 2_233, 2_282, 2_332, 2_383, 2_435, 2_489, 2_543, 2_599, 2_656, 2_714, 2_774,
                2_834, 2_896, 2_960, 3_025, 3_091, 3_158, 3_228, 3_298, 3_371, 3_444, 3_520, 3_597, 3_676, 3_756, 3_838,
                3_922, 4_008,
            ]
            // SCALEL and SCALEH: `ilb[wd1] >> wd2`, to the left where that is negative.
            scale = Self.keep((0...288).map { (logarithms[$0 & 31] >> (8 - Int32($0 >> 5))) << 2 })
            scaleHigh = Self.keep((0...352).map { (logarithms[$0 & 31] >> (10 - Int32($0 >> 5))) << 2 })
        }

        private static func keep<Value>(_ values: [Value]) -> UnsafePointer<Value> {
            let copy = UnsafeMutablePointer<Value>.allocate(capacity: values.count)
            copy.initialize(from: values, count: values.count)
            return UnsafePointer(copy)
        }
    }
}
