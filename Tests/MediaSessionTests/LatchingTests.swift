import Basics
import MediaSession
import Testing

@Suite("Latching")
struct LatchingTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let plan: MediaEndpointPlan
        let source: IPEndpoint
        let isTaken: Bool
    }

    static let firstPackets: [Row] = [
        Row(testDescription: "as the SDP says", plan: plan(), source: host(1), isTaken: true),
        Row(testDescription: "the SDP's address on another port", plan: plan(), source: host(1, 61_000), isTaken: true),
        Row(testDescription: "where the SIP comes from", plan: plan(), source: host(2, 61_000), isTaken: true),
        Row(testDescription: "a stranger", plan: plan(), source: host(3), isTaken: false),
        Row(testDescription: "a stranger on the right port", plan: plan(), source: host(4, 4000), isTaken: false),
        Row(
            testDescription: "a stranger where any source is allowed", plan: plan { $0.latch = .anySource },
            source: host(3), isTaken: true),
        Row(
            testDescription: "before any SDP, even from where the SIP comes",
            plan: plan {
                $0.remoteRTP = nil
                $0.remoteRTCP = nil
            }, source: host(2), isTaken: false),
        Row(
            testDescription: "before any SDP where any source is allowed",
            plan: plan {
                $0.remoteRTP = nil
                $0.remoteRTCP = nil
                $0.latch = .anySource
            }, source: host(1), isTaken: false),
        Row(
            testDescription: "after an SDP without an address, from where the SIP comes",
            plan: plan {
                $0.remoteRTP = nil
                $0.remoteRTCP = nil
                $0.generation = 1
            }, source: host(2), isTaken: true),
        Row(
            testDescription: "0.0.0.0 in the SDP allows nobody",
            plan: plan {
                $0.remoteRTP = IPEndpoint(.anyV4, 4000)
                $0.remoteRTCP = nil
                $0.signallingAddress = nil
            }, source: IPEndpoint(.anyV4, 4000), isTaken: false),
        Row(
            testDescription: "0.0.0.0 in the SDP, from where the SIP comes",
            plan: plan { $0.remoteRTP = IPEndpoint(.anyV4, 4000) }, source: host(2), isTaken: true),
        Row(
            testDescription: "IPv6", plan: plan { $0.remoteRTP = IPEndpoint(.loopbackV6, 4000) },
            source: IPEndpoint(.loopbackV6, 9), isTaken: true),
    ]

    @Test("the first packet pins its source where the plan allows its address", arguments: firstPackets)
    func first(_ row: Row) {
        var peer = Peer(row.plan)
        let verdict: MediaVerdict = peer.rtp(from: row.source, at: 10)
        #expect(verdict == (row.isTaken ? MediaVerdict(.rtp, [.latched, .destination]) : .drop))
        #expect(peer.machine.pinned == (row.isTaken ? row.source : nil))
        #expect(peer.machine.statistics.droppedWrongSource == (row.isTaken ? 0 : 1))
        #expect(peer.machine.statistics.packetsReceived == (row.isTaken ? 1 : 0))
    }

    @Test("packets are sent where the SDP says, then where they come from")
    func destination() {
        var peer = Peer()
        #expect(peer.machine.rtpDestination == host(1))
        #expect(peer.machine.rtcpDestination == host(1, 4001))
        peer.rtp(from: host(2, 61_000), at: 10)
        #expect(peer.machine.rtpDestination == host(2, 61_000))
        #expect(peer.machine.rtcpDestination == nil)
        peer.rtcp(from: host(2, 61_001), at: 20)
        #expect(peer.machine.rtcpDestination == host(2, 61_001))
    }

    @Test("a flood from forged allowed addresses never moves the latch of a stream that flows")
    func flood() {
        var peer = Peer()
        var random = SeededRandom(seed: 1)
        peer.rtp(from: host(1), at: 0)
        for tick in 1...500 as ClosedRange<Int64> {
            #expect(peer.rtp(from: host(1), at: tick * 20).route == .rtp)
            for _ in 0..<20 {
                let forged: IPEndpoint = host(
                    1 + UInt32(random.next() % 2), UInt16(truncatingIfNeeded: random.next()) | 1)
                #expect(peer.rtp(from: forged, ssrc: 7, number: 1, at: tick * 20 + 10) == .drop)
            }
        }
        #expect(peer.machine.pinned == host(1))
        #expect(peer.machine.statistics.droppedWrongSource == 10_000)
        #expect(peer.machine.statistics.packetsLost == 0)
    }

    @Test(
        "after 2 s of silence another allowed source is pinned, and not before",
        arguments: [(1999, false), (2000, true)] as [(Int64, Bool)])
    func silenceRelatch(_ time: Int64, _ expected: Bool) {
        var peer = Peer()
        peer.rtp(from: host(1), at: 0)
        // Dropped packets in between do not keep the old source alive.
        for moment: Int64 in stride(from: 20, to: 1990, by: 20) { peer.rtp(from: host(2, 5000), at: moment) }
        let verdict: MediaVerdict = peer.rtp(from: host(2, 5000), ssrc: 8, at: time)
        #expect(verdict.events.contains(.latched) == expected)
        #expect(peer.machine.pinned == (expected ? host(2, 5000) : host(1)))
        #expect(peer.rtp(from: host(3), at: time + 5000) == .drop)
    }

    @Test("a source that lost its place gets it back only by the other's silence")
    func oldSourceReturns() {
        var peer = Peer()
        peer.rtp(from: host(1), at: 0)
        peer.rtp(from: host(1, 5000), at: 2000)
        #expect(peer.rtp(from: host(1), at: 2020) == .drop)
        #expect(peer.rtp(from: host(1), at: 4000).events.contains(.latched))
    }

    @Test(
        "a new SDP lets one new source in at once, within 2 s",
        arguments: [(1, true), (1999, true), (2000, false)] as [(Int64, Bool)])
    func generation(_ delay: Int64, _ expected: Bool) {
        var peer = Peer()
        peer.rtp(from: host(1), at: 0)
        peer.machine.update(
            plan {
                $0.generation = 1
                $0.remoteRTP = host(1, 6000)
            }, now: at(1000))
        for moment: Int64 in stride(from: 1000, to: 1000 + delay, by: 20) {
            #expect(peer.rtp(from: host(1), at: moment).route == .rtp)
        }
        #expect(peer.rtp(from: host(1, 6000), ssrc: 8, at: 1000 + delay).events.contains(.latched) == expected)
        #expect(peer.rtp(from: host(2), ssrc: 9, at: 1001 + delay) == .drop)
        #expect(peer.machine.pinned == (expected ? host(1, 6000) : host(1)))
    }

    @Test("an update of the same generation opens nothing")
    func sameGeneration() {
        var peer = Peer()
        peer.rtp(from: host(1), at: 0)
        peer.machine.update(plan { $0.expectsMedia = true }, now: at(10))
        #expect(peer.rtp(from: host(1, 6000), at: 20) == .drop)
        #expect(peer.rtp(from: host(1), ssrc: 8, at: 20) == .drop)
    }

    @Test("a new SDP that no longer names the address ends its latch")
    func addressGone() {
        var peer = Peer()
        peer.rtp(from: host(1), at: 0)
        peer.machine.update(
            plan {
                $0.generation = 1
                $0.remoteRTP = host(5)
                $0.remoteRTCP = nil
            }, now: at(1000))
        #expect(peer.machine.pinned == nil)
        #expect(peer.rtp(from: host(1), at: 1010) == .drop)
        #expect(peer.machine.rtpDestination == host(5))
        #expect(peer.rtp(from: host(5, 7000), at: 9000).events.contains(.latched))
    }

    @Test("a new address of the SDP is sent to at once; behind a NAT the old latch comes back when nothing came of it")
    func followsNewAddress() {
        var peer = Peer()
        peer.rtp(from: host(2, 61_000), at: 0)
        peer.machine.update(
            plan {
                $0.generation = 1
                $0.remoteRTP = host(1, 6000)
            }, now: at(1000))
        #expect(peer.machine.rtpDestination == host(1, 6000))
        peer.rtp(from: host(2, 61_000), at: 1020)
        #expect(peer.machine.tick(now: at(2999)).events == [])
        #expect(peer.machine.tick(now: at(3000)).events == .destination)
        #expect(peer.machine.rtpDestination == host(2, 61_000))
    }

    @Test("a new SDP with the same address keeps sending where packets come from")
    func holdKeepsLatch() {
        var peer = Peer()
        peer.rtp(from: host(2, 61_000), at: 0)
        peer.machine.update(
            plan {
                $0.generation = 1
                $0.receives = false
            }, now: at(1000))
        #expect(peer.machine.rtpDestination == host(2, 61_000))
    }

    @Test("what the peer may not send is counted and dropped, and pins all the same")
    func hold() {
        var peer = Peer(plan { $0.receives = false })
        #expect(peer.rtp(from: host(1), at: 0) == MediaVerdict(.drop, [.latched, .destination]))
        #expect(peer.machine.statistics.packetsReceived == 1)
        #expect(peer.machine.statistics.droppedUndeliverable == 1)
        #expect(peer.rtcp(from: host(1, 4001), at: 10).route == .rtcp)
    }

    @Test("a stream that is no RTP is pinned to address and port alone")
    func raw() {
        var peer = Peer(plan { $0.carriesRTP = false })
        #expect(peer.raw([0, 1, 2], from: host(1), at: 0) == MediaVerdict(.rtp, [.latched, .destination]))
        #expect(peer.raw([0xFF], from: host(1), at: 20) == MediaVerdict(.rtp))
        #expect(peer.raw([0xFF], from: host(1, 5000), at: 40) == .drop)
        #expect(peer.machine.statistics.packetsReceived == 2)
    }
}
