import Basics
import CallControl
import Identity
import SIPMessage
import SIPTransaction
import TestKit
import Testing

@Suite("Connections, stores and parties that fail")
struct LossTests {
    // MARK: Connections

    @Test("a terminal whose connection closes while it rings is given up at once; the others ring on")
    func ringingTerminalLost() {
        let office = Office([1, 2], transport: .tcp)
        for phone in office.phones[1] { phone.plan.decision = .answer(.seconds(6)) }
        let call = office.alice.call("1002")
        office.run(2)
        office.phones[1][0].cutConnection(reconnectAfter: .seconds(300))
        office.run(1)
        #expect(call.state == .setup)
        #expect(office.server.notes.contains { $0.contains("the connection to 10.77.0.2:40000 is gone") })
        office.run(5)
        #expect(call.state == .up)
        #expect(office.phones[1][1].calls.last?.state == .up)
        office.close()
    }

    @Test("the only terminal's connection closes while it rings: the caller gets 480, not a wait")
    func onlyTerminalLost() {
        let office = Office(transport: .tcp)
        office.bob.plan.decision = .none
        let call = office.alice.call("1002")
        office.run(2)
        office.bob.cutConnection(reconnectAfter: .seconds(300))
        office.run(0.5)
        #expect(call.finalStatus == .temporarilyUnavailable)
        #expect(office.record?.outcome == .unreachable)
        office.close()
    }

    @Test("the caller's connection closes while the callee rings: the callee is cancelled and the record says so")
    func ringingCallerLost() {
        let office = Office(transport: .tcp)
        office.bob.plan.decision = .none
        let call = office.alice.call("1002")
        office.run(2)
        office.alice.cutConnection(reconnectAfter: .seconds(300))
        office.run(1)
        #expect(office.bob.requests(.cancel).count == 1)
        #expect(office.bob.calls.last?.isOver == true)
        #expect(office.record?.outcome == .cancelled)
        #expect(call.isExcused)
        office.world.run(for: .seconds(400))
        office.close()
    }

    @Test("a party in conversation that comes back on a new connection gets its BYE there", arguments: [true, false])
    func followed(isCaller: Bool) {
        let office = Office(transport: .tcp)
        let (call, other) = office.talk()
        let (lost, stays) = isCaller ? (office.alice, office.bob) : (office.bob, office.alice)
        lost.cutConnection(reconnectAfter: .seconds(2))
        office.run(10)
        #expect(call.state == .up && other.state == .up)
        #expect(office.record?.endedAt == nil)
        stays.hangUp(isCaller ? other : call)
        office.run(1)
        #expect(lost.requests(.bye).count == 1)
        #expect((isCaller ? call : other).isOver)
        #expect(office.server.notes.contains { $0.contains("reached again at") })
        office.close()
    }

    @Test("a party that never comes back: the other one hangs up, and nothing is left", arguments: [true, false])
    func neverBack(isCaller: Bool) {
        let office = Office(transport: .tcp)
        let (call, other) = office.talk()
        let (lost, stays) = isCaller ? (office.alice, office.bob) : (office.bob, office.alice)
        lost.cutConnection(reconnectAfter: .seconds(100_000))
        office.run(10)
        stays.hangUp(isCaller ? other : call)
        office.run(40)
        #expect(office.record?.endedAt != nil)
        #expect(lost.requests(.bye).isEmpty)
        lost.die()
        office.close()
    }

    @Test("a request over the new connection moves the leg there: the answer and what follows take it")
    func movedByRequest() {
        let office = Office(transport: .tcp)
        let (call, other) = office.talk()
        office.bob.stopRegistering()
        office.bob.cutConnection(reconnectAfter: .seconds(2))
        office.run(5)
        office.bob.perform(.options, other)
        office.run(1)
        #expect(office.bob.responses(200, to: .options).count == 1)
        #expect(office.server.notes.contains { $0.contains("now reached over TCP") })
        office.alice.hangUp(call)
        office.run(1)
        #expect(office.bob.requests(.bye).count == 1)
        office.close()
    }

    // MARK: The store

    @Test("the 200 waits for the record to be on disk, and none of its copies slips out before")
    func answerWaitsForRecord() {
        let office = Office()
        office.server.storeDelay = 2500...2500
        office.bob.plan.decision = .answer(.milliseconds(100))
        let call = office.alice.call("1002")
        office.run(2.4)
        #expect(office.bob.calls.last?.state == .up)
        #expect(office.alice.responses(200).isEmpty)
        office.run(0.3)
        #expect(office.alice.responses(200).count == 1)
        #expect(call.state == .up)
        office.close()
    }

    @Test("a record that can't be written: the call goes on, the operator is told, and its end is stored all the same")
    func recordFails() {
        let office = Office()
        office.server.recordFailuresPerMille = 1000
        let (call, _) = office.talk()
        let alarms = office.server.alarms.filter {
            if case .recordFailed = $0 { return true }
            return false
        }
        #expect(alarms.count == 1)
        office.alice.hangUp(call)
        office.run(1)
        #expect(office.record?.outcome == .answered)
        office.close()
    }

    @Test("a store that gives no sign: after 32 s the caller gets 500, never a 200, and the callee BYE")
    func storeHangs() {
        let office = Office()
        office.server.storeDelay = 90_000...90_000
        office.bob.plan.decision = .answer(.milliseconds(100))
        let call = office.alice.call("1002")
        office.run(40)
        #expect(call.finalStatus == .serverInternalError)
        #expect(office.alice.responses(200).isEmpty)
        #expect(office.alice.requests(.bye).isEmpty)
        #expect(office.bob.requests(.bye).count == 1)
        #expect(office.record?.outcome == .failed)
        office.run(120)
        #expect(office.alice.responses(200).isEmpty)
        office.close()
    }

    @Test("the callee hangs up while the 200 waits for the disk: the caller gets it, then BYE")
    func hungUpBeforeStored() {
        let office = Office()
        office.server.storeDelay = 3000...3000
        office.bob.plan.decision = .answer(.milliseconds(100))
        office.bob.plan.actions = [TimedAction(.milliseconds(500), .bye)]
        let call = office.alice.call("1002")
        office.run(2)
        #expect(office.bob.calls.last?.isOver == true)
        #expect(call.state == .setup)
        office.run(3)
        #expect(call.isOver)
        #expect(office.alice.requests(.bye).count == 1)
        office.close()
    }

    @Test("the caller cancels while the 200 waits for the disk: both dialogs end")
    func cancelledBeforeStored() {
        let office = Office()
        office.server.storeDelay = 3000...3000
        office.bob.plan.decision = .answer(.milliseconds(100))
        var plan = CallerPlan()
        plan.cancelAfter = .seconds(1)
        let call = office.alice.call("1002", plan)
        office.run(6)
        #expect(call.isOver)
        #expect(office.bob.calls.last?.isOver == true)
        office.close()
    }

    // MARK: Parties

    @Test("a terminal that stops answering in a call: a change is refused to the other party, which is then released")
    func deafInCall() {
        let office = Office()
        let (call, _) = office.talk()
        office.bob.die()
        office.alice.perform(.hold(.sendonly), call)
        office.run(40)
        #expect(call.isOver)
        #expect(office.record?.hangupBy == .server)
        #expect(office.record?.endedAt != nil)
        office.close()
    }

    @Test("a BYE that is never answered keeps nothing")
    func deafAtTheEnd() {
        let office = Office()
        let (call, _) = office.talk()
        office.bob.die()
        office.alice.hangUp(call)
        office.run(40)
        #expect(office.server.shards[0].heldCount == 0)
        #expect(office.record?.outcome == .answered)
        office.close()
    }

    @Test("a CANCEL that crosses the 200 of every terminal: each gets its ACK and its BYE")
    func everyForkCrosses() {
        let office = Office([1, 3])
        for phone in office.phones[1] {
            phone.plan.decision = .none
            phone.plan.answersOnCancel = true
        }
        let call = office.alice.call("1002")
        office.run(2)
        office.alice.cancel(call)
        office.run(2)
        #expect(call.finalStatus == .requestTerminated)
        for phone in office.phones[1] {
            #expect(phone.requests(.cancel).count == 1)
            #expect(phone.requests(.ack).count == 1)
            #expect(phone.requests(.bye).count == 1)
        }
        office.close()
    }

    @Test("terminals that answer in the same instant: one has the call, every other gets ACK and BYE")
    func answeredTogether() {
        let office = Office([1, 4])
        for phone in office.phones[1] { phone.plan.decision = .answer(.seconds(1)) }
        let call = office.alice.call("1002")
        office.run(4)
        #expect(call.state == .up)
        #expect(office.phones[1].filter { $0.calls.last?.state == .up }.count == 1)
        #expect(office.phones[1].filter { $0.requests(.bye).count == 1 }.count == 3)
        #expect(office.phones[1].allSatisfy { $0.requests(.ack).count == 1 })
        office.close()
    }

    @Test("two changes that cross get 491 on both sides, and neither is lost")
    func glareBothWays() {
        let office = Office()
        let (call, other) = office.talk()
        office.alice.perform(.hold(.sendonly), call)
        office.bob.perform(.hold(.inactive), other)
        office.run(0.2)
        #expect(office.alice.responses(491).count == 1)
        #expect(office.bob.responses(491).count == 1)
        office.run(20)
        #expect(call.state == .up && other.state == .up)
        office.close()
    }

    @Test("491 to our own refresh: it is sent again within 4 s, and the call lasts", arguments: [true, false])
    func refreshGlare(isCaller: Bool) {
        var settings = TenantSettings()
        settings.sessionExpiresSeconds = 120
        let office = Office(settings: settings)
        var (offer, plan) = (CallerPlan(), CalleePlan())
        (offer.timer, plan.timer) = (.asks(120, refresherIsSelf: false), .asks(120, refresherIsSelf: false))
        (offer.allowsUpdate, plan.allowsUpdate) = (false, false)
        let (call, other) = office.talk(offer, plan)
        let phone = isCaller ? office.alice : office.bob
        let before = phone.requests(.invite).count
        phone.manners.refusesChanges = .requestPending
        for _ in 0..<700 where phone.requests(.invite).count == before { office.run(0.1) }
        office.run(0.1)
        #expect(phone.requests(.invite).count == before + 1)
        phone.manners.refusesChanges = nil
        office.run(5)
        #expect(phone.requests(.invite).count == before + 2)
        office.run(300)
        #expect(call.state == .up && other.state == .up)
        office.close()
    }

    @Test(
        "a party that was to refresh the session and does not: the other one is released when it expires",
        arguments: [true, false])
    func refresherGone(isCaller: Bool) {
        let office = Office()
        var (offer, plan) = (CallerPlan(), CalleePlan())
        if isCaller {
            offer.timer = .asks(90, refresherIsSelf: true)
        } else {
            plan.timer = .asks(90, refresherIsSelf: true)
        }
        let (call, other) = office.talk(offer, plan)
        call.hold(office.alice)
        office.run(1)
        (isCaller ? office.alice : office.bob).die()
        office.run(120)
        #expect(office.server.notes.contains { $0.hasSuffix("the session expired without a refresh") })
        #expect((isCaller ? other : call).isOver)
        office.close()
    }
}
