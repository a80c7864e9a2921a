/// One sine of a tone.
public struct ToneFrequency: Hashable, Sendable {
    /// 20 ... 3800.
    public var hertz: Double
    /// Of this sine alone; -60 ... +3.
    public var levelDbm0: Double
    public init(_ hertz: Double, _ levelDbm0: Double) { (self.hertz, self.levelDbm0) = (hertz, levelDbm0) }
}

/// A stretch of a tone in which nothing changes: one to four sines, or silence.
public struct ToneSegment: Hashable, Sendable {
    public enum Mixing: Hashable, Sendable {
        /// All sines sound at their levels.
        case added
        /// The first sine, its amplitude modulated by the second; `depth` 0 ... 1. The level of the first is the whole signal's.
        case modulated(depth: Double)
    }

    /// None is silence; what is beyond four is left out.
    public var frequencies: [ToneFrequency]
    public var mixing: Mixing
    /// nil sounds until the generator is dropped; 0 is left out.
    public var durationMs: UInt32?

    public init(_ frequencies: [ToneFrequency], mixing: Mixing = .added, durationMs: UInt32?) {
        self.frequencies = frequencies
        self.mixing = mixing
        self.durationMs = durationMs
    }

    public static func silence(_ durationMs: UInt32) -> ToneSegment { ToneSegment([], durationMs: durationMs) }
}

/// A tone and its cadence: segments in order, then again from ``repeatFrom``.
public struct TonePattern: Hashable, Sendable {
    public var segments: [ToneSegment]
    /// How often the segments from ``repeatFrom`` on sound; nil is for ever.
    public var repeats: UInt32?
    /// The first segment of the part that is repeated; what lies before sounds once.
    public var repeatFrom: Int
    /// How long a tone takes to rise from silence and to fall to it, within its duration; 0 ... 10. Without it, it clicks.
    public var rampMs: Double

    public init(_ segments: [ToneSegment], repeats: UInt32? = nil, repeatFrom: Int = 0, rampMs: Double = 3) {
        self.segments = segments
        self.repeats = repeats
        self.repeatFrom = repeatFrom
        self.rampMs = rampMs
    }

    /// How long it sounds with all repeats; nil for a pattern without an end.
    public var durationMs: UInt64? {
        let loop = min(max(repeatFrom, 0), segments.count)
        guard let once = TonePattern.total(segments[..<loop]), let turn = TonePattern.total(segments[loop...]) else {
            return nil
        }
        guard turn > 0 else { return once }
        guard let repeats else { return nil }
        return once + turn * UInt64(repeats)
    }

    private static func total(_ segments: ArraySlice<ToneSegment>) -> UInt64? {
        var sum: UInt64 = 0
        for segment in segments {
            guard let duration = segment.durationMs else { return nil }
            sum += UInt64(duration)
        }
        return sum
    }
}
