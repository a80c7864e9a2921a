import Basics
import RTP
import Testing

/// One event packet of a table.
struct EventPacket {
    var code: UInt8
    var timestamp: UInt32
    var duration: UInt16
    var isEnd: Bool = false
    var marker: Bool = false
    var atMs: Int64
    init(_ atMs: Int64, _ code: UInt8, _ timestamp: UInt32, _ duration: UInt16, end: Bool = false, marker: Bool = false)
    {
        (self.atMs, self.code, self.timestamp, self.duration, isEnd, self.marker) =
            (atMs, code, timestamp, duration, end, marker)
    }
    var payload: [UInt8] { [code, (isEnd ? 0x80 : 0) | 10, UInt8(duration >> 8), UInt8(duration & 0xFF)] }
}

extension EventReceiver {
    mutating func facts() -> [String] {
        var lines: [String] = []
        while let fact = nextFact() {
            switch fact {
            case .began(let event, let timestamp, _, _): lines.append("+\(event)@\(timestamp)")
            case .ended(let event, let timestamp, let ms): lines.append("-\(event)@\(timestamp) \(ms)")
            case .other(let event, let timestamp): lines.append("?\(event)@\(timestamp)")
            }
        }
        return lines
    }
    mutating func take(_ packet: EventPacket) {
        let now = Moment.zero.advanced(by: .milliseconds(packet.atMs))
        if let deadline = nextDeadline, deadline <= now { tick(now: deadline) }
        packet.payload.withUnsafeBytes {
            receive($0, timestamp: packet.timestamp, marker: packet.marker, now: now)
        }
    }
}

struct ReceiverCase: CustomTestStringConvertible {
    var testDescription: String
    var packets: [EventPacket]
    var facts: [String]
    init(_ name: String, _ packets: [EventPacket], _ facts: [String]) {
        (testDescription, self.packets, self.facts) = (name, packets, facts)
    }
}

@Suite("keys of events that arrive (RFC 4733 §2.5.2)")
struct EventReceiverTests {
    static let cases: [ReceiverCase] = [
        ReceiverCase(
            "a key with all its packets",
            [
                EventPacket(0, 5, 800, 160, marker: true), EventPacket(20, 5, 800, 320), EventPacket(40, 5, 800, 480),
                EventPacket(60, 5, 800, 560, end: true), EventPacket(80, 5, 800, 560, end: true),
                EventPacket(100, 5, 800, 560, end: true),
            ], ["+5@800", "-5@800 70"]),
        ReceiverCase(
            "the start is lost", [EventPacket(40, 5, 800, 480), EventPacket(60, 5, 800, 560, end: true)],
            ["+5@800", "-5@800 70"]),
        ReceiverCase("only one end arrives", [EventPacket(100, 5, 800, 560, end: true)], ["+5@800", "-5@800 70"]),
        ReceiverCase(
            "all ends are lost: the time ends it",
            [EventPacket(0, 5, 800, 160, marker: true), EventPacket(20, 5, 800, 320), EventPacket(400, 6, 4000, 160)],
            ["+5@800", "-5@800 40", "+6@4000"]),
        ReceiverCase(
            "all ends are lost: the next key ends it",
            [EventPacket(0, 5, 800, 160), EventPacket(120, 5, 1760, 160), EventPacket(140, 5, 1760, 320, end: true)],
            ["+5@800", "-5@800 20", "+5@1760", "-5@1760 40"]),
        ReceiverCase(
            "the same digit twice is two keys",
            [
                EventPacket(0, 1, 800, 400, end: true), EventPacket(20, 1, 800, 400, end: true),
                EventPacket(90, 1, 1520, 160, marker: true), EventPacket(110, 1, 1520, 400, end: true),
            ], ["+1@800", "-1@800 50", "+1@1520", "-1@1520 50"]),
        ReceiverCase(
            "reordered and repeated packets of one key",
            [
                EventPacket(0, 2, 800, 320), EventPacket(1, 2, 800, 160, marker: true), EventPacket(2, 2, 800, 320),
                EventPacket(40, 2, 800, 640, end: true), EventPacket(41, 2, 800, 480),
                EventPacket(42, 2, 800, 640, end: true),
            ], ["+2@800", "-2@800 80"]),
        ReceiverCase(
            "the end comes after the next key began",
            [
                EventPacket(0, 2, 800, 160), EventPacket(100, 3, 1600, 160, marker: true),
                EventPacket(101, 2, 800, 400, end: true), EventPacket(120, 3, 1600, 400, end: true),
            ], ["+2@800", "-2@800 20", "+3@1600", "-3@1600 50"]),
        ReceiverCase(
            "a whole key comes after the next one began: told, late",
            [
                EventPacket(0, 3, 1600, 160, marker: true), EventPacket(10, 2, 800, 400, end: true),
                EventPacket(20, 3, 1600, 400, end: true), EventPacket(25, 2, 800, 400, end: true),
            ], ["+3@1600", "+2@800", "-2@800 50", "-3@1600 50"]),
        ReceiverCase(
            "a long key in segments is one",
            [
                EventPacket(0, 9, 800, 65_000, marker: true), EventPacket(100, 9, 800, 65_535),
                EventPacket(120, 9, 66_335, 425), EventPacket(121, 9, 800, 65_535),
                EventPacket(140, 9, 66_335, 585, end: true),
                EventPacket(160, 9, 66_335, 585, end: true),
            ], ["+9@800", "-9@800 8265"]),
        ReceiverCase(
            "a segment of a long key that was taken for over is no new key",
            [EventPacket(0, 9, 800, 60_000), EventPacket(1000, 9, 66_335, 585, end: true)], ["+9@800", "-9@800 7500"]),
        ReceiverCase(
            "a phone that moves the timestamp on with each packet",
            [
                EventPacket(0, 4, 800, 160, marker: true), EventPacket(20, 4, 960, 320), EventPacket(40, 4, 1120, 480),
                EventPacket(60, 4, 1280, 640, end: true), EventPacket(80, 4, 1440, 640, end: true),
            ], ["+4@800", "-4@800 140"]),
        ReceiverCase(
            "timestamps over 2³²",
            [
                EventPacket(0, 4, .max - 99, 160), EventPacket(20, 4, .max - 99, 800, end: true),
                EventPacket(200, 4, 1500, 160),
            ],
            ["+4@\(UInt32.max - 99)", "-4@\(UInt32.max - 99) 100", "+4@1500"]),
        ReceiverCase("a flash is a key", [EventPacket(0, 16, 8, 400, end: true)], ["+16@8", "-16@8 50"]),
        ReceiverCase(
            "other events are told once, and do not end a key",
            [
                EventPacket(0, 1, 800, 160), EventPacket(10, 36, 880, 160), EventPacket(20, 36, 880, 320),
                EventPacket(30, 1, 800, 400, end: true), EventPacket(40, 36, 880, 480, end: true),
            ], ["+1@800", "?36@880", "-1@800 50"]),
        ReceiverCase("a key of no length", [EventPacket(0, 1, 800, 0)], ["+1@800"]),
    ]

    @Test("one fact at the start, one at the end", arguments: cases)
    func table(row: ReceiverCase) {
        var receiver = EventReceiver(clockRate: 8000)
        for packet in row.packets { receiver.take(packet) }
        #expect(receiver.facts() == row.facts)
    }

    @Test("durations are told in ms of the clock", arguments: [(UInt32(8000), 200), (16_000, 100), (48_000, 33)])
    func clocks(clock: UInt32, ms: Int) {
        var receiver = EventReceiver(clockRate: clock)
        receiver.take(EventPacket(0, 0, 0, 1600, end: true))
        #expect(receiver.facts() == ["+0@0", "-0@0 \(ms)"])
    }

    @Test("a key without an end ends 150 ms after its last packet, not before")
    func timeout() throws {
        var receiver = EventReceiver(clockRate: 8000)
        receiver.take(EventPacket(0, 5, 800, 160))
        receiver.take(EventPacket(20, 5, 800, 320))
        let deadline = try #require(receiver.nextDeadline)
        #expect(deadline == Moment.zero.advanced(by: .milliseconds(170)))
        receiver.tick(now: deadline.advanced(by: .milliseconds(-1)))
        #expect(receiver.facts() == ["+5@800"])
        receiver.tick(now: deadline)
        #expect(receiver.facts() == ["-5@800 40"])
        #expect(receiver.nextDeadline == nil)
    }

    @Test("audio ends a key that it is clearly later than, and not one it runs beside")
    func audio() {
        var receiver = EventReceiver(clockRate: 8000)
        receiver.take(EventPacket(0, 5, 800, 160))
        receiver.audioCame(timestamp: 640)
        receiver.audioCame(timestamp: 960)
        receiver.audioCame(timestamp: 960 + 480)
        #expect(receiver.facts() == ["+5@800"])
        receiver.audioCame(timestamp: 960 + 481)
        #expect(receiver.facts() == ["-5@800 20"])
    }

    @Test("several events in a packet follow each other without a pause (§2.5.1.5)")
    func several() {
        var receiver = EventReceiver(clockRate: 8000)
        let payload: [UInt8] = [1, 0x8A, 0x01, 0x90, 2, 0x0A, 0x01, 0x90, 3, 0x0A, 0x00, 0xA0, 7]
        for _ in 0..<2 {
            payload.withUnsafeBytes { receiver.receive($0, timestamp: 100, marker: true, now: .zero) }
        }
        #expect(receiver.facts() == ["+1@100", "-1@100 50", "+2@500", "-2@500 50", "+3@900"])
    }

    @Test("a begin tells how long the key had been pressed, and its level")
    func elapsed() {
        var receiver = EventReceiver(clockRate: 16_000)
        receiver.take(EventPacket(0, 5, 800, 1600, end: true))
        #expect(receiver.nextFact() == .began(event: 5, timestamp: 800, volume: 10, elapsedMs: 100))
    }

    @Test("a new source may use the timestamps of the old one")
    func restart() {
        var receiver = EventReceiver(clockRate: 8000)
        receiver.take(EventPacket(0, 5, 800, 160))
        receiver.restart()
        receiver.take(EventPacket(20, 5, 800, 160))
        #expect(receiver.facts() == ["+5@800", "-5@800 20", "+5@800"])
    }

    /// Sends keys through a network and gives what was pressed, with whether anything of it arrived, and what was told.
    static func lossy(seed: UInt64, clock: UInt32, mostLoss: UInt64 = 30) -> (
        pressed: [(UInt8, UInt32, Bool)], told: [EventReceiver.Fact]
    ) {
        var random = SeededRandom(seed: seed)
        let loss = Double(random.next() % (mostLoss + 1)) / 100
        let duplication = Double(random.next() % 31) / 100
        let reordering = Double(random.next() % 31) / 100
        func chance(_ part: Double) -> Bool { Double(random.next() >> 11) / 9_007_199_254_740_992 < part }
        var sender = EventSender(clockRate: clock, gapMs: 40)
        var keys: [UInt8] = []
        for _ in 0..<20 {
            let key: UInt8 = random.next() % 3 == 0 ? keys.last ?? 1 : UInt8(random.next() % 17)
            if sender.press(key, durationMs: 40 + UInt32(random.next() % 200)) { keys.append(key) }
        }
        var arrivals: [(at: Int64, EventSender.Packet)] = []
        var starts: [UInt32] = []
        var seen: Set<UInt32> = []
        let base = UInt32(truncatingIfNeeded: random.next())
        for tick: Int64 in 0..<600 {
            sender.tick(timestamp: base &+ UInt32(tick) &* (clock / 50))
            while let packet = sender.nextPacket() {
                if packet.marker { starts.append(packet.timestamp) }
                for _ in 0..<(chance(duplication) ? 2 : 1) where !chance(loss) {
                    arrivals.append((tick * 20 + (chance(reordering) ? Int64(random.next() % 100) : 0), packet))
                    seen.insert(packet.timestamp)
                }
            }
        }
        var receiver = EventReceiver(clockRate: clock)
        var told: [EventReceiver.Fact] = []
        for (at, packet) in arrivals.sorted(by: { $0.at < $1.at }) {
            let event: TelephoneEvent = packet.event
            receiver.take(
                EventPacket(at, event.event, packet.timestamp, event.duration, end: event.isEnd, marker: packet.marker))
            while let fact = receiver.nextFact() { told.append(fact) }
        }
        receiver.tick(now: Moment.zero.advanced(by: .seconds(60)))
        while let fact = receiver.nextFact() { told.append(fact) }
        return (zip(keys, starts).map { ($0, $1, seen.contains($1)) }, told)
    }

    @Test(
        "through 0-30 % of loss, repetition and reordering: a key of which a packet arrives begins once and ends once",
        arguments: [(UInt32(8000), UInt64(30)), (16_000, 30), (48_000, 30), (8000, 90)])
    func property(clock: UInt32, mostLoss: UInt64) {
        var lost = 0
        var total = 0
        for seed: UInt64 in 0..<400 {
            let (pressed, told) = EventReceiverTests.lossy(seed: seed, clock: clock, mostLoss: mostLoss)
            var begins: [UInt32: Int] = [:]
            var ends: [UInt32: Int] = [:]
            for fact in told {
                switch fact {
                case .began(_, let timestamp, _, _): begins[timestamp, default: 0] += 1
                case .ended(_, let timestamp, _): ends[timestamp, default: 0] += 1
                case .other: Issue.record("seed \(seed): \(fact)")
                }
            }
            for (_, start, arrived) in pressed {
                total += 1
                if !arrived { lost += 1 }
                #expect(begins[start, default: 0] == (arrived ? 1 : 0), "seed \(seed), key at \(start)")
                #expect(ends[start, default: 0] == (arrived ? 1 : 0), "seed \(seed), key at \(start)")
            }
            #expect(begins.count == pressed.filter(\.2).count, "seed \(seed)")
        }
        print("events at \(clock) Hz, loss to \(mostLoss) %: \(total) keys, \(lost) of which nothing arrived")
    }

    @Test("any bytes leave the receiver whole")
    func noise() {
        var random = SeededRandom(seed: 7)
        var receiver = EventReceiver(clockRate: 8000)
        for step in 0..<20_000 {
            let bytes: [UInt8] = (0..<Int(random.next() % 40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            bytes.withUnsafeBytes {
                receiver.receive(
                    $0, timestamp: UInt32(truncatingIfNeeded: random.next()), marker: random.next() & 1 == 0,
                    now: Moment.zero.advanced(by: .milliseconds(Int64(step))))
            }
            var begun = 0
            while receiver.nextFact() != nil { begun += 1 }
            #expect(begun <= 32)
        }
    }
}
