import Glibc

/// Cuts silence at both ends of a sound, gently: soft beginnings and ends of words stay, and nothing clicks.
enum SilenceTrimmer {
    /// Kept before the first and after the last moment that is heard.
    static let lead: Duration = .milliseconds(30)
    static let tail: Duration = .milliseconds(80)

    static func trim(_ sound: [Float], sampleRate: Int) -> [Float] {
        let window: Int = max(1, sampleRate / 100)
        let levels: [Float] = stride(from: 0, to: sound.count, by: window).map { start in
            let part = sound[start..<min(start + window, sound.count)]
            return (part.reduce(0) { $0 + $1 * $1 } / Float(part.count)).squareRoot()
        }
        // 40 dB below the loudest 10 ms, but never below what a quiet room's noise in a recording has.
        guard let loudest = levels.max(), loudest > 0 else { return sound }
        let threshold: Float = max(loudest * 0.01, 0.0004)
        guard let first = levels.firstIndex(where: { $0 > threshold }),
            let last = levels.lastIndex(where: { $0 > threshold })
        else { return sound }
        func samples(_ duration: Duration) -> Int {
            Int(duration.components.attoseconds / 1_000_000_000_000_000) * sampleRate / 1000
        }
        let start: Int = max(0, first * window - samples(lead))
        let end: Int = min(sound.count, (last + 1) * window + samples(tail))
        var result = Array(sound[start..<end])
        let fade: Int = min(sampleRate / 200, result.count / 2)
        for index in 0..<fade {
            let factor = Float(index) / Float(fade)
            result[index] *= factor
            result[result.count - 1 - index] *= factor
        }
        return result
    }
}
