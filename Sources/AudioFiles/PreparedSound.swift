import Glibc
package import Prompts

/// A sound as it is kept: one channel of 16-bit samples at 16 kHz, levelled.
package struct PreparedSound: Sendable {
    package let samples: [Int16]
    /// Before and after levelling, in LUFS.
    package let loudnessBefore: Double
    package let loudness: Double
    /// In dBTP.
    package let truePeak: Double

    package var duration: Duration { .milliseconds(samples.count * 1000 / SoundReader.sampleRate) }

    /// Levels a sound of 16 kHz, and refuses what is not to be heard.
    package init(_ raw: [Float], limits: AudioLimits) throws(AudioRefusal) {
        guard !raw.isEmpty else { throw AudioRefusal(.empty) }
        let offset: Float = Float(raw.reduce(0) { $0 + Double($1) } / Double(raw.count))
        var sound: [Float] = raw.map { $0 - offset }
        let peak: Double = SoundReader.peakDb(sound)
        guard peak >= AudioLimits.silence else { throw AudioRefusal(.silent(peakDb: peak.isFinite ? peak : nil)) }
        if limits.trims { sound = SilenceTrimmer.trim(sound, sampleRate: SoundReader.sampleRate) }
        let length: Duration = .milliseconds(sound.count * 1000 / SoundReader.sampleRate)
        guard length >= limits.shortest else { throw AudioRefusal(.tooShort(length, limit: limits.shortest)) }
        let leveller = Leveller(target: limits.loudness, truePeak: AudioLimits.truePeak)
        let levelled = leveller.level(sound, sampleRate: SoundReader.sampleRate)
        guard levelled.before.integrated.isFinite else { throw AudioRefusal(.silent(peakDb: peak)) }
        samples = levelled.sound.map { Int16(max(-32_768, min(32_767, ($0 * 32_768).rounded()))) }
        loudnessBefore = levelled.before.integrated
        loudness = levelled.after.integrated
        truePeak = levelled.after.truePeak
    }

    /// As the file that is kept.
    package var file: [UInt8] {
        var bytes = WAVHeader(
            sampleRate: SoundReader.sampleRate, channels: 1, dataBytes: UInt64(samples.count * 2)
        ).bytes
        samples.withUnsafeBytes { bytes.append(contentsOf: $0) }
        return bytes
    }
}
