import Basics
import CallControl
import Codecs
import Identity
import MediaSession
import SIPMessage
import TestKit
import Testing

@Suite("Codecs of a call")
struct CodecTests {
    /// Alice and Bob speak these.
    private func office(
        _ alice: [PhoneCodec], _ bob: [PhoneCodec], settings: TenantSettings = TenantSettings(),
        firstTerminal: SettingValues? = nil
    ) -> Office {
        let office = Office(settings: settings, firstTerminal: firstTerminal)
        (office.alice.codecs, office.bob.codecs) = (alice, bob)
        return office
    }

    private func notes(_ office: Office) -> [String] {
        office.server.notes.map { String($0.drop { $0 != ":" }.dropFirst(2)) }
    }

    @Test("a shared codec is relayed, each side with its own numbers, and the history says so")
    func relayed() throws {
        let office = office([PhoneCodec(96, "opus/48000/2"), .pcmu], [PhoneCodec(120, "opus/48000/2"), .pcma])
        office.bob.isStubborn = true
        _ = office.talk()
        let plans = office.server.media.openEndpoints
        #expect(plans.map { $0.outgoing.first?.payloadType } == [96, 120])
        #expect(plans.map { $0.incoming.first?.payloadType } == [96, 96])
        #expect(plans.allSatisfy { $0.clockRate == 48_000 })
        #expect(notes(office).contains("opus/48000 both ways, relayed, number 96 made 120"))
        #expect(office.server.media.transcodedPlans == 0)
        office.close()
    }

    @Test("phones without a common codec are transcoded, and the history says why")
    func transcoded() {
        let office = office([.opus], [.pcma, .g729])
        _ = office.talk()
        let plans = office.server.media.openEndpoints
        #expect(plans.map { $0.outgoing.first?.codec?.name } == ["opus", "PCMA"])
        #expect(
            office.alice.lastDescription.contains("m=audio ") && office.alice.lastDescription.contains("opus/48000/2"))
        #expect(
            notes(office).contains(
                "caller opus/48000, callee PCMA: transcoded, because the callee took none of the caller's codecs [opus/48000]"
            ))
        office.close()
    }

    @Test("digits: events where both have them, tones to a phone that has none")
    func digits() {
        let office = office([.pcma], [.pcma])
        office.bob.hasEvents = false
        _ = office.talk()
        #expect(office.server.media.openEndpoints.map(\.digitsIn) == [.events, .inBand])
        #expect(office.server.media.openEndpoints.map(\.digitsOut) == [.events, .inBand])
        office.close()
    }

    @Test(
        "no common codec and no transcoding: 488 with both lists, by the callee's refusal or before it rings",
        arguments: [
            ([PhoneCodec.iLBC], [PhoneCodec.pcma], true, "caller offers iLBC, callee takes none of iLBC"),
            ([.opus], [.pcma], false, "caller offers opus/48000, callee takes none of opus/48000"),
        ])
    func refused(_ alice: [PhoneCodec], _ bob: [PhoneCodec], transcoding: Bool, _ lists: String) {
        var settings = TenantSettings()
        settings.transcoding = transcoding
        let office = office(alice, bob, settings: settings)
        let call = office.alice.call("1002")
        office.run(5)
        #expect(call.finalStatus == .notAcceptableHere)
        #expect(
            office.alice.responses(488).first?.first(.warning)
                == "305 martinet \"Incompatible media format: \(lists)\"")
        #expect(office.record?.outcome == .rejected(status: 488))
        office.close()
    }

    @Test("what the caller's phone may not use is refused before anybody rings, with both lists")
    func forbidden() {
        let office = office(
            [.pcmu], [.pcma, .pcmu], firstTerminal: ["codecs": .list(["opus", "pcma"])])
        let call = office.alice.call("1002")
        office.run(2)
        #expect(call.finalStatus == .notAcceptableHere)
        #expect(
            office.alice.responses(488).first?.first(.warning)
                == "305 martinet \"Incompatible media format: caller offers PCMU, callee may use opus, pcma\"")
        #expect(office.bob.requests(.invite).isEmpty)
        #expect(office.record?.reason == "no common codec")
        office.close()
    }

    @Test("of several phones only those that may not be offered anything are left out")
    func oneForbidden() {
        var settings = TenantSettings()
        settings.transcoding = false
        let office = Office([2, 1], settings: settings, firstTerminal: ["codecs": .list(["g729"])])
        let call = office.bob.call("1001")
        office.run(5)
        #expect(office.phones[0][0].requests(.invite).isEmpty)
        #expect(call.state == .up)
        office.close()
    }

    @Test("an INVITE without a description: what the callee has and what can be made of it is offered to the caller")
    func lateOffer() {
        let office = office([.pcma], [.opus])
        var plan = CallerPlan()
        plan.hasOffer = false
        _ = office.talk(plan)
        #expect(
            office.alice.lastDescription.contains("opus/48000/2") && office.alice.lastDescription.contains("PCMA/8000"))
        #expect(
            notes(office).contains(
                "caller PCMA, callee opus/48000: transcoded, because the caller took none of the callee's codecs [opus/48000]"
            ))
        #expect(office.server.media.openEndpoints.map { $0.outgoing.first?.codec?.name } == ["PCMA", "opus"])
        office.close()
    }

    @Test("a late offer of which the caller takes nothing ends the call with 488 as reason")
    func lateOfferRefused() {
        var settings = TenantSettings()
        settings.transcoding = false
        let office = office([.pcma], [.opus], settings: settings)
        var plan = CallerPlan()
        plan.hasOffer = false
        office.bob.plan.decision = .answer(.seconds(1))
        let call = office.alice.call("1002", plan)
        office.run(5)
        #expect(call.isOver)
        #expect(office.bob.requests(.bye).first?.first(.reason)?.contains("cause=488") == true)
        #expect(office.record?.reason == "no common codec")
        office.close()
    }

    @Test(
        "a phone that named first what the other one lacks is asked, once, to keep to what both have; whatever it answers, the call goes on",
        arguments: [
            (nil, "PCMA both ways, relayed"), ("", "took the change, but answered no offer"),
            ("v=0\r\nnonsense", "its answer can't be read"),
        ] as [(String?, String)])
    func narrowed(_ answer: String?, _ note: String) {
        let office = office([.pcma], [.g722, .pcma])
        office.bob.isStubborn = true
        office.bob.manners.answersChangesWith = answer
        let (call, other) = office.talk()
        let asked = "is asked to keep to the codecs of the other party, so that nothing is transcoded"
        #expect(notes(office).filter { $0 == asked }.count == 1)
        #expect(notes(office).contains { $0.hasPrefix(note) })
        let offers = office.bob.requests(.invite).map { String(decoding: $0.body, as: UTF8.self) }
        #expect(offers.map { $0.contains(" RTP/AVP 8 101") } == [false, true])
        office.bob.manners.answersChangesWith = nil
        office.alice.perform(.hold(.sendonly), call)
        office.run(2)
        #expect(office.bob.lastDescription.contains("a=sendonly"))
        office.alice.perform(.resume, call)
        office.run(2)
        #expect(call.state == .up && other.state == .up)
        #expect(office.server.media.transcodedPlans == 0)
        office.close()
    }

    @Test("a packet time that a phone asks for is what packets made here hold; odd ones are rounded down")
    func packetTime() {
        var settings = TenantSettings()
        settings.packetTime = .ms30
        let office = office([.opus], [.pcma], settings: settings)
        _ = office.talk()
        #expect(office.server.media.openEndpoints.map(\.packetTimeMs) == [30, 30])
        #expect(
            office.bob.lastDescription.contains("a=ptime:30")
                || office.bob.requests(.invite).first.map {
                    String(decoding: $0.body, as: UTF8.self).contains("a=ptime:30")
                } == true)
        office.close()
    }
}
