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

    /// Whether a tone lies in samples of this range.
    func sound(in samples: Range<Int64>) -> Bool {
        guard !samples.isEmpty else { return false }
        for tone in 0..<8 where ends[tone] > samples.lowerBound && starts[tone] < samples.upperBound { return true }
        return false
    }
}
