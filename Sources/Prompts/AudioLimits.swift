/// What audio that is handed in may be, and what becomes of it.
public struct AudioLimits: Hashable, Sendable {
    /// Of the file as it comes; looked at before anything is decoded.
    public var bytes: Int
    public var longest: Duration
    public var shortest: Duration
    /// Whether silence at both ends is cut.
    public var trims: Bool
    /// What it is brought to, in LUFS (EBU R 128).
    public var loudness: Double

    public init(bytes: Int, longest: Duration, shortest: Duration, trims: Bool, loudness: Double) {
        (self.bytes, self.longest, self.shortest, self.trims) = (bytes, longest, shortest, trims)
        self.loudness = loudness
    }

    /// Sample rates that are read, in Hz: below, speech can't be understood; above, there is no audio.
    public static let sampleRates: ClosedRange<Int> = 8_000...192_000
    public static let channels: ClosedRange<Int> = 1...8
    /// The loudest moment must reach this; in dB below full scale.
    public static let silence: Double = -50
    /// No peak between samples goes above this, in dB below full scale (dBTP), so that no codec clips.
    public static let truePeak: Double = -2

    /// Speech at -23 LUFS: what a telephone that speaks at the usual level (-26 to -20 dB below overload) is as loud as.
    public static let prompt = AudioLimits(
        bytes: 128 << 20, longest: .seconds(300), shortest: .milliseconds(100), trims: true, loudness: -23)
    /// Music stays 3 LU below speech: it is heard for minutes, and narrow codecs make it harsh.
    public static let music = AudioLimits(
        bytes: 256 << 20, longest: .seconds(600), shortest: .seconds(1), trims: false, loudness: -26)
}
