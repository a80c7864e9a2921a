/// Finds the tones of a country that tell how a call goes, in audio that comes without signalling: dial, ringback, busy, congestion
/// and special information.
///
/// It knows a tone by its frequencies and by its cadence. Busy and congestion are told after two tones and the pause between them,
/// ringback once its pause is longer than any busy tone's, a steady tone once it is longer than any in a cadence.
///
/// Owned by one thread. Feeding it allocates nothing.
public struct CallProgressDetector: ~Copyable {
    public enum Event: Equatable, Sendable {
        /// The tone is heard; `position` is how many samples had been fed when that was sure.
        case began(ProgressTone, position: Int64)
        /// It is over: what should follow does not, or something else is heard.
        case ended(ProgressTone, position: Int64)
    }

    /// In Hz.
    public let sampleRate: UInt32
    /// How many samples were fed.
    public private(set) var position: Int64 = 0

    private var decimator: Decimator
    private var analyser: ProgressAnalyser
    private var cadence: CadenceTracker
    private var events: InlineArray<32, Event> = InlineArray(repeating: .ended(.busy, position: 0))
    private var eventCount: Int = 0
    private var eventsTaken: Int = 0

    /// - Parameters:
    ///   - country: whose tones, ISO 3166 alpha-2.
    ///   - sampleRate: 8 000, 16 000 or 48 000 Hz.
    public init(country: String, sampleRate: UInt32) {
        decimator = Decimator(sampleRate: sampleRate)
        self.sampleRate = UInt32(decimator.factor) * 8000
        let book = ProgressBook(country: country)
        analyser = ProgressAnalyser(book)
        cadence = CadenceTracker(book)
    }

    /// The tone that is heard now, as far as is known.
    public var current: ProgressTone? { cadence.current }

    /// Takes the next samples, however many; what it finds comes from ``nextEvent()``.
    public mutating func process(_ samples: UnsafeBufferPointer<Int16>) {
        for index in 0..<samples.count {
            guard let sample = decimator.push(Float(samples[index]) * (1 / 32_768)) else { continue }
            guard let sound = analyser.push(sample) else { continue }
            let before: ProgressTone? = cadence.current
            cadence.take(sound)
            guard cadence.current != before else { continue }
            let now: Int64 = position + Int64(index) + 1
            if let before { add(.ended(before, position: now)) }
            if let tone = cadence.current { add(.began(tone, position: now)) }
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

    private mutating func add(_ event: Event) {
        if eventCount == events.count { (eventCount, eventsTaken) = (0, 0) }
        events[eventCount] = event
        eventCount += 1
    }
}
