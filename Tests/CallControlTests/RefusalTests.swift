import Basics
import CallControl
import Identity
import SIPMessage
import SIPTransaction
import TestKit
import Testing

@Suite("Calls that are not answered")
struct RefusalTests {
    @Test(
        "the callee's refusal reaches the caller",
        arguments: [
            (486, 486, "busy"), (600, 600, "busy"), (603, 603, "rejected"), (480, 480, "rejected"),
            (404, 404, "rejected"), (503, 480, "unreachable"),
        ])
    func refused(by code: Int, shown: Int, outcome: String) throws {
        let office = Office()
        office.bob.plan.decision = .reject(try #require(SIPStatus(code)), .seconds(1))
        let call = office.alice.call("1002")
        office.run(3)
        #expect(call.finalStatus?.code == shown)
        #expect(office.record?.outcome?.name == outcome)
        office.close()
    }

    @Test("a busy terminal does not stop the others from ringing")
    func oneBusyOneFree() {
        let office = Office([1, 2])
        office.phones[1][0].plan.decision = .reject(.busyHere, .zero)
        let call = office.alice.call("1002")
        office.run(5)
        #expect(call.state == .up)
        office.close()
    }

    @Test("603 of one terminal ends the search")
    func declinedEverywhere() {
        let office = Office([1, 2])
        office.phones[1][0].plan.decision = .reject(.decline, .seconds(1))
        office.phones[1][1].plan.decision = .none
        let call = office.alice.call("1002")
        office.run(5)
        #expect(call.finalStatus == .decline)
        #expect(office.phones[1][1].requests(.cancel).count == 1)
        office.close()
    }

    @Test("after the no-answer time the caller gets 480 and the terminal a CANCEL")
    func noAnswer() {
        var settings = TenantSettings()
        settings.noAnswerSeconds = 20
        let office = Office(settings: settings)
        office.bob.plan.decision = .none
        let call = office.alice.call("1002")
        office.run(19)
        #expect(call.state == .setup)
        office.run(3)
        #expect(call.finalStatus == .temporarilyUnavailable)
        #expect(office.bob.requests(.cancel).count == 1)
        #expect(office.record?.outcome == .noAnswer)
        office.close()
    }

    @Test("a user without a registered terminal is 480, an unknown number 404")
    func nobodyThere() {
        let office = Office(registers: false)
        office.alice.register()
        office.run(1)
        let absent = office.alice.call("1002")
        let unknown = office.alice.call("1999")
        office.run(2)
        #expect(absent.finalStatus == .temporarilyUnavailable)
        #expect(unknown.finalStatus == .notFound)
        #expect(office.server.book.all.map { $0.outcome?.name } == ["unreachable", "rejected"])
        office.close()
    }

    @Test("a terminal that gives no sign of life is given up after 32 s")
    func silentTerminal() {
        let office = Office()
        office.bob.plan.decision = .silence
        office.bob.die()
        let call = office.alice.call("1002")
        office.run(31)
        #expect(call.state == .setup)
        office.run(3)
        #expect(call.finalStatus == .temporarilyUnavailable)
        #expect(office.record?.outcome == .unreachable)
        office.close()
    }

    @Test("the caller's CANCEL stops every terminal and gives the caller 487")
    func cancel() {
        let office = Office([1, 2])
        for phone in office.phones[1] { phone.plan.decision = .none }
        var plan = CallerPlan()
        plan.cancelAfter = .seconds(2)
        let call = office.alice.call("1002", plan)
        office.run(4)
        #expect(call.finalStatus == .requestTerminated)
        for phone in office.phones[1] { #expect(phone.calls.last?.finalStatus == .requestTerminated) }
        #expect(office.record?.outcome == .cancelled)
        office.close()
    }

    @Test("a 200 that crosses the CANCEL is acknowledged and ended with BYE")
    func answerCrossesCancel() {
        let office = Office()
        (office.bob.plan.decision, office.bob.plan.answersOnCancel) = (.none, true)
        var plan = CallerPlan()
        plan.cancelAfter = .seconds(2)
        let call = office.alice.call("1002", plan)
        office.run(4)
        #expect(call.finalStatus == .requestTerminated)
        #expect(office.bob.calls.last?.finalStatus == .ok)
        #expect(office.bob.requests(.ack).count == 1)
        #expect(office.bob.requests(.bye).count == 1)
        #expect(office.bob.calls.last?.ending == "the server hung up")
        office.close()
    }

    @Test("a 302 within the tenant is followed, and the new callee is told from whom the call was diverted")
    func redirected() {
        let office = Office([1, 1, 1])
        office.bob.plan.decision = .redirect("1003", .seconds(1))
        let call = office.alice.call("1002")
        office.run(6)
        #expect(call.state == .up)
        #expect(office.phones[2][0].calls.last?.state == .up)
        #expect(
            office.phones[2][0].requests(.invite).first?.first(.diversion)?.contains("sip:1002@pbx.example") == true)
        office.close()
    }

    @Test("redirections are followed only where the tenant allows it, and never in a circle", arguments: [true, false])
    func redirectionPolicy(isAllowed: Bool) {
        var settings = TenantSettings()
        settings.redirects = isAllowed ? .inside : .none
        let office = Office([1, 1, 1], settings: settings)
        office.bob.plan.decision = .redirect("1003", .milliseconds(100))
        office.phones[2][0].plan.decision = .redirect("1002", .milliseconds(100))
        let call = office.alice.call("1002")
        office.run(10)
        #expect(call.finalStatus == .temporarilyUnavailable)
        #expect(office.phones[2][0].calls.count == (isAllowed ? 1 : 0))
        #expect(office.bob.calls.count == 1)
        office.close()
    }

    @Test("Max-Forwards 0 is 483")
    func maxForwards() {
        let office = Office()
        var plan = CallerPlan()
        plan.maxForwards = 0
        let call = office.alice.call("1002", plan)
        office.run(2)
        #expect(call.finalStatus == .tooManyHops)
        #expect(office.bob.calls.isEmpty)
        office.close()
    }

    @Test("our own INVITE come back is 482")
    func loop() throws {
        let office = Office()
        office.bob.plan.decision = .none
        office.alice.call("1002")
        office.run(2)
        // Bob's phone forwards the INVITE to the server instead of ringing.
        let invite = try #require(office.bob.requests(.invite).first)
        var builder = SIPMessageBuilder(request: .invite, uri: try SIPURI("sip:1002@pbx.example"))
        builder.add(try Via(transport: "UDP", host: "10.77.0.2", port: 5060, branch: "z9hG4bKloop"))
        for name in [SIPFieldName.from, .to, .callID, .cseq, .contact] { builder.copy(name, from: invite) }
        builder.addMaxForwards(69)
        office.bob.inject(try builder.finish())
        office.run(2)
        #expect(office.bob.received.contains { $0.status == .loopDetected && $0.topVia.branch == "z9hG4bKloop" })
        office.run(200)
        office.close()
    }

    @Test("without a free media port the caller gets an error, not silence")
    func noPorts() {
        let office = Office(ports: 1)
        let call = office.alice.call("1002")
        office.run(6)
        #expect((call.finalStatus?.code ?? 0) >= 400)
        office.close()
    }
}
