import Basics
import RTP
import Testing

@Suite("Extended reports and feedback")
struct RTCPExtendedTests {
    static var metrics: RTCPVoIPMetrics {
        var metrics = RTCPVoIPMetrics(ssrc: 0x0102_0304)
        (metrics.lossRate, metrics.discardRate, metrics.burstDensity, metrics.gapDensity) = (5, 6, 7, 8)
        (metrics.burstDurationMs, metrics.gapDurationMs) = (0x090A, 0x0B0C)
        (metrics.roundTripMs, metrics.endSystemDelayMs) = (0x0D0E, 0x0F10)
        (metrics.signalLevel, metrics.noiseLevel, metrics.residualEchoLoss, metrics.minimumGap) = (17, 18, 19, 20)
        (metrics.rFactor, metrics.externalRFactor, metrics.listeningMOS, metrics.conversationalMOS) = (21, 22, 23, 24)
        metrics.receiverConfiguration = 25
        (metrics.jitterBufferNominalMs, metrics.jitterBufferMaximumMs) = (0x1B1C, 0x1D1E)
        metrics.jitterBufferAbsoluteMaximumMs = 0x1F20
        return metrics
    }

    /// The packet's body behind the reporter's SSRC.
    static func extended(_ blocks: [UInt8]) -> [UInt8] { rtcp(207, count: 0, [0, 0, 0, 7] + blocks) }

    @Test("every field of the VoIP metrics is in its place, there and back")
    func voip() throws {
        let (bytes, _) = written(isReducedSize: true) { writer in
            writer.extendedReport(ssrc: 7)
            writer.voipMetrics(Self.metrics)
        }
        // 1, 2, 3 … 32 but for the reserved byte after the configuration.
        let content: [UInt8] = (1...32).map { $0 == 26 ? 0 : UInt8($0) }
        #expect(bytes == Self.extended([7, 0, 0, 8] + content))
        try bytes.withUnsafeBytes { raw in
            var reader = try #require(RTCPReader(raw, allowReducedSize: true))
            guard case .other(207) = reader.next(), var report = reader.extendedReport else {
                return #expect(Bool(false), "no extended report")
            }
            guard case .voipMetrics(let metrics) = report.next() else { return #expect(Bool(false), "no metrics") }
            let isLast: Bool = report.next() == nil
            #expect(metrics == Self.metrics && report.ssrc == 7 && isLast)
        }
    }

    @Test("reference time, answers and summary are written and read back")
    func others() throws {
        var summary = RTCPStatisticsSummary(ssrc: 9, firstSequence: 65_530, endSequence: 4)
        summary.packetsLost = 3
        summary.jitter = .init(minimum: 1, maximum: 9, mean: 4, deviation: 2)
        let answers: [RTCPReferenceTimeAnswer] = [
            RTCPReferenceTimeAnswer(ssrc: 9, lastReferenceTime: 0xA0B0_C0D0, delay: 65_536),
            RTCPReferenceTimeAnswer(ssrc: 10, lastReferenceTime: 5, delay: 6),
        ]
        let (bytes, _) = written(isReducedSize: true) { writer in
            writer.extendedReport(ssrc: 7)
            writer.receiverReferenceTime(0x1122_3344_5566_7788)
            for answer in answers { writer.delaySinceReferenceTime(answer) }
            writer.statisticsSummary(summary)
        }
        try bytes.withUnsafeBytes { raw in
            var reader = try #require(RTCPReader(raw, allowReducedSize: true))
            _ = reader.next()
            var report = try #require(reader.extendedReport)
            guard case .receiverReferenceTime(0x1122_3344_5566_7788) = report.next() else {
                return #expect(Bool(false), "no time")
            }
            for answer in answers {
                guard case .referenceTimeAnswers(let read) = report.next(), read.count == 1 else {
                    return #expect(Bool(false), "no answer")
                }
                #expect(read[0] == answer)
            }
            guard case .statisticsSummary(let read) = report.next() else { return #expect(Bool(false), "no summary") }
            let isLast: Bool = report.next() == nil
            #expect(read == summary && read.packetsDuplicated == nil && isLast)
        }
    }

    @Test("the round trip of a receiver without media is told by the answer to its time")
    func roundTrip() {
        let answer = RTCPReferenceTimeAnswer(ssrc: 9, lastReferenceTime: 1, delay: 32_768)
        let sent = Moment(nanoseconds: 1_000_000_000)
        #expect(answer.roundTrip(sentAt: sent, receivedAt: sent.advanced(by: .milliseconds(620))) == .milliseconds(120))
        #expect(answer.roundTrip(sentAt: sent, receivedAt: sent.advanced(by: .milliseconds(400))) == nil)
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let blocks: [UInt8]
        let kinds: [UInt8]
    }

    static let rows: [Row] = [
        Row(testDescription: "no block", blocks: [], kinds: []),
        Row(testDescription: "length over the end", blocks: [7, 0, 0, 8, 0, 0, 0, 1], kinds: []),
        Row(
            testDescription: "metrics of the wrong length", blocks: [7, 0, 0, 1, 0, 0, 0, 1, 4, 0, 0, 0], kinds: [7, 4]),
        Row(testDescription: "half an answer", blocks: [5, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1], kinds: [5]),
        Row(testDescription: "unknown kinds", blocks: [99, 0, 0, 0, 200, 1, 0, 1, 0, 0, 0, 0], kinds: [99, 200]),
    ]

    @Test("blocks that do not fit are told apart or end the report", arguments: rows)
    func broken(_ row: Row) throws {
        try Self.extended(row.blocks).withUnsafeBytes { raw in
            var reader = try #require(RTCPReader(raw, allowReducedSize: true))
            _ = reader.next()
            var report = try #require(reader.extendedReport)
            var kinds: [UInt8] = []
            while let block = report.next() {
                guard case .other(let type) = block else { return #expect(Bool(false), "was read: \(block)") }
                kinds.append(type)
            }
            #expect(kinds == row.kinds)
        }
    }

    struct FeedbackRow: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let packet: [UInt8]
        let kind: RTCPFeedback.Kind
        var media: UInt32 = 9
        var entries: [UInt32] = []
    }

    static let sources: [UInt8] = [0, 0, 0, 7, 0, 0, 0, 9]
    static let remb: [UInt8] = [0x52, 0x45, 0x4D, 0x42, 2, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 10]
    static let feedbackRows: [FeedbackRow] = [
        FeedbackRow(testDescription: "PLI", packet: rtcp(206, count: 1, sources), kind: .pictureLoss),
        FeedbackRow(
            testDescription: "NACK", packet: rtcp(205, count: 1, sources + [0, 5, 0, 1]), kind: .missing),
        FeedbackRow(
            testDescription: "FIR", packet: rtcp(206, count: 4, [0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 9, 1, 0, 0, 0]),
            kind: .fullIntraRequest, media: 0, entries: [9]),
        FeedbackRow(
            testDescription: "FIR of half an entry", packet: rtcp(206, count: 4, sources + [0, 0, 0, 9]),
            kind: .other(type: 206, format: 4)),
        FeedbackRow(
            testDescription: "REMB", packet: rtcp(206, count: 15, sources + remb), kind: .estimatedBitRate,
            entries: [9, 10]),
        FeedbackRow(
            testDescription: "REMB that names more than it has",
            packet: rtcp(206, count: 15, sources + [0x52, 0x45, 0x4D, 0x42, 2, 0, 0, 0, 0, 0, 0, 9]),
            kind: .other(type: 206, format: 15)),
        FeedbackRow(
            testDescription: "TMMBR", packet: rtcp(205, count: 3, sources + [0, 0, 0, 9, 0, 0, 0, 1]),
            kind: .bitRateRequest, entries: [9]),
        FeedbackRow(
            testDescription: "congestion control of RFC 8888", packet: rtcp(205, count: 11, sources + [0, 0, 0, 9]),
            kind: .other(type: 205, format: 11)),
    ]

    @Test("feedback is told with the streams it names", arguments: feedbackRows)
    func feedback(_ row: FeedbackRow) throws {
        try row.packet.withUnsafeBytes { raw in
            var reader = try #require(RTCPReader(raw, allowReducedSize: true))
            #expect(reader.feedback == nil)
            _ = reader.next()
            let feedback = try #require(reader.feedback)
            #expect(feedback.kind == row.kind && feedback.sender == 7 && feedback.media == row.media)
            #expect((0..<feedback.entryCount).map { feedback.entry($0) } == row.entries)
            #expect(reader.extendedReport == nil)
        }
    }

    @Test("feedback and extended reports cut short are none", arguments: [205, 206, 207] as [UInt8])
    func short(_ type: UInt8) throws {
        let body: [UInt8] = type == 207 ? [] : [0, 0, 0, 7]
        try (RTCPReaderTests.receiver + rtcp(type, count: 1, body)).withUnsafeBytes { raw in
            var reader = try #require(RTCPReader(raw))
            _ = reader.next()
            _ = reader.next()
            #expect(reader.feedback == nil && reader.extendedReport == nil)
        }
    }
}
