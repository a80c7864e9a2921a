import Basics
import RTP
import Testing

@Suite("Sequence numbers")
struct SequenceTrackerTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let numbers: [UInt16]
        let lost: UInt64
        let highest: UInt64
    }

    static let rows: [Row] = [
        Row(testDescription: "in order", numbers: [10, 11, 12], lost: 0, highest: 12),
        Row(testDescription: "one missing", numbers: [10, 12], lost: 1, highest: 12),
        Row(testDescription: "reordered is not lost", numbers: [10, 12, 11], lost: 0, highest: 12),
        Row(
            testDescription: "a duplicate hides no more than one loss", numbers: [10, 11, 11, 14], lost: 1, highest: 14),
        Row(testDescription: "duplicates never make it negative", numbers: [10, 10, 10], lost: 0, highest: 10),
        Row(testDescription: "wrap", numbers: [65_534, 65_535, 0, 1], lost: 0, highest: 65_537),
        Row(testDescription: "loss over the wrap", numbers: [65_534, 2], lost: 3, highest: 65_538),
        Row(testDescription: "late over the wrap", numbers: [65_534, 0, 65_535], lost: 0, highest: 65_536),
        Row(testDescription: "longest dropout", numbers: [0, 2999], lost: 2998, highest: 2999),
        Row(testDescription: "a single stray counts nothing", numbers: [0, 3000, 1], lost: 0, highest: 1),
        Row(
            testDescription: "two strays in sequence are a restart", numbers: [0, 2, 30_000, 30_001, 30_002], lost: 1,
            highest: 30_002),
        Row(testDescription: "99 behind is late", numbers: [200, 101, 202], lost: 0, highest: 202),
        Row(testDescription: "100 behind is a stray", numbers: [200, 100, 202], lost: 1, highest: 202),
    ]

    @Test("losses and the highest number", arguments: rows)
    func counting(_ row: Row) {
        var tracker = SequenceTracker()
        for number in row.numbers { tracker.receive(number) }
        #expect(tracker.lost == row.lost)
        #expect(tracker.extendedHighest == row.highest)
    }

    @Test("each packet is judged")
    func outcomes() {
        var tracker = SequenceTracker()
        let outcomes: [SequenceTracker.Outcome] = [5, 6, 5, 20_000, 20_001, 20_002].map { tracker.receive($0) }
        #expect(outcomes == [.newest, .newest, .late, .stray, .restarted, .newest])
    }

    @Test("a new series keeps the losses of the old")
    func restart() {
        var tracker = SequenceTracker()
        for number: UInt16 in [1, 4] { tracker.receive(number) }
        tracker.restart()
        #expect(tracker.extendedHighest == nil)
        for number: UInt16 in [40_000, 40_002] { tracker.receive(number) }
        #expect(tracker.lost == 3)
    }

    @Test("100,000 packets with 1 in 10 missing, shuffled within 4, lose 1 in 10")
    func longRun() {
        var tracker = SequenceTracker()
        var random = SeededRandom(seed: 1)
        var missing: UInt64 = 0
        for block in 0..<25_000 {
            var numbers: [UInt16] = (0..<4).map { UInt16(truncatingIfNeeded: block * 4 + $0) }
            if block > 0, block < 24_999 { numbers.shuffle(using: &random) }
            for number in numbers {
                if block > 0, block < 24_999, random.next() % 10 == 0 { missing += 1 } else { tracker.receive(number) }
            }
        }
        #expect(missing > 9000)
        #expect(tracker.lost == missing)
    }
}

@Suite("Jitter")
struct JitterMeterTests {
    /// Milliseconds of arrival and timestamps at 8 kHz.
    func meter(_ packets: [(Int64, UInt32)], clockRate: UInt32 = 8000) -> JitterMeter {
        var meter = JitterMeter()
        for (milliseconds, timestamp) in packets {
            meter.receive(timestamp: timestamp, at: Moment(nanoseconds: milliseconds * 1_000_000), clockRate: clockRate)
        }
        return meter
    }

    @Test("a steady stream has none, whatever its start and over the timestamp's wrap")
    func steady() {
        let start: UInt32 = UInt32.max - 800
        let packets: [(Int64, UInt32)] = (0..<50).map { (77 + 20 * Int64($0), start &+ 160 * UInt32($0)) }
        #expect(meter(packets).timestampUnits == 0)
    }

    @Test("the first difference counts a sixteenth (RFC 3550 §6.4.1)")
    func gain() {
        let result: JitterMeter = meter([(0, 0), (36, 160)])  // 16 ms late
        #expect(result.timestampUnits == 8)  // 128 units / 16
        #expect(result.microseconds(clockRate: 8000) == 1000)
    }

    @Test("alternating by 10 ms settles at 10 ms")
    func settles() {
        var packets: [(Int64, UInt32)] = []
        for index: UInt32 in 0..<400 {
            let late: Int64 = index % 2 == 0 ? 0 : 10
            packets.append((20 * Int64(index) + late, 160 * index))
        }
        let milliseconds: UInt32 = (meter(packets).microseconds(clockRate: 8000) + 500) / 1000
        #expect(milliseconds == 10)
    }

    @Test("a new timestamp series is no jitter")
    func jump() {
        #expect(meter([(0, 0), (20, 160), (40, 900_000), (60, 900_160)]).timestampUnits == 0)
    }

    @Test("an unknown clock rate measures nothing")
    func unknownRate() {
        let result: JitterMeter = meter([(0, 0), (36, 160)], clockRate: 0)
        #expect(result.timestampUnits == 0)
        #expect(result.microseconds(clockRate: 0) == 0)
    }

    @Test("extreme clock rates and times do not overflow", arguments: [UInt32(1), 8000, 90_000, .max])
    func extremes(_ rate: UInt32) {
        var meter = JitterMeter()
        var random = SeededRandom(seed: UInt64(rate))
        for _ in 0..<1000 {
            meter.receive(
                timestamp: UInt32(truncatingIfNeeded: random.next()),
                at: Moment(nanoseconds: Int64(random.next() >> 1)), clockRate: rate)
        }
        // A step counts only below a second, so the mean of them does too.
        #expect(meter.microseconds(clockRate: rate) <= 1_000_000)
    }
}
