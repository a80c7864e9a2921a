import Basics
import CallControl
import Codecs
import Fax
import Identity
import MediaSession
import SIPMessage
import TestKit
import Testing

@Suite("Faxes of a call")
struct FaxTests {
    private func office(
        _ alice: FaxAbility, _ bob: FaxAbility, uses: FaxUse = .auto, codecs: [PhoneCodec] = [.pcma],
        other: [PhoneCodec] = [.pcma]
    ) -> Office {
        var settings = TenantSettings()
        settings.fax = uses
        let office = Office(settings: settings)
        (office.alice.fax, office.bob.fax) = (alice, bob)
        (office.alice.codecs, office.bob.codecs) = (codecs, other)
        return office
    }

    /// What an endpoint is joined to, by its leg.
    private func partner(_ office: Office, _ plan: MediaEndpointPlan) -> MediaEndpointID? {
        office.server.media.partner(of: plan.id)
    }

    private func turn(_ office: Office, _ phone: VirtualPhone, _ call: PhoneCall, _ action: MidCallAction) {
        phone.perform(action, call)
        office.run(2)
        #expect(call.state == .up)
    }

    @Test(
        "between two that speak T.38 it passes through, and back to speech", arguments: [true, false], [true, false])
    func passesThrough(byCallee: Bool, beside: Bool) {
        let office = office(.speaks, .speaks)
        let (alice, bob) = office.talk()
        let (phone, call) = byCallee ? (office.bob, bob) : (office.alice, alice)
        turn(office, phone, call, .fax(beside: beside))
        #expect(alice.faxStream == (beside ? 1 : 0) && bob.faxStream == alice.faxStream)
        let plans = office.server.media.openEndpoints
        #expect(plans.count == 2 && plans.allSatisfy { !$0.carriesRTP && !$0.expectsMedia && $0.fax != nil })
        #expect(partner(office, plans[0]) == plans[1].id)
        let other: VirtualPhone = byCallee ? office.alice : office.bob
        #expect(other.lastDescription.contains("udptl t38") && other.lastDescription.contains("a=T38MaxBitRate:14400"))
        turn(office, phone, call, .speech)
        let speech = office.server.media.openEndpoints
        #expect(speech.count == 2 && speech.allSatisfy { $0.carriesRTP && $0.fax == nil && $0.expectsMedia })
        #expect(partner(office, speech[0]) == speech[1].id)
        office.close()
    }

    @Test(
        "one that refuses T.38 gets the fax as sound",
        arguments: [
            (FaxAbility.none, FaxUse.auto, true), (.none, .auto, false), (.refusesStream, .auto, false),
            (.none, .gateway, true),
            (.speaks, .gateway, false),
        ], [true, false])
    func bridges(_ row: (FaxAbility, FaxUse, Bool), byCallee: Bool) {
        let (ability, uses, beside) = row
        let office = byCallee ? office(ability, .speaks, uses: uses) : office(.speaks, ability, uses: uses)
        let (alice, bob) = office.talk()
        let (phone, call) = byCallee ? (office.bob, bob) : (office.alice, alice)
        let other: VirtualPhone = byCallee ? office.alice : office.bob
        let before: Int = other.requests(.invite).count
        turn(office, phone, call, .fax(beside: beside))
        #expect(call.codes.last == 200 || byCallee)
        #expect(
            phone.lastDescription.contains("udptl t38")
                && phone.lastDescription.contains("a=T38FaxUdpEC:t38UDPRedundancy"))
        let plans = office.server.media.openEndpoints
        #expect(plans.count == 2)
        let fax = plans.first { !$0.carriesRTP }
        let sound = plans.first { $0.carriesRTP }
        #expect(fax?.fax == T38Settings() && fax?.id.leg.index == (byCallee ? 1 : 0))
        #expect(fax?.id.stream == (beside ? 1 : 0))
        #expect(sound?.outgoing.first?.codec == .pcma && sound?.id.leg.index == (byCallee ? 0 : 1))
        if let fax, let sound { #expect(partner(office, fax) == sound.id) }
        if uses == .gateway { #expect(other.requests(.invite).count == before, "it is not asked") }
        #expect(
            office.server.notes.contains { $0.contains("turns to T.38, which the server bridges to the sound of the") })
        // The fax is over.
        turn(office, phone, call, .speech)
        let speech = office.server.media.openEndpoints
        #expect(speech.count == 2 && speech.allSatisfy { $0.carriesRTP && $0.fax == nil })
        #expect(partner(office, speech[0]) == speech[1].id)
        office.close()
    }

    @Test("a leg of sound that spoke something else is asked for G.711, without noise and silence suppression")
    func asksForG711() {
        let office = office(.speaks, .none, codecs: [.opus, .pcmu], other: [.opus, .pcma, .pcmu])
        let (alice, _) = office.talk()
        #expect(office.server.media.openEndpoints.allSatisfy { $0.outgoing.first?.codec?.name == "opus" })
        turn(office, office.alice, alice, .fax(beside: false))
        let plans = office.server.media.openEndpoints
        #expect(plans.map(\.carriesRTP) == [false, true])
        #expect(["PCMA", "PCMU"].contains(plans[1].outgoing.first?.codec?.name ?? ""))
        #expect(partner(office, plans[0]) == plans[1].id)
        let asked: String = office.bob.lastDescription
        #expect(asked.contains("a=silenceSupp:off - - - -") && !asked.contains("opus") && !asked.contains("CN/"))
        office.close()
    }

    @Test(
        "by the settings it is only passed on, or refused",
        arguments: [
            (FaxUse.passthrough, FaxAbility.none, 488), (.passthrough, .speaks, 200), (.off, .speaks, 488),
        ])
    func settings(_ row: (FaxUse, FaxAbility, Int)) {
        let office = office(.speaks, row.1, uses: row.0)
        let (alice, _) = office.talk()
        let before: Int = office.bob.requests(.invite).count
        turn(office, office.alice, alice, .fax(beside: false))
        #expect(office.alice.responses(row.2).count == (row.2 == 488 ? 1 : 2))
        if row.0 == .off { #expect(office.bob.requests(.invite).count == before) }
        let plans = office.server.media.openEndpoints
        #expect(plans.allSatisfy { $0.carriesRTP == (row.2 == 488) })
        #expect(partner(office, plans[0]) == plans[1].id)
        office.close()
    }

    @Test("a refresh of either session in a fax that is bridged changes nothing")
    func refreshes() {
        let office = office(.speaks, .none)
        let (alice, bob) = office.talk()
        turn(office, office.alice, alice, .fax(beside: true))
        let plans = office.server.media.openEndpoints
        turn(office, office.alice, alice, .refresh)
        turn(office, office.bob, bob, .refresh)
        #expect(office.server.media.openEndpoints == plans && partner(office, plans[0]) == plans[1].id)
        #expect(office.alice.lastDescription.contains("m=image"))
        #expect(office.bob.lastDescription.contains("m=audio ") && !office.bob.lastDescription.contains("m=audio 0"))
        office.close()
    }
}
