import Basics
import DTLS
import ICE
import MediaSession
import RTP
import STUN
import Testing

@Suite("ICE in the graph")
struct GraphCheckTests {
    static let plan = ICEPlan(
        localUfrag: "ours", localPassword: "password-of-ours-with-22", remoteUfrag: "theirs", remotePassword: "another")
    static let restarted = ICEPlan(
        localUfrag: "anew", localPassword: "another-password-with-22", remoteUfrag: "theirs2", remotePassword: "third")
    /// What the description names leads nowhere.
    static let nowhere = host(99, 9)

    /// A telephone with ICE and a plain one.
    static func call(
        _ phone: SecurePhone, isMuxed: Bool = true, change: (inout MediaEndpointPlan) -> Void = { _ in }
    ) throws -> SecureStudio {
        var studio = try SecureStudio()
        phone.credentials = plan
        studio.open(phone) { plan in
            plan.rtcpMux = isMuxed
            (plan.remoteRTP, plan.remoteRTCP, plan.ice) = (Self.nowhere, Self.nowhere, Self.plan)
            plan.expectsMedia = true
            change(&plan)
        }
        studio.open()
        studio.join(0, 1)
        return studio
    }

    static func speak(_ studio: inout SecureStudio, _ number: UInt16) {
        var plain: [UInt8] = rtp(number, timestamp: UInt32(number) &* 160, ssrc: 9)
        plain.replaceSubrange(12..<16, with: words([UInt32(number)]))
        studio.send(plain, from: 1)
    }

    @Test(
        "a check is answered from where it came; only a nomination sets where media goes, whatever the description says"
    )
    func nominated() throws {
        let phone = try SecurePhone(host(7, 5000))
        var studio = try Self.call(phone)
        let node: EndpointPointer = studio.studio.nodes[0]
        Self.speak(&studio, 1)
        studio.send(phone.plain(1), from: 0)
        try studio.run(until: 20)
        #expect(node.pointee.rtpDestination == nil && studio.plainHeard.isEmpty)
        #expect(studio.statistics(0).droppedWrongSource == 1)
        studio.send(phone.check(nominates: false), from: 0)
        try studio.run(until: 40)
        #expect(phone.answers.count == 1 && phone.answers[0].class == .success)
        #expect(phone.answers[0].mappedAddress == host(7, 5000))
        // A path that was checked may carry media of the peer already.
        studio.send(phone.plain(2), from: 0)
        try studio.run(until: 60)
        #expect(node.pointee.rtpDestination == nil && studio.plainHeard.count == 1)
        studio.send(phone.check(nominates: true), from: 0)
        try studio.run(until: 80)
        #expect(node.pointee.rtpDestination == host(7, 5000) && node.pointee.rtcpDestination == host(7, 5000))
        Self.speak(&studio, 2)
        try studio.run(until: 100)
        #expect(phone.unreadable == 1, "it came, in the clear as agreed")
        // Neither the address of the description nor the telephone's own other port may latch.
        studio.send(phone.plain(3), from: 0, source: Self.nowhere)
        studio.send(phone.plain(3), from: 0, source: host(7, 5002))
        try studio.run(until: 10_000)
        studio.send(phone.plain(3), from: 0, source: Self.nowhere)
        try studio.run(until: 10_100)
        #expect(studio.plainHeard.count == 1 && studio.statistics(0).droppedWrongSource == 4)
        #expect(node.pointee.rtpDestination == host(7, 5000))
    }

    @Test("a nomination of another path moves the media, and the peer's packets may come from there at once")
    func moved() throws {
        let phone = try SecurePhone(host(7, 5000))
        var studio = try Self.call(phone)
        studio.send(phone.check(nominates: true), from: 0)
        try studio.run(until: 20)
        studio.send(phone.plain(1), from: 0)
        try studio.run(until: 40)
        #expect(studio.statistics(0).source == host(7, 5000))
        phone.address = host(8, 6000)
        studio.send(phone.check(nominates: true, more: []), from: 0)
        studio.send(phone.check(nominates: true, more: []), from: 0)
        try studio.run(until: 60)
        studio.send(phone.plain(2), from: 0)
        Self.speak(&studio, 1)
        try studio.run(until: 80)
        #expect(studio.statistics(0).source == host(8, 6000) && studio.plainHeard.count == 2 && phone.unreadable == 1)
    }

    @Test("checks of unknown users, with a wrong password or of the wrong role are refused, counted and select nothing")
    func refused() throws {
        let phone = try SecurePhone(host(7, 5000))
        var studio = try Self.call(phone)
        typealias Attribute = STUNMessage.Attribute
        studio.send(phone.check(nominates: true, user: "nobody:theirs"), from: 0)
        studio.send(phone.check(nominates: true, password: "wrong"), from: 0)
        studio.send(
            phone.check(nominates: true, more: [Attribute(Attribute.iceControlled, number: UInt64(1))]), from: 0)
        studio.send([0, 1] + [UInt8](repeating: 0, count: 18), from: 0)
        try studio.run(until: 20)
        #expect(phone.answers.map(\.error) == [.unauthenticated, .unauthenticated, .roleConflict])
        #expect(studio.statistics(0).droppedChecks == 4 && studio.statistics(0).packetsDropped == 4)
        #expect(studio.studio.nodes[0].pointee.rtpDestination == nil)
        // None of them opened a way.
        studio.send(phone.plain(1), from: 0)
        try studio.run(until: 40)
        #expect(studio.plainHeard.isEmpty)
    }

    @Test("a stranger's flood of checks ends neither the media nor the peer's consent")
    func flood() throws {
        let phone = try SecurePhone(host(7, 5000))
        var studio = try Self.call(phone)
        studio.send(phone.check(nominates: true), from: 0)
        try studio.run(until: 20)
        for second: Int64 in 1...40 {
            for _ in 0..<300 { studio.send(phone.check(nominates: true, password: "x"), from: 0, source: host(66)) }
            studio.send(phone.check(nominates: false), from: 0)
            try studio.run(until: second * 1000)
        }
        #expect(studio.statistics(0).droppedChecks == 40 * 300)
        #expect(studio.studio.nodes[0].pointee.rtpDestination == host(7, 5000))
    }

    @Test("RTP and RTCP are components of their own where they do not share a port")
    func components() throws {
        let phone = try SecurePhone(host(7, 5000))
        var studio = try Self.call(phone, isMuxed: false)
        let node: EndpointPointer = studio.studio.nodes[0]
        studio.send(phone.check(nominates: true), from: 0)
        try studio.run(until: 20)
        #expect(node.pointee.rtpDestination == host(7, 5000) && node.pointee.rtcpDestination == nil)
        studio.send(receiverReport(), from: 0, isRTCP: true)
        try studio.run(until: 40)
        #expect(studio.statistics(0).rtcpReceived == 0 && studio.statistics(0).droppedWrongSource == 1)
        studio.send(phone.check(nominates: true), from: 0, isRTCP: true)
        studio.send(receiverReport(), from: 0, isRTCP: true)
        try studio.run(until: 60)
        #expect(node.pointee.rtcpDestination == host(7, 5001) && studio.statistics(0).rtcpReceived == 1)
        #expect(studio.astray.isEmpty)
    }

    @Test("through a restart the media goes on by the old path, until the new credentials nominate one")
    func restart() throws {
        let phone = try SecurePhone(host(7, 5000))
        var studio = try Self.call(phone)
        let node: EndpointPointer = studio.studio.nodes[0]
        studio.send(phone.check(nominates: true), from: 0)
        try studio.run(until: 20)
        studio.update(0) { $0.ice = Self.restarted }
        for step: Int64 in 1...100 {
            studio.send(phone.plain(UInt32(step)), from: 0)
            Self.speak(&studio, UInt16(step))
            try studio.run(until: 20 + step * 20)
        }
        #expect(studio.plainHeard.count == 100 && phone.unreadable >= 100)
        // The telephone has moved, and checks by the new credentials from there.
        let there = try SecurePhone(host(8, 6000))
        there.credentials = Self.restarted
        studio.send(there.check(nominates: false), from: 0, source: there.address)
        try studio.run(until: 2100)
        #expect(node.pointee.rtpDestination == host(7, 5000))
        studio.send(there.check(nominates: true), from: 0, source: there.address)
        try studio.run(until: 2200)
        #expect(node.pointee.rtpDestination == host(8, 6000))
        studio.send(there.plain(1), from: 0, source: there.address)
        try studio.run(until: 2300)
        #expect(studio.plainHeard.count == 101 && studio.statistics(0).source == host(8, 6000))
        // The old credentials are over.
        let before: UInt64 = studio.statistics(0).droppedChecks
        studio.send(phone.check(nominates: true), from: 0)
        try studio.run(until: 2400)
        #expect(studio.statistics(0).droppedChecks == before + 1 && node.pointee.rtpDestination == host(8, 6000))
    }

    @Test(
        "a peer that neither checks nor speaks for 30 s is sent nothing any more, until it checks again; media alone keeps it"
    )
    func consent() throws {
        let phone = try SecurePhone(host(7, 5000))
        var studio = try Self.call(phone)
        let node: EndpointPointer = studio.studio.nodes[0]
        studio.send(phone.check(nominates: true), from: 0)
        try studio.run(until: 100)
        for step: Int64 in 1...600 {
            studio.send(phone.plain(UInt32(step)), from: 0)
            try studio.run(until: step * 100)
        }
        #expect(node.pointee.rtpDestination == host(7, 5000), "media without checks")
        try studio.run(until: 89_000)
        #expect(node.pointee.rtpDestination == host(7, 5000))
        try studio.run(until: 91_000)
        #expect(node.pointee.rtpDestination == nil)
        #expect(studio.facts.contains { if case .silent = $0 { true } else { false } })
        studio.send(phone.check(nominates: false), from: 0)
        try studio.run(until: 91_100)
        #expect(node.pointee.rtpDestination == host(7, 5000))
    }

    @Test("a peer that is lite as well is reached by its description")
    func bothLite() throws {
        let phone = try SecurePhone(host(1))
        var lite: ICEPlan = Self.plan
        lite.remoteIsLite = true
        var studio = try Self.call(phone) { ($0.ice, $0.remoteRTP) = (lite, host(1)) }
        Self.speak(&studio, 1)
        studio.send(phone.plain(1), from: 0)
        try studio.run(until: 20)
        #expect(studio.plainHeard.count == 1 && phone.unreadable == 1)
    }

    @Test(
        "with ICE a handshake needs no cookie, comes only by checked paths, and ours begins with the nomination",
        arguments: [DTLSPlan.Role.server, .client])
    func handshake(role: DTLSPlan.Role) throws {
        let phone = try SecurePhone(host(7, 5000))
        var studio = try Self.call(phone) {
            $0.security = .dtls(DTLSPlan(role: role, fingerprints: [phone.certificate.fingerprint]))
        }
        try phone.expect(
            studio.certificate.fingerprint, role: role == .server ? .client : .server, now: .zero)
        let stranger = try SecurePhone(host(66))
        try stranger.expect(studio.certificate.fingerprint, role: .client, now: .zero)
        for datagram in stranger.ends[0]!.start(now: .zero) { studio.send(datagram, from: 0, source: stranger.address) }
        try studio.run(until: 20)
        #expect(studio.statistics(0).droppedHandshakes == 1 && phone.handshakeDatagrams.isEmpty)
        studio.send(phone.check(nominates: true), from: 0)
        try studio.run(until: 40)
        #expect(phone.handshakeDatagrams.isEmpty == (role == .server))
        studio.begin(0)
        try studio.run(until: 100)
        #expect(studio.secured == 1)
        // No HelloVerifyRequest (handshake type 3).
        #expect(phone.handshakeDatagrams.allSatisfy { $0[13] != 3 })
        try GraphHandshakeTests.talk(&studio, 1, from: 100)
    }

    @Test("a peer that nominates no path is told of, in words")
    func neverNominated() throws {
        let phone = try SecurePhone(host(7, 5000))
        var studio = try Self.call(phone) {
            $0.security = .dtls(DTLSPlan(role: .server, fingerprints: [phone.certificate.fingerprint]))
        }
        try studio.run(until: 40_000)
        #expect(
            studio.insecurities == ["the peer nominated no path (ICE) within 30 s, so that no keys can be agreed"])
    }
}
