import Basics
import CallControl
import Codecs
import Fax
import Identity
import MediaSession
import SIPMessage
import TestKit
import Testing

/// Calls whose first offer has T.38 in it.
@Suite("Calls that begin as a fax")
struct FaxCallTests {
    private func office(_ bob: FaxAbility, tells: Bool = false, uses: FaxUse = .auto, caller: FaxUse? = nil) -> Office {
        var settings = TenantSettings()
        settings.fax = uses
        let own: SettingValues? = caller.map { ["fax-t38": .word($0.rawValue)] }
        let office = Office(settings: settings, firstTerminal: own)
        office.alice.fax = .speaks
        office.bob.fax = bob
        office.bob.codecs = [.opus, .pcma]
        if tells {
            office.bob.registration.contactParameters = ";+sip.fax=\"t38\""
            office.bob.register()
            office.run(1)
        }
        return office
    }

    private func call(_ office: Office, _ start: FaxStart, _ callee: CalleePlan = CalleePlan()) -> PhoneCall {
        var plan = CallerPlan()
        plan.fax = start
        office.bob.plan = callee
        let call = office.alice.call("1002", plan)
        office.run(6)
        return call
    }

    private func offer(_ office: Office, _ number: Int = 0) -> String {
        let invites = office.bob.requests(.invite)
        return number < invites.count ? String(decoding: invites[number].body, as: UTF8.self) : ""
    }

    private func isBridged(_ office: Office) -> Bool {
        let plans = office.server.media.openEndpoints
        return plans.map(\.carriesRTP) == [false, true] && plans[0].fax == T38Settings() && plans[1].fax == nil
            && plans[1].outgoing.first?.codec?.name == "PCMA"
            && office.server.media.partner(of: plans[0].id) == plans[1].id
    }

    private func isPassed(_ office: Office) -> Bool {
        let plans = office.server.media.openEndpoints
        return plans.map(\.carriesRTP) == [false, false]
            && office.server.media.partner(of: plans[0].id) == plans[1].id
    }

    @Test(
        "T.38 alone reaches a telephone as G.711, and the gateway joins at once",
        arguments: [
            ("as it is by itself", FaxUse.auto, nil, FaxAbility.none), ("made here alone", .gateway, nil, .speaks),
            ("made here for this phone", .auto, .gateway, .speaks),
            ("the callee's is switched off", .off, .auto, .speaks),
        ] as [(String, FaxUse, FaxUse?, FaxAbility)])
    func reachesTelephone(_ row: (String, FaxUse, FaxUse?, FaxAbility)) {
        let office = office(row.3, uses: row.1, caller: row.2)
        let alice = call(office, .alone)
        #expect(alice.state == .up && isBridged(office), "\(row.0)")
        let asked: String = offer(office)
        #expect(asked.contains("m=audio ") && !asked.contains("image") && !asked.contains("opus"))
        #expect(asked.contains("a=silenceSupp:off - - - -") && !asked.contains("CN/"))
        #expect(office.bob.requests(.invite).count == 1)
        #expect(office.alice.lastDescription.contains("udptl t38") && alice.faxStream == 0)
        office.close()
    }

    @Test("a telephone that is a fax server turns the call to T.38 from end to end")
    func turnsToT38() {
        let office = office(.speaks)
        let alice = call(office, .alone)
        #expect(isBridged(office))
        if let bob = office.bob.calls.last { office.bob.perform(.fax(beside: false), bob) }
        office.run(2)
        #expect(alice.state == .up && isPassed(office))
        office.close()
        #expect(office.record?.media.first?.fax?.way == .passthrough)
    }

    @Test("T.38 alone is passed to a phone that is known to take it", arguments: [true, false])
    func passes(bySetting: Bool) {
        let office = office(.speaks, tells: !bySetting, uses: bySetting ? .offer : .auto)
        let alice = call(office, .alone)
        #expect(alice.state == .up && isPassed(office) && offer(office).contains("m=image "))
        office.close()
    }

    @Test("a phone that was thought to take T.38 and refuses it is offered sound")
    func retries() {
        let office = office(.none, tells: true)
        let alice = call(office, .alone)
        #expect(alice.state == .up && isBridged(office))
        #expect(offer(office).contains("m=image ") && offer(office, 1).contains("m=audio "))
        #expect(office.bob.requests(.invite).count == 2)
        office.close()
    }

    @Test("with pass-through alone a refusal stands, and T.38 that is switched off reaches nobody")
    func refusals() {
        var office = office(.none, uses: .passthrough)
        #expect(call(office, .alone).finalStatus?.code == 488)
        #expect(office.bob.requests(.invite).count == 1)
        office.close()
        office = self.office(.speaks, caller: .off)
        #expect(call(office, .alone).finalStatus?.code == 488)
        #expect(office.bob.requests(.invite).isEmpty)
        office.close()
    }

    @Test(
        "what becomes of the callee's telephone is what the caller is told",
        arguments: [
            (CalleePlan.Decision.reject(.busyHere, .seconds(1)), 486), (.reject(.decline, .seconds(1)), 603),
            (.reject(.notAcceptableHere, .seconds(1)), 488),
        ])
    func told(_ row: (CalleePlan.Decision, Int)) {
        let office = office(.none)
        var plan = CalleePlan()
        plan.decision = row.0
        #expect(call(office, .alone, plan).finalStatus?.code == row.1)
        #expect(office.server.media.openEndpoints.isEmpty)
        office.close()
    }

    @Test("early sound is not for a caller of T.38; the answer is", arguments: [true, false])
    func earlyMedia(isReliable: Bool) {
        let office = office(.none)
        var plan = CalleePlan()
        (plan.earlyMediaAfter, plan.isReliable) = (.milliseconds(300), isReliable)
        var caller = CallerPlan()
        (caller.fax, caller.reliability) = (.alone, .supported)
        office.bob.plan = plan
        let alice = office.alice.call("1002", caller)
        office.run(6)
        #expect(alice.state == .up && isBridged(office))
        office.close()
    }

    @Test("speech with T.38 beside it: the telephone answers the speech, and a fax is offered T.38 once it is heard")
    func beside() {
        let office = office(.refusesStream)
        office.alice.codecs = [.pcma]
        let alice = call(office, .beside)
        var plans = office.server.media.openEndpoints
        #expect(alice.state == .up && plans.count == 2 && plans.allSatisfy(\.carriesRTP))
        #expect(office.alice.lastDescription.contains("m=image 0 "))
        office.server.media.hearFaxes(of: office.bob.address.address)
        office.server.reportMedia()
        office.run(3)
        plans = office.server.media.openEndpoints
        #expect(
            plans.map(\.carriesRTP) == [false, true] && office.server.media.partner(of: plans[0].id) == plans[1].id)
        office.close()
    }

    @Test("speech with T.38 beside it, refused as a whole, is offered again as speech")
    func besideRefused() {
        let office = office(.none)
        let alice = call(office, .beside)
        #expect(alice.state == .up && office.bob.requests(.invite).count == 2)
        #expect(offer(office, 1).contains("m=image 0 "))
        let plans = office.server.media.openEndpoints
        #expect(plans.count == 2 && plans.allSatisfy(\.carriesRTP))
        office.close()
    }

    @Test("by the settings the T.38 beside speech reaches nobody", arguments: [FaxUse.gateway, .off])
    func besideStripped(_ uses: FaxUse) {
        let office = office(.speaks, uses: uses)
        let alice = call(office, .beside)
        #expect(alice.state == .up && offer(office).contains("m=image 0 "))
        office.close()
    }

    @Test("the number of a service takes no T.38: 488")
    func service() {
        let office = Office(services: [.echo])
        office.alice.fax = .speaks
        var plan = CallerPlan()
        plan.fax = .alone
        let alice = office.alice.call("1800", plan)
        office.run(4)
        #expect(alice.finalStatus?.code == 488)
        office.close()
    }
}
