import CEbur128
import Glibc

/// How loud a sound is, by EBU R 128 (ITU-R BS.1770-4).
struct Loudness: Equatable {
    /// Over the whole of it, gated, in LUFS; -infinity for silence.
    var integrated: Double
    /// The highest peak between samples, in dB below full scale (dBTP).
    var truePeak: Double

    /// Measures one channel. A sound shorter than 3 s is measured as if it were repeated: the gate looks at blocks of 0.4 s.
    static func measure(_ sound: [Float], sampleRate: Int) -> Loudness {
        let mode = Int32(EBUR128_MODE_I.rawValue | EBUR128_MODE_TRUE_PEAK.rawValue)
        var state: UnsafeMutablePointer<ebur128_state>? = ebur128_init(1, UInt(sampleRate), mode)
        guard state != nil, !sound.isEmpty else { return Loudness(integrated: -.infinity, truePeak: -.infinity) }
        defer { ebur128_destroy(&state) }
        var frames: Int = 0
        repeat {
            sound.withUnsafeBufferPointer { _ = ebur128_add_frames_float(state, $0.baseAddress, $0.count) }
            frames += sound.count
        } while frames < 3 * sampleRate
        var (integrated, peak): (Double, Double) = (-.infinity, 0)
        ebur128_loudness_global(state, &integrated)
        ebur128_true_peak(state, 0, &peak)
        return Loudness(integrated: integrated, truePeak: 20 * log10(peak))
    }
}
