import Basics
import MediaSession
import Testing

@Suite("Silence and figures of an endpoint")
struct EndpointFiguresTests {
    /// The times at which silence is told, in seconds, ticking every second until `end`.
    func told(_ peer: inout Peer, until end: Int64, from start: Int64 = 1) -> [Int64: Moment] {
        var result: [Int64: Moment] = [:]
        for second in start...end {
            if let since = peer.machine.tick(now: at(second * 1000)).silentSince { result[second] = since }
        }
        return result
    }

    @Test("a peer that never sends is silent from the opening, told every 60 s")
    func never() {
        var peer = Peer(plan { $0.expectsMedia = true })
        #expect(told(&peer, until: 130) == [60: .zero, 120: .zero])
    }

    @Test("silence counts from the last packet, and its end is told once")
    func lastPacket() {
        var peer = Peer(plan { $0.expectsMedia = true })
        #expect(peer.rtp(from: host(1), at: 5000).events == [.latched, .destination])
        #expect(told(&peer, until: 70) == [65: at(5000)])
        #expect(peer.rtp(from: host(1), at: 70_500).events == .heardAgain)
        #expect(peer.rtp(from: host(1), at: 70_520).events == [])
    }

    @Test("RTCP is a sign of life")
    func rtcpCounts() {
        var peer = Peer(plan { $0.expectsMedia = true })
        for second: Int64 in stride(from: 5, through: 200, by: 5) { peer.rtcp(from: host(1, 4001), at: second * 1000) }
        #expect(told(&peer, until: 204, from: 200) == [:])
    }

    @Test("a stranger's packets are not")
    func floodIsSilence() {
        var peer = Peer(plan { $0.expectsMedia = true })
        peer.rtp(from: host(1), at: 0)
        for second in 1...59 as ClosedRange<Int64> {
            peer.rtp(from: host(3), at: second * 1000)
            peer.rtp(from: host(1), ssrc: 8, number: UInt16(second * 2), at: second * 1000)
            peer.rtcp(from: host(3), at: second * 1000)
        }
        #expect(told(&peer, until: 61) == [60: .zero])
    }

    @Test("on hold nobody is silent, and after it the time starts anew")
    func hold() {
        var peer = Peer(plan { $0.expectsMedia = true })
        peer.machine.update(
            plan {
                $0.expectsMedia = false
                $0.generation = 1
            }, now: at(10_000))
        #expect(told(&peer, until: 500) == [:])
        peer.machine.update(
            plan {
                $0.expectsMedia = true
                $0.generation = 2
            }, now: at(500_000))
        #expect(told(&peer, until: 561, from: 501) == [560: at(500_000)])
    }

    @Test("packets, bytes, loss, jitter and times are counted")
    func figures() {
        var peer = Peer()
        for index in 0..<100 as Range<Int64> where index % 10 != 5 {
            peer.rtp(from: host(1), number: UInt16(index), at: 1000 + index * 20)
        }
        peer.raw([1, 2, 3], from: host(1), at: 3000)
        peer.rtp(from: host(3), at: 3000)
        peer.machine.sent(bytes: 172)
        peer.machine.undeliverable()
        let figures: MediaStatistics = peer.machine.statistics
        #expect(figures.packetsReceived == 90 && figures.bytesReceived == 90 * 172)
        #expect(figures.packetsSent == 1 && figures.bytesSent == 172)
        #expect(figures.packetsLost == 10)
        #expect(figures.jitterMicroseconds == 0)
        #expect(figures.droppedMalformed == 1 && figures.droppedWrongSource == 1 && figures.droppedUndeliverable == 1)
        #expect(figures.packetsDropped == 3)
        #expect(figures.source == host(1))
        #expect(figures.firstPacketAt == at(1000) && figures.lastPacketAt == at(2980))
    }

    @Test("losses of the old source are kept over a new latch")
    func lossOverLatches() {
        var peer = Peer()
        for number: UInt16 in [1, 3] { peer.rtp(from: host(1), number: number, at: Int64(number)) }
        for number: UInt16 in [50_000, 50_004] {
            peer.rtp(from: host(2), ssrc: 8, number: number, at: 3000 + Int64(number))
        }
        #expect(peer.machine.statistics.packetsLost == 4)
    }

    @Test("the machine is plain memory, so that a packet can neither allocate nor count references")
    func plainMemory() {
        #expect(_isPOD(MediaEndpoint.self))
        #expect(_isPOD(MediaVerdict.self))
        #expect(MemoryLayout<MediaEndpoint>.size < 2048)
    }

    @Test("random packets from random sources keep the figures consistent")
    func noise() {
        var random = SeededRandom(seed: 9)
        var peer = Peer(plan { $0.rtcpMux = true })
        var count: UInt64 = 0
        for step in 0..<20_000 as Range<Int64> {
            let length = Int(random.next() % 64)
            var bytes: [UInt8] = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            if length > 1, random.next() % 2 == 0 { (bytes[0], bytes[1]) = (0x80, random.next() % 2 == 0 ? 0 : 200) }
            peer.raw(bytes, from: host(UInt32(random.next() % 4), UInt16(random.next() % 3)), at: step)
            count += 1
        }
        let figures: MediaStatistics = peer.machine.statistics
        #expect(figures.packetsReceived + figures.rtcpReceived + figures.packetsDropped == count)
        #expect(
            figures.packetsDropped == figures.droppedMalformed + figures.droppedWrongSource + figures.droppedWrongSSRC
                + figures.droppedUndeliverable)
        #expect(figures.packetsReceived > 0 && figures.rtcpReceived > 0)
    }
}
