import Basics
import Codecs
import MediaSession
import RTP
import Testing

/// A speaker may use codings that its listener lacks, and mostly does not.
@Suite("Codings that were announced and are not used")
struct GraphSharedCodingTests {
    private static let g722Format = MediaFormat(payloadType: 9, .audio(.g722))

    /// Telephone 0 may speak A-law and G.722, and 1 takes A-law.
    private func studio() -> Studio {
        var studio = Studio()
        _ = studio.open { $0.incoming = [pcmaFormat, Self.g722Format, noiseFormat] }
        _ = studio.open { $0.outgoing = [pcmaFormat, noiseFormat] }
        studio.graph.join(studio.nodes[0], studio.nodes[1])
        return studio
    }

    private func packet(_ number: UInt16, _ type: UInt8, payload: [UInt8]? = nil) -> [UInt8] {
        var bytes: [UInt8] = rtp(number, timestamp: UInt32(number) * 160)
        bytes[1] = type
        if let payload { bytes = bytes.prefix(12) + payload }
        return bytes
    }

    @Test("what both take is relayed as it is, with its comfort noise, and may be forwarded")
    func untouched() {
        var studio = studio()
        var sent: [Sent] = []
        for number: UInt16 in 100..<120 {
            let isNoise: Bool = number == 110
            let bytes: [UInt8] = packet(number, isNoise ? 13 : 8, payload: isNoise ? [60] : [UInt8(number), 2, 3])
            sent += studio.send(bytes, from: 0, at: Int64(number - 100) * 20)
        }
        #expect(sent.map(\.header.payloadType) == (100..<120).map { $0 == 110 ? 13 : 8 })
        #expect(sent.map(\.payload) == (100..<120).map { $0 == 110 ? [60] : [UInt8($0), 2, 3] })
        let numbers: [UInt16] = sent.map { $0.header.sequenceNumber &- sent[0].header.sequenceNumber }
        #expect(numbers == Array(0..<20))
        let flow: ForwardedFlow? = studio.graph.forwardedFlow(of: studio.nodes[0])
        #expect(flow != nil)
    }

    @Test("a coding that the listener lacks is made anew, and what was relayed meanwhile leaves no gap in it")
    func changes() {
        var studio = studio()
        var sent: [Sent] = []
        // Shorter than what would be filled in.
        for number: UInt16 in 100..<160 {
            let isRelayed: Bool = number / 3 % 2 == 0
            sent += studio.send(packet(number, isRelayed ? 8 : 9), from: 0, at: Int64(number - 100) * 20)
        }
        #expect(sent.count == 60 && sent.allSatisfy { $0.header.payloadType == 8 && $0.payload.count == 160 })
        let numbers: [UInt16] = sent.map { $0.header.sequenceNumber &- sent[0].header.sequenceNumber }
        #expect(numbers == Array(0..<60))
        for (one, next) in zip(sent, sent.dropFirst()) {
            #expect((160...320).contains(next.header.timestamp &- one.header.timestamp))
        }
    }

    @Test("where it is recorded it is decoded whatever it is")
    func recorded() throws {
        var studio = studio()
        let recorder = MediaRecorderID(call: studio.nodes[0].pointee.id.leg.call, number: 1)
        let sink = RecordingSink(sampleRate: 8000, channels: 1)
        studio.graph.record(
            RecordingPlan(id: recorder, endpoint: studio.nodes[0].pointee.id, name: "a", content: .peer), to: sink,
            now: at(0))
        var sent: [Sent] = []
        for number: UInt16 in 100..<110 {
            sent += studio.send(packet(number, 8), from: 0, at: Int64(number - 100) * 20)
        }
        let flow: ForwardedFlow? = studio.graph.forwardedFlow(of: studio.nodes[0])
        #expect(sent.count == 10 && flow == nil)
    }
}
