import Basics
import Codecs
import MediaSession
import RTP
import Testing

@Suite("Reports of a leg")
struct GraphReportTests {
    /// What was sent as RTCP to `line`, by the graph's own deadlines.
    func reports(_ studio: inout Studio, line: Int, until milliseconds: Int64) -> [Sent] {
        var all: [Sent] = []
        while let due = studio.graph.nextTick, due <= at(milliseconds) {
            studio.graph.tick(now: due)
            all += studio.take().filter { $0.isRTCP && $0.line == line }
        }
        return all
    }

    @Test("where the peers send none, both get ours: what we sent, what we heard, how well")
    func own() throws {
        var studio = Studio()
        for _ in 0..<2 { _ = studio.open { ($0.incoming, $0.outgoing) = ([pcmaFormat], [pcmaFormat]) } }
        studio.graph.join(studio.nodes[0], studio.nodes[1])
        var stream: UInt32 = 0
        var toSource: [Sent] = []
        var toListener: [Sent] = []
        for number: UInt16 in 0..<1000 where number % 10 != 9 {
            let time = Int64(number) * 20
            studio.graph.tick(now: at(time))
            let made: [Sent] = studio.take()
            toSource += made.filter { $0.isRTCP && $0.line == 0 }
            toListener += made.filter { $0.isRTCP && $0.line == 1 }
            stream = studio.send(rtp(number, timestamp: UInt32(number) * 160), from: 0, at: time)[0].header.ssrc
        }
        #expect((3...7).contains(toSource.count) && (3...7).contains(toListener.count))
        let about: (RTCPReportBlock, [UInt8]) = try #require(firstBlock(toSource.last))
        #expect(about.0.ssrc == 7 && (20...30).contains(about.0.fractionLost))
        #expect(about.1[1] == 201, "to one who hears nothing we are a receiver")
        let last: [UInt8] = try #require(toListener.last).bytes
        #expect(last[1] == 200 && word(last, 4) == stream && word(last, 20) > 700)
    }

    func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        bytes[offset..<(offset + 4)].reduce(0) { $0 << 8 | UInt32($1) }
    }

    func firstBlock(_ sent: Sent?) -> (RTCPReportBlock, [UInt8])? {
        guard let bytes = sent?.bytes else { return nil }
        return bytes.withUnsafeBytes { raw in
            guard var reader = RTCPReader(raw, allowReducedSize: true), let packet = reader.next() else { return nil }
            switch packet {
            case .senderReport(_, let blocks), .receiverReport(_, let blocks):
                return blocks.count > 0 ? (blocks[0], bytes) : nil
            case .sourceDescription, .goodbye, .other: return nil
            }
        }
    }

    @Test("a relayed stream's reports are the source's own, under the listener's names and numbers")
    func relayed() throws {
        var studio = Studio()
        for _ in 0..<2 { _ = studio.open() }
        studio.graph.join(studio.nodes[0], studio.nodes[1])
        let there: RTPHeader = studio.send(rtp(500, timestamp: 9000), from: 0, at: 0)[0].header
        let back: RTPHeader = studio.send(rtp(3, timestamp: 50, ssrc: 99), from: 1, at: 0)[0].header
        let sent: [UInt8] =
            words([0x81C8_000C, 7, 0x0102_0304, 0, 9160, 2, 320])
            + words([back.ssrc, 0x1000_0000, UInt32(back.sequenceNumber) &+ 4, 0, 0, 0])
        let heard: [Sent] = studio.send(sent, from: 0, at: 100, isRTCP: true)
        #expect(heard.count == 1 && heard[0].line == 1)
        let bytes: [UInt8] = heard[0].bytes
        #expect(word(bytes, 4) == there.ssrc && word(bytes, 16) == there.timestamp &+ 160)
        let block: RTCPReportBlock = try #require(firstBlock(heard[0])).0
        #expect(block.ssrc == 99 && block.extendedHighestSequence & 0xFFFF == 7 && block.fractionLost == 16)
    }

    @Test("where both parties' reports are relayed, the echo of one tells the round trip to the other")
    func roundTrip() throws {
        var studio = Studio()
        for _ in 0..<2 { _ = studio.open() }
        studio.graph.join(studio.nodes[0], studio.nodes[1])
        _ = studio.send(rtp(500, timestamp: 9000), from: 0, at: 0)
        _ = studio.send(rtp(3, timestamp: 50, ssrc: 99), from: 1, at: 0)
        let sent: [UInt8] = words([0x80C8_0006, 7, 0x0102_0304, 0x0506_0708, 9160, 2, 320])
        let heard: [UInt8] = try #require(studio.send(sent, from: 0, at: 100, isRTCP: true).first).bytes
        let echo: [UInt8] = words([0x81C9_0007, 99, word(heard, 4), 0, 0, 0, 0x0304_0506, 0])
        _ = studio.send(echo, from: 1, at: 230, isRTCP: true)
        _ = reports(&studio, line: 9, until: 5_500)
        let trips: [MediaEndpointID: UInt32] = studio.graph.facts.reduce(into: [:]) { trips, fact in
            if case .quality(let id, let quality) = fact { trips[id] = quality.roundTripMicroseconds }
        }
        #expect(trips == [Studio.id(1): 130_000])
    }

    @Test("an endpoint that closes tells the figures of its last seconds, its newest packets among them")
    func last() throws {
        var studio = Studio()
        for _ in 0..<2 { _ = studio.open() }
        studio.graph.join(studio.nodes[0], studio.nodes[1])
        for number: UInt16 in 0..<50 where number != 45 {
            _ = studio.send(rtp(number, timestamp: UInt32(number) * 160), from: 0, at: Int64(number) * 20)
        }
        _ = studio.graph.close(Studio.id(0), now: at(1_000))
        let told: [MediaQuality] = studio.graph.facts.compactMap {
            if case .quality(Studio.id(0), let quality) = $0 { quality } else { nil }
        }
        #expect(told.count == 1 && told.first?.packetsReceived == 49 && told.first?.packetsExpected == 50)
        #expect(told.first?.packetsLost == 1 && told.first?.to == at(1_000))
    }

    @Test("figures are told every 5 s, with what came from elsewhere and what could not be read")
    func quality() throws {
        var studio = Studio()
        let a: Int = studio.open {
            ($0.incoming, $0.outgoing, $0.expectsMedia) = ([pcmaFormat], [pcmaFormat], true)
        }
        for number: UInt16 in 0..<600 {
            let time = Int64(number) * 20
            studio.graph.tick(now: at(time))
            if number % 20 != 5 { _ = studio.send(rtp(number, timestamp: UInt32(number) * 160), from: a, at: time) }
        }
        let told: [MediaQuality] = studio.graph.facts.compactMap {
            if case .quality(_, let quality) = $0 { quality } else { nil }
        }
        #expect(told.count == 2)
        #expect(told.allSatisfy { (11...13).contains($0.packetsLost) && $0.codec == .pcma })
        let score: UInt16 = try #require(told[1].listeningMOS)
        #expect((300...420).contains(score))
    }
}
