import Basics
import CallControl
import Identity
import MediaSession
import SIPMessage
import TestKit
import Testing

@Suite("Setting up a call")
struct SetupTests {
    /// partly: MV-CALL-01
    @Test("two users talk: 180, 200, ACK, BYE, and a record of it")
    func plainCall() {
        let office = Office()
        let (call, other) = office.talk()
        #expect(call.codes == [100, 180, 200])
        #expect(office.record?.answeredAt != nil)
        office.alice.hangUp(call)
        office.run(2)
        #expect(other.ending == "the server hung up")
        #expect(office.record?.outcome == .answered)
        #expect(office.record?.hangupBy == .caller)
        #expect(office.record?.ringingAt != nil)
        office.close()
    }

    @Test("the callee's BYE ends the caller's dialog, and the record says who hung up")
    func calleeHangsUp() {
        let office = Office()
        let (call, other) = office.talk()
        office.bob.hangUp(other)
        office.run(2)
        #expect(call.ending == "the server hung up")
        #expect(office.record?.hangupBy == .callee)
        office.close()
    }

    /// partly: MV-CALL-08
    @Test("every terminal rings; the losers' CANCEL says that the call was completed elsewhere")
    func parallelFork() {
        let office = Office([1, 3])
        let slow = CalleePlan()
        for phone in office.phones[1] { phone.plan = slow }
        office.phones[1][1].plan.decision = .answer(.seconds(1))
        let call = office.alice.call("1002")
        office.run(5)
        #expect(call.state == .up)
        for loser in [office.phones[1][0], office.phones[1][2]] {
            #expect(loser.requests(.cancel).first?.first(.reason) == "SIP;cause=200;text=\"Call completed elsewhere\"")
            #expect(loser.calls.last?.finalStatus == .requestTerminated)
        }
        #expect(office.phones[1][1].requests(.cancel).isEmpty)
        office.close()
    }

    @Test("however many terminals ring, the caller sees one early dialog and one 180")
    func oneEarlyDialog() {
        let office = Office([1, 3])
        let call = office.alice.call("1002")
        office.run(5)
        #expect(call.remoteTags.count == 1)
        #expect(call.codes.filter { $0 == 180 }.count == 1)
        office.close()
    }

    @Test("the first terminal with early media is heard by the caller; the media is joined before the answer")
    func earlyMedia() {
        let office = Office([1, 2])
        var plan = CalleePlan()
        plan.earlyMediaAfter = .seconds(1)
        plan.decision = .answer(.seconds(8))
        office.phones[1][0].plan = plan
        plan.earlyMediaAfter = .seconds(2)
        office.phones[1][1].plan = plan
        office.alice.call("1002")
        office.run(4)
        let progress = office.alice.responses(183)
        #expect(progress.count == 1)
        #expect(progress.first.map { !$0.body.isEmpty } == true)
        #expect(
            office.server.media.log.contains { command in
                if case .join = command { return true }
                return false
            })
        office.run(10)
        #expect(office.record?.answeredAt != nil)
        office.close()
    }

    @Test(
        "PRACK on either side, on both, or on none", arguments: [false, true],
        [CallerPlan.Reliability.none, .supported, .required])
    func reliableProvisionals(calleeIsReliable: Bool, caller: CallerPlan.Reliability) {
        let office = Office()
        var offer = CallerPlan()
        offer.reliability = caller
        var plan = CalleePlan()
        plan.isReliable = calleeIsReliable
        plan.earlyMediaAfter = .seconds(1)
        let (call, _) = office.talk(offer, plan)
        #expect(office.bob.requests(.prack).isEmpty == !calleeIsReliable)
        let sent = office.alice.sent.filter { $0.method == .prack && $0.isRequest }
        #expect(sent.isEmpty == (caller == .none))
        #expect(office.alice.responses(200, to: .prack).count == sent.count)
        #expect(call.codes.last == 200)
        office.close()
    }

    @Test("an INVITE without a description: the callee offers in its 200, the caller answers in its ACK")
    func offerlessInvite() {
        let office = Office()
        var offer = CallerPlan()
        offer.hasOffer = false
        _ = office.talk(offer)
        #expect(office.bob.requests(.invite).first?.body.isEmpty == true)
        #expect(office.alice.responses(200).first?.body.isEmpty == false)
        #expect(office.bob.requests(.ack).first?.body.isEmpty == false)
        #expect(office.server.media.openEndpoints.count == 2)
        #expect(office.server.media.openEndpoints.allSatisfy { $0.remoteRTP != nil })
        office.close()
    }

    @Test("an INVITE without a description to a reliable callee: the offer comes in a 183, the answer in the PRACK")
    func offerlessReliable() {
        let office = Office()
        var offer = CallerPlan()
        (offer.hasOffer, offer.reliability) = (false, .supported)
        var plan = CalleePlan()
        (plan.isReliable, plan.earlyMediaAfter) = (true, .milliseconds(500))
        _ = office.talk(offer, plan)
        #expect(office.bob.requests(.prack).contains { !$0.body.isEmpty })
        #expect(office.alice.responses(183).contains { !$0.body.isEmpty })
        office.close()
    }

    @Test("an early UPDATE of the caller reaches the callee and comes back answered")
    func earlyUpdate() {
        let office = Office()
        var offer = CallerPlan()
        (offer.reliability, offer.earlyUpdateAfter) = (.supported, .milliseconds(300))
        var plan = CalleePlan()
        (plan.isReliable, plan.earlyMediaAfter) = (true, .milliseconds(500))
        _ = office.talk(offer, plan)
        #expect(office.alice.responses(200, to: .update).count == 1)
        office.close()
    }

    @Test(
        "an early UPDATE whose answer crosses the caller's CANCEL leaves no port open",
        arguments: (0..<36).map { 1830 + 2 * $0 })
    func earlyUpdateCrossesCancel(cancelAfterMilliseconds: Int) {
        let office = Office()
        var offer = CallerPlan()
        (offer.reliability, offer.earlyUpdateAfter) = (.supported, .milliseconds(300))
        offer.cancelAfter = .milliseconds(cancelAfterMilliseconds)
        (office.bob.plan.isReliable, office.bob.plan.earlyMediaAfter) = (true, .milliseconds(500))
        office.bob.plan.decision = .none
        office.bob.manners.changeDelay = .seconds(1)
        let call = office.alice.call("1002", offer)
        office.run(4)
        #expect(call.finalStatus == .requestTerminated)
        #expect(office.server.media.reservedPorts == 0)
        #expect(office.alice.received.contains { $0.method == .update && $0.status?.isFinal == true })
        office.close()
    }

    @Test("a 2xx of a second branch behind a forking peer is acknowledged and ended; the call goes on")
    func forkedAnswer() {
        let office = Office()
        var plan = CalleePlan()
        (plan.forks, plan.answersTwice) = (true, true)
        office.bob.plan = plan
        let call = office.alice.call("1002")
        office.run(6)
        #expect(call.state == .up)
        #expect(office.bob.calls.count == 2)
        #expect(office.bob.calls.filter { $0.state == .up }.count == 1)
        #expect(office.bob.calls.filter { $0.ending == "the server hung up" }.count == 1)
        office.close()
    }

    @Test("a 422 makes the INVITE go out again with the interval that is asked for")
    func intervalTooSmall() {
        var settings = TenantSettings()
        settings.sessionExpiresSeconds = 120
        let office = Office(settings: settings)
        office.bob.plan.timer = .asks(1800, refresherIsSelf: true)
        office.bob.minimumSession = 600
        let call = office.alice.call("1002")
        office.run(6)
        #expect(call.state == .up)
        #expect(office.bob.requests(.invite).count == 2)
        office.close()
    }
}
