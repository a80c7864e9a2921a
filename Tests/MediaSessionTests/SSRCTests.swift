import Basics
import MediaSession
import Testing

@Suite("Another SSRC from the pinned address and port")
struct SSRCTests {
    @Test("is never taken while the pinned one flows, however many packets come")
    func injection() {
        var peer = Peer()
        for tick in 0..<500 as Range<Int64> {
            #expect(peer.rtp(from: host(1), number: UInt16(tick), at: tick * 20).route == .rtp)
            for step in 1...19 as ClosedRange<Int64> {
                #expect(
                    peer.rtp(from: host(1), ssrc: 666, number: UInt16(tick * 19 + step), at: tick * 20 + step) == .drop)
            }
        }
        #expect(peer.machine.pinnedSSRC == 7)
        #expect(peer.machine.statistics.droppedWrongSSRC == 9500)
        #expect(peer.machine.statistics.packetsLost == 0)
    }

    @Test("is taken after three in sequence and 100 ms without the pinned one")
    func takeover() {
        var peer = Peer()
        peer.rtp(from: host(1), at: 0)
        let verdicts: [MediaVerdict] = (1...6).map { step in
            peer.rtp(from: host(1), ssrc: 8, number: UInt16(500 + step), at: Int64(step) * 20)
        }
        #expect(verdicts.map(\.route) == [.drop, .drop, .drop, .drop, .rtp, .rtp])
        #expect(verdicts[4].events.contains(.latched))
        #expect(peer.machine.pinnedSSRC == 8)
        #expect(peer.machine.statistics.packetsLost == 0)
    }

    @Test("needs three in sequence even after a long silence")
    func run() {
        var peer = Peer()
        peer.rtp(from: host(1), at: 0)
        #expect(peer.rtp(from: host(1), ssrc: 8, number: 1, at: 5000) == .drop)
        #expect(peer.rtp(from: host(1), ssrc: 8, number: 2, at: 5020) == .drop)
        #expect(peer.rtp(from: host(1), ssrc: 8, number: 4, at: 5040) == .drop)
        #expect(peer.rtp(from: host(1), ssrc: 8, number: 5, at: 5060) == .drop)
        #expect(peer.rtp(from: host(1), ssrc: 9, number: 6, at: 5080) == .drop)
        #expect(peer.rtp(from: host(1), ssrc: 9, number: 7, at: 5100) == .drop)
        #expect(peer.rtp(from: host(1), ssrc: 9, number: 8, at: 5120).route == .rtp)
    }

    @Test("is taken at once after a new SDP, but only one")
    func newSDP() {
        var peer = Peer()
        peer.rtp(from: host(1), at: 0)
        peer.machine.update(plan { $0.generation = 1 }, now: at(1000))
        #expect(peer.rtp(from: host(1), ssrc: 8, at: 1020) == MediaVerdict(.rtp, [.latched, .destination]))
        #expect(peer.rtp(from: host(1), ssrc: 9, at: 1040) == .drop)
    }
}
