/// Where in the audio of a leg tones lie that its listener is not to hear, in samples of the detector.
struct MutedTones: Sendable {
    private var starts: InlineArray<8, Int64> = InlineArray(repeating: 0)
    /// `max` while a tone sounds.
    private var ends: InlineArray<8, Int64> = InlineArray(repeating: .min)
    private var last: Int = 0

    mutating func began(_ start: Int64, margin: Int64) {
        last = (last + 1) & 7
        starts[last] = start &- margin
        ends[last] = .max
    }

    mutating func ended(_ end: Int64, margin: Int64) {
        guard ends[last] == .max else { return }
        ends[last] = end &+ margin
    }

    func mute(_ samples: UnsafeMutableBufferPointer<Int16>, from position: Int64) {
        let after: Int64 = position &+ Int64(samples.count)
        for tone in 0..<8 where ends[tone] > position && starts[tone] < after {
            let first = Int(max(starts[tone] &- position, 0))
            let end = Int(min(ends[tone], after) &- position)
            for place in first..<max(end, first) { samples[place] = 0 }
        }
    }
}
