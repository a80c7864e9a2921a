import Basics
import Codecs
import MediaSession
import RTP
import SRTP
import Testing

@Suite("Keys and encryption in the graph")
struct GraphKeyTests {
    static let events = MediaFormat(payloadType: 101, .telephoneEvent(clockRate: 8000))

    static func studio() -> Studio {
        var studio = Studio()
        for _ in 0..<2 {
            _ = studio.open { ($0.incoming, $0.outgoing) = ([pcmaFormat, events], [pcmaFormat, events]) }
        }
        studio.graph.join(studio.nodes[0], studio.nodes[1])
        return studio
    }

    /// partly: MV-MEDIA-01
    @Test("a key the peer presses is told once and passes on")
    func received() {
        var studio = Self.studio()
        var passed = 0
        for step: UInt16 in 0..<8 {
            let isEnd: Bool = step > 4
            let duration: UInt16 = min(step + 1, 5) * 160
            let event: [UInt8] = [5, isEnd ? 0x8A : 0x0A, UInt8(duration >> 8), UInt8(duration & 0xFF)]
            let packet: [UInt8] = Array(rtp(step, timestamp: 4000, type: 101, marker: step == 0).prefix(12)) + event
            passed += studio.send(packet, from: 0, at: Int64(step) * 20).count
        }
        #expect(passed == 8)
        let told: [MediaFact] = studio.graph.facts.filter { if case .digit = $0 { true } else { false } }
        #expect(told == [.digit(Studio.id(0), Digit("5")!)])
    }

    @Test("keys pressed towards a leg are events with one timestamp each, and no audio is heard beside them")
    func pressed() {
        var studio = Self.studio()
        _ = studio.send(rtp(1, timestamp: 160), from: 0, at: 0)
        studio.graph.perform(.press(Studio.id(1), [Digit("1")!, Digit("#")!], durationMs: 100), now: at(10))
        var sent: [Sent] = []
        for number: UInt16 in 2..<60 {
            sent += studio.send(rtp(number, timestamp: UInt32(number) * 160), from: 0, at: Int64(number) * 20 - 20)
            while let due = studio.graph.nextTick, due <= at(Int64(number) * 20 - 1) {
                studio.graph.tick(now: due)
                sent += studio.take().filter { !$0.isRTCP }
            }
        }
        let keys: [Sent] = sent.filter { $0.header.payloadType == 101 }
        #expect(Set(keys.map { $0.payload[0] }) == [1, 11])
        #expect(Set(keys.map(\.header.timestamp)).count == 2)
        #expect(keys.filter { $0.payload[1] & 0x80 != 0 }.count == 6, "each key ends three times")
        let first: Int = sent.firstIndex { $0.header.payloadType == 101 } ?? 0
        let last: Int = sent.lastIndex { $0.header.payloadType == 101 } ?? 0
        #expect(sent[first...last].allSatisfy { $0.header.payloadType == 101 })
        #expect(last < sent.count - 10, "audio goes on")
        for (one, next) in zip(sent, sent.dropFirst()) {
            #expect(next.header.sequenceNumber == one.header.sequenceNumber &+ 1)
        }
        #expect(Int32(bitPattern: sent[last + 1].header.timestamp &- sent[last].header.timestamp) > 0)
    }

    static func key(_ seed: UInt8) -> SRTPKey {
        SRTPKey(
            profile: .aesCM128HMACSHA1Tag80, key: (0..<16).map { seed &+ $0 }, salt: (0..<14).map { seed &* 3 &+ $0 })
    }

    @Test("an encrypted leg and a plain one hear each other, over a roll-over and a re-offer of the same key")
    func bridged() throws {
        var studio = Studio()
        _ = studio.open { $0.security = .sdes(local: Self.key(1), remote: [Self.key(2)]) }
        _ = studio.open()
        studio.graph.join(studio.nodes[0], studio.nodes[1])
        var phone = try SRTPSender(Self.key(2))
        var ear = try SRTPReceiver(Self.key(1))
        for number in 0..<70_000 {
            let plain: [UInt8] = rtp(UInt16(truncatingIfNeeded: number), timestamp: UInt32(number) &* 160)
            var packet: [UInt8] = plain + [UInt8](repeating: 0, count: 64)
            let length: Int = packet.withUnsafeMutableBytes { phone.protectRTP($0, length: plain.count) ?? 0 }
            let there: [Sent] = studio.send(Array(packet[..<length]), from: 0, at: Int64(number) * 20)
            guard there.count == 1, there[0].payload == Array(plain.dropFirst(12)) else {
                Issue.record("packet \(number) was not opened")
                return
            }
            guard number % 1000 == 0 else { continue }
            studio.graph.tick(now: at(Int64(number) * 20 + 1))
            _ = studio.take()
            var back: [UInt8] = studio.send(
                rtp(UInt16(number / 1000), timestamp: UInt32(number) &* 160, ssrc: 9), from: 1,
                at: Int64(number) * 20 + 1)[0].bytes
            let opened: Result<Int, SRTPFailure> = back.withUnsafeMutableBytes { ear.unprotectRTP($0) }
            #expect(try opened.get() == 172)
            var plan = MediaEndpointPlan(
                id: Studio.id(0), ports: MediaPorts(interface: MediaInterfaceID(0), rtp: 10_000))
            plan.remoteRTP = host(1)
            plan.generation = UInt32(number / 1000)
            plan.security = .sdes(local: Self.key(1), remote: [Self.key(2)])
            _ = studio.graph.update(studio.nodes[0], plan, now: at(Int64(number) * 20 + 2))
        }
    }

    /// RFC 4568 §6.1
    @Test(
        "of a peer with several keys each packet is opened by the key it names, and one that names another is dropped")
    func severalKeys() throws {
        func named(_ seed: UInt8, _ mki: UInt8) -> SRTPKey {
            var key: SRTPKey = Self.key(seed)
            key.mki = [0, mki]
            return key
        }
        var studio = Studio()
        _ = studio.open { $0.security = .sdes(local: Self.key(1), remote: [named(2, 1), named(3, 2)]) }
        _ = studio.open()
        studio.graph.join(studio.nodes[0], studio.nodes[1])
        var senders: [[UInt8]] = []
        for (number, key) in [
            named(2, 1), named(2, 1), named(3, 2), named(2, 1), named(3, 2), named(3, 9), named(4, 2),
        ]
        .enumerated() {
            // Each key has its own roll-over counter; what is sent under one is new to it.
            var sender = try SRTPSender(key)
            let plain: [UInt8] = rtp(UInt16(10 + number), timestamp: UInt32(number) * 160)
            var packet: [UInt8] = plain + [UInt8](repeating: 0, count: 64)
            let length: Int = packet.withUnsafeMutableBytes { sender.protectRTP($0, length: plain.count) ?? 0 }
            senders.append(Array(packet[..<length]))
        }
        let passed: [Int] = senders.enumerated().map { studio.send($1, from: 0, at: Int64($0) * 20).count }
        #expect(passed == [1, 1, 1, 1, 1, 0, 0])
        #expect(studio.graph.statistics(of: Studio.id(0))?.droppedUnauthenticated == 2)
    }

    @Test("forged, replayed and plain packets of an encrypted leg are dropped and counted")
    func refused() throws {
        var studio = Studio()
        _ = studio.open { $0.security = .sdes(local: Self.key(1), remote: [Self.key(2)]) }
        _ = studio.open()
        studio.graph.join(studio.nodes[0], studio.nodes[1])
        var phone = try SRTPSender(Self.key(2))
        let plain: [UInt8] = rtp(1, timestamp: 160)
        var packet: [UInt8] = plain + [UInt8](repeating: 0, count: 64)
        let length: Int = packet.withUnsafeMutableBytes { phone.protectRTP($0, length: plain.count) ?? 0 }
        let good: [UInt8] = Array(packet[..<length])
        var forged: [UInt8] = good
        forged[20] ^= 1
        let passed: [Int] = [forged, plain, good, good].enumerated().map { index, bytes in
            studio.send(bytes, from: 0, at: Int64(index)).count
        }
        #expect(passed == [0, 0, 1, 0])
        #expect(studio.graph.statistics(of: Studio.id(0))?.droppedUnauthenticated == 3)
    }
}
