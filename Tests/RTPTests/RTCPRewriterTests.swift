import Basics
import RTP
import Testing

@Suite("RTCP rewriting")
struct RTCPRewriterTests {
    /// One direction of a relay: the party sends as 7 and is heard as 70; it hears 9, which is the other party's 90.
    static var mapping: RTCPMapping {
        var mapping = RTCPMapping(reporter: 70)
        mapping.add(.init(from: 7, to: 70, timestampOffset: 1000, packetOffset: 10, octetOffset: 0xFFFF_FFFF))
        mapping.add(.init(from: 9, to: 90, sequenceOffset: UInt32(bitPattern: -5)))
        return mapping
    }

    static func rewritten(_ datagram: [UInt8], mapping: RTCPMapping = mapping, capacity: Int = 1500) -> [UInt8] {
        var memory = [UInt8](repeating: 0xAA, count: capacity)
        let length: Int = datagram.withUnsafeBytes { input in
            memory.withUnsafeMutableBytes { output in
                Array("ours".utf8).withUnsafeBytes {
                    RTCPRewriter.rewrite(input, into: output, mapping: mapping, cname: $0)
                }
            }
        }
        return Array(memory[..<length])
    }

    static let ourName: [UInt8] = rtcp(202, count: 1, [0, 0, 0, 70, 1, 4] + Array("ours".utf8) + [0, 0])
    static let bare: [UInt8] = rtcp(201, count: 0, [0, 0, 0, 70])

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let datagram: [UInt8]
        let expected: [UInt8]
    }

    static func extended(_ ssrc: UInt8, _ blocks: [UInt8]) -> [UInt8] { rtcp(207, count: 0, [0, 0, 0, ssrc] + blocks) }
    static func feedback(_ type: UInt8, _ format: UInt8, _ sender: UInt8, _ media: UInt8, _ rest: [UInt8]) -> [UInt8] {
        rtcp(type, count: format, [0, 0, 0, sender, 0, 0, 0, media] + rest)
    }
    static func voip(_ ssrc: UInt8) -> [UInt8] { [7, 0, 0, 8, 0, 0, 0, ssrc] + (5...32).map { UInt8($0) } }
    static func ranged(_ type: UInt8, _ ssrc: UInt8, _ from: UInt16, _ to: UInt16, _ rest: [UInt8]) -> [UInt8] {
        var block = Bytes([type, 0x0F, 0, UInt8(2 + rest.count / 4), 0, 0, 0, ssrc])
        block.add16(from)
        block.add16(to)
        return block.bytes + rest
    }

    static let reports: [Row] = [
        Row(
            testDescription: "a sender report with a block",
            datagram: rtcp(
                200, count: 1,
                senderInfo(ssrc: 7, ntp: 0x1122_3344_5566_7788, timestamp: 0xFFFF_FF00, packets: 3, octets: 480)
                    + reportBlock(ssrc: 9, fraction: 64, lost: -2, highest: 70_000, jitter: 12, lsr: 5, dlsr: 6)),
            expected: rtcp(
                200, count: 1,
                senderInfo(ssrc: 70, ntp: 0x1122_3344_5566_7788, timestamp: 744, packets: 13, octets: 479)
                    + reportBlock(ssrc: 90, fraction: 64, lost: -2, highest: 69_995, jitter: 12, lsr: 5, dlsr: 6))),
        Row(
            testDescription: "extended sequence numbers keep their cycles",
            datagram: rtcp(201, count: 1, [0, 0, 0, 7] + reportBlock(ssrc: 9, highest: 65_537)),
            expected: rtcp(201, count: 1, [0, 0, 0, 70] + reportBlock(ssrc: 90, highest: 65_532))),
        Row(
            testDescription: "blocks of unknown streams are left out",
            datagram: rtcp(201, count: 2, [0, 0, 0, 7] + reportBlock(ssrc: 8) + reportBlock(ssrc: 9, highest: 5)),
            expected: rtcp(201, count: 1, [0, 0, 0, 70] + reportBlock(ssrc: 90))),
        Row(
            testDescription: "a receiver without a stream of its own",
            datagram: rtcp(201, count: 0, [0, 0, 0, 1]), expected: bare),
        Row(
            testDescription: "a sender report of an unknown stream is a receiver's",
            datagram: rtcp(200, count: 0, senderInfo(ssrc: 1, ntp: 5, timestamp: 160)), expected: bare),
        Row(
            testDescription: "names become ours, goodbyes and application packets go",
            datagram: RTCPReaderTests.receiver
                + rtcp(202, count: 1, [0, 0, 0, 7, 1, 3] + Array("a@b".utf8) + [6, 4] + Array("tool".utf8) + [0])
                + rtcp(204, count: 0, [0, 0, 0, 7, 1, 2, 3, 4]) + RTCPReaderTests.goodbye,
            expected: bare + ourName),
        Row(
            testDescription: "padding goes",
            datagram: RTCPReaderTests.receiver + rtcp(203, count: 1, [0, 0, 0, 7, 0, 0, 0, 4], padding: true),
            expected: bare),
        Row(testDescription: "a goodbye alone", datagram: rtcp(203, count: 1, [0, 0, 0, 7]), expected: []),
        Row(
            testDescription: "a report whose count does not fit", datagram: rtcp(201, count: 9, [0, 0, 0, 7]),
            expected: []),
        Row(testDescription: "no RTCP", datagram: rtp(), expected: []),
    ]

    static let others: [Row] = [
        Row(
            testDescription: "metrics", datagram: extended(7, voip(9) + voip(8)), expected: extended(70, voip(90))),
        Row(testDescription: "metrics of a stranger alone", datagram: extended(7, voip(8)), expected: []),
        Row(
            testDescription: "summary", datagram: extended(7, ranged(6, 9, 3, 100, [UInt8](repeating: 1, count: 28))),
            expected: extended(70, ranged(6, 90, 65_534, 95, [UInt8](repeating: 1, count: 28)))),
        Row(
            testDescription: "loss run lengths", datagram: extended(7, ranged(1, 9, 10, 20, [0xC0, 1, 0, 0])),
            expected: extended(70, ranged(1, 90, 5, 15, [0xC0, 1, 0, 0]))),
        Row(
            testDescription: "reference time and answers",
            datagram: extended(
                1, [4, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 5, 0, 0, 3, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2]),
            expected: extended(
                70, [4, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 5, 0, 0, 3, 0, 0, 0, 90, 0, 0, 0, 1, 0, 0, 0, 2])),
        Row(
            testDescription: "unknown blocks and receipt times go",
            datagram: extended(7, ranged(3, 9, 1, 2, [0, 0, 0, 1]) + [99, 0, 0, 1, 0, 0, 0, 9]), expected: []),
        Row(
            testDescription: "NACK", datagram: feedback(205, 1, 7, 9, [0, 2, 0, 1, 0, 50, 0, 0]),
            expected: feedback(205, 1, 70, 90, [0xFF, 0xFD, 0, 1, 0, 45, 0, 0])),
        Row(
            testDescription: "PLI", datagram: feedback(206, 1, 7, 9, []), expected: feedback(206, 1, 70, 90, [])),
        Row(testDescription: "PLI of a stranger's stream", datagram: feedback(206, 1, 7, 8, []), expected: []),
        Row(
            testDescription: "FIR", datagram: feedback(206, 4, 7, 0, [0, 0, 0, 9, 5, 0, 0, 0]),
            expected: feedback(206, 4, 70, 0, [0, 0, 0, 90, 5, 0, 0, 0])),
        Row(
            testDescription: "FIR of a stranger's stream after a report",
            datagram: RTCPReaderTests.receiver + feedback(206, 4, 7, 0, [0, 0, 0, 8, 5, 0, 0, 0]), expected: bare),
        Row(
            testDescription: "REMB",
            datagram: feedback(206, 15, 7, 0, [0x52, 0x45, 0x4D, 0x42, 1, 2, 3, 4, 0, 0, 0, 9]),
            expected: feedback(206, 15, 70, 0, [0x52, 0x45, 0x4D, 0x42, 1, 2, 3, 4, 0, 0, 0, 90])),
        Row(testDescription: "unknown feedback", datagram: feedback(206, 15, 7, 9, [1, 2, 3, 4]), expected: []),
    ]

    @Test("each kind is mapped or left out", arguments: reports + others)
    func mapped(_ row: Row) { #expect(Self.rewritten(row.datagram) == row.expected) }

    @Test("the way back undoes the way there")
    func inverse() {
        var back = RTCPMapping(reporter: 7)
        back.add(.init(from: 70, to: 7, timestampOffset: 0 &- 1000, packetOffset: 0 &- 10, octetOffset: 1))
        back.add(.init(from: 90, to: 9, sequenceOffset: 5))
        for row in Self.reports.prefix(2) {
            #expect(Self.rewritten(Self.rewritten(row.datagram), mapping: back) == row.datagram)
        }
    }

    @Test("too small an output takes nothing", arguments: 0..<51)
    func small(_ capacity: Int) {
        #expect(Self.rewritten(RTCPReaderTests.sender + RTCPReaderTests.description, capacity: capacity) == [])
    }

    @Test("a mapping holds four streams and replaces known ones")
    func capacity() {
        var mapping = RTCPMapping(reporter: 1)
        let taken: [Bool] = (1...5).map { mapping.add(.init(from: $0, to: $0 + 10)) }
        #expect(taken == [true, true, true, true, false])
        mapping.add(.init(from: 4, to: 40))
        #expect(mapping.entry(4)?.to == 40 && mapping.entry(5) == nil && mapping.count == 4)
    }

    @Test("random bytes never break the rewriter, and what it writes is RTCP")
    func noise() {
        var random = SeededRandom(seed: 11)
        var kept = 0
        let rows: [[UInt8]] = (Self.reports + Self.others).map(\.datagram)
        for step in 0..<40_000 {
            var datagram: [UInt8] = rows[step % rows.count] + (step % 3 == 0 ? rows[(step / 7) % rows.count] : [])
            for _ in 0..<(random.next() % 4) {
                datagram[Int(random.next() % UInt64(datagram.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            if random.next() % 4 == 0 { datagram.removeLast(Int(random.next() % UInt64(datagram.count))) }
            let result = Self.rewritten(datagram, capacity: Int(random.next() % 300))
            guard !result.isEmpty else { continue }
            kept += 1
            result.withUnsafeBytes { #expect(RTCPReader($0, allowReducedSize: true) != nil) }
        }
        #expect(kept > 5_000)
    }
}
