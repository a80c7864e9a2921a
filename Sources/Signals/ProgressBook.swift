/// The tones of a country as a detector knows them: sets of frequencies, and cadences of them.
struct ProgressBook {
    /// What is heard in 10 ms.
    typealias Sound = Int8
    static let silence: Sound = -1
    /// Anything that is neither silence nor one of the sets.
    static let other: Sound = -2

    struct Cadence {
        var tone: ProgressTone
        /// Sets by index, or silence, and for how many ms; 0 is for ever.
        var steps: [(sound: Sound, ms: Int)]
    }

    /// Each frequency once, in Hz; 8 at most.
    private(set) var hertz: [Double] = []
    /// The frequencies of each set, as bits of `hertz`.
    private(set) var sets: [UInt8] = []
    private(set) var cadences: [Cadence] = []

    init(country: String) {
        for tone: ProgressTone in [.ringback, .busy, .congestion, .dial, .specialInformation] {
            let pattern: TonePattern = CallTones.pattern(tone, country: country)
            var steps: [(sound: Sound, ms: Int)] = []
            for segment in pattern.segments {
                let sound: Sound = segment.frequencies.isEmpty ? ProgressBook.silence : set(segment.frequencies)
                steps.append((sound, segment.durationMs.map { Int($0) } ?? 0))
            }
            // Two countries' busy and congestion tones are alike: one name is enough.
            if cadences.contains(where: { $0.isLike(steps) }) { continue }
            cadences.append(Cadence(tone: tone, steps: steps))
        }
    }

    private mutating func set(_ frequencies: [ToneFrequency]) -> Sound {
        var bits: UInt8 = 0
        for frequency in frequencies {
            let place: Int
            if let known = hertz.firstIndex(of: frequency.hertz) {
                place = known
            } else {
                guard hertz.count < 8 else { return ProgressBook.other }
                place = hertz.count
                hertz.append(frequency.hertz)
            }
            bits |= 1 << UInt8(place)
        }
        if let known = sets.firstIndex(of: bits) { return Sound(known) }
        sets.append(bits)
        return Sound(sets.count - 1)
    }

    /// The longest step of a set in any cadence but a steady one, in ms.
    func longest(_ sound: Sound) -> Int {
        cadences.flatMap(\.steps).filter { $0.sound == sound }.map(\.ms).max() ?? 0
    }

    /// The longest pause of a cadence that is not ringback, in ms.
    var longestShortPause: Int {
        cadences.filter { $0.tone == .busy || $0.tone == .congestion }.flatMap(\.steps)
            .filter { $0.sound == ProgressBook.silence }.map(\.ms).max() ?? 0
    }
}

extension ProgressBook.Cadence {
    func isLike(_ other: [(sound: ProgressBook.Sound, ms: Int)]) -> Bool {
        steps.count == other.count && zip(steps, other).allSatisfy { $0.sound == $1.sound && $0.ms == $1.ms }
    }
}
