import Basics
import DTLS
import MediaSession
import RTP
import SRTP
import Testing

/// The first endpoint's peer has keys by DTLS, the second's is a plain telephone.
@Suite("Keys by DTLS in the graph")
struct GraphHandshakeTests {
    /// A studio with a call between a telephone that agrees keys and a plain one.
    static func call(
        _ phone: SecurePhone, role: DTLSPlan.Role = .server, isMuxed: Bool = true,
        profiles: [SRTPProfile] = DTLSSettings.standard.profiles, change: (inout MediaEndpointPlan) -> Void = { _ in }
    ) throws -> SecureStudio {
        var studio = try SecureStudio()
        try phone.expect(
            studio.certificate.fingerprint, role: role == .server ? .client : .server, ports: isMuxed ? [0] : [0, 1],
            settings: DTLSSettings(profiles: profiles), now: .zero)
        studio.open(phone) { plan in
            plan.rtcpMux = isMuxed
            plan.security = .dtls(DTLSPlan(role: role, fingerprints: [phone.certificate.fingerprint]))
            change(&plan)
        }
        studio.open()
        studio.join(0, 1)
        return studio
    }

    /// Lets both telephones speak a packet each; every one must be heard.
    static func talk(_ studio: inout SecureStudio, _ text: UInt32, count: UInt32 = 5, from start: Int64) throws {
        let phone: SecurePhone = studio.phones[0]!
        let (there, back): (Int, Int) = (studio.plainHeard.count, phone.heard.count)
        for index in 0..<count {
            studio.send(phone.speak(text + index), from: 0)
            var plain: [UInt8] = rtp(
                UInt16(truncatingIfNeeded: text + index), timestamp: (text + index) &* 160, ssrc: 9)
            plain.replaceSubrange(12..<16, with: words([text + index]))
            studio.send(plain, from: 1)
            try studio.run(until: start + Int64(index + 1) * 20)
        }
        #expect(studio.plainHeard.dropFirst(there) == ArraySlice((0..<count).map { text + $0 }))
        #expect(phone.heard.dropFirst(back) == ArraySlice((0..<count).map { text + $0 }))
    }

    @Test(
        "keys are agreed in either part and by each profile, and then both hear each other, reports too",
        arguments: [DTLSPlan.Role.server, .client], [true, false])
    func agreed(role: DTLSPlan.Role, isMuxed: Bool) throws {
        for profile: SRTPProfile in [.aeadAES128GCM, .aesCM128HMACSHA1Tag80] {
            let phone = try SecurePhone(host(1))
            var studio = try Self.call(phone, role: role, isMuxed: isMuxed, profiles: [profile])
            studio.begin(0)
            try studio.run(until: 100)
            #expect(studio.secured == 1 && studio.insecurities.isEmpty)
            #expect(phone.ends[0]?.keys?.profile == profile)
            try Self.talk(&studio, 1, from: 100)
            studio.send(phone.report(port: isMuxed ? 0 : 1), from: 0, isRTCP: !isMuxed)
            try studio.run(until: 20_000)
            #expect(studio.statistics(0).rtcpReceived == 1 && phone.reports > 0 && phone.unreadable == 0)
            #expect(studio.statistics(0).packetsDropped == 0 && studio.statistics(0).packetsHeldBack == 0)
            #expect(studio.astray.isEmpty)
            // Each port agreed its own.
            if !isMuxed { #expect(phone.ends[0]?.keys?.local != phone.ends[1]?.keys?.local) }
        }
    }

    @Test("until keys are agreed nothing is sent in the clear and nothing plain is taken; both are counted")
    func heldBack() throws {
        let phone = try SecurePhone(host(1))
        var studio = try Self.call(phone)
        var seen: [[UInt8]] = []
        studio.meddle = { toServer, datagram in
            if !toServer, (128...191).contains(datagram[0]) { seen.append(datagram) }
            return datagram
        }
        for number: UInt16 in 1...10 {
            studio.send(phone.plain(1), from: 0)
            studio.send(rtp(number, timestamp: UInt32(number) * 160, ssrc: 9), from: 1)
        }
        try studio.run(until: 10_000)
        #expect(seen.allSatisfy { $0.count != 172 && $0.count != 182 })
        #expect(studio.plainHeard.isEmpty && phone.heard.isEmpty)
        #expect(studio.statistics(0).droppedUnauthenticated == 10 && studio.statistics(0).packetsDropped == 10)
        #expect(studio.statistics(0).packetsHeldBack >= 10 && studio.statistics(0).packetsSent == 0)
        studio.meddle = { $1 }
        studio.begin(0)
        try studio.run(until: 10_100)
        try Self.talk(&studio, 100, from: 10_100)
    }

    @Test("lost flights are sent again, and datagrams that overtake each other do no harm", arguments: 1...15)
    func badWeather(seed: Int) throws {
        for role: DTLSPlan.Role in [.server, .client] {
            let phone = try SecurePhone(host(1))
            var studio = try Self.call(phone, role: role)
            (studio.loss, studio.delay, studio.random) = (0.3, 300, SeededRandom(seed: UInt64(seed)))
            studio.begin(0)
            try studio.run(until: 29_000)
            #expect(studio.secured == 1, "\(studio.insecurities)")
            studio.loss = 0
            try Self.talk(&studio, 1, from: 29_000)
        }
    }

    @Test("an unanswered ClientHello of ours is sent again by the graph's time, and given up after 30 s in words")
    func unanswered() throws {
        let phone = try SecurePhone(host(1))
        var studio = try SecureStudio()
        var times: [Int] = []
        nonisolated(unsafe) var count = 0
        studio.meddle = { toServer, datagram in
            if !toServer, (20...63).contains(datagram[0]) { count += 1 }
            return nil
        }
        studio.open(phone) { plan in
            plan.rtcpMux = true
            plan.security = .dtls(DTLSPlan(role: .client, fingerprints: [phone.certificate.fingerprint]))
        }
        for step: Int64 in 0..<320 {
            let before: Int = count
            if step == 0 { times = before > 0 ? [0] : [] }
            try studio.run(until: step * 100 + 50)
            if count > before { times.append(Int(step) * 100) }
        }
        #expect(times.map { $0 / 1000 } == [0, 0, 0, 1, 3, 7, 11, 15, 19, 23, 27])
        #expect(studio.insecurities == ["the peer did not finish the DTLS handshake in time"])
    }

    @Test("a peer that never begins is told of once media is expected for 30 s; it may begin late all the same")
    func neverBegun() throws {
        let phone = try SecurePhone(host(1))
        var studio = try Self.call(phone)
        try studio.run(until: 60_000)
        #expect(studio.insecurities.isEmpty)
        studio.update(0) { $0.expectsMedia = true }
        try studio.run(until: 89_000)
        #expect(studio.insecurities.isEmpty)
        try studio.run(until: 200_000)
        #expect(studio.insecurities == ["the peer began no DTLS handshake within 30 s"])
        try phone.expect(studio.certificate.fingerprint, role: .client, now: studio.now)
        studio.begin(0)
        try studio.run(until: 200_100)
        #expect(studio.secured == 1)
        try Self.talk(&studio, 1, from: 200_100)
    }

    @Test("a certificate that is not the description's gets no media, and the reason is told")
    func wrongCertificate() throws {
        let phone = try SecurePhone(host(1))
        var studio = try SecureStudio()
        try phone.expect(studio.certificate.fingerprint, role: .client, now: .zero)
        let other = try SecurePhone.makeCertificate()
        studio.open(phone) { plan in
            plan.rtcpMux = true
            plan.security = .dtls(DTLSPlan(role: .server, fingerprints: [other.fingerprint]))
        }
        studio.open()
        studio.join(0, 1)
        studio.begin(0)
        try studio.run(until: 500)
        #expect(studio.insecurities == [DTLSFailure.wrongFingerprint.description])
        studio.send(rtp(1, timestamp: 0, ssrc: 9), from: 1)
        try studio.run(until: 600)
        #expect(phone.heard.isEmpty && studio.statistics(0).packetsHeldBack == 1)
    }

    @Test(
        "a description without a fingerprint that proves anything, and a server without a certificate, are told at once"
    )
    func unusable() throws {
        let phone = try SecurePhone(host(1))
        var studio = try SecureStudio()
        studio.open(phone) {
            $0.security = .dtls(DTLSPlan(role: .server, fingerprints: [DTLSFingerprint(hash: "sha-1", value: [1])]))
        }
        #expect(studio.insecurities == [DTLSFailure.noUsableFingerprint.description])
        var bare = Studio()
        _ = bare.open { $0.security = .dtls(DTLSPlan(role: .server, fingerprints: [phone.certificate.fingerprint])) }
        #expect(
            bare.graph.facts == [.insecure(Studio.id(0), "no certificate for DTLS could be made here")])
    }

    @Test(
        "forged ClientHellos of strangers cost nothing; from the peer's own address they get a cookie and stop nothing")
    func flood() throws {
        let (phone, forger) = (try SecurePhone(host(1)), try SecurePhone(host(1, 4444)))
        var studio = try Self.call(phone)
        try forger.expect(studio.certificate.fingerprint, role: .client, now: .zero)
        let hello: [UInt8] = forger.ends[0]!.start(now: .zero)[0]
        for _ in 0..<500 { studio.send(hello, from: 0, source: host(9)) }
        try studio.run(until: 10)
        #expect(studio.astray.isEmpty && studio.statistics(0).droppedHandshakes == 500)
        // From the address of the description, on another port; its cookie never comes back.
        for _ in 0..<20 { studio.send(hello, from: 0, source: host(1, 4444)) }
        try studio.run(until: 20)
        #expect(!studio.astray.isEmpty && studio.astray.allSatisfy { $0.count < hello.count && $0[13] == 3 })
        studio.begin(0)
        for step: Int64 in 1...20 {
            studio.send(hello, from: 0, source: host(1, 4444))
            try studio.run(until: 20 + step * 10)
        }
        #expect(studio.secured == 1)
        try Self.talk(&studio, 1, from: 300)
        // Once a second's budget is gone, they are dropped as they come.
        for _ in 0..<5000 { studio.send(hello, from: 0, source: host(1)) }
        try studio.run(until: 2000)
        #expect(studio.statistics(0).droppedHandshakes > 5300)
        try Self.talk(&studio, 50, from: 2000)
    }

    @Test(
        "a ClientHello in pieces, the last one first, agrees keys without ICE, and again in mid-call",
        arguments: [20, 50, 90])
    func pieces(size: Int) throws {
        let phone = try SecurePhone(host(1))
        var studio = try Self.call(phone)
        studio.pieceSize = size
        studio.begin(0)
        try studio.run(until: 200)
        #expect(studio.secured == 1 && studio.statistics(0).packetsDropped == 0)
        try Self.talk(&studio, 1, from: 200)
        try phone.expect(studio.certificate.fingerprint, role: .client, now: studio.now)
        let again: DTLSPlan = DTLSPlan(
            role: .server, fingerprints: [phone.certificate.fingerprint], association: "another")
        studio.update(0) { $0.security = .dtls(again) }
        studio.begin(0)
        try studio.run(until: 1500)
        #expect(studio.secured == 2)
        try Self.talk(&studio, 50, from: 1500)
    }

    @Test("a new fingerprint in mid-call agrees new keys; the old ones are good until then")
    func newFingerprint() throws {
        let phone = try SecurePhone(host(1))
        var studio = try Self.call(phone)
        studio.begin(0)
        try studio.run(until: 100)
        try Self.talk(&studio, 1, from: 100)
        let old: DTLSKeys? = phone.ends[0]?.keys
        // The peer comes from elsewhere with another certificate, but still speaks under the old keys.
        let next = try SecurePhone(host(1))
        try next.expect(studio.certificate.fingerprint, role: .client, now: studio.now)
        let fresh: DTLSPlan = DTLSPlan(role: .server, fingerprints: [next.certificate.fingerprint])
        studio.update(0) { $0.security = .dtls(fresh) }
        phone.ends = [nil, nil]
        try Self.talk(&studio, 50, from: 300)
        phone.ends = next.ends
        studio.begin(0)
        try studio.run(until: 600)
        #expect(studio.secured == 2 && phone.ends[0]?.keys != nil && phone.ends[0]?.keys != old)
        try Self.talk(&studio, 100, from: 600)
        #expect(phone.unreadable == 0 && studio.statistics(0).packetsDropped == 0)
        // The same description again is no new handshake.
        studio.update(0) { $0.security = .dtls(fresh) }
        try Self.talk(&studio, 150, from: 800)
        #expect(studio.secured == 2)
    }

    @Test("a new handshake that fails under a new fingerprint ends the media of the old keys")
    func newFingerprintFails() throws {
        let phone = try SecurePhone(host(1))
        var studio = try Self.call(phone)
        studio.begin(0)
        try studio.run(until: 100)
        let other = try SecurePhone.makeCertificate()
        studio.update(0) { $0.security = .dtls(DTLSPlan(role: .server, fingerprints: [other.fingerprint])) }
        try phone.expect(studio.certificate.fingerprint, role: .client, now: studio.now)
        studio.begin(0)
        try studio.run(until: 500)
        #expect(studio.insecurities == [DTLSFailure.wrongFingerprint.description])
        studio.send(phone.speak(7), from: 0)
        studio.send(rtp(1, timestamp: 0, ssrc: 9), from: 1)
        try studio.run(until: 600)
        #expect(studio.plainHeard.isEmpty && phone.heard.isEmpty)
    }

    @Test(
        "a peer that begins anew in mid-call, as after a restart, gets new keys; one that never ends it changes nothing"
    )
    func beganAnew() throws {
        let phone = try SecurePhone(host(1))
        var studio = try Self.call(phone)
        studio.begin(0)
        try studio.run(until: 100)
        // A ClientHello without what follows.
        let half = try DTLSEndpoint(
            phone.certificate, plan: DTLSPlan(role: .client, fingerprints: [studio.certificate.fingerprint]),
            now: studio.now)
        let (ends, hello): ([DTLSEndpoint?], [[UInt8]]) = (phone.ends, half.start(now: studio.now))
        try studio.run(until: 2000)
        phone.ends = [nil, nil]
        for datagram in hello { studio.send(datagram, from: 0) }
        try Self.talk(&studio, 1, from: 2100)
        try studio.run(until: 60_000)
        phone.ends = ends
        try Self.talk(&studio, 20, from: 60_000)
        #expect(studio.insecurities.isEmpty && studio.secured == 1)
        try phone.expect(studio.certificate.fingerprint, role: .client, now: studio.now)
        studio.begin(0)
        try studio.run(until: 60_500)
        #expect(studio.secured == 2)
        try Self.talk(&studio, 50, from: 60_500)
    }

    @Test("a call that changes threads again and again in the middle of a handshake finishes it", arguments: 1...5)
    func moved(seed: Int) throws {
        for role: DTLSPlan.Role in [.server, .client] {
            let phone = try SecurePhone(host(1))
            var studio = try Self.call(phone, role: role)
            (studio.loss, studio.random) = (0.3, SeededRandom(seed: UInt64(seed)))
            studio.begin(0)
            for step: Int64 in 1...2900 where studio.secured == 0 {
                try studio.run(until: step * 10)
                studio.move()
            }
            studio.loss = 0
            try studio.run(until: 29_000)
            #expect(studio.secured == 1, "\(studio.insecurities)")
            try Self.talk(&studio, 1, from: 29_000)
        }
    }

    @Test("a description that takes the handshake back leaves no deadline behind, and the stream is plain")
    func takenBack() throws {
        let phone = try SecurePhone(host(1))
        var studio = try Self.call(phone, role: .client)
        phone.ends = [nil, nil]
        try studio.run(until: 100)
        studio.update(0) { $0.security = .none }
        let before: Int = studio.ticks
        try studio.run(until: 10_100)
        #expect(studio.ticks - before <= 60, "a look at the time each 200 ms")
        studio.send(phone.plain(1), from: 0)
        try studio.run(until: 10_200)
        #expect(studio.plainHeard.count == 1 && studio.insecurities.isEmpty)
    }

    @Test("farewells: the peer's is told, and ours is sent when the endpoint closes")
    func farewell() throws {
        let phone = try SecurePhone(host(1))
        var studio = try Self.call(phone)
        studio.begin(0)
        try studio.run(until: 100)
        studio.farewell(0)
        try studio.run(until: 200)
        #expect(phone.ends[0]?.state == .closed)
        let (again, second) = (try SecurePhone(host(1)), 0)
        var other = try Self.call(again)
        other.begin(second)
        try other.run(until: 100)
        for datagram in again.ends[0]!.close() { other.send(datagram, from: 0) }
        try other.run(until: 200)
        #expect(other.insecurities == ["the peer ended its DTLS association"])
        // What is still on the way can be read.
        try Self.talk(&other, 1, from: 200)
    }

    @Test("ZRTP, TURN's channels and what has no kind are dropped; plain telephones are not looked at that way")
    func otherKinds() throws {
        let phone = try SecurePhone(host(1))
        var studio = try Self.call(phone)
        for first: UInt8 in [4, 16, 19, 64, 79, 80, 127, 192, 255, 0, 3] {
            studio.send([first] + [UInt8](repeating: 0, count: 40), from: 0)
        }
        try studio.run(until: 100)
        #expect(studio.statistics(0).droppedMalformed == 9 && studio.statistics(0).droppedChecks == 2)
        #expect(studio.statistics(0).packetsDropped == 11)
    }

    @Test("of a hundred handshakes that begin at once one datagram is computed with between two rounds of packets")
    func burst() throws {
        var studio = try SecureStudio()
        for number in 0..<100 {
            let phone = try SecurePhone(host(UInt32(number + 1)), certificate: studio.certificate)
            try phone.expect(studio.certificate.fingerprint, role: .client, now: .zero)
            let fingerprint: DTLSFingerprint = phone.certificate.fingerprint
            studio.open(phone) { plan in
                plan.rtcpMux = true
                plan.security = .dtls(DTLSPlan(role: .server, fingerprints: [fingerprint]))
            }
        }
        for number in 0..<100 { studio.begin(number) }
        try studio.run(until: 1000)
        #expect(studio.secured == 100)
        // Hello, hello with cookie, and the peer's flight of one or more datagrams.
        #expect(studio.ticks >= 300)
    }
}
