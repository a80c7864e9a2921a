import CEbur128
import CSndfile
import Foundation

/// Sounds and files for tests, made and measured without the code under test.
enum Sounds {
    /// A voice-like sound: 150 Hz with harmonics up to 3 kHz, in syllables; `level` is its peak.
    static func voice(seconds: Double, rate: Int, level: Double = 0.5) -> [Float] {
        (0..<Int(seconds * Double(rate))).map { index in
            let t = Double(index) / Double(rate)
            var value: Double = 0
            for harmonic in 1...20 { value += sin(2 * .pi * 150 * Double(harmonic) * t) / Double(harmonic) }
            let syllable: Double = max(0, sin(2 * .pi * 3 * t))
            return Float(value * syllable / 1.9 * level)
        }
    }

    static func tone(_ frequency: Double, seconds: Double, rate: Int, level: Double = 0.5) -> [Float] {
        (0..<Int(seconds * Double(rate))).map { Float(level * sin(2 * .pi * frequency * Double($0) / Double(rate))) }
    }

    /// Interleaves one sound into so many equal channels.
    static func spread(_ sound: [Float], _ channels: Int) -> [Float] {
        sound.flatMap { [Float](repeating: $0, count: channels) }
    }

    /// Writes a file by libsndfile; `format` is a sum of its SF_FORMAT values.
    static func write(_ sound: [Float], to path: String, rate: Int, channels: Int = 1, format: Int) -> Bool {
        var info = SF_INFO()
        (info.samplerate, info.channels, info.format) = (Int32(rate), Int32(channels), Int32(format))
        guard let file = sf_open(path, Int32(SFM_WRITE), &info) else { return false }
        // Codecs would clip what rounds above full scale.
        sf_command(file, Int32(SFC_SET_CLIPPING), nil, 1)
        let frames = sf_count_t(sound.count / channels)
        let written = sf_writef_float(file, sound, frames)
        sf_close(file)
        return written == frames
    }

    static func loudness(_ samples: [Int16], rate: Int) -> Double {
        var state: UnsafeMutablePointer<ebur128_state>? = ebur128_init(1, UInt(rate), Int32(EBUR128_MODE_I.rawValue))
        defer { ebur128_destroy(&state) }
        for _ in 0...(3 * rate / max(1, samples.count)) { ebur128_add_frames_short(state, samples, samples.count) }
        var value: Double = 0
        ebur128_loudness_global(state, &value)
        return value
    }

    /// How much of a sound's power is at one frequency, 0 ... 1.
    static func share(of frequency: Double, in samples: [Int16], rate: Int) -> Double {
        var (re, im, power): (Double, Double, Double) = (0, 0, 0)
        for (index, sample) in samples.enumerated() {
            let angle = 2 * .pi * frequency * Double(index) / Double(rate)
            re += Double(sample) * cos(angle)
            im += Double(sample) * sin(angle)
            power += Double(sample) * Double(sample)
        }
        return power == 0 ? 0 : 2 * (re * re + im * im) / power / Double(samples.count)
    }
}
