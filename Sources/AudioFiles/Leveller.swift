import Glibc

/// Brings a sound to a loudness without letting a peak through.
struct Leveller {
    /// In LUFS.
    let target: Double
    /// In dBTP.
    let truePeak: Double

    /// Gives the sound at the target, and how loud it was and is. Where limiting its peaks takes loudness away, the gain is raised
    /// until the target is met; a sound of nothing but clicks stays below it.
    func level(_ sound: [Float], sampleRate: Int) -> (sound: [Float], before: Loudness, after: Loudness) {
        let before = Loudness.measure(sound, sampleRate: sampleRate)
        guard before.integrated.isFinite else { return (sound, before, before) }
        var gain: Double = target - before.integrated
        var ceiling: Double = truePeak
        var (result, after) = (sound, before)
        for _ in 0..<8 {
            result = Leveller.limited(sound, gainDb: gain, ceilingDb: ceiling, sampleRate: sampleRate)
            after = Loudness.measure(result, sampleRate: sampleRate)
            let missing: Double = target - after.integrated
            let above: Double = after.truePeak - truePeak
            if abs(missing) < 0.1, above <= 0.05 { break }
            // Peaks lie between samples too: the ceiling of the samples goes down by what was measured.
            if above > 0.05 { ceiling -= above }
            gain = min(gain + missing, target - before.integrated + 20)
        }
        return (result, before, after)
    }

    /// Multiplies by a gain, turned down smoothly 5 ms around every peak that would go above the ceiling.
    private static func limited(_ sound: [Float], gainDb: Double, ceilingDb: Double, sampleRate: Int) -> [Float] {
        let gain = Float(pow(10, gainDb / 20))
        let ceiling = Float(pow(10, ceilingDb / 20))
        let window: Int = max(1, sampleRate / 200)
        let needed: [Float] = sound.map { sample in
            let level: Float = abs(sample * gain)
            return level > ceiling ? ceiling / level : 1
        }
        guard needed.contains(where: { $0 < 1 }) else { return sound.map { $0 * gain } }
        let lowest: [Float] = slidingMinimum(needed, radius: window)
        // A mean over no more than the minimum's width never lets through what the minimum held back.
        var result = [Float](repeating: 0, count: sound.count)
        let count = Double(2 * window + 1)
        var sum: Double = 0
        func at(_ index: Int) -> Double { Double(lowest[min(max(index, 0), lowest.count - 1)]) }
        for index in -window...window { sum += at(index) }
        for index in sound.indices {
            result[index] = sound[index] * gain * Float(sum / count)
            sum += at(index + window + 1) - at(index - window)
        }
        return result
    }

    /// The least of each value's neighbours up to `radius` away, in one pass.
    private static func slidingMinimum(_ values: [Float], radius: Int) -> [Float] {
        var result = [Float](repeating: 0, count: values.count)
        var queue: [Int] = []
        var head: Int = 0
        for index in 0..<values.count + radius {
            if index < values.count {
                while queue.count > head, let last = queue.last, values[last] >= values[index] { queue.removeLast() }
                queue.append(index)
            }
            let centre: Int = index - radius
            guard centre >= 0 else { continue }
            while queue[head] < centre - radius { head += 1 }
            result[centre] = values[queue[head]]
        }
        return result
    }
}
