import Basics
import RTP
import Testing

/// What `body` writes, and whether it says that it may be sent.
func written(
    capacity: Int = 512, isReducedSize: Bool = false, _ body: (inout RTCPWriter) -> Void
) -> (bytes: [UInt8], isComplete: Bool) {
    var memory = [UInt8](repeating: 0xAA, count: capacity)
    return memory.withUnsafeMutableBytes { buffer in
        var writer = RTCPWriter(buffer, isReducedSize: isReducedSize)
        body(&writer)
        return (Array(writer.bytes), writer.isComplete)
    }
}

func named(_ text: String, _ body: (UnsafeRawBufferPointer) -> Void) {
    Array(text.utf8).withUnsafeBytes { body($0) }
}

@Suite("RTCP writing")
struct RTCPWriterTests {
    static let block = RTCPReportBlock(
        ssrc: 9, fractionLost: 64, cumulativeLost: -2, extendedHighestSequence: 70_000, jitter: 12,
        lastSenderReport: 0xAABB_CCDD, delaySinceLastSenderReport: 65_536)

    @Test("a sender report with a block, a name and a goodbye is byte for byte what the RFC draws")
    func compound() {
        let (bytes, isComplete) = written { writer in
            writer.senderReport(
                RTCPSenderReport(
                    ssrc: 7, ntpTimestamp: 0x1122_3344_5566_7788, rtpTimestamp: 160, packetCount: 3, octetCount: 480))
            writer.reportBlock(Self.block)
            named("a@b") { writer.sourceDescription(ssrc: 7, cname: $0) }
            named("bye") { writer.goodbye(ssrc: 7, reason: $0) }
        }
        #expect(isComplete)
        #expect(
            bytes == RTCPReaderTests.sender + RTCPReaderTests.description
                + rtcp(203, count: 1, [0, 0, 0, 7, 3] + Array("bye".utf8)))
    }

    @Test(
        "names of every length are padded with at least one zero to whole words",
        arguments: [1, 2, 3, 4, 5, 6, 255])
    func names(_ length: Int) throws {
        let name = String(repeating: "x", count: length)
        let (bytes, isComplete) = written { writer in
            writer.receiverReport(ssrc: 7)
            named(name) { writer.sourceDescription(ssrc: 8, cname: $0) }
        }
        #expect(isComplete && bytes.count % 4 == 0 && bytes.last == 0)
        try bytes.withUnsafeBytes { raw in
            var reader = try #require(RTCPReader(raw))
            _ = reader.next()
            guard case .sourceDescription(let description) = reader.next() else {
                return #expect(Bool(false), "no description")
            }
            var items: [String] = []
            #expect(
                description.forEachItem { ssrc, type, text in
                    items.append("\(ssrc) \(type) \(String(decoding: text, as: UTF8.self))")
                })
            #expect(items == ["8 1 \(name)"])
        }
    }

    @Test("what would break a compound is refused and changes nothing")
    func order() {
        var taken: [String] = []
        let (bytes, isComplete) = written { writer in
            func note(_ name: String, _ isWritten: Bool) { if isWritten { taken.append(name) } }
            named("n") { note("name before a report", writer.sourceDescription(ssrc: 7, cname: $0)) }
            note("extended report before a report", writer.extendedReport(ssrc: 7))
            note("goodbye before a report", writer.goodbye(ssrc: 7))
            note("block before a report", writer.reportBlock(Self.block))
            note("metrics without their head", writer.voipMetrics(RTCPVoIPMetrics(ssrc: 1)))
            note("report", writer.receiverReport(ssrc: 7))
            note("complete without a name", writer.isComplete)
            named("") { note("empty name", writer.sourceDescription(ssrc: 7, cname: $0)) }
            note("reference time without its head", writer.receiverReferenceTime(1))
            named("n") { note("name", writer.sourceDescription(ssrc: 7, cname: $0)) }
            note("block behind a name", writer.reportBlock(Self.block))
            note("goodbye", writer.goodbye(ssrc: 7))
            note("report behind a goodbye", writer.receiverReport(ssrc: 7))
        }
        #expect(taken == ["report", "name", "goodbye"])
        #expect(isComplete && bytes.count == 8 + 12 + 8)
    }

    @Test("a report takes 31 blocks")
    func blocks() throws {
        let (bytes, _) = written(capacity: 2000) { writer in
            writer.receiverReport(ssrc: 7)
            let taken: [Bool] = (0..<32).map { writer.reportBlock(RTCPReportBlock(ssrc: $0)) }
            #expect(taken == [Bool](repeating: true, count: 31) + [false])
        }
        try bytes.withUnsafeBytes { raw in
            var reader = try #require(RTCPReader(raw))
            guard case .receiverReport(7, let blocks) = reader.next() else { return #expect(Bool(false), "no report") }
            #expect(blocks.count == 31 && blocks[30].ssrc == 30)
        }
    }

    @Test("nothing is written over the end of any buffer", arguments: 0...160)
    func capacity(_ capacity: Int) {
        var memory = [UInt8](repeating: 0xAA, count: capacity + 64)
        memory.withUnsafeMutableBytes { buffer in
            var writer = RTCPWriter(UnsafeMutableRawBufferPointer(rebasing: buffer[..<capacity]))
            writer.receiverReport(ssrc: 7)
            writer.reportBlock(Self.block)
            named("somebody") { writer.sourceDescription(ssrc: 7, cname: $0) }
            writer.extendedReport(ssrc: 7)
            writer.receiverReferenceTime(5)
            writer.delaySinceReferenceTime(RTCPReferenceTimeAnswer(ssrc: 1, lastReferenceTime: 2, delay: 3))
            writer.voipMetrics(RTCPVoIPMetrics(ssrc: 9))
            named("done") { writer.goodbye(ssrc: 7, reason: $0) }
            #expect(writer.count <= capacity)
            #expect(writer.count == 0 || RTCPReader(writer.bytes) != nil)
        }
        #expect(memory.suffix(64).allSatisfy { $0 == 0xAA })
    }

    @Test("losses beyond 24 bits are clamped", arguments: [(9_000_000, 0x7F_FFFF), (-9_000_000, -0x80_0000)])
    func clamped(_ lost: Int32, _ expected: Int32) throws {
        let (bytes, _) = written { writer in
            writer.receiverReport(ssrc: 7)
            writer.reportBlock(RTCPReportBlock(ssrc: 9, cumulativeLost: lost))
        }
        try bytes.withUnsafeBytes { raw in
            var reader = try #require(RTCPReader(raw))
            guard case .receiverReport(_, let blocks) = reader.next() else { return #expect(Bool(false), "no report") }
            #expect(blocks[0].cumulativeLost == expected)
        }
    }

    @Test("wall time becomes NTP's, with its fraction")
    func ntp() {
        let epoch: UInt64 = 2_208_988_800 << 32
        #expect(WallTime(secondsSinceEpoch: 0).ntpTimestamp == epoch)
        #expect(WallTime(microsecondsSinceEpoch: 1_500_000).ntpTimestamp == epoch + 0x1_8000_0000)
        #expect(Duration.milliseconds(1_250).compactNTP == 65_536 + 16_384)
        #expect(Duration.seconds(-1).compactNTP == 0 && Duration.seconds(1 << 40).compactNTP == .max)
    }
}
