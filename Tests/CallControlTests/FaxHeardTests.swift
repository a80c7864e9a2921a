import Basics
import CallControl
import Codecs
import Fax
import Identity
import MediaSession
import SIPMessage
import TestKit
import Testing

/// Faxes that the server hears in sound, and offers as T.38.
@Suite("Faxes that are heard")
struct FaxHeardTests {
    /// What each phone does with T.38, and whether its Contact says so.
    private func office(
        _ alice: FaxAbility, _ bob: FaxAbility, tells: (Bool, Bool) = (false, false), uses: FaxUse = .auto,
        codecs: [PhoneCodec] = [.pcma], other: [PhoneCodec] = [.pcma]
    ) -> Office {
        var settings = TenantSettings()
        settings.fax = uses
        let office = Office(settings: settings)
        (office.alice.fax, office.bob.fax) = (alice, bob)
        (office.alice.tellsFax, office.bob.tellsFax) = tells
        (office.alice.codecs, office.bob.codecs) = (codecs, other)
        return office
    }

    /// The called fax says what it can; the offers have time to be answered.
    private func hear(_ office: Office, of phone: VirtualPhone, for seconds: Double = 3) {
        office.server.media.hearFaxes(of: phone.address.address)
        office.server.reportMedia()
        office.run(seconds)
    }

    private func report(_ office: Office, _ result: FaxFigures.Result) {
        var figures = FaxFigures()
        figures.result = result
        (figures.pages, figures.bitRate, figures.errorCorrectionMode) = (result == .running ? 0 : 3, 14_400, true)
        office.server.media.reportFaxes(figures)
        office.server.reportMedia()
        office.run(0.1)
    }

    private func isBridged(_ office: Office, leg: UInt16) -> Bool {
        let plans = office.server.media.openEndpoints
        guard plans.count == 2, let fax = plans.first(where: { !$0.carriesRTP }),
            let sound = plans.first(where: { $0.carriesRTP })
        else { return false }
        return fax.id.leg.index == leg && fax.fax == T38Settings() && sound.fax == nil
            && office.server.media.partner(of: fax.id) == sound.id
            && ["PCMA", "PCMU"].contains(sound.outgoing.first?.codec?.name ?? "")
    }

    private func isSpeech(_ office: Office) -> Bool {
        let plans = office.server.media.openEndpoints
        return plans.count == 2 && plans.allSatisfy { $0.carriesRTP && $0.fax == nil }
            && office.server.media.partner(of: plans[0].id) == plans[1].id
    }

    private var listeners: (Office) -> [UInt16] {
        { $0.server.media.openEndpoints.filter { $0.listensFor.contains(.machines) }.map(\.id.leg.index) }
    }

    @Test(
        "both are listened to where one is known to take T.38, and nobody where that leads to nothing",
        arguments: [
            ("nobody told", FaxUse.auto, (false, false), false),
            ("the caller told", .auto, (true, false), true),
            ("the callee told", .auto, (false, true), true),
            ("always offered", .offer, (false, false), true),
            ("made here alone", .gateway, (true, false), true),
            ("left to the phones", .passthrough, (true, true), false),
            ("switched off", .off, (true, true), false),
        ])
    func listens(_ row: (String, FaxUse, (Bool, Bool), Bool)) {
        let office = office(.speaks, .speaks, tells: row.2, uses: row.1)
        _ = office.talk()
        #expect(listeners(office) == (row.3 ? [0, 1] : []), "\(row.0)")
        office.close()
    }

    @Test(
        "the leg that takes T.38 is offered it, and joined to the sound of the other",
        arguments: [(true, true), (true, false), (false, true), (false, false)])
    func offers(_ row: (callerTakes: Bool, heardOnCaller: Bool)) {
        let office =
            row.callerTakes
            ? office(.speaks, .none, tells: (true, false)) : office(.none, .speaks, tells: (false, true))
        let (alice, bob) = office.talk()
        let (taker, other) = row.callerTakes ? (office.alice, office.bob) : (office.bob, office.alice)
        let before: Int = other.requests(.invite).count
        hear(office, of: row.heardOnCaller ? office.alice : office.bob)
        #expect(isBridged(office, leg: row.callerTakes ? 0 : 1))
        #expect(
            taker.lastDescription.contains("udptl t38")
                && taker.lastDescription.contains("a=T38FaxUdpEC:t38UDPRedundancy"))
        #expect(other.requests(.invite).count == before, "its G.711 will do")
        #expect((row.callerTakes ? alice : bob).faxStream == 0)
        #expect(listeners(office).isEmpty)
        report(office, .running)
        office.run(30)
        #expect(isBridged(office, leg: row.callerTakes ? 0 : 1), "a fax takes its time")
        report(office, .completed)
        office.run(5)
        #expect(isSpeech(office) && alice.faxStream == nil && bob.faxStream == nil)
        #expect(alice.state == .up && bob.state == .up)
        office.close()
        let record = office.record
        let facts = record?.media.map(\.fax?.words)
        let sent =
            "fax as T.38, made into sound for the other party: received, 3 pages at 14400 bit/s with error correction"
        let made =
            "fax as sound, made into T.38 for the other party: sent, 3 pages at 14400 bit/s with error correction"
        #expect(facts == (row.callerTakes ? [sent, made] : [made, sent]))
    }

    @Test("what was no fax goes back to speech, and T.38 is not offered again")
    func falseAlarm() {
        let office = office(.speaks, .none, tells: (true, false))
        _ = office.talk()
        hear(office, of: office.bob)
        #expect(isBridged(office, leg: 0))
        office.run(25)
        #expect(isSpeech(office) && listeners(office).isEmpty)
        #expect(office.server.notes.contains { $0.contains("no fax came in T.38") })
        office.close()
        #expect(
            office.record?.media.first?.fax?.words == "fax as T.38, made into sound for the other party: no fax came")
    }

    @Test("two that take T.38 are brought together without a gateway")
    func passesThrough() {
        let office = office(.speaks, .speaks, tells: (true, true))
        let (alice, bob) = office.talk()
        hear(office, of: office.bob)
        let plans = office.server.media.openEndpoints
        #expect(plans.count == 2 && plans.allSatisfy { !$0.carriesRTP && $0.fax != nil })
        #expect(office.server.media.partner(of: plans[0].id) == plans[1].id)
        #expect(alice.faxStream == 0 && bob.faxStream == 0)
        office.alice.perform(.speech, alice)
        office.run(2)
        #expect(isSpeech(office))
        office.close()
        #expect(office.record?.media.map(\.fax?.words) == ["fax as T.38 to T.38", "fax as T.38 to T.38"])
    }

    @Test(
        "the second of two that says it takes T.38, and refuses it, gets sound",
        arguments: [FaxAbility.none, .refusesStream])
    func secondRefuses(_ ability: FaxAbility) {
        // The fax is heard on Bob's side, who is asked first.
        let office = office(ability, .speaks, tells: (true, true))
        _ = office.talk()
        hear(office, of: office.bob, for: 5)
        #expect(isBridged(office, leg: 1))
        office.close()
    }

    @Test(
        "where T.38 is refused the fax goes on as sound, in G.711 without comfort noise",
        arguments: [488, 415, 606, 500], [true, false])
    func refused(_ code: Int, needsChange: Bool) {
        let office =
            needsChange
            ? office(.speaks, .none, tells: (true, false), codecs: [.opus, .pcmu], other: [.opus, .pcma, .pcmu])
            : office(.speaks, .none, tells: (true, false))
        let (alice, bob) = office.talk()
        let before = (office.alice.requests(.invite).count, office.bob.requests(.invite).count)
        if let status = SIPStatus(code) { office.alice.manners.refusesChanges = status }
        hear(office, of: office.bob)
        #expect(isSpeech(office))
        #expect(alice.state == .up && bob.state == .up)
        #expect(office.server.notes.contains { $0.contains("refuses T.38: \(code)") })
        #expect(office.server.notes.contains { $0.contains("the fax goes on as sound") })
        // T.38, G.711 for modems, and what is left in common once the other one has changed.
        #expect(office.alice.requests(.invite).count == before.0 + (needsChange ? 3 : 1))
        #expect(office.bob.requests(.invite).count == before.1 + (needsChange ? 1 : 0))
        if needsChange {
            #expect(office.bob.lastDescription.contains("a=silenceSupp:off - - - -"))
            #expect(!office.bob.lastDescription.contains("opus") && !office.bob.lastDescription.contains("CN/"))
        }
        // It is not asked a second time.
        hear(office, of: office.bob)
        #expect(listeners(office).isEmpty)
        office.close()
        #expect(office.record?.media.map(\.fax?.words) == ["fax as sound", "fax as sound"])
    }

    @Test("one that takes the change and no T.38 gets its speech back")
    func refusesStream() {
        let office = office(.refusesStream, .none, tells: (true, false))
        let (alice, bob) = office.talk()
        hear(office, of: office.bob)
        #expect(isSpeech(office) && alice.state == .up && bob.state == .up)
        #expect(
            office.alice.lastDescription.contains("m=audio ") && !office.alice.lastDescription.contains("m=audio 0"))
        #expect(office.server.notes.contains { $0.contains("took the change, and no T.38") })
        office.close()
    }

    @Test("who speaks under keys is not asked to do without", arguments: [EncryptionUse.required, .offered])
    func encrypted(_ uses: EncryptionUse) {
        var settings = TenantSettings()
        settings.encryption = uses
        let office = Office(settings: settings)
        for phone in [office.alice, office.bob] { (phone.fax, phone.codecs) = (.speaks, [.pcma]) }
        (office.alice.tellsFax, office.alice.encryption) = (true, .keys)
        // Where it is the phones' choice, the callee's goes in the clear.
        (office.bob.tellsFax, office.bob.encryption) = uses == .required ? (true, .keys) : (false, .none)
        _ = office.talk()
        #expect(office.server.media.openEndpoints.first?.security != MediaSecurity.none)
        #expect(listeners(office).isEmpty)
        hear(office, of: office.bob)
        #expect(office.alice.requests(.invite).isEmpty)
        #expect(office.server.media.openEndpoints.first?.carriesRTP == true)
        office.close()
    }

    @Test("after ten minutes keys are looked for again in what was taken for a fax")
    func deafForAWhile() {
        let office = office(.speaks, .none, tells: (true, false))
        office.bob.hasEvents = false
        office.alice.manners.refusesChanges = .notAcceptableHere
        _ = office.talk()
        hear(office, of: office.bob)
        #expect(office.server.media.openEndpoints.last?.digitsIn == DigitTransport.none)
        office.run(600)
        #expect(office.server.media.openEndpoints.last?.digitsIn == .inBand)
        office.close()
    }

    @Test("no keys are looked for in the sound of a fax")
    func deaf() {
        let office = office(.speaks, .none, tells: (true, false))
        office.bob.hasEvents = false
        _ = office.talk()
        #expect(office.server.media.openEndpoints.last?.digitsIn == .inBand)
        hear(office, of: office.bob)
        #expect(office.server.media.openEndpoints.last?.digitsIn == DigitTransport.none)
        report(office, .running)
        report(office, .completed)
        office.run(5)
        #expect(office.server.media.openEndpoints.last?.digitsIn == .inBand)
        office.close()
    }

    @Test("a phone that turns to T.38 by itself meanwhile is not asked", arguments: [true, false])
    func turnsByItself(byCallee: Bool) {
        let office = office(.speaks, .speaks, tells: (true, true))
        let (alice, bob) = office.talk()
        office.server.media.hearFaxes(of: office.bob.address.address)
        office.server.reportMedia()
        office.run(0.1)
        let (phone, call) = byCallee ? (office.bob, bob) : (office.alice, alice)
        let before: Int = phone.requests(.invite).count
        phone.perform(.fax(beside: false), call)
        office.run(5)
        #expect(phone.requests(.invite).count == before)
        let plans = office.server.media.openEndpoints
        #expect(plans.count == 2 && plans.allSatisfy { !$0.carriesRTP && $0.fax != nil })
        #expect(office.server.media.partner(of: plans[0].id) == plans[1].id)
        office.close()
    }

    @Test("offers of both that meet are made again, until one is taken (491)")
    func glare() {
        for delay: Double in [0.36, 0.38, 0.39, 0.4, 0.405, 0.41, 0.42] {
            let office = office(.speaks, .none, tells: (true, false))
            let (alice, bob) = office.talk()
            office.server.media.hearFaxes(of: office.bob.address.address)
            office.server.reportMedia()
            office.run(delay)
            office.alice.perform(.fax(beside: false), alice)
            office.run(12)
            #expect(isBridged(office, leg: 0), "after \(delay) s")
            #expect(alice.state == .up && bob.state == .up)
            office.close()
        }
    }

    @Test("the offer waits for a change that is under way")
    func waits() {
        let office = office(.speaks, .none, tells: (true, false))
        office.bob.manners.changeDelay = .seconds(2)
        let (alice, _) = office.talk()
        office.alice.perform(.hold(.sendonly), alice)
        office.run(0.1)
        hear(office, of: office.bob, for: 0.6)
        #expect(office.alice.requests(.invite).isEmpty)
        office.run(5)
        #expect(isBridged(office, leg: 0))
        office.close()
    }

    @Test("that a phone takes T.38 is seen by its Contact, or by an offer with T.38 in it", arguments: [true, false])
    func abilities(byContact: Bool) {
        let office = office(.speaks, .refusesStream)
        var plan = CallerPlan()
        if byContact { office.alice.tellsFax = true } else { plan.fax = .beside }
        _ = office.talk(plan)
        #expect(listeners(office) == [0, 1])
        office.close()
    }
}
