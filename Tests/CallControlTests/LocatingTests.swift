import Basics
import CallControl
import Identity
import SIPMessage
import SIPTransaction
import TestKit
import Testing

@Suite("Hops that have a name (RFC 3263)")
struct LocatingTests {
    private static let hole = IPAddress(v4: 0xCB00_7109)  // 203.0.113.9
    private static let other = IPAddress(v4: 0xCB00_710A)  // 203.0.113.10

    /// Bob's phone answers 302 to a name; Carol is registered nowhere and may be found under it.
    private func office(
        _ scope: RedirectPolicy = .anywhere, to uri: String = "sip:carol@peer.example"
    ) -> (Office, carol: VirtualPhone) {
        var settings = TenantSettings()
        settings.redirects = scope
        let office = Office([1, 1, 1], settings: settings)
        office.bob.plan.decision = .redirectOutside(uri, .milliseconds(10))
        office.world.holes = [LocatingTests.hole, LocatingTests.other]
        return (office, office.phones[2][0])
    }

    private func hole(_ address: IPAddress = LocatingTests.hole, _ transport: SIPTransportKind = .udp) -> LocatedTarget
    {
        LocatedTarget(VirtualServer.place(IPEndpoint(address, 5060), transport))
    }

    private func place(_ phone: VirtualPhone, _ transport: SIPTransportKind = .udp, onlyAbove: Int? = nil)
        -> LocatedTarget
    {
        LocatedTarget(VirtualServer.place(phone.address, transport), onlyAbove: onlyAbove)
    }

    @Test("a redirection out of the tenant is followed only where its setting says so")
    func scope() {
        let (office, _) = office(.inside)
        let call = office.alice.call("1002")
        office.run(2)
        #expect(call.finalStatus == .temporarilyUnavailable)
        #expect(office.server.located == [])
        office.close()
    }

    @Test("places are tried in order, each with a Via of its own, and each verdict is told")
    func order() {
        let (office, carol) = office()
        office.server.zone = ["peer.example": .found([hole(), hole(LocatingTests.other, .tcp), place(carol)])]
        let call = office.alice.call("1002")
        office.run(20)
        #expect(call.state == .up)
        let invites = office.world.vain.filter { $0.1.method == .invite }.map(\.1) + carol.requests(.invite)
        #expect(Set(invites.map(\.callID)).count == 1)
        #expect(Set(invites.compactMap(\.topVia.branch)).count == 3)
        #expect(invites.map(\.requestURI?.description).allSatisfy { $0 == "sip:carol@peer.example" })
        let vias = invites.map { $0.topVia.transport }
        #expect(vias.first == "UDP" && vias.contains("TCP") && vias.last == "UDP")
        #expect(
            office.server.judged == [
                "203.0.113.9:5060 failed", "203.0.113.10:5060 failed", "\(carol.address) answered",
            ])
        office.close()
    }

    @Test("a place that has no socket is left at once, and a 503 for so long as it asks")
    func refused() {
        let (office, carol) = office()
        office.world.refusing = [LocatingTests.other]
        let busy = office.alice
        busy.plan.decision = .reject(.serviceUnavailable, .milliseconds(10))
        office.server.zone = [
            "peer.example": .found([hole(LocatingTests.other), place(carol)])
        ]
        let call = office.alice.call("1002")
        office.run(4)
        #expect(call.state == .up)
        #expect(office.server.judged.first == "203.0.113.10:5060 failed")
        office.alice.hangUp(call)
        office.run(1)
        // The ACK and the BYE go where Carol's Contact says, by location again.
        #expect(office.server.located.filter { $0.contains("10.77.0.3") }.count == 2)
        #expect(carol.requests(.bye).count == 1)
        office.close()
    }

    @Test("a 503 leads to the next place")
    func unavailable() {
        var settings = TenantSettings()
        settings.redirects = .anywhere
        let office = Office([1, 1, 1, 1], settings: settings)
        let (full, carol) = (office.phones[2][0], office.phones[3][0])
        office.bob.plan.decision = .redirectOutside("sip:carol@peer.example", .milliseconds(10))
        full.plan.decision = .reject(.serviceUnavailable, .milliseconds(10))
        office.server.zone = ["peer.example": .found([place(full), place(carol)])]
        let call = office.alice.call("1002")
        office.run(5)
        #expect(call.state == .up)
        #expect(office.server.judged.contains("\(full.address) failed"))
        #expect(full.requests(.ack).count == 1)
        office.close()
    }

    @Test(
        "a large request is tried over TCP first and goes over UDP where that is refused; a small one never is",
        arguments: [(200, ["TCP", "UDP"]), (100_000, ["UDP"])])
    func size(limit: Int, expected: [String]) {
        let (office, carol) = office()
        office.world.keepsLog = true
        office.server.zone = [
            "peer.example": .found([place(carol, .tcp, onlyAbove: limit), place(carol)])
        ]
        let call = office.alice.call("1002")
        office.run(5)
        #expect(call.state == .up)
        let sent = office.world.log.filter { $0.contains("<- INVITE sip:carol@peer.example") }
        #expect(sent.map { $0.contains("Via: SIP/2.0/TCP") ? "TCP" : "UDP" } == expected)
        office.close()
    }

    @Test("a registered flow takes a request of any size: a phone behind NAT has no TCP port")
    func flowsTakeAll() throws {
        let office = Office()
        var plan = CallerPlan()
        plan.fields = ["Subject: " + String(repeating: "long ", count: 400)]
        let call = office.alice.call("1002", plan)
        office.run(5)
        #expect(call.state == .up)
        let invite = try #require(office.bob.requests(.invite).first)
        #expect(invite.wire.count > 1300)
        #expect(invite.topVia.transport == "UDP")
        office.close()
    }

    @Test("where all places are dead the caller hears 480")
    func allDead() {
        let (office, _) = office()
        office.server.zone = ["peer.example": .found([hole(), hole(LocatingTests.other)])]
        let call = office.alice.call("1002")
        office.run(60)
        #expect(call.finalStatus == .temporarilyUnavailable)
        #expect(office.record?.outcome == .unreachable)
        #expect(office.server.judged.count == 2)
        office.close()
    }

    @Test("no answer of DNS, and a name that is not there, are 480", arguments: [LocationOutcome.unanswered, .nowhere])
    func notFound(outcome: LocationOutcome) {
        let (office, _) = office()
        office.server.zone = ["peer.example": outcome]
        let call = office.alice.call("1002")
        office.run(2)
        #expect(call.finalStatus == .temporarilyUnavailable)
        #expect(office.world.vain.isEmpty)
        office.close()
    }

    @Test("a name that leads back to the server is not called")
    func ourselves() {
        let (office, _) = office()
        office.server.zone = ["peer.example": .found([LocatedTarget(VirtualServer.place(VirtualServer.address))])]
        let call = office.alice.call("1002")
        office.run(2)
        #expect(call.finalStatus == .temporarilyUnavailable)
        office.close()
    }

    @Test("a caller that cancels while a name is looked up is told 487, and a late answer rings nobody")
    func cancelledWhileLocating() {
        let (office, carol) = office()
        office.server.zone = ["peer.example": .found([place(carol)])]
        office.server.locateDelay = .seconds(3)
        var plan = CallerPlan()
        plan.cancelAfter = .seconds(1)
        let call = office.alice.call("1002", plan)
        office.run(10)
        #expect(call.finalStatus == .requestTerminated)
        #expect(carol.requests(.invite).isEmpty)
        office.close()
    }

    @Test("a look-up that never ends does not keep the caller beyond the no-answer time")
    func neverLocated() {
        let (office, _) = office()
        office.server.zone = ["peer.example": LocationOutcome?.none]
        let call = office.alice.call("1002")
        office.run(130)
        #expect(call.finalStatus == .temporarilyUnavailable)
        office.close()
    }

    @Test("a CANCEL goes to the place in use alone")
    func cancelled() {
        let (office, carol) = office()
        carol.plan.decision = .none
        office.server.zone = ["peer.example": .found([hole(), place(carol)])]
        var plan = CallerPlan()
        plan.cancelAfter = .seconds(8)
        let call = office.alice.call("1002", plan)
        office.run(20)
        #expect(call.finalStatus == .requestTerminated)
        #expect(carol.requests(.cancel).count == 1)
        #expect(carol.requests(.cancel).first?.topVia.branch == carol.requests(.invite).first?.topVia.branch)
        #expect(!office.world.vain.contains { $0.1.method == .cancel })
        office.close()
    }

    @Test("a request in the dialog tries the places of the Contact's name, the one in use first")
    func inDialog() {
        let (office, carol) = office()
        carol.contactHost = "node.peer.example"
        office.server.zone = [
            "peer.example": .found([place(carol)]), "node.peer.example": .found([hole(), place(carol)]),
        ]
        let call = office.alice.call("1002")
        office.run(5)
        #expect(call.state == .up)
        #expect(office.world.vain.isEmpty)
        office.server.zone["node.peer.example"] = .found([hole(), hole(LocatingTests.other)])
        office.alice.perform(.message, call)
        office.run(6)
        #expect(office.world.vain.map { $0.1.method }.contains(.message))
        office.server.zone["node.peer.example"] = .found([hole(), place(carol)])
        office.alice.hangUp(call)
        office.run(10)
        #expect(carol.requests(.bye).count == 1)
        #expect(!office.world.vain.contains { $0.1.method == .bye })
        office.close()
    }

    @Test("where a name in the dialog leads nowhere, the place that answered is used")
    func inDialogUnanswered() {
        let (office, carol) = office()
        carol.contactHost = "node.peer.example"
        office.server.zone = ["peer.example": .found([place(carol)]), "node.peer.example": .unanswered]
        let call = office.alice.call("1002")
        office.run(5)
        #expect(call.state == .up)
        office.alice.hangUp(call)
        office.run(2)
        #expect(carol.requests(.ack).count >= 1)
        #expect(carol.requests(.bye).count == 1)
        office.close()
    }

    @Test("a phone that registered by a Path with a name is called by that name, and over its flow where that fails")
    func path() {
        let office = Office(registers: false)
        office.world.holes = [LocatingTests.hole]
        office.bob.path = "<sip:edge.example.net;lr>"
        for phone in office.world.phones { phone.register() }
        office.run(1)
        office.server.zone = ["edge.example.net": .found([hole()])]
        let call = office.alice.call("1002")
        office.run(10)
        #expect(call.state == .up)
        #expect(office.server.located.first == "sip:edge.example.net;lr")
        let invite = office.world.vain.first?.1
        #expect(invite?.list(.route) == ["<sip:edge.example.net;lr>"])
        #expect(invite?.requestURI?.host == "10.77.0.2")
        #expect(office.bob.requests(.invite).count == 1)
        office.close()
    }

    @Test("a named Contact is called when the connection it registered over is gone; one with an address is not")
    func connectionGone() {
        let office = Office([1, 1, 1], transport: .tcp, registers: false)
        office.world.holes = [LocatingTests.hole]
        office.bob.contactHost = "gateway.example.net"
        for phone in office.world.phones { phone.register() }
        office.run(1)
        office.server.zone = ["gateway.example.net": .found([hole(LocatingTests.hole, .tcp)])]
        for phone in [office.bob, office.phones[2][0]] {
            let flow = SIPFlow(
                listener: VirtualServer.listener(.tcp, towards: phone.address.address), transport: .tcp,
                remote: phone.address, connection: phone.connection)
            office.server.handleEverywhere(.flowClosed(flow))
        }
        let lost = office.alice.call("1003")
        office.run(1)
        #expect(lost.finalStatus == .temporarilyUnavailable)
        #expect(office.server.located == [])
        let call = office.alice.call("1002")
        office.run(40)
        #expect(call.finalStatus == .temporarilyUnavailable)
        #expect(office.server.located.count == 1)
        #expect(office.world.vain.first?.1.topVia.transport == "TCP")
        office.close()
    }
}
