internal import Glibc

/// The E-model: how a connection is rated from what is known of it (ITU-T G.107; G.107.1 wideband, G.107.2 fullband).
///
/// R adds up impairments on a scale of its own for each band: 0 ... 93.2 where nothing is wrong in narrowband, 129 in wideband, 148 in
/// fullband. A score (MOS) is read from R by the one curve of G.107 Annex B after R was brought to 0 ... 100 (by 1.29 in G.107.1
/// Annex A, by 1.48 in G.107.2 Annex A). So each call is scored within its own band (P.800.1: MOS-CQEN, -CQEW, -CQEF): 4.4 means that
/// nothing is wrong, whatever the codec.
public enum EModel {
    public enum Band: UInt8, Hashable, Sendable {
        case narrow, wide, full

        /// R of a connection of this band where nothing is wrong: G.107 §7.7, G.107.1 §7.2, G.107.2 §7.2.
        public var best: Double {
            switch self {
            case .narrow: EModel.narrowbandBest
            case .wide: 129
            case .full: 148
            }
        }

        /// What R is divided by before it is scored.
        var scale: Double {
            switch self {
            case .narrow: 1
            case .wide: 1.29
            case .full: 1.48
            }
        }
    }

    /// R with all the default values of G.107 Table 3: 93.2.
    public static let narrowbandBest: Double = Transmission().rating

    /// The score of a rating on the scale of 0 ... 100 (G.107 Annex B): 1 ... 4.5.
    public static func score(_ rating: Double) -> Double {
        guard rating > 0 else { return 1 }
        guard rating < 100 else { return 4.5 }
        return max(1, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)
    }

    /// The score of a rating on the scale of its band.
    public static func score(_ rating: Double, band: Band) -> Double { score(rating / band.scale) }

    /// What coding and loss take from R (G.107 eq. 7-29): Ie,eff.
    /// - Parameters:
    ///   - loss: lost and discarded, 0 ... 1.
    ///   - burstRatio: mean length of a run of losses against that of random loss of the same rate; 1 is random.
    public static func impairment(_ coding: Coding, loss: Double, burstRatio: Double = 1) -> Double {
        guard loss > 0 else { return coding.impairment }
        let percent: Double = min(loss, 1) * 100
        return coding.impairment
            + (95 - coding.impairment) * percent / (percent / max(burstRatio, 1) + coding.robustness)
    }

    /// BurstR (G.107 §7.5) of so many losses in so many runs: 1 where they are spread by chance, or too few to tell.
    public static func burstRatio(loss: Double, lost: UInt32, runs: UInt32) -> Double {
        guard runs > 0, lost >= runs, loss < 1 else { return 1 }
        let mean: Double = Double(lost) / Double(runs)
        return min(max(mean * (1 - loss), 1), 8)
    }

    /// What delay takes from R where echo is cancelled (Idd, G.107 eq. 7-27 and 7-28).
    /// - Parameter milliseconds: from mouth to ear.
    public static func delayImpairment(_ milliseconds: Double) -> Double {
        guard milliseconds > 100 else { return 0 }
        let x: Double = log2(milliseconds / 100)
        return 25 * (pow(1 + pow(x, 6), 1.0 / 6) - 3 * pow(1 + pow(x / 3, 6), 1.0 / 6) + 2)
    }
}

extension EModel {
    /// How a codec is rated, and how well it stands losses (Ie and Bpl).
    ///
    /// From ITU-T G.113 Appendix I (narrowband: G.711 with concealment of lost packets, as all phones of today have it; G.729A with
    /// VAD) and Appendix IV (wideband: G.722 at 64 kbit/s). Where no value is published, what is taken instead is said.
    public struct Coding: Hashable, Sendable {
        public var band: Band
        /// Ie: 0 ... 95.
        public var impairment: Double
        /// Bpl.
        public var robustness: Double

        public init(band: Band, impairment: Double, robustness: Double) {
            (self.band, self.impairment, self.robustness) = (band, impairment, robustness)
        }

        /// G.113 Tables I.1 and I.2.
        public static let g711 = Coding(band: .narrow, impairment: 0, robustness: 25.1)
        /// G.711 whose receiver plays silence for what is lost (G.113 Table I.2).
        public static let g711WithoutConcealment = Coding(band: .narrow, impairment: 0, robustness: 4.3)
        /// G.113 Table I.1; Bpl is the one of G.729A with VAD, the only one of G.729 that is published (Table I.2).
        public static let g729 = Coding(band: .narrow, impairment: 10, robustness: 19)
        /// With VAD (Annex B).
        public static let g729WithVAD = Coding(band: .narrow, impairment: 11, robustness: 19)
        /// G.113 Table IV.1; no Bpl of G.722 is published: taken is that of G.722.2 at 12.65 kbit/s (Table IV.4), which has the same Ie.
        public static let g722 = Coding(band: .wide, impairment: 13, robustness: 4.3)
        /// Linear samples are the reference of their band; Bpl as of G.711, since both are concealed from the samples alone.
        static func linear(_ band: Band) -> Coding { Coding(band: band, impairment: 0, robustness: 25.1) }

        // G.113 has no Opus. Values of Alahmadi, Pocta and Melvin, "An Adaptive Bitrate Switching Algorithm for Speech Applications
        // in Context of WebRTC", ACM TOMM 17 (4), 2021, doi 10.1145/3458751: variable rate, random loss, no FEC. Each band at the
        // highest rate that they give for it.

        /// 9 kbit/s.
        public static let opusNarrow = Coding(band: .narrow, impairment: 11.74, robustness: 18.91)
        /// 13 kbit/s.
        public static let opusWide = Coding(band: .wide, impairment: 19.96, robustness: 19.5)
        /// 40 kbit/s, super-wideband, on the scale of G.107.2.
        public static let opusFull = Coding(band: .full, impairment: 10.67, robustness: 9.79)
    }
}
