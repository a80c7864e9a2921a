import Basics
import MediaSession
import Testing

@Suite("RTCP of an endpoint")
struct EndpointRTCPTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var latch: LatchPolicy = .signalled
        /// Where RTP came from before; nil where none did.
        var rtp: IPEndpoint?
        let source: IPEndpoint
        let isTaken: Bool
    }

    static let rows: [Row] = [
        Row(testDescription: "as the SDP says, before any RTP", source: host(1, 4001), isTaken: true),
        Row(testDescription: "another port", source: host(1, 9), isTaken: true),
        Row(testDescription: "where the SIP comes from", rtp: host(2), source: host(2, 9), isTaken: true),
        Row(testDescription: "a stranger", rtp: host(1), source: host(3), isTaken: false),
        Row(testDescription: "any source, before RTP", latch: .anySource, source: host(3), isTaken: true),
        Row(
            testDescription: "any source, with the RTP's address", latch: .anySource, rtp: host(3), source: host(3, 9),
            isTaken: true),
        Row(
            testDescription: "any source, not the RTP's address", latch: .anySource, rtp: host(3), source: host(4),
            isTaken: false),
    ]

    @Test("its source is pinned by the address rule", arguments: rows)
    func latch(_ row: Row) {
        var peer = Peer(plan { $0.latch = row.latch })
        if let rtp = row.rtp { peer.rtp(from: rtp, at: 0) }
        #expect(peer.rtcp(from: row.source, at: 10) == (row.isTaken ? MediaVerdict(.rtcp, .destination) : .drop))
        #expect(peer.machine.statistics.rtcpReceived == (row.isTaken ? 1 : 0))
    }

    @Test("another source waits for 15 s of silence or a new SDP")
    func relatch() {
        var peer = Peer()
        peer.rtcp(from: host(1, 4001), at: 0)
        #expect(peer.rtcp(from: host(1, 5001), at: 14_999) == .drop)
        #expect(peer.rtcp(from: host(1, 5001), at: 15_000).route == .rtcp)
        peer.machine.update(plan { $0.generation = 1 }, now: at(15_010))
        #expect(peer.rtcp(from: host(1, 6001), at: 15_020).route == .rtcp)
    }

    @Test("is dropped on the RTP port unless the two are multiplexed")
    func multiplexing() {
        var apart = Peer()
        #expect(apart.raw(receiverReport(), from: host(1), at: 0) == .drop)
        #expect(apart.machine.statistics.droppedMalformed == 1)

        var together = Peer(plan { $0.rtcpMux = true })
        #expect(together.raw(receiverReport(), from: host(1), at: 0) == MediaVerdict(.rtcp))
        #expect(together.machine.pinned == nil)
        together.rtp(from: host(1), at: 10)
        #expect(together.raw(receiverReport(), from: host(1), at: 20) == MediaVerdict(.rtcp))
        #expect(together.raw(receiverReport(), from: host(1, 5000), at: 30) == .drop)
        #expect(together.machine.rtcpDestination == host(1))
    }

    @Test(
        "what is no RTCP is dropped on the RTCP port",
        arguments: [[], [0x80], packet(ssrc: 7, number: 1, timestamp: 0), [UInt8](repeating: 0, count: 40)])
    func malformed(_ bytes: [UInt8]) {
        var peer = Peer()
        #expect(peer.rtcp(bytes, from: host(1, 4001), at: 0) == .drop)
        #expect(peer.machine.statistics.droppedMalformed == 1)
    }

    @Test("an encrypted report is relayed unread")
    func encrypted() {
        var peer = Peer()
        #expect(
            peer.rtcp(receiverReport(fraction: 99) + [1, 2, 3, 4, 5, 6], from: host(1, 4001), at: 0).route == .rtcp)
        #expect(peer.machine.statistics.reportedLossFraction == nil)
    }

    @Test("loss and round trip come of the peer's report on a sender report sent to it")
    func reports() {
        var peer = Peer()
        peer.machine.sentSenderReport(0x3344_5566, at: at(1000))
        // Held for half a second, back after 0.58 s.
        peer.rtcp(receiverReport(fraction: 26, lsr: 0x3344_5566, dlsr: 32_768), from: host(1, 4001), at: 1580)
        #expect(peer.machine.statistics.roundTripMicroseconds == 80_000)
        #expect(peer.machine.statistics.reportedLossFraction == 26)
        // One that names no report of ours changes the loss only.
        peer.rtcp(receiverReport(fraction: 0, lsr: 0x7777_7777, dlsr: 1), from: host(1, 4001), at: 1600)
        #expect(peer.machine.statistics.roundTripMicroseconds == 80_000)
        #expect(peer.machine.statistics.reportedLossFraction == 0)
    }

    @Test("of the sender reports sent the last four are known")
    func remembered() {
        for age in 0..<6 {
            var peer = Peer()
            for stamp in 1...6 as ClosedRange<Int64> {
                peer.machine.sentSenderReport(UInt32(stamp), at: at(stamp * 100))
            }
            peer.rtcp(receiverReport(lsr: UInt32(6 - age)), from: host(1, 4001), at: 1000)
            #expect(peer.machine.statistics.roundTripMicroseconds == (age < 4 ? UInt32(400 + age * 100) * 1000 : nil))
        }
    }

    @Test("the verdict carries the sender report's time for the partner")
    func senderReportStamp() {
        var peer = Peer()
        #expect(
            peer.rtcp(senderReport(ntp: 0x1122_3344_5566_7788), from: host(1, 4001), at: 0).senderReport == 0x3344_5566)
    }
}
