/// Sends keys as events (RFC 4733 §2.5.1): a report every packet time with the same timestamp and growing duration, the last one
/// three times; keys that are told while another sounds wait for their turn.
///
/// A plain value without references; its driver ticks it once a packet time and sends what it gives.
public struct EventSender: Sendable {
    /// What is to be sent as one RTP packet of the event's payload type. The sequence number goes on as with audio.
    public struct Packet: Hashable, Sendable {
        public var event: TelephoneEvent
        /// The event's, or its segment's, start.
        public var timestamp: UInt32
        /// Set on the first packet of a key.
        public var marker: Bool
    }

    /// How many keys can wait.
    public static let queueLimit: Int = 64
    /// A key is never told shorter: what every receiver takes (ITU-T Q.24), and a margin.
    public static let shortestMs: UInt32 = 50
    /// How often the last report is sent (RFC 4733 §2.5.1.4).
    static let copies: Int = 3

    /// Of the events' timestamps, in Hz.
    public let clockRate: UInt32
    private let packetTime: UInt32
    private let gap: UInt32

    private struct Key {
        var event: UInt8 = 0
        var volume: UInt8 = 0
        /// In units of the clock; nil while it is held.
        var duration: UInt32?
    }
    private enum State {
        case idle
        case sounding(since: UInt32, segment: UInt32, isFirst: Bool)
        /// The key's end was told `sent` times; the next key may begin at `next`.
        case ending(Packet, sent: Int, next: UInt32)
    }

    private var keys: InlineArray<64, Key> = InlineArray(repeating: Key())
    private var head: Int = 0
    private var waiting: Int = 0
    /// The number of the key that is held, counted from the first ever; nil when none is.
    private var held: Int?
    private var taken: Int = 0
    private var state: State = .idle
    /// What this tick gives: no more than the ends of two segments, their copies and a report.
    private var packets: InlineArray<8, Packet>
    private var packetCount: Int = 0
    private var packetsTaken: Int = 0
    /// The last report of a segment that is not the last one, and how often it is still to be sent.
    private var segmentEnd: Packet
    private var segmentCopies: Int = 0

    /// - Parameters:
    ///   - clockRate: of the events' timestamps, in Hz: 8000, 16 000, 48 000; others work as well.
    ///   - packetMs: between two ticks; 10 ... 60.
    ///   - gapMs: from the end of a key to the start of the next; 40 or more is heard by every receiver.
    public init(clockRate: UInt32, packetMs: UInt32 = 20, gapMs: UInt32 = 60) {
        self.clockRate = max(clockRate, 1000)
        packetTime = self.clockRate / 1000 * min(max(packetMs, 1), 200)
        gap = self.clockRate / 1000 * min(gapMs, 10_000)
        let none = Packet(
            event: TelephoneEvent(event: 0, isEnd: false, volume: 0, duration: 0), timestamp: 0, marker: false)
        packets = InlineArray(repeating: none)
        segmentEnd = none
    }

    /// Presses a key for `durationMs` (50 or more; at most 60 s), after those that wait.
    ///
    /// - Parameter volume: 0 ... 63 dB below 0 dBm0.
    /// - Returns: false when too many wait; the key is then left out.
    @discardableResult
    public mutating func press(_ event: UInt8, volume: UInt8 = 10, durationMs: UInt32) -> Bool {
        add(Key(event: event, volume: volume, duration: units(durationMs)))
    }

    /// Presses a key and holds it until ``release(durationMs:)``. One that is held is released.
    @discardableResult
    public mutating func hold(_ event: UInt8, volume: UInt8 = 10) -> Bool {
        release(durationMs: nil)
        guard add(Key(event: event, volume: volume, duration: nil)) else { return false }
        held = taken + waiting - 1
        return true
    }

    /// Releases the key that is held, if one is.
    ///
    /// - Parameter durationMs: how long it was held, where it is known; else it ends with the last report, or as soon as it may.
    public mutating func release(durationMs: UInt32?) {
        guard let number = held else { return }
        held = nil
        var duration: UInt32 = units(durationMs ?? 0)
        // No report may take back what an earlier one said.
        if number == taken, case .sounding(let since, _, _) = state {
            duration = max(duration, lastTick &+ packetTime &- since)
        }
        keys[(head + number - taken) & 63].duration = duration
    }

    /// Whether a key sounds: its events stand in place of audio.
    public var isSounding: Bool {
        if case .sounding = state { return true }
        return soundedThisTick
    }

    /// Whether nothing sounds, waits or is left to be sent.
    public var isIdle: Bool {
        if case .idle = state { return waiting == 0 && packetsTaken == packetCount && segmentCopies == 0 }
        return false
    }

    /// Ends what sounds and forgets what waits; the end is still told.
    public mutating func stop() {
        if case .sounding(let since, _, _) = state {
            keys[head].duration = max(lastTick &+ packetTime &- since, units(0))
            waiting = 1
        } else {
            waiting = 0
        }
        held = nil
    }

    private var lastTick: UInt32 = 0
    private var soundedThisTick: Bool = false

    /// A packet time begins; what it brings comes from ``nextPacket()``.
    ///
    /// - Parameter timestamp: that an audio packet of now would have.
    public mutating func tick(timestamp: UInt32) {
        (packetCount, packetsTaken) = (0, 0)
        // A second or more without a tick, or another series of timestamps: what sounds ends where it was.
        if case .sounding(let since, _, _) = state, timestamp &- lastTick > clockRate {
            keys[head].duration = lastTick &+ packetTime &- since
            held = held == taken ? nil : held
        }
        lastTick = timestamp
        soundedThisTick = false
        if segmentCopies > 0 {
            segmentCopies -= 1
            give(segmentEnd)
        }
        switch state {
        case .idle:
            begin(timestamp)
        case .sounding(let since, let segment, let isFirst):
            sound(since: since, segment: segment, isFirst: isFirst, now: timestamp)
        case .ending(let packet, let sent, let next):
            let isDue: Bool = Int32(bitPattern: timestamp &- next) >= 0
            if sent < EventSender.copies {
                give(packet)
                state = .ending(packet, sent: sent + 1, next: next)
            } else if isDue {
                state = .idle
                begin(timestamp)
            }
        }
    }

    /// What is to be sent now, in order; nil when all is given.
    public mutating func nextPacket() -> Packet? {
        guard packetsTaken < packetCount else { return nil }
        packetsTaken += 1
        return packets[packetsTaken - 1]
    }

    private mutating func begin(_ timestamp: UInt32) {
        guard waiting > 0 else { return }
        sound(since: timestamp, segment: timestamp, isFirst: true, now: timestamp)
    }

    /// Reports the key up to the end of this packet time.
    private mutating func sound(since: UInt32, segment: UInt32, isFirst: Bool, now: UInt32) {
        soundedThisTick = true
        let key: Key = keys[head]
        var (segment, isFirst) = (segment, isFirst)
        let whole: UInt32 = now &+ packetTime &- since
        let isOver: Bool = key.duration.map { whole >= $0 } ?? false
        let end: UInt32 = since &+ (isOver ? key.duration ?? whole : whole)
        while end &- segment > TelephoneEvent.longestDuration {
            let last = TelephoneEvent(event: key.event, isEnd: false, volume: key.volume, duration: .max)
            segmentEnd = Packet(event: last, timestamp: segment, marker: isFirst)
            segmentCopies = EventSender.copies - 1
            give(segmentEnd)
            segmentEnd.marker = false
            segment &+= TelephoneEvent.longestDuration
            isFirst = false
        }
        let report = TelephoneEvent(
            event: key.event, isEnd: isOver, volume: key.volume, duration: UInt16(truncatingIfNeeded: end &- segment))
        var packet = Packet(event: report, timestamp: segment, marker: isFirst)
        give(packet)
        guard isOver else {
            state = .sounding(since: since, segment: segment, isFirst: false)
            return
        }
        packet.marker = false
        state = .ending(packet, sent: 1, next: end &+ gap)
        head = (head + 1) & 63
        taken += 1
        waiting -= 1
    }

    private mutating func give(_ packet: Packet) {
        guard packetCount < packets.count else { return }
        packets[packetCount] = packet
        packetCount += 1
    }

    private mutating func add(_ key: Key) -> Bool {
        guard waiting < EventSender.queueLimit else { return false }
        keys[(head + waiting) & 63] = key
        waiting += 1
        return true
    }

    private func units(_ ms: UInt32) -> UInt32 { clockRate / 1000 * min(max(ms, EventSender.shortestMs), 60_000) }
}
