import Basics
import CallControl
import Identity
import MediaSession
import SIPMessage
import SIPTransaction
import TestKit
import Testing

@Suite("Within a call")
struct InDialogTests {
    @Test(
        "hold reaches the other party as a direction that takes nothing, and is lifted again",
        arguments: [MidCallAction.Hold.sendonly, .inactive, .zeroAddress], [true, false])
    func hold(_ kind: MidCallAction.Hold, hasMusic: Bool) {
        var settings = TenantSettings()
        settings.musicOnHold = hasMusic
        let office = Office(settings: settings)
        let (call, _) = office.talk()
        office.alice.perform(.hold(kind), call)
        office.run(2)
        let told: String = office.bob.lastDescription
        // Who is to hear music must be able to listen.
        #expect(told.contains(kind == .inactive && !hasMusic ? "a=inactive" : "a=sendonly"))
        #expect(!told.contains("c=IN IP4 0.0.0.0"))
        #expect(office.server.media.openEndpoints.allSatisfy { !$0.expectsMedia })
        office.alice.perform(.resume, call)
        office.run(2)
        #expect(office.bob.lastDescription.contains("a=sendrecv"))
        #expect(office.server.media.openEndpoints.allSatisfy { $0.expectsMedia })
        office.close()
    }

    /// partly: MV-CALL-02
    @Test("the callee can hold and resume too")
    func calleeHolds() {
        let office = Office()
        let (_, other) = office.talk()
        office.bob.perform(.hold(.sendonly), other)
        office.run(2)
        #expect(office.alice.lastDescription.contains("a=sendonly"))
        office.bob.perform(.resume, other)
        office.run(2)
        #expect(office.alice.lastDescription.contains("a=sendrecv"))
        office.close()
    }

    @Test(
        "UPDATE with an offer is passed on as UPDATE where the other side knows it, else as re-INVITE",
        arguments: [true, false])
    func update(otherKnowsIt: Bool) {
        let office = Office()
        var plan = CalleePlan()
        plan.allowsUpdate = otherKnowsIt
        let (call, _) = office.talk(CallerPlan(), plan)
        call.hold(office.alice)
        office.run(2)
        #expect(office.bob.requests(.update).count == (otherKnowsIt ? 1 : 0))
        #expect(office.bob.requests(.invite).count == (otherKnowsIt ? 1 : 2))
        #expect(office.alice.responses(200, to: .update).count == 1)
        #expect(office.bob.lastDescription.contains("a=sendonly"))
        office.close()
    }

    @Test("a re-INVITE without a description gets an offer, and its ACK's answer goes to the other party")
    func offerlessChange() {
        let office = Office()
        let (call, _) = office.talk()
        office.alice.perform(.offerless, call)
        office.run(2)
        let asked: [SIPMessage] = office.bob.requests(.invite)
        #expect(asked.count == 2)
        #expect(asked.last?.body.isEmpty == true)
        #expect(office.bob.requests(.ack).last?.body.isEmpty == false)
        office.close()
    }

    @Test("a re-INVITE that changes nothing is answered without troubling the other party")
    func refresh() {
        let office = Office()
        let (call, other) = office.talk()
        office.alice.perform(.refresh, call)
        office.bob.perform(.refresh, other)
        office.run(2)
        #expect(office.alice.responses(200).count == 2)
        #expect(office.alice.requests(.invite).isEmpty)
        #expect(office.bob.requests(.invite).count == 1)
        office.close()
    }

    @Test("a re-INVITE from both sides at once: 491, then both get through")
    func glare() {
        let office = Office()
        let (call, other) = office.talk()
        office.alice.perform(.hold(.sendonly), call)
        office.bob.perform(.hold(.inactive), other)
        office.run(0.2)
        #expect(!office.alice.responses(491).isEmpty || !office.bob.responses(491).isEmpty)
        office.run(20)
        #expect(office.alice.responses(200).count == 2)
        #expect(office.bob.responses(200).count == 1)
        office.close()
    }

    @Test("a refused change leaves the call as it was")
    func refusedChange() {
        let office = Office()
        let (call, _) = office.talk()
        office.bob.manners.refusesChanges = .notAcceptableHere
        office.alice.perform(.hold(.inactive), call)
        office.run(2)
        #expect(office.alice.responses(488).count == 1)
        #expect(call.state == .up)
        #expect(office.server.media.openEndpoints.allSatisfy { $0.expectsMedia })
        office.close()
    }

    @Test("481 to a change ends the call on the other side, without a BYE to the party that lost it")
    func partyLostTheCall() {
        let office = Office()
        let (call, _) = office.talk()
        office.bob.reboot()
        office.alice.perform(.hold(.inactive), call)
        office.run(2)
        #expect(call.isOver)
        #expect(office.bob.requests(.bye).isEmpty)
        office.close()
    }

    /// partly: MV-CALL-10
    @Test("video is added, and kept in its place when refused", arguments: [true, false])
    func video(isTaken: Bool) {
        let office = Office()
        var plan = CalleePlan()
        plan.refusesVideo = !isTaken
        let (call, _) = office.talk(CallerPlan(), plan)
        office.alice.perform(.addVideo, call)
        office.run(2)
        #expect(office.alice.lastDescription.contains("m=video 0 ") == !isTaken)
        #expect(office.server.media.openEndpoints.count == (isTaken ? 4 : 2))
        office.alice.perform(.hold(.sendonly), call)
        office.run(2)
        #expect(office.bob.lastDescription.contains("m=video"))
        office.close()
    }

    @Test("MESSAGE passes, OPTIONS is answered", arguments: [MidCallAction.message, .options])
    func otherRequests(_ action: MidCallAction) {
        let office = Office()
        let (call, _) = office.talk()
        office.alice.perform(action, call)
        office.run(2)
        let method: SIPMethod = action == .message ? .message : .options
        #expect(office.alice.responses(200, to: method).count == 1)
        #expect(office.bob.requests(method).count == (action == .options ? 0 : 1))
        office.close()
    }

    @Test("a request for a caller that may not have its 200 yet is refused for now, and the call goes on")
    func requestBeforeTheAnswerArrived() {
        let office = Office()
        office.server.storeDelay = 1500...1500
        office.bob.plan.decision = .answer(.milliseconds(200))
        office.bob.plan.actions = [TimedAction(.milliseconds(400), .message)]
        let call = office.alice.call("1002")
        office.run(1)
        #expect(call.state == .setup)
        #expect(office.alice.requests(.message).isEmpty)
        office.run(2)
        #expect(call.state == .up)
        #expect(office.bob.responses(500, to: .message).count == 1)
        #expect(office.bob.calls.last?.state == .up)
        office.close()
    }

    @Test(
        "whoever is to refresh the session does, on either leg, and the call lasts",
        arguments: [TimerPlan.none, .supported, .asks(90, refresherIsSelf: true), .asks(90, refresherIsSelf: false)],
        [TimerPlan.none, .supported, .asks(90, refresherIsSelf: true), .asks(90, refresherIsSelf: false)])
    func sessionTimer(caller: TimerPlan, callee: TimerPlan) {
        var settings = TenantSettings()
        settings.sessionExpiresSeconds = 120
        let office = Office(settings: settings)
        var (offer, plan) = (CallerPlan(), CalleePlan())
        (offer.timer, plan.timer) = (caller, callee)
        let (call, other) = office.talk(offer, plan)
        office.run(600)
        #expect(call.state == .up)
        #expect(other.state == .up)
        office.alice.hangUp(call)
        office.close()
    }

    @Test("a party that dies is found by the session timer, and the other one is released", arguments: [true, false])
    func deadParty(isCaller: Bool) {
        var settings = TenantSettings()
        settings.sessionExpiresSeconds = 120
        let office = Office(settings: settings)
        let (call, other) = office.talk()
        call.actionsOnHold(office.alice)
        office.run(1)
        (isCaller ? office.alice : office.bob).die()
        office.run(200)
        #expect((isCaller ? other : call).isOver)
        office.close()
    }

    @Test(
        "a leg that falls silent is asked by OPTIONS; 481 or nothing ends the call, marked so",
        arguments: [true, false])
    func silence(isAlive: Bool) {
        let office = Office()
        let (call, other) = office.talk()
        let since = office.world.now
        if !isAlive { office.bob.reboot() }
        office.run(60)
        office.server.media.reportSilence(of: office.bob.address.address, since: since)
        office.server.reportMedia()
        office.run(5)
        #expect(office.bob.requests(.options).count == 1)
        #expect(call.isOver == !isAlive)
        #expect(other.state == (isAlive ? .up : .ended))
        #expect(office.record?.outcome == (isAlive ? nil : .mediaLost))
        office.close()
    }

    @Test("media endpoints are opened on reserved ports, joined, and closed at the end")
    func mediaCommands() {
        let office = Office()
        let (call, _) = office.talk()
        let endpoints = office.server.media.openEndpoints
        #expect(endpoints.count == 2)
        #expect(endpoints.allSatisfy { $0.remoteRTP != nil && $0.sends && $0.receives && $0.expectsMedia })
        #expect(endpoints.first.flatMap { office.server.media.partner(of: $0.id) } == endpoints.last?.id)
        office.alice.hangUp(call)
        office.run(1)
        #expect(office.server.media.openEndpoints.isEmpty)
        #expect(office.server.media.reservedPorts == 0)
        #expect(office.record?.media.map(\.leg) == [0, 1])
        let closes = office.server.media.log.filter { command in
            if case .close = command { return true }
            return false
        }
        #expect(closes.count == 2)
        office.close()
    }

    @Test("a cut connection and a new one: the phone registers again and takes calls")
    func cutConnection() {
        let office = Office(transport: .tcp)
        office.bob.cutConnection(reconnectAfter: .seconds(2))
        let lost = office.alice.call("1002")
        office.run(1)
        #expect(lost.finalStatus == .temporarilyUnavailable)
        office.run(5)
        _ = office.talk()
        office.close()
    }
}

extension PhoneCall {
    /// Puts the call on hold by an UPDATE.
    func hold(_ phone: VirtualPhone) { phone.hold(self, byUpdate: true) }
    /// On hold, so that silence is no sign of death.
    func actionsOnHold(_ phone: VirtualPhone) { phone.hold(self, byUpdate: false) }
}
