import Basics
import RTP
import Testing

@Suite("RTCP")
struct RTCPReaderTests {
    static let sender: [UInt8] = rtcp(
        200, count: 1,
        senderInfo(ssrc: 7, ntp: 0x1122_3344_5566_7788, timestamp: 160, packets: 3, octets: 480)
            + reportBlock(ssrc: 9, fraction: 64, lost: -2, highest: 70_000, jitter: 12, lsr: 0xAABB_CCDD, dlsr: 65_536))
    static let receiver: [UInt8] = rtcp(201, count: 0, [0, 0, 0, 7])
    static let description: [UInt8] = rtcp(202, count: 1, [0, 0, 0, 7, 1, 3] + Array("a@b".utf8) + [0, 0, 0])
    static let goodbye: [UInt8] = rtcp(203, count: 2, [0, 0, 0, 7, 0, 0, 0, 8, 3] + Array("bye".utf8))

    @Test("a compound of all kinds is read in order")
    func compound() throws {
        let datagram: [UInt8] =
            Self.sender + Self.description + Self.goodbye + rtcp(204, count: 0, [0, 0, 0, 7, 1, 2, 3, 4])
        try datagram.withUnsafeBytes { bytes in
            var reader = try #require(RTCPReader(bytes))
            guard case .senderReport(let report, let blocks) = reader.next() else {
                return #expect(Bool(false), "no sender report")
            }
            #expect(
                report.ssrc == 7 && report.rtpTimestamp == 160 && report.packetCount == 3 && report.octetCount == 480)
            #expect(report.compactTimestamp == 0x3344_5566)
            #expect(blocks.count == 1)
            #expect(blocks[0].ssrc == 9 && blocks[0].fractionLost == 64 && blocks[0].cumulativeLost == -2)
            #expect(blocks[0].extendedHighestSequence == 70_000 && blocks[0].jitter == 12)
            #expect(blocks[0].lastSenderReport == 0xAABB_CCDD && blocks[0].delaySinceLastSenderReport == 65_536)
            guard case .sourceDescription(let names) = reader.next() else {
                return #expect(Bool(false), "no description")
            }
            var items: [String] = []
            #expect(
                names.forEachItem { ssrc, type, text in
                    items.append("\(ssrc) \(type) \(String(decoding: text, as: UTF8.self))")
                })
            #expect(items == ["7 1 a@b"])
            guard case .goodbye(let leaving) = reader.next() else { return #expect(Bool(false), "no goodbye") }
            #expect(leaving.count == 2 && leaving[0] == 7 && leaving[1] == 8)
            #expect(leaving.reason.map { String(decoding: $0, as: UTF8.self) } == "bye")
            guard case .other(204) = reader.next() else { return #expect(Bool(false), "no application packet") }
            #expect(reader.next() == nil)
        }
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let datagram: [UInt8]
        let isCompound: Bool
        var isReducedSize: Bool?
    }

    static let rows: [Row] = [
        Row(testDescription: "sender report", datagram: sender, isCompound: true),
        Row(testDescription: "empty receiver report", datagram: receiver, isCompound: true),
        Row(testDescription: "seven bytes", datagram: Array(receiver.prefix(7)), isCompound: false),
        Row(
            testDescription: "description first", datagram: description + receiver, isCompound: false,
            isReducedSize: true),
        Row(testDescription: "a byte too many", datagram: receiver + [0], isCompound: false),
        Row(testDescription: "length over the end", datagram: [0x80, 201, 0, 2, 0, 0, 0, 7], isCompound: false),
        Row(testDescription: "length short of the end", datagram: [0x80, 201, 0, 0, 0, 0, 0, 7], isCompound: false),
        Row(testDescription: "second of version 1", datagram: receiver + [0x40, 202, 0, 0], isCompound: false),
        Row(testDescription: "second of type 100", datagram: receiver + [0x80, 100, 0, 0], isCompound: false),
        Row(
            testDescription: "first padded", datagram: rtcp(201, count: 0, [0, 0, 0, 7, 0, 0, 0, 4], padding: true),
            isCompound: false, isReducedSize: true),
        Row(
            testDescription: "last padded", datagram: receiver + rtcp(203, count: 0, [0, 0, 0, 4], padding: true),
            isCompound: true),
        Row(
            testDescription: "padding of 0", datagram: receiver + rtcp(203, count: 0, [0, 0, 0, 0], padding: true),
            isCompound: false),
        Row(
            testDescription: "padding over the packet",
            datagram: receiver + rtcp(203, count: 0, [0, 0, 0, 5], padding: true), isCompound: false),
    ]

    @Test("a datagram is taken whole or not at all", arguments: rows)
    func validity(_ row: Row) {
        row.datagram.withUnsafeBytes { bytes in
            #expect((RTCPReader(bytes) != nil) == row.isCompound)
            #expect((RTCPReader(bytes, allowReducedSize: true) != nil) == (row.isReducedSize ?? row.isCompound))
        }
    }

    @Test(
        "counts that do not fit the length make a packet of no kind",
        arguments: [
            rtcp(200, count: 1, senderInfo(ssrc: 7, ntp: 1)), rtcp(201, count: 31, [0, 0, 0, 7]),
        ])
    func contentTooShort(_ datagram: [UInt8]) throws {
        try datagram.withUnsafeBytes { bytes in
            var reader = try #require(RTCPReader(bytes))
            guard case .other(let type) = reader.next() else { return #expect(Bool(false), "was read") }
            #expect(type == datagram[1])
        }
    }

    @Test(
        "descriptions that run over their end are cut",
        arguments: [
            [0, 0, 0, 7, 1, 200, 65, 66], [0, 0, 0, 7, 1, 2, 65, 66], [0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 8],
        ] as [[UInt8]])
    func descriptionOverrun(_ body: [UInt8]) throws {
        try (Self.receiver + rtcp(202, count: 2, body)).withUnsafeBytes { bytes in
            var reader = try #require(RTCPReader(bytes))
            _ = reader.next()
            guard case .sourceDescription(let names) = reader.next() else {
                return #expect(Bool(false), "no description")
            }
            #expect(!names.forEachItem { _, _, _ in })
        }
    }

    @Test("random bytes never break the reader")
    func noise() {
        var random = SeededRandom(seed: 3)
        var read = 0
        for _ in 0..<20_000 {
            var datagram: [UInt8] = Self.sender + Self.description + Self.goodbye
            for _ in 0..<(1 + random.next() % 4) {
                datagram[Int(random.next() % UInt64(datagram.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            if random.next() % 4 == 0 { datagram.removeLast(Int(random.next() % 40)) }
            datagram.withUnsafeBytes { bytes in
                guard var reader = RTCPReader(bytes, allowReducedSize: true) else { return }
                while let packet = reader.next() {
                    read += 1
                    if case .sourceDescription(let names) = packet { names.forEachItem { _, _, _ in } }
                    if case .goodbye(let leaving) = packet { _ = leaving.reason?.count }
                }
            }
        }
        #expect(read > 10_000)
    }

    @Test(
        "the round trip is the time since the report was sent, without the time it was held",
        arguments: [
            (65_536, 1_250, 250), (32_768, 1_000, 500), (0, 40, 40), (131_072, 1_000, nil),
        ] as [(UInt32, Int64, Int64?)])
    func roundTrip(_ held: UInt32, _ elapsed: Int64, _ expected: Int64?) throws {
        let datagram: [UInt8] = rtcp(201, count: 1, [0, 0, 0, 7] + reportBlock(ssrc: 9, lsr: 5, dlsr: held))
        try datagram.withUnsafeBytes { bytes in
            var reader = try #require(RTCPReader(bytes))
            guard case .receiverReport(7, let blocks) = reader.next() else { return #expect(Bool(false), "no report") }
            let sent = Moment(nanoseconds: 5_000_000)
            let trip: Duration? = blocks[0].roundTrip(
                sentAt: sent, receivedAt: sent.advanced(by: .milliseconds(elapsed)))
            #expect(trip == expected.map { .milliseconds($0) })
        }
    }
}
