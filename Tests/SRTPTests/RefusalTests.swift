import Basics
import SRTP
import Testing

@Suite("SRTP: what is refused, and counted by its reason")
struct RefusalTests {
    @Test("a packet is taken once", arguments: SRTPProfile.allCases)
    func replayed(profile: SRTPProfile) throws {
        let (sender, receiver) = (try Sender(profile.key(1)), try Receiver(profile.key(1)))
        var packets: [[UInt8]] = []
        for sequence in 0..<1000 {
            let packet = try #require(sender.protect(rtp(sequence)))
            #expect(receiver.take(packet) == .success(rtp(sequence)))
            packets.append(packet)
        }
        // In the window, and so old that the window has forgotten them.
        for packet in packets { #expect(receiver.take(packet) == .failure(.replayed)) }
        let report = try #require(sender.protect(rtcp(), rtcp: true))
        #expect(receiver.take(report, rtcp: true) == .success(rtcp()))
        #expect(receiver.take(report, rtcp: true) == .failure(.replayed))
        #expect(receiver.counters.replayed == 1001 && receiver.counters.packets == 1001)
    }

    @Test("within 448 packets of the newest, a late one is taken; an older one is not")
    func window() throws {
        let key = SRTPProfile.aesCM128HMACSHA1Tag80.key(1)
        let (sender, receiver) = (try Sender(key), try Receiver(key))
        let packets: [[UInt8]] = (0..<1000).compactMap { sender.protect(rtp($0)) }
        #expect(receiver.take(packets[999]) == .success(rtp(999)))
        #expect(receiver.take(packets[999 - 447]) == .success(rtp(999 - 447)))
        #expect(receiver.take(packets[999 - 448]) == .failure(.replayed))
        #expect(receiver.take(packets[998]) == .success(rtp(998)))
        #expect(receiver.take(packets[999 - 447]) == .failure(.replayed))
    }

    @Test("a packet with any bit changed is refused, and the stream goes on", arguments: SRTPProfile.allCases)
    func forged(profile: SRTPProfile) throws {
        let key = profile.key(1, mki: [7])
        let (sender, receiver) = (try Sender(key), try Receiver(key))
        #expect(receiver.take(try #require(sender.protect(rtp(1)))) == .success(rtp(1)))
        let packet = try #require(sender.protect(rtp(2)))
        for bit in 0..<(8 * packet.count) {
            var spoilt = packet
            spoilt[bit / 8] ^= 1 << UInt8(bit % 8)
            guard case .failure = receiver.take(spoilt) else {
                Issue.record("bit \(bit) may be changed")
                return
            }
        }
        #expect(receiver.counters.packets == 1)
        #expect(receiver.counters.unknownMKI == 8)
        #expect(receiver.counters.refused == UInt64(8 * packet.count))
        #expect(receiver.take(packet) == .success(rtp(2)))
        let report = try #require(sender.protect(rtcp(), rtcp: true))
        for bit in 0..<(8 * report.count) {
            var spoilt = report
            spoilt[bit / 8] ^= 1 << UInt8(bit % 8)
            guard case .failure = receiver.take(spoilt, rtcp: true) else {
                Issue.record("bit \(bit) of a report may be changed")
                return
            }
        }
        #expect(receiver.take(report, rtcp: true) == .success(rtcp()))
    }

    @Test("a packet cut off anywhere is refused, and so is one of any short length", arguments: SRTPProfile.allCases)
    func truncated(profile: SRTPProfile) throws {
        let key = profile.key(1, mki: [1, 2])
        let (sender, receiver) = (try Sender(key), try Receiver(key))
        let packet = try #require(sender.protect(rtp(1, csrcs: 3, extensionWords: 2)))
        let report = try #require(sender.protect(rtcp(), rtcp: true))
        for length in 0..<packet.count { #expect((try? receiver.take(Array(packet[..<length])).get()) == nil) }
        for length in 0..<report.count {
            #expect((try? receiver.take(Array(report[..<length]), rtcp: true).get()) == nil)
        }
        let shortest = 12 + profile.rtpTagLength + 2
        let shortestReport = 8 + 4 + profile.rtcpTagLength + 2
        #expect(receiver.counters.tooShort == UInt64(shortest + shortestReport))
        #expect(receiver.counters.packets == 0)
        for length in 0..<12 { #expect(sender.protect(Array(rtp(2)[..<length])) == nil) }
        for length in 0..<8 { #expect(sender.protect(Array(rtcp()[..<length]), rtcp: true) == nil) }
        #expect(sender.counters.tooShort == 20)
    }

    @Test("headers that do not fit, other versions, packets without room and giants are errors, not traps")
    func malformed() throws {
        let key = SRTPProfile.aesCM128HMACSHA1Tag80.key(1)
        let (sender, receiver) = (try Sender(key), try Receiver(key))
        var sources = rtp(1, payload: [])
        sources[0] = 0x8F
        var extended = rtp(1, payload: [0, 0, 0xFF, 0xFF])
        extended[0] = 0x90
        var old = rtp(1)
        old[0] = 0x40
        for packet in [sources, extended, old] {
            #expect(sender.protect(packet) == nil)
            #expect(receiver.take(packet + Array(repeating: 0, count: 10)) == .failure(.malformed))
        }
        #expect(sender.counters.malformed == 3 && receiver.counters.malformed == 3)
        var tight = rtp(1) + Array(repeating: 0, count: 9)
        let length = rtp(1).count
        let isSent: Bool = tight.withUnsafeMutableBytes { bytes in
            sender.context.protectRTP(bytes, length: length) != nil
                || sender.context.protectRTCP(bytes, length: length) != nil
        }
        #expect(!isSent)
        #expect(sender.protect(rtp(1, payload: Array(repeating: 0, count: 65_535 - 12 - 9))) == nil)
        #expect(sender.counters.noRoom == 3)
        let most = rtp(1, payload: Array(repeating: 3, count: 65_535 - 12 - 10))
        #expect(receiver.take(try #require(sender.protect(most))) == .success(most))
        #expect(receiver.take(Array(repeating: 0x80, count: 65_536)) == .failure(.noRoom))
        #expect(receiver.take([]) == .failure(.tooShort))
    }

    @Test("a key protects no more packets than its lifetime, RTP and RTCP apart, and a new key goes on")
    func lifetime() throws {
        let profile = SRTPProfile.aesCM128HMACSHA1Tag80
        let (sender, receiver) = (try Sender(profile.key(1, lifetime: 5)), try Receiver(profile.key(1, lifetime: 5)))
        var last: [UInt8] = []
        for sequence in 0..<5 { last = try #require(sender.protect(rtp(sequence))) }
        #expect(sender.packetsLeft == 0)
        #expect(sender.protect(rtp(5)) == nil)
        for _ in 0..<5 { #expect(sender.protect(rtcp(), rtcp: true) != nil) }
        #expect(sender.protect(rtcp(), rtcp: true) == nil)
        #expect(sender.counters.keyExhausted == 2)
        // The same key under another lifetime is the same key: what it protected counts.
        #expect(try !sender.use(profile.key(1, lifetime: 100)))
        #expect(receiver.take(last) == .success(rtp(4)))
        #expect(receiver.packetsLeft == 4)
        #expect(try sender.use(profile.key(2, lifetime: 5)))
        #expect(sender.protect(rtp(5)) != nil)
    }

    @Test("a packet of another key, or under the wrong identifier, is refused")
    func otherKey() throws {
        let profile = SRTPProfile.aeadAES256GCM
        let receiver = try Receiver(profile.key(1, mki: [1]))
        #expect(
            receiver.take(try #require(try Sender(profile.key(2, mki: [1])).protect(rtp(1))))
                == .failure(.authenticationFailed))
        #expect(
            receiver.take(try #require(try Sender(profile.key(1, mki: [2])).protect(rtp(1)))) == .failure(.unknownMKI))
        #expect(receiver.counters.authenticationFailed == 1 && receiver.counters.unknownMKI == 1)
    }

    @Test(
        "keys that cannot be used are named",
        arguments: [
            ([], .wrongCount),
            (Array(repeating: SRTPProfile.aeadAES128GCM.key(1), count: 9), .wrongCount),
            ([SRTPKey(profile: .aeadAES128GCM, key: [1], salt: [])], .wrongKeyLength),
            ([SRTPKey(profile: .aeadAES128GCM, key: Array(repeating: 1, count: 16), salt: [1])], .wrongSaltLength),
            ([SRTPProfile.aeadAES128GCM.key(1, mki: [])], .badMKI),
            ([SRTPProfile.aeadAES128GCM.key(1, mki: Array(repeating: 1, count: 129))], .badMKI),
            ([SRTPProfile.aeadAES128GCM.key(1), SRTPProfile.aeadAES128GCM.key(2)], .badMKI),
            ([SRTPProfile.aeadAES128GCM.key(1, mki: [1]), SRTPProfile.aeadAES128GCM.key(2, mki: [1])], .badMKI),
            ([SRTPProfile.aeadAES128GCM.key(1, mki: [1]), SRTPProfile.aeadAES128GCM.key(2, mki: [1, 2])], .badMKI),
        ] as [([SRTPKey], SRTPKeyFault)])
    func faults(keys: [SRTPKey], fault: SRTPKeyFault) throws {
        #expect(throws: fault) { try Receiver(keys) }
        // A receiver at work is not disturbed.
        let good = SRTPProfile.aeadAES128GCM.key(9)
        let (sender, receiver) = (try Sender(good), try Receiver(good))
        #expect(throws: fault) { try receiver.use(keys) }
        #expect(receiver.take(try #require(sender.protect(rtp(1)))) == .success(rtp(1)))
    }

    @Test("no text of a key shows the key")
    func keysAreNotShown() throws {
        let key = SRTPKey(
            profile: .aesCM128HMACSHA1Tag80, key: Array(repeating: 0xAB, count: 16),
            salt: Array(repeating: 0xCD, count: 14))
        var dumped = ""
        dump([key], to: &dumped)
        for text in ["\(key)", String(reflecting: [key]), "\([1: key])", dumped] {
            #expect(!text.contains("171") && !text.contains("205") && !text.lowercased().contains("abab"))
            #expect(text.contains("AES_CM_128_HMAC_SHA1_80") || text.contains("aesCM128"))
        }
    }

    @Test("key and salt in one piece are read and written as inline: has them")
    func onePiece() throws {
        for profile in SRTPProfile.allCases {
            let key = profile.key(3)
            #expect(SRTPKey(profile: profile, keyAndSalt: key.keyAndSalt) == key)
            #expect(SRTPKey(profile: profile, keyAndSalt: key.keyAndSalt + [0]) == nil)
            #expect(profile.key(3) == key && profile.key(4) != key)
        }
    }
}
