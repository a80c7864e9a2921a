public import Basics
public import RTP
public import Signals

/// The digits that come from one leg, and what becomes of them: each key is told once, however many ways it came, and sent on once in
/// the way the listener takes it.
///
/// What came is fed in as it is found: keys of events (``EventReceiver``), tones in the audio (``DTMFDetector``), SIP INFO. Two of
/// them are one key when they are of the same digit, of different ways, and near each other in time; a key that the same way brings
/// again is another one. So a digit pressed twice quickly is two keys, and a phone that sends events and tones alike presses once.
///
/// Where tones come and the listener takes them in another way, they are not to be heard: the engine holds the packets back by
/// ``lookAheadMs`` and asks of each ``hasTone(in:)``.
///
/// For each packet of a leg whose tones are listened for, the engine feeds the detector, gives its events to
/// ``came(_:position:sampleRate:now:)`` and performs what ``nextEffect()`` gives; keys that are held towards the listener take the place of
/// audio. Where event packets are relayed as they came, nobody listens as far as this is concerned: `listener` is nil, and keys are only
/// told.
///
/// A plain value; feeding it allocates nothing.
public struct DigitConverter: Sendable {
    /// How a digit came.
    public enum Way: UInt8, Sendable, CaseIterable { case events, tone, info }

    public enum Effect: Hashable, Sendable {
        /// Tell call control of the key.
        case tell(Digit)
        /// Press the key towards the listener and hold it: ``EventSender/hold(_:volume:)`` or ``KeyToneSender/hold(_:)``, by
        /// ``listener``.
        case hold(Digit, volume: UInt8)
        /// Release the key that is held; `durationMs` is how long it was pressed.
        case release(durationMs: UInt32)
        /// Press a key for a time.
        case press(Digit, durationMs: UInt32)
        /// Have a SIP INFO sent to the listener.
        case info(Digit, durationMs: UInt32)
    }

    /// How long a key of one way may be from the same key of another: events and tones differ by buffers and detection, INFO by
    /// the ways and repetitions of SIP.
    static let mediaWindow: Duration = .milliseconds(500)
    static let infoWindow: Duration = .seconds(2)
    /// How long the tone of a key is waited for that came in another way, where tones reach the listener as they are.
    static let toneWait: Duration = .milliseconds(300)
    /// No key is held for longer without its end.
    static let longestKey: Duration = .seconds(60)
    /// Muted before and after a tone, as its place is known to within 3 ms.
    static let muteMarginMs: Int64 = 4

    /// How digits are found in what the leg sends, by its plan.
    public let speaker: DigitTransport
    /// How the listener takes them; nil when nobody listens.
    public private(set) var listener: DigitTransport?

    struct Key: Sendable {
        var digit: Digit = Digit.zero
        var start: Moment = .zero
        /// nil while it is pressed.
        var end: Moment?
        /// The ways it came, as bits.
        var ways: UInt8 = 0
        /// The way that began it ends it.
        var way: Way = .events
        /// Towards the listener: nothing is left to do, the key is held, or its tone is waited for until then.
        var sending: Sending = .done
    }
    enum Sending: Sendable, Equatable { case done, held, atEnd, awaitingTone(until: Moment) }

    var keys: InlineArray<16, Key> = InlineArray(repeating: Key())
    var keyCount: Int = 0
    var tones: MutedTones
    private var effects: InlineArray<32, Effect> = InlineArray(repeating: .release(durationMs: 0))
    private var effectCount: Int = 0
    private var effectsTaken: Int = 0

    /// - Parameters:
    ///   - speaker: how digits come from the leg.
    ///   - listener: how they go to who hears it; nil while nobody does.
    public init(from speaker: DigitTransport, to listener: DigitTransport?) {
        self.speaker = speaker
        self.listener = listener
        tones = MutedTones()
    }

    /// By how much the audio towards the listener is to be held back: ``DTMFDetector/longestDetectionDelayMs`` where tones are
    /// taken out of it, else 0.
    public var lookAheadMs: Int {
        guard speaker == .inBand, let listener, listener != .inBand else { return 0 }
        return DTMFDetector.longestDetectionDelayMs
    }

    /// Whether tones reach the listener in the audio as they are.
    var passesTones: Bool { speaker == .inBand && listener == .inBand }

    /// What is to be done, in order; nil when all is given.
    public mutating func nextEffect() -> Effect? {
        guard effectsTaken < effectCount else {
            (effectCount, effectsTaken) = (0, 0)
            return nil
        }
        effectsTaken += 1
        return effects[effectsTaken - 1]
    }

    /// Somebody else listens, or nobody. The key that is held is released; take the effects before the new listener gets any.
    public mutating func setListener(_ listener: DigitTransport?, now: Moment) {
        guard listener != self.listener else { return }
        for place in 0..<keyCount {
            if keys[place].sending == .held { add(.release(durationMs: milliseconds(keys[place].start, now))) }
            keys[place].sending = .done
        }
        self.listener = listener
        if passesTones { tones = MutedTones() }
    }

    // MARK: What came

    /// A fact of the leg's events.
    public mutating func came(_ fact: EventReceiver.Fact, now: Moment) {
        switch fact {
        case .began(let event, _, let volume, let elapsedMs):
            guard let digit = Digit(rawValue: event) else { return }
            begin(digit, .events, at: now.advanced(by: .milliseconds(-Int64(elapsedMs))), volume: volume, now: now)
        case .ended(let event, _, let durationMs):
            guard let digit = Digit(rawValue: event) else { return }
            end(digit, .events, durationMs: durationMs, now: now)
        case .other: break
        }
    }

    /// A tone that was found in the leg's audio.
    ///
    /// - Parameters:
    ///   - position: how many samples the detector had been fed, at `now`.
    ///   - sampleRate: of the detector, in Hz.
    public mutating func came(_ tone: DTMFDetector.Event, position: Int64, sampleRate: UInt32, now: Moment) {
        let perMs = Int64(max(sampleRate / 1000, 1))
        switch tone {
        case .began(let code, let start):
            tones.began(start, margin: DigitConverter.muteMarginMs * perMs)
            guard let digit = Digit(rawValue: code) else { return }
            let elapsed: Int64 = max(position &- start, 0) / perMs
            begin(digit, .tone, at: now.advanced(by: .milliseconds(-elapsed)), volume: 10, now: now)
        case .ended(let code, let start, let end):
            tones.ended(end, margin: DigitConverter.muteMarginMs * perMs)
            guard let digit = Digit(rawValue: code) else { return }
            self.end(digit, .tone, durationMs: UInt32(clamping: (end &- start) / perMs), now: now)
        }
    }

    /// A SIP INFO of the leg's peer.
    public mutating func cameByInfo(_ digit: Digit, durationMs: UInt32, now: Moment) {
        let duration: UInt32 = min(durationMs, 10_000)
        begin(digit, .info, at: now.advanced(by: .milliseconds(-Int64(duration))), volume: 10, now: now)
        end(digit, .info, durationMs: duration, now: now)
    }

    // MARK: Time

    /// When ``tick(now:)`` has something to do; nil while nothing is open.
    public var nextDeadline: Moment? {
        var earliest: Moment?
        for place in 0..<keyCount {
            let deadline: Moment
            if case .awaitingTone(let until) = keys[place].sending {
                deadline = until
            } else if keys[place].end == nil {
                deadline = keys[place].start.advanced(by: DigitConverter.longestKey)
            } else {
                continue
            }
            earliest = earliest.map { min($0, deadline) } ?? deadline
        }
        return earliest
    }

    /// Looks at the time; needed at ``nextDeadline``.
    public mutating func tick(now: Moment) {
        for place in 0..<keyCount {
            if keys[place].end == nil, now >= keys[place].start.advanced(by: DigitConverter.longestKey) {
                finish(place, durationMs: milliseconds(keys[place].start, now), now: now)
            }
            guard case .awaitingTone(let until) = keys[place].sending, now >= until else { continue }
            // No tone came: it is made here.
            let key: Key = keys[place]
            keys[place].sending = .done
            guard key.digit.hasTone else { continue }
            if let end = key.end {
                add(.press(key.digit, durationMs: milliseconds(key.start, end)))
            } else {
                keys[place].sending = .held
                add(.hold(key.digit, volume: 10))
            }
        }
    }

    /// Whether a tone that was found lies in these samples, by the position given to ``came(_:position:sampleRate:now:)``.
    public func hasTone(in samples: Range<Int64>) -> Bool { tones.sound(in: samples) }

    mutating func add(_ effect: Effect) {
        if effectCount == effects.count { (effectCount, effectsTaken) = (0, 0) }
        effects[effectCount] = effect
        effectCount += 1
    }

    func milliseconds(_ from: Moment, _ to: Moment) -> UInt32 {
        UInt32(clamping: (to.nanoseconds &- from.nanoseconds) / 1_000_000)
    }
}
