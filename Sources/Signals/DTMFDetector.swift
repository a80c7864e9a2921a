/// Finds the digits of push-button telephones in audio (ITU-T Q.23, Q.24).
///
/// It looks at 5 ms at a time. A digit begins once 30 ms hold one row and one column frequency and hardly anything else, both
/// steady, within 2.5 % of their places and of fit levels; how much of the first and last 5 ms it fills tells where it began and
/// ended. See `docs/guides/signals.md` for what was measured.
///
/// Owned by one thread. Feeding it allocates nothing.
public struct DTMFDetector: ~Copyable {
    /// How long after the start of a digit the last sample is that ``Event/began(code:start:)`` needs, at most. Audio that is held
    /// back for this long can be muted from the digit's first sample on.
    public static let longestDetectionDelayMs: Int = 40

    public enum Event: Equatable, Sendable {
        /// A digit by its code of RFC 4733 §3.2 (0 ... 15), and its first sample, counted from the first sample ever fed.
        case began(code: UInt8, start: Int64)
        /// It is over; `end` is the first sample after it. Told within ``longestDetectionDelayMs`` of the end.
        case ended(code: UInt8, start: Int64, end: Int64)
    }

    /// In Hz.
    public let sampleRate: UInt32
    /// How many samples were fed.
    public private(set) var position: Int64 = 0

    private var decimator: Decimator
    private var analyser = DTMFAnalyser()
    private var tracker = DTMFTracker()
    /// What was found and not yet taken: 1 s of audio holds fewer.
    private var events: InlineArray<32, Event> = InlineArray(repeating: .began(code: 0, start: 0))
    private var eventCount: Int = 0
    private var eventsTaken: Int = 0
    private var start: Int64 = 0

    /// - Parameter sampleRate: 8 000, 16 000 or 48 000 Hz.
    public init(sampleRate: UInt32) {
        decimator = Decimator(sampleRate: sampleRate)
        self.sampleRate = UInt32(decimator.factor) * 8000
    }

    /// The digit that sounds now, as far as is known.
    public var current: UInt8? { tracker.code }

    /// Takes the next samples, however many: 60 ms or less are usual, and no more than 500 ms may come before ``nextEvent()`` has
    /// given all it has, as older events are forgotten then.
    public mutating func process(_ samples: UnsafeBufferPointer<Int16>) {
        for index in 0..<samples.count {
            guard let sample = decimator.push(Float(samples[index]) * (1 / 32_768)) else { continue }
            guard let block = analyser.push(sample) else { continue }
            let verdict: DTMFTracker.Verdict = tracker.take(block)
            if verdict != .nothing { tell(verdict, at: position + Int64(index) + 1) }
        }
        position += Int64(samples.count)
    }

    /// What was found, oldest first; nil when all is told.
    public mutating func nextEvent() -> Event? {
        guard eventsTaken < eventCount else {
            (eventCount, eventsTaken) = (0, 0)
            return nil
        }
        eventsTaken += 1
        return events[eventsTaken - 1]
    }

    private mutating func tell(_ verdict: DTMFTracker.Verdict, at now: Int64) {
        switch verdict {
        case .nothing: break
        case .began(let code, let place):
            start = place8k(place, now: now)
            add(.began(code: code, start: start))
        case .ended(let code, let place):
            add(.ended(code: code, start: start, end: max(place8k(place, now: now), start)))
        case .changed(let old, let end, let code, let place):
            let next: Int64 = place8k(place, now: now)
            add(.ended(code: old, start: start, end: min(max(place8k(end, now: now), start), next)))
            start = next
            add(.began(code: code, start: next))
        }
    }

    /// A place of the analysis as a sample of the input.
    private func place8k(_ place: Float, now: Int64) -> Int64 {
        let back = Int64((place * Float(decimator.factor)).rounded()) + Int64(decimator.delay)
        let oldest: Int64 = now - Int64(DTMFDetector.longestDetectionDelayMs) * Int64(sampleRate / 1000)
        return max(now - back, oldest, 0)
    }

    private mutating func add(_ event: Event) {
        if eventCount == events.count { (eventCount, eventsTaken) = (0, 0) }
        events[eventCount] = event
        eventCount += 1
    }
}
