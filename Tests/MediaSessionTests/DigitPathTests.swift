import Basics
import MediaSession
import RTP
import Signals
import Testing

/// The whole way: a phone that presses keys by events, tones and INFO, a network, the machines, and what call control is told.
struct Press {
    var code: UInt8
    var atMs: Int64
    var ms: UInt32
}

struct DigitPath {
    struct Ways {
        var events: Bool = true
        /// By how much tones are found before or after the key began.
        var toneDelayMs: Int64?
        var toneMissed: Double = 0
        var infoDelayMs: ClosedRange<Int64>?
    }

    var random: SeededRandom
    var loss: Double
    var repetition: Double
    var reordering: Double

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        loss = Double(random.next() % 31) / 100
        repetition = Double(random.next() % 31) / 100
        reordering = Double(random.next() % 31) / 100
    }

    mutating func chance(_ part: Double) -> Bool { Double(random.next() >> 11) / 9_007_199_254_740_992 < part }

    mutating func presses(_ count: Int) -> [Press] {
        var result: [Press] = []
        var at: Int64 = 200
        for _ in 0..<count {
            let code: UInt8 = chance(0.4) ? result.last?.code ?? 1 : UInt8(random.next() % 16)
            let ms = UInt32(60 + random.next() % 200)
            result.append(Press(code: code, atMs: at, ms: ms))
            at += Int64(ms) + Int64(60 + random.next() % 300)
        }
        return result
    }

    private enum Arrival {
        case packet(EventSender.Packet)
        case tone(DTMFDetector.Event, position: Int64)
        case info(Digit, UInt32)
    }

    /// What is told of the presses, and of which of them nothing arrived.
    mutating func run(_ presses: [Press], _ ways: Ways) -> (told: [Digit], lost: [Digit]) {
        var arrivals: [(at: Int64, what: Arrival)] = []
        var lost: [Digit] = []
        for press in presses {
            guard let digit = Digit(rawValue: press.code) else { continue }
            var arrived = false
            if ways.events {
                var sender = EventSender(clockRate: 8000)
                sender.press(press.code, durationMs: press.ms)
                var tick: Int64 = 0
                while !sender.isIdle {
                    sender.tick(timestamp: UInt32((press.atMs + tick * 20) * 8))
                    while let packet = sender.nextPacket() {
                        for _ in 0..<(chance(repetition) ? 2 : 1) where !chance(loss) {
                            let late: Int64 = chance(reordering) ? Int64(random.next() % 120) : 0
                            arrivals.append((press.atMs + tick * 20 + 20 + late, .packet(packet)))
                            arrived = true
                        }
                    }
                    tick += 1
                }
            }
            if let delay = ways.toneDelayMs, !chance(ways.toneMissed) {
                let start: Int64 = press.atMs + delay
                let end: Int64 = start + Int64(press.ms)
                let began = DTMFDetector.Event.began(code: press.code, start: start * 8)
                let ended = DTMFDetector.Event.ended(code: press.code, start: start * 8, end: end * 8)
                arrivals.append((start + 40, .tone(began, position: (start + 40) * 8)))
                arrivals.append((end + 40, .tone(ended, position: (end + 40) * 8)))
                arrived = true
            }
            if let delays = ways.infoDelayMs {
                let delay = Int64(random.next() % UInt64(delays.upperBound - delays.lowerBound + 1)) + delays.lowerBound
                arrivals.append((press.atMs + Int64(press.ms) + delay, .info(digit, press.ms)))
                arrived = true
            }
            if !arrived { lost.append(digit) }
        }
        return (feed(arrivals), lost)
    }

    private func feed(_ arrivals: [(at: Int64, what: Arrival)]) -> [Digit] {
        var receiver = EventReceiver(clockRate: 8000)
        var converter = DigitConverter(from: .events, to: .events)
        var told: [Digit] = []
        for (at, what) in arrivals.sorted(by: { $0.at < $1.at }) {
            let now = Moment.zero.advanced(by: .milliseconds(at))
            if let deadline = receiver.nextDeadline, deadline <= now { receiver.tick(now: deadline) }
            switch what {
            case .packet(let packet):
                withUnsafeTemporaryAllocation(byteCount: 4, alignment: 1) { bytes in
                    packet.event.write(to: bytes)
                    receiver.receive(
                        UnsafeRawBufferPointer(bytes), timestamp: packet.timestamp, marker: packet.marker, now: now)
                }
            case .tone(let event, let position):
                converter.came(event, position: position, sampleRate: 8000, now: now)
            case .info(let digit, let ms): converter.cameByInfo(digit, durationMs: ms, now: now)
            }
            while let fact = receiver.nextFact() { converter.came(fact, now: now) }
            while let effect = converter.nextEffect() { if case .tell(let digit) = effect { told.append(digit) } }
        }
        return told
    }
}

/// MV-MEDIA-01 names the sending and receiving of DTMF. partly: MV-MEDIA-01
@Suite("keys through a network, by several ways at once")
struct DigitPathTests {
    static let ways: [(String, DigitPath.Ways)] = [
        ("events alone", .init()),
        ("events, and tones 150 ms behind", .init(toneDelayMs: 150)),
        ("events, and tones 150 ms behind, a fifth of them not found", .init(toneDelayMs: 150, toneMissed: 0.2)),
        ("events, and tones before them", .init(toneDelayMs: -60)),
        ("tones alone", .init(events: false, toneDelayMs: 0)),
        ("INFO alone", .init(events: false, infoDelayMs: 0...0)),
        ("events and INFO behind", .init(infoDelayMs: 100...400)),
        ("all three", .init(toneDelayMs: 120, infoDelayMs: 50...300)),
    ]

    @Test("with 0-30 % of loss, repetition and reordering each key is told once, never twice", arguments: ways)
    func once(name: String, ways: DigitPath.Ways) {
        var keys = 0
        var nothing = 0
        for seed: UInt64 in 0..<300 {
            var path = DigitPath(seed: seed)
            let presses: [Press] = path.presses(20)
            let (told, lost) = path.run(presses, ways)
            var counts: [Digit: Int] = [:]
            for press in presses { if let digit = Digit(rawValue: press.code) { counts[digit, default: 0] += 1 } }
            for digit in lost { counts[digit, default: 0] -= 1 }
            for digit in told { counts[digit, default: 0] -= 1 }
            #expect(counts.values.allSatisfy { $0 == 0 }, "\(name), seed \(seed): \(counts.filter { $0.value != 0 })")
            keys += presses.count
            nothing += lost.count
        }
        print("keys by \(name): \(keys) pressed, \(nothing) of which nothing arrived, the others told once")
    }

    @Test("packets that hold any of a tone are known by the time they go on, and hardly any others")
    func muted() {
        let keys = "1594*0#A"
        let pattern: TonePattern = DTMF.pattern(keys, toneMs: 70, gapMs: 130)
        for rate: UInt32 in [8000, 16_000] {
            var generator = ToneGenerator(pattern, sampleRate: rate)
            var detector = DTMFDetector(sampleRate: rate)
            var converter = DigitConverter(from: .inBand, to: .events)
            let size = Int(rate / 50)
            let held = Int64(converter.lookAheadMs) * Int64(rate / 1000)
            var frame = [Int16](repeating: 0, count: size)
            var told: [Digit] = []
            var waiting: [(samples: Range<Int64>, isTonal: Bool)] = []
            var (passed, spared) = (0, 0)
            for tick: Int64 in 0..<100 {
                let made: Int = frame.withUnsafeMutableBufferPointer { generator.generate(into: $0) }
                for index in made..<size { frame[index] = 0 }
                let start: Int64 = detector.position
                frame.withUnsafeBufferPointer { detector.process($0) }
                while let event = detector.nextEvent() {
                    let now = Moment.zero.advanced(by: .milliseconds((tick + 1) * 20))
                    converter.came(event, position: detector.position, sampleRate: rate, now: now)
                }
                while let effect = converter.nextEffect() {
                    if case .tell(let digit) = effect { told.append(digit) }
                }
                waiting.append((start..<detector.position, frame.contains { $0 != 0 }))
                while let first = waiting.first, first.samples.upperBound + held <= detector.position {
                    waiting.removeFirst()
                    let isTonal: Bool = converter.hasTone(in: first.samples)
                    #expect(isTonal || !first.isTonal, "at \(first.samples)")
                    if isTonal, !first.isTonal { spared += 1 }
                    passed += 1
                }
            }
            #expect(told == keys.compactMap { Digit($0) })
            #expect(passed == 98)
            #expect(spared <= keys.count, "where a tone ends is known to within 4 ms")
        }
    }
}
