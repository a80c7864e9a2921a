import Basics
import MediaSession
import RTP
import Testing

/// A stream of 20 ms at 8 kHz for a meter.
struct Stream {
    var meter = ReceptionMeter(clockRate: 8000, now: .zero)
    /// Milliseconds of the next packet's sending.
    var time: Int64 = 0
    var number: UInt16 = 65_500

    /// Sends `count` packets; those at places in `missing` (0 is the first) don't come.
    mutating func send(_ count: Int, missing: Set<Int> = [], late: Int64 = 0) {
        for place in 0..<count {
            if !missing.contains(place) { arrive(number, sentAt: time, at: time + late) }
            number &+= 1
            time += 20
        }
    }

    mutating func arrive(_ number: UInt16, sentAt: Int64, at arrival: Int64) {
        meter.receive(
            sequenceNumber: number, timestamp: UInt32(truncatingIfNeeded: sentAt * 8),
            at: Moment(nanoseconds: arrival * 1_000_000))
    }

    mutating func interval() -> MediaQuality { meter.takeInterval(now: Moment(nanoseconds: time * 1_000_000)) }
    mutating func last() -> MediaQuality { meter.takeLastInterval(now: Moment(nanoseconds: time * 1_000_000)) }
}

@Suite("Reception of a stream")
struct ReceptionMeterTests {
    @Test("a clean stream over the wrap of its numbers shows nothing")
    func clean() {
        var stream = Stream()
        stream.send(250)
        let quality = stream.last()
        #expect(quality.packetsReceived == 250 && quality.packetsExpected == 250 && quality.packetsLost == 0)
        #expect(quality.from == .zero && quality.to == at(5000))
        #expect(quality.jitterMicroseconds == 0 && quality.highDelayVariationMicroseconds == 0)
        #expect(quality.longestGapMs == 0 && quality.packetsReordered == 0 && quality.packetsDuplicated == 0)
        #expect(stream.meter.extendedHighest == 65_536 + 213 && stream.meter.packetsLost == 0)
    }

    struct LossRow: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// Places of 300 that do not come.
        let missing: [Int]
        let longest: UInt16
        let runs: UInt32
        var inBursts: UInt32 = 0
        var burstLength: UInt32 = 0
        var bursts: UInt32 = 0
    }

    static let lossRows: [LossRow] = [
        LossRow(testDescription: "none", missing: [], longest: 0, runs: 0),
        LossRow(testDescription: "one alone", missing: [100], longest: 1, runs: 1),
        LossRow(
            testDescription: "two with 15 between are a burst", missing: [100, 116], longest: 1, runs: 2, inBursts: 2,
            burstLength: 17, bursts: 1),
        LossRow(testDescription: "two with 16 between are not", missing: [100, 117], longest: 1, runs: 2),
        LossRow(
            testDescription: "two in a row", missing: [100, 101], longest: 2, runs: 1, inBursts: 2, burstLength: 2,
            bursts: 1),
        LossRow(
            testDescription: "two bursts and one alone", missing: [50, 51, 60, 100, 150, 151, 152], longest: 3, runs: 4,
            inBursts: 6, burstLength: 14, bursts: 2),
        LossRow(
            testDescription: "a run longer than the window", missing: Array(100..<240), longest: 140, runs: 1,
            inBursts: 140, burstLength: 140, bursts: 1),
    ]

    @Test(
        "losses are told by runs, and by bursts where fewer than 16 came between two (RFC 3611 §4.7.2)",
        arguments: lossRows)
    func losses(_ row: LossRow) {
        var stream = Stream()
        stream.send(300, missing: Set(row.missing))
        let quality = stream.last()
        #expect(quality.packetsLost == UInt32(row.missing.count) && quality.packetsExpected == 300)
        #expect(quality.packetsReceived == 300 - UInt32(row.missing.count))
        #expect(quality.longestLoss == row.longest && quality.lossRuns == row.runs)
        #expect(quality.packetsLostInBursts == row.inBursts && quality.packetsInBursts == row.burstLength)
        #expect(quality.bursts == row.bursts)
        #expect(stream.meter.packetsLost == UInt64(row.missing.count))
    }

    @Test("intervals add up to the totals, whatever lies on their borders")
    func intervals() {
        var random = SeededRandom(seed: 4)
        var stream = Stream()
        var sum: (expected: UInt32, lost: UInt32, received: UInt32, bursts: UInt32) = (0, 0, 0, 0)
        for _ in 0..<40 {
            stream.send(250, missing: Set((0..<(random.next() % 60)).map { _ in Int(random.next() % 250) }))
            let quality = stream.interval()
            sum.expected += quality.packetsExpected
            sum.lost += quality.packetsLost
            sum.received += quality.packetsReceived
            sum.bursts += quality.bursts
        }
        let end = stream.last()
        let totals = stream.meter.totals
        #expect(totals.packetsExpected == sum.expected + end.packetsExpected)
        #expect(totals.packetsLost == sum.lost + end.packetsLost && totals.bursts == sum.bursts + end.bursts)
        #expect(
            totals.packetsReceived == sum.received
                && totals.packetsExpected == totals.packetsReceived + totals.packetsLost)
        #expect(UInt64(totals.packetsLost) == stream.meter.packetsLost)
        #expect(totals.from == .zero && totals.to == at(200_000))
    }

    @Test("what comes out of order is not lost; what comes twice is told, not counted twice")
    func order() {
        var stream = Stream()
        stream.send(50)
        let next: UInt16 = stream.number
        for (offset, delay) in [(1, 20), (0, 21), (3, 60), (2, 61), (2, 62), (3, 63), (4, 80)] as [(UInt16, Int64)] {
            stream.arrive(next &+ offset, sentAt: 1000 + Int64(offset) * 20, at: 1000 + delay)
        }
        stream.number = next &+ 5
        stream.time = 1100
        stream.send(100)
        let quality = stream.last()
        #expect(quality.packetsReordered == 2 && quality.packetsDuplicated == 2)
        #expect(quality.packetsLost == 0 && quality.packetsExpected == 155 && quality.packetsReceived == 155)
    }

    @Test("a packet that comes when its place was given up stays lost")
    func tooLate() {
        var stream = Stream()
        stream.send(100, missing: [40])
        stream.arrive(4, sentAt: 800, at: 2000)
        let quality = stream.last()
        #expect(quality.packetsLost == 1 && quality.packetsReordered == 1)
        // A report counts what came (RFC 3550 §A.3).
        #expect(stream.meter.packetsLost == 0)
    }

    @Test("what the jitter buffer drops is discarded, not lost, and part of bursts")
    func discards() {
        var stream = Stream()
        stream.send(100, missing: [90])
        stream.meter.discarded(sequenceNumber: 55)
        stream.meter.discarded(sequenceNumber: 65_505)  // Settled long ago.
        stream.meter.concealed(ms: 40)
        stream.send(50)
        let quality = stream.last()
        #expect(quality.packetsLost == 1 && quality.packetsDiscarded == 2 && quality.concealedMs == 40)
        #expect(quality.packetsLostInBursts == 2 && quality.longestLoss == 2 && quality.lossRuns == 1)
    }

    @Test("another source, and a series begun anew, lose nothing between")
    func restarts() {
        var stream = Stream()
        stream.send(50, missing: [10])
        stream.meter.restart()
        stream.number = 7
        stream.send(50, missing: [10])
        stream.number = 40_000
        stream.send(1)  // A stray until the next one follows it.
        stream.send(50)
        let quality = stream.last()
        #expect(quality.packetsLost == 2 && quality.packetsReceived == 148 && stream.meter.packetsLost == 2)
        #expect(stream.meter.extendedHighest == 40_050)
    }

    @Test("a single stray changes nothing")
    func stray() {
        var stream = Stream()
        stream.send(50)
        stream.arrive(30_000, sentAt: 1000, at: 1000)
        stream.send(50)
        #expect(stream.last().packetsReceived == 100 && stream.meter.packetsLost == 0)
    }

    @Test("random numbers keep the counts consistent")
    func noise() {
        var random = SeededRandom(seed: 8)
        var meter = ReceptionMeter(clockRate: 8000, now: .zero)
        var number: UInt16 = 0
        var (expected, received): (UInt64, UInt64) = (0, 0)
        for step in 0..<200_000 as Range<Int64> {
            switch random.next() % 20 {
            case 0: number &+= UInt16(random.next() % 5000)
            case 1: number &-= UInt16(random.next() % 200)
            case 2: number = UInt16(truncatingIfNeeded: random.next())
            case 3: meter.discarded(sequenceNumber: number &- UInt16(random.next() % 100))
            default: number &+= 1
            }
            meter.receive(
                sequenceNumber: number,
                timestamp: UInt32(truncatingIfNeeded: random.next() % 4 == 0 ? random.next() : UInt64(step) * 160),
                at: Moment(nanoseconds: step * Int64(random.next() % 30_000_000)))
            if step % 250 == 249 {
                let quality = meter.takeInterval(now: Moment(nanoseconds: step * 20_000_000))
                expected += UInt64(quality.packetsExpected)
                received += UInt64(quality.packetsReceived)
                #expect(quality.packetsLost &+ quality.packetsDiscarded <= quality.packetsExpected &+ 250)
                #expect(quality.packetsLostInBursts <= quality.packetsInBursts)
            }
        }
        #expect(received > 100_000 && expected > 100_000)
    }

    @Test("the meter is plain memory")
    func plainMemory() {
        #expect(_isPOD(ReceptionMeter.self))
        #expect(MemoryLayout<ReceptionMeter>.size < 1024)
    }
}

@Suite("Time in a stream")
struct ReceptionTimeTests {
    @Test("jitter follows RFC 3550 §A.8: packets alternately 0 and 8 ms late come to a jitter of 8 ms")
    func jitter() {
        var stream = Stream()
        for index in 0..<400 {
            stream.arrive(stream.number, sentAt: stream.time, at: stream.time + (index % 2 == 0 ? 0 : 8))
            stream.number &+= 1
            stream.time += 20
        }
        let quality = stream.last()
        #expect(abs(Int(quality.jitterMicroseconds) - 8000) < 20)
        #expect(abs(Int(stream.meter.jitterTimestampUnits) - 64) <= 1)
        // Half of them are on time, and 95 of 100 within 8 ms; a class is a fifth of its size wide.
        #expect(quality.delayVariationMicroseconds == 0)
        #expect(abs(Int(quality.highDelayVariationMicroseconds) - 8000) < 1600)
    }

    @Test(
        "jitter agrees with the meter of the RFC to the microsecond's tenth",
        arguments: [8000, 16_000, 48_000] as [UInt32])
    func agrees(_ rate: UInt32) {
        var random = SeededRandom(seed: 5)
        var meter = ReceptionMeter(clockRate: rate, now: .zero)
        var reference = JitterMeter()
        for index in 0..<2000 as Range<Int64> {
            let now = Moment(nanoseconds: index * 20_000_000 + Int64(random.next() % 30_000_000))
            let timestamp = UInt32(truncatingIfNeeded: 4_294_900_000 + index * Int64(rate) / 50)
            meter.receive(sequenceNumber: UInt16(index), timestamp: timestamp, at: now)
            reference.receive(timestamp: timestamp, at: now, clockRate: rate)
        }
        let (one, other) = (Int(meter.jitterMicroseconds), Int(reference.microseconds(clockRate: rate)))
        // The reference rounds each packet to whole timestamp units.
        #expect(other > 8000 && abs(one - other) < 150)
    }

    @Test("packets that share a timestamp, as those of an event do, are no jitter")
    func events() {
        var stream = Stream()
        stream.send(50)
        for index in 0..<10 as Range<Int64> {
            stream.arrive(stream.number, sentAt: stream.time, at: stream.time + index * 20)
            stream.number &+= 1
        }
        stream.time += 200
        stream.send(50)
        #expect(stream.last().jitterMicroseconds == 0)
    }

    @Test("a jump of a second in the timestamps is another series")
    func jump() {
        var stream = Stream()
        stream.send(50)
        stream.meter.receive(sequenceNumber: stream.number, timestamp: 4_000_000_000, at: at(stream.time))
        stream.number &+= 1
        for index in 1..<50 as Range<Int64> {
            stream.meter.receive(
                sequenceNumber: stream.number, timestamp: 4_000_000_000 + UInt32(index) * 160,
                at: at(stream.time + index * 20))
            stream.number &+= 1
        }
        stream.time += 1000
        #expect(stream.last().jitterMicroseconds == 0)
    }

    @Test("a drift of clocks by 100 ppm does not grow into a delay")
    func drift() {
        var meter = ReceptionMeter(clockRate: 8000, now: .zero)
        var worst: UInt32 = 0
        for index in 0..<180_000 as Range<Int64> {
            meter.receive(
                sequenceNumber: UInt16(truncatingIfNeeded: index), timestamp: UInt32(truncatingIfNeeded: index * 160),
                at: Moment(nanoseconds: index * 20_002_000))
            if index % 250 == 249 {
                worst = max(
                    worst,
                    meter.takeInterval(now: Moment(nanoseconds: index * 20_002_000)).highDelayVariationMicroseconds)
            }
        }
        #expect(worst < 2000)
    }

    @Test("nothing for 1.2 s is a gap, whether packets are lost, delayed or still to come")
    func gaps() {
        var lost = Stream()
        lost.send(200, missing: Set(100..<159))
        #expect(lost.last().longestGapMs == 1200)

        var delayed = Stream()
        delayed.send(100)
        delayed.time += 20
        for index in 0..<60 as Range<Int64> {
            delayed.arrive(delayed.number, sentAt: 2000 + index * 20, at: 3180 + index)
            delayed.number &+= 1
        }
        #expect(delayed.interval().longestGapMs == 1200)

        var ended = Stream()
        ended.send(100)
        ended.time += 1180
        let last = ended.interval()
        #expect(last.longestGapMs == 1200 && last.silentMs == 1200)
        ended.time += 5000
        let next = ended.interval()
        #expect(next.longestGapMs == 6200 && next.silentMs == 6200)
        #expect(next.packetsReceived == 0 && next.packetsExpected == 0)
    }

    @Test("a pause that numbers and timestamps account for is no gap")
    func pause() {
        var stream = Stream()
        stream.send(100)
        stream.time += 3000
        stream.send(100)
        let quality = stream.last()
        #expect(quality.longestPauseMs == 3020 && quality.longestGapMs == 0 && quality.jitterMicroseconds == 0)
    }

    @Test("a stream that never came is silent since it was expected")
    func never() {
        var stream = Stream()
        stream.time = 5000
        let quality = stream.interval()
        #expect(quality.packetsReceived == 0 && quality.longestGapMs == 5000)
        #expect(stream.meter.extendedHighest == nil)
    }

    @Test("what lies before the first packet, or before media is expected anew, is no gap")
    func expectations() {
        var stream = Stream()
        stream.time = 30_000
        stream.send(50)
        #expect(stream.interval().longestGapMs == 0)
        stream.time += 60_000
        stream.meter.expect(from: at(stream.time - 300))
        stream.number &+= 1
        stream.send(50)
        #expect(stream.interval().longestGapMs == 300)
    }

    @Test("report blocks tell loss since the last one, and in all")
    func reportBlocks() {
        var stream = Stream()
        stream.send(128, missing: Set(0..<0).union([5, 50, 60, 70]))
        let first: RTCPReportBlock = stream.meter.takeReportBlock(ssrc: 9, lastSenderReport: 0, delay: 77)
        #expect(first.ssrc == 9 && first.cumulativeLost == 4 && first.fractionLost == 8)
        #expect(first.extendedHighestSequence == 65_536 + 91 && first.delaySinceLastSenderReport == 0)
        stream.send(128, missing: Set(1...64))
        let second: RTCPReportBlock = stream.meter.takeReportBlock(ssrc: 9, lastSenderReport: 5, delay: 77)
        #expect(second.cumulativeLost == 68 && second.fractionLost == 128)
        #expect(second.lastSenderReport == 5 && second.delaySinceLastSenderReport == 77)
        stream.meter.restart()
        #expect(stream.meter.takeReportBlock(ssrc: 9, lastSenderReport: 0, delay: 0).fractionLost == 0)
    }

    @Test("duplicates make the count of a report negative, not its fraction")
    func negative() {
        var stream = Stream()
        stream.send(10)
        for _ in 0..<3 { stream.arrive(stream.number &- 1, sentAt: 0, at: stream.time) }
        let block: RTCPReportBlock = stream.meter.takeReportBlock(ssrc: 9, lastSenderReport: 0, delay: 0)
        #expect(block.cumulativeLost == -3 && block.fractionLost == 0 && stream.meter.packetsLost == 0)
    }
}
