public import Basics

/// Makes keys of the events that arrive (RFC 4733 §2.5.2): one fact when a key begins and one when it ends, whatever is lost,
/// repeated or reordered on the way.
///
/// A key is known by its timestamp and code. The first of its packets that arrives, also if it is the last one sent, tells its begin;
/// a key that was told is not told again. Its end is told by its end packet or, where all three were lost, by the next key, by audio
/// that is later, or by ``endTimeout`` without a packet of it.
///
/// A plain value without references: feeding it allocates nothing.
public struct EventReceiver: Sendable {
    public enum Fact: Hashable, Sendable {
        /// A digit (0 ... 15) or a hook flash (16) began, `elapsedMs` before the packet that told of it.
        case began(event: UInt8, timestamp: UInt32, volume: UInt8, elapsedMs: UInt32)
        /// It is over; always after its `began`. `durationMs` is what is known of it.
        case ended(event: UInt8, timestamp: UInt32, durationMs: UInt32)
        /// An event that is no key (modem, fax, call progress: RFC 4734), told once.
        case other(event: UInt8, timestamp: UInt32)
    }

    /// How long after its last packet a key ends that has no end.
    public static let endTimeout: Duration = .milliseconds(150)
    /// How much later than the last report audio must be to end a key, in ms: phones send both side by side.
    static let audioMarginMs: UInt32 = 60

    /// How far after the last segment seen the next one may begin.
    static let farthestSegment: UInt32 = 4 * TelephoneEvent.longestDuration

    /// Of the events' timestamps, in Hz.
    public let clockRate: UInt32

    private struct Key {
        var event: UInt8
        /// Where it began: the timestamp of its first segment.
        var start: UInt32
        /// Of the last segment seen.
        var segment: UInt32
        /// Up to the last report, since `start`.
        var duration: UInt32
        var heardAt: Moment
    }
    private struct Past {
        var event: UInt8 = 0
        var timestamp: UInt32 = 0
        /// The timestamp of its last segment.
        var segment: UInt32 = 0
        /// Where its last report ends.
        var end: UInt32 = 0
    }

    private var open: Key?
    /// The keys that were told, the latest last.
    private var past: InlineArray<16, Past> = InlineArray(repeating: Past())
    private var pastCount: Int = 0
    private var facts: InlineArray<32, Fact> = InlineArray(repeating: .other(event: 0, timestamp: 0))
    private var factCount: Int = 0
    private var factsTaken: Int = 0

    /// - Parameter clockRate: of the events' timestamps, in Hz.
    public init(clockRate: UInt32) { self.clockRate = max(clockRate, 1) }

    /// What happened, oldest first; nil when all is told.
    public mutating func nextFact() -> Fact? {
        guard factsTaken < factCount else {
            (factCount, factsTaken) = (0, 0)
            return nil
        }
        factsTaken += 1
        return facts[factsTaken - 1]
    }

    /// The key that is pressed now; nil when none is.
    public var current: UInt8? { open?.event }

    /// When ``tick(now:)`` has something to do; nil while no key is open.
    public var nextDeadline: Moment? { open.map { $0.heardAt.advanced(by: EventReceiver.endTimeout) } }

    /// Takes in the payload of an event packet; what it tells comes from ``nextFact()``.
    ///
    /// Several events in one packet follow each other without a pause (§2.5.1.5). Bytes that are no whole event are ignored.
    public mutating func receive(
        _ payload: UnsafeRawBufferPointer, timestamp: UInt32, marker: Bool, now: Moment
    ) {
        var offset = 0
        var start: UInt32 = timestamp
        // A datagram has no room for more keys that somebody could press in it; what is beyond is nonsense.
        while let event = TelephoneEvent(payload, at: offset), offset < 8 * TelephoneEvent.length {
            let isLast: Bool = payload.count - offset < 2 * TelephoneEvent.length
            take(event, start, marker: marker && offset == 0, isOver: event.isEnd || !isLast, now: now)
            start &+= UInt32(event.duration)
            offset += TelephoneEvent.length
        }
    }

    /// Audio of the same clock came: later than an open key's last report, it shows that the key is over.
    ///
    /// - Parameter timestamp: of the audio packet.
    public mutating func audioCame(timestamp: UInt32) {
        guard let key = open else { return }
        let later = Int32(bitPattern: timestamp &- (key.start &+ key.duration))
        guard Int64(later) * 1000 > Int64(EventReceiver.audioMarginMs) * Int64(clockRate) else { return }
        close()
    }

    /// Looks at the time; needed at ``nextDeadline``.
    public mutating func tick(now: Moment) {
        guard let deadline = nextDeadline, now >= deadline else { return }
        close()
    }

    /// The sender started anew (another SSRC): an open key ends, and timestamps that were seen may come again.
    public mutating func restart() {
        close()
        pastCount = 0
    }

    private mutating func take(_ event: TelephoneEvent, _ start: UInt32, marker: Bool, isOver: Bool, now: Moment) {
        if var key = open, key.event == event.event, let segment = segment(of: key, start, event, marker: marker) {
            key.segment = segment
            key.duration = max(key.duration, start &- key.start &+ UInt32(event.duration))
            key.heardAt = now
            open = key
            if isOver { close() }
            return
        }
        guard !isPast(event, start, marker: marker) else { return }
        guard event.event <= TelephoneEvent.flash else {
            remember(Past(event: event.event, timestamp: start, segment: start, end: start &+ UInt32(event.duration)))
            add(.other(event: event.event, timestamp: start))
            return
        }
        let key = Key(
            event: event.event, start: start, segment: start, duration: UInt32(event.duration), heardAt: now)
        if let current = open, Int32(bitPattern: start &- current.start) < 0 {
            // A key of before the open one, of which nothing arrived until now.
            tell(key, event.volume)
            finish(key)
            return
        }
        close()
        tell(key, event.volume)
        if isOver { finish(key) } else { open = key }
    }

    /// The segment of an open key that a report is of; nil when it is of another key.
    private func segment(of key: Key, _ start: UInt32, _ event: TelephoneEvent, marker: Bool) -> UInt32? {
        if start == key.segment || start == key.start { return key.segment }
        let after: UInt32 = start &- key.segment
        // The next segment of a long key (§2.5.1.3), its predecessors lost or not.
        if !marker, after > 0, after <= EventReceiver.farthestSegment, after % TelephoneEvent.longestDuration == 0 {
            return start
        }
        // An earlier segment, late.
        let before: UInt32 = key.segment &- start
        if before <= key.segment &- key.start, before % TelephoneEvent.longestDuration == 0 { return key.segment }
        // Some phones move the timestamp on with the duration: nothing else can begin within a key.
        if !marker, after > 0, start &- key.start <= key.duration { return start }
        return nil
    }

    private func isPast(_ event: TelephoneEvent, _ start: UInt32, marker: Bool) -> Bool {
        for index in 0..<pastCount where past[index].event == event.event {
            let key: Past = past[index]
            if key.timestamp == start || key.segment == start { return true }
            // Within it: a late segment, or a phone that moves the timestamp on.
            let inside: UInt32 = start &- key.timestamp
            if !marker, inside < key.end &- key.timestamp { return true }
            // A later segment of a key that was taken for over.
            let after: UInt32 = start &- key.segment
            if !marker, after <= EventReceiver.farthestSegment, after % TelephoneEvent.longestDuration == 0 {
                return true
            }
        }
        return false
    }

    private mutating func tell(_ key: Key, _ volume: UInt8) {
        let elapsed: UInt32 = TelephoneEvent.scale(key.duration, from: clockRate, to: 1000)
        add(.began(event: key.event, timestamp: key.start, volume: volume, elapsedMs: elapsed))
    }

    private mutating func close() {
        guard let key = open else { return }
        open = nil
        finish(key)
    }

    private mutating func finish(_ key: Key) {
        remember(
            Past(event: key.event, timestamp: key.start, segment: key.segment, end: key.start &+ key.duration))
        let ms: UInt32 = TelephoneEvent.scale(key.duration, from: clockRate, to: 1000)
        add(.ended(event: key.event, timestamp: key.start, durationMs: ms))
    }

    private mutating func remember(_ key: Past) {
        if pastCount == past.count {
            for index in 1..<past.count { past[index - 1] = past[index] }
            pastCount -= 1
        }
        past[pastCount] = key
        pastCount += 1
    }

    private mutating func add(_ fact: Fact) {
        if factCount == facts.count { (factCount, factsTaken) = (0, 0) }
        facts[factCount] = fact
        factCount += 1
    }
}
