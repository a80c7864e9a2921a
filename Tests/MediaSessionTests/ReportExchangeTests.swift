import Basics
import Codecs
import MediaSession
import RTP
import Testing

/// One end of a call that reports to the other.
struct Reporter {
    var exchange = ReportExchange()
    var meter = ReceptionMeter(clockRate: 8000, now: .zero)
    let ssrc: UInt32
    var sends = true
    var ntp: UInt64 = 0x1122_0000_0000_0000
    var number: UInt16 = 0

    init(ssrc: UInt32, ntp: UInt64 = 0x1122_0000_0000_0000) { (self.ssrc, self.ntp) = (ssrc, ntp) }

    mutating func hear(_ count: Int, from start: Int64) {
        for index in 0..<count {
            meter.receive(sequenceNumber: number, timestamp: UInt32(number) * 160, at: at(start + Int64(index) * 20))
            number &+= 1
        }
    }

    mutating func write(
        peer: UInt32?, metrics: RTCPVoIPMetrics? = nil, goodbye: Bool = false, capacity: Int = 400, at now: Int64
    ) -> [UInt8] {
        var memory = [UInt8](repeating: 0, count: capacity)
        // Seconds in the high half.
        let time: UInt64 = ntp &+ UInt64(now) << 32 / 1000
        let report = RTCPSenderReport(
            ssrc: ssrc, ntpTimestamp: time, rtpTimestamp: UInt32(now) * 8, packetCount: 1, octetCount: 160)
        let length: Int = memory.withUnsafeMutableBytes { buffer in
            Array("ours@here".utf8).withUnsafeBytes { name in
                exchange.write(
                    into: buffer, stream: .init(ssrc: ssrc, report: sends ? report : nil), peer: peer, meter: &meter,
                    cname: name, metrics: metrics, ntp: time, goodbye: goodbye, now: at(now))
            }
        }
        return Array(memory[..<length])
    }

    @discardableResult
    mutating func take(_ datagram: [UInt8], at now: Int64) -> Bool {
        datagram.withUnsafeBytes { exchange.receive($0, about: ssrc, clockRate: 8000, now: at(now)) }
    }
}

@Suite("Reports between us and a peer")
struct ReportExchangeTests {
    @Test("the echo of a sender report tells the round trip, without the time the peer held it")
    func roundTrip() {
        var (one, other) = (Reporter(ssrc: 1), Reporter(ssrc: 2, ntp: 77 << 32))
        one.hear(50, from: 0)
        other.hear(50, from: 0)
        other.take(one.write(peer: 2, at: 1000), at: 1060)
        one.take(other.write(peer: 1, at: 3060), at: 3100)
        #expect((one.exchange.roundTripMicroseconds.map { Int($0) } ?? 0) / 1000 == 100)
        #expect(other.exchange.roundTripMicroseconds == nil, "nothing of its own was echoed yet")
    }

    @Test("who sends nothing learns the round trip by reference times")
    func referenceTime() {
        var (listener, talker) = (Reporter(ssrc: 1), Reporter(ssrc: 2, ntp: 77 << 32))
        listener.sends = false
        listener.hear(50, from: 0)
        let metrics = RTCPVoIPMetrics(ssrc: 2)
        talker.take(listener.write(peer: 2, metrics: metrics, at: 1000), at: 1080)
        #expect(talker.exchange.peerSendsExtended && talker.exchange.metrics == metrics)
        listener.take(talker.write(peer: nil, metrics: RTCPVoIPMetrics(ssrc: 1), at: 2080), at: 2150)
        #expect((listener.exchange.roundTripMicroseconds.map { Int($0) } ?? 0) / 1000 == 150)
    }

    @Test("what the peer says of our stream is told with the interval, until it is old")
    func completed() {
        var (one, other) = (Reporter(ssrc: 1), Reporter(ssrc: 2))
        other.hear(64, from: 0)
        other.number &+= 64
        other.hear(1, from: 3000)
        one.take(other.write(peer: 1, at: 3100), at: 3200)
        #expect(one.exchange.reported?.cumulativeLost == 64 && one.exchange.received == 1)
        var quality = MediaQuality(from: .zero, to: at(5000))
        one.exchange.complete(&quality, now: at(5000))
        #expect(quality.reportedLossFraction == 127 && quality.reportedJitterMicroseconds ?? 0 > 0)
        var later = MediaQuality(from: at(10_000), to: at(15_000))
        one.exchange.complete(&later, now: at(15_000))
        #expect(later.reportedLossFraction == nil && later.reportedJitterMicroseconds == nil)
    }

    @Test("blocks about other streams, echoes of reports never sent and garbage change nothing")
    func others() {
        var one = Reporter(ssrc: 1)
        one.take(receiverReport(fraction: 99, lsr: 0x5555, dlsr: 0), at: 100)  // About stream 9.
        #expect(one.exchange.reported == nil && one.exchange.roundTripMicroseconds == nil)
        var nine = Reporter(ssrc: 9)
        nine.take(receiverReport(fraction: 99, lsr: 0x5555, dlsr: 0), at: 100)
        #expect(nine.exchange.reported?.fractionLost == 99 && nine.exchange.roundTripMicroseconds == nil)
        #expect(!one.take([1, 2, 3], at: 100) && one.exchange.received == 1)
    }

    @Test("a report is a compound with a name, and the last one says goodbye")
    func compound() throws {
        var one = Reporter(ssrc: 1)
        one.hear(10, from: 0)
        try one.write(peer: 2, metrics: RTCPVoIPMetrics(ssrc: 2), goodbye: true, at: 500).withUnsafeBytes { raw in
            var reader = try #require(RTCPReader(raw))
            var kinds: [String] = []
            while let packet = reader.next() {
                switch packet {
                case .senderReport(let report, let blocks): kinds.append("SR \(report.ssrc) \(blocks.count)")
                case .receiverReport: kinds.append("RR")
                case .sourceDescription: kinds.append("SDES")
                case .goodbye(let leaving): kinds.append("BYE \(leaving[0])")
                case .other(let type): kinds.append("\(type)")
                }
            }
            #expect(kinds == ["SR 1 1", "SDES", "207", "BYE 1"])
        }
        var quiet = Reporter(ssrc: 1)
        quiet.sends = false
        #expect(quiet.write(peer: nil, at: 500).prefix(4) == [0x80, 201, 0, 1])
        #expect(quiet.write(peer: nil, capacity: 20, at: 500) == [])
        var other = Reporter(ssrc: 2)
        other.take(one.write(peer: 2, goodbye: true, at: 600), at: 650)
        #expect(other.exchange.saidGoodbye)
    }

    @Test("figures become VoIP metrics of RFC 3611")
    func metrics() {
        var stream = Stream()
        // 5 isolated, a burst of 10 in 10, of 1000.
        stream.send(1000, missing: Set([100, 200, 300, 400, 500] + Array(700..<710)))
        _ = stream.last()
        var totals = stream.meter.totals
        totals.roundTripMicroseconds = 90_000
        let metrics = totals.voipMetrics(ssrc: 9, codec: .pcma, packetTimeMs: 20)
        #expect(metrics.ssrc == 9 && metrics.lossRate == 3 && metrics.discardRate == 0)
        #expect(metrics.burstDensity == 255 && metrics.gapDensity == 1)
        #expect(metrics.burstDurationMs == 200 && metrics.gapDurationMs == 990 * 20 && metrics.roundTripMs == 90)
        #expect(metrics.minimumGap == 16 && metrics.rFactor == 88 && metrics.listeningMOS == 43)
        #expect(metrics.conversationalMOS == 43 && metrics.receiverConfiguration == 0)
        let played = totals.voipMetrics(ssrc: 9, codec: .pcma, packetTimeMs: 20, jitterBufferMs: 60)
        #expect(
            played.receiverConfiguration == 0xF0 && played.jitterBufferNominalMs == 60 && played.endSystemDelayMs == 100
        )
        let unknown = totals.voipMetrics(ssrc: 9, codec: nil, packetTimeMs: 20)
        #expect(unknown.rFactor == 127 && unknown.listeningMOS == 127)
    }

    @Test("the exchange is plain memory")
    func plainMemory() {
        #expect(_isPOD(ReportExchange.self) && _isPOD(RTCPMapping.self) && _isPOD(RTCPScheduler.self))
    }
}
