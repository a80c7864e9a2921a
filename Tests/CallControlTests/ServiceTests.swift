import Basics
import CallControl
import Identity
import MediaSession
import SIPMessage
import TestKit
import Testing

@Suite("Numbers that the server answers")
struct ServiceTests {
    private func office(_ services: [Service], settings: TenantSettings = TenantSettings()) -> Office {
        Office(settings: settings, services: services)
    }

    private func prompts(_ items: [PlaybackItem]?) -> [String] {
        (items ?? []).compactMap { if case .prompt(let name) = $0 { name.name } else { nil } }
    }

    /// What the caller of the newest call hears.
    private func played(_ office: Office, _ line: Int = 0) -> [String] {
        let endpoints = office.server.media.openEndpoints
        guard line < endpoints.count else { return [] }
        return prompts(office.server.media.played(to: endpoints[line].id))
    }

    private func press(_ office: Office, _ keys: String, by phone: VirtualPhone? = nil) {
        for key in keys {
            office.server.media.press(key, by: (phone ?? office.alice).address.address)
            office.server.reportMedia()
            office.run(0.1)
        }
    }

    private func endPlaying(_ office: Office) {
        office.server.media.endPlaying()
        office.server.reportMedia()
        office.run(0.5)
    }

    @Test("an echo is announced, heard, and over with #", arguments: [true, false])
    func echo(hasOffer: Bool) throws {
        let office = office([.echo])
        var plan = CallerPlan()
        plan.hasOffer = hasOffer
        let call = office.alice.call("1800", plan)
        office.run(2)
        #expect(call.state == .up && played(office) == ["echo-start"])
        endPlaying(office)
        let endpoint: MediaEndpointID = try #require(office.server.media.openEndpoints.first).id
        #expect(office.server.media.heard(by: endpoint) == .endpoint(endpoint))
        press(office, "5#")
        #expect(played(office) == ["echo-done"])
        endPlaying(office)
        #expect(call.isOver)
        let record: CallRecord = try #require(office.record)
        #expect(record.outcome == .answered && record.hangupBy == .server && record.calleeURI.hasPrefix("sip:1800@"))
        office.close()
    }

    @Test("an announcement is said as often as it should be, then the server hangs up")
    func announcement() {
        let office = office([.announcement(.init(prompt: "test-call", repeats: 3))])
        let call = office.alice.call("1800")
        office.run(2)
        #expect(played(office) == ["test-call", "test-call", "test-call"])
        endPlaying(office)
        #expect(call.isOver && office.record?.reason == "the announcement is over")
        office.close()
    }

    @Test("a session change of the caller is answered by the server: hold, resumption, refresh")
    func changes() throws {
        let office = office([.music(prompt: "music")])
        let call = office.alice.call("1800")
        office.run(2)
        for (action, sends) in [(MidCallAction.hold(.inactive), false), (.resume, true), (.refresh, true)] {
            office.alice.perform(action, call)
            office.run(2)
            #expect(office.server.media.openEndpoints.first?.sends == sends)
        }
        #expect(call.state == .up && played(office) == ["music"])
        office.close()
    }

    @Test("a codec the server does not speak is refused with both lists")
    func noCodec() {
        let office = office([.echo])
        office.alice.codecs = [.iLBC]
        let call = office.alice.call("1800")
        office.run(2)
        #expect(call.isOver && call.codes.last == 488)
        #expect(office.alice.responses(488).first?.first(.warning)?.contains("iLBC") == true)
        office.close()
    }

    @Test("those who call a conference meet in one room; the last who leaves closes it")
    func conference() throws {
        let office = Office([1, 1, 1], services: [.conference(.init(limit: 2))])
        let first = office.alice.call("1800")
        office.run(2)
        #expect(played(office) == ["conf-only-person"])
        endPlaying(office)
        _ = office.bob.call("1800")
        office.run(2)
        #expect(played(office, 1) == ["conf-one-other"])
        endPlaying(office)
        #expect(office.server.media.rooms.map(\.count) == [2])
        let third = office.phones[2][0].call("1800")
        office.run(2)
        #expect(played(office, 2) == ["conf-full"])
        endPlaying(office)
        #expect(third.isOver)
        office.alice.hangUp(first)
        office.run(1)
        #expect(office.server.media.rooms.map(\.count) == [1])
        for call in office.bob.calls { office.bob.hangUp(call) }
        office.run(1)
        #expect(office.server.media.rooms.isEmpty)
        office.close()
    }

    @Test(
        "how many are there is said as the language has it: the tenant's, else the server's",
        arguments: [
            (SpokenLanguage.server, "en", ["conf-there-are", "conf-other-participants"]),
            (.fr, "en", ["conf-there-are", "conf-other-participants"]),
            (.server, "fr-CA", ["conf-there-are", "conf-other-participants"]),
        ])
    func language(tenant: SpokenLanguage, server: String, around: [String]) throws {
        var (settings, shard) = (TenantSettings(), ShardSettings())
        settings.language = tenant
        shard.calls.language = server
        let office = Office([1, 1, 1], settings: settings, shard: shard, services: [.conference(.init())])
        for phones in office.phones.dropLast() {
            _ = phones[0].call("1800")
            office.run(2)
            endPlaying(office)
        }
        _ = office.phones[2][0].call("1800")
        office.run(2)
        let said: [String] = played(office, 2)
        #expect(said.first == around[0] && said.last == around[1] && said.count == 3)
        let items: [PlaybackItem] = office.server.media.played(to: office.server.media.openEndpoints[2].id) ?? []
        // What has no language of its own is read in the server's.
        let languages: Set<String?> = Set(
            items.compactMap { if case .prompt(let name) = $0 { .some(name.language) } else { nil } })
        #expect(languages == [tenant == .fr ? "fr" : nil])
        office.close()
    }

    @Test("in a conference 1 mutes one's own phone, and again opens it")
    func mute() {
        let office = office([.conference(.init())])
        _ = office.alice.call("1800")
        office.run(2)
        endPlaying(office)
        press(office, "121")
        let muted: [Bool] = office.server.media.log.compactMap {
            if case .enter(_, let member) = $0 { member.isMuted } else { nil }
        }
        #expect(muted == [false, true, false])
        office.close()
    }

    @Test("a PIN is asked for three times, may be entered before the question is over, and lets in")
    func pin() {
        let office = office([.conference(.init(pin: "1234"))])
        let call = office.alice.call("1800")
        office.run(2)
        #expect(played(office) == ["conf-enter-pin"])
        press(office, "9999")
        #expect(played(office) == ["conf-invalid-pin", "conf-enter-pin"])
        press(office, "1234")
        #expect(played(office) == ["conf-only-person"])
        office.alice.hangUp(call)
        office.run(1)
        let other = office.alice.call("1800")
        office.run(2)
        for _ in 0..<2 {
            endPlaying(office)
            // Ten seconds without a key.
            office.run(12)
        }
        press(office, "4321")
        #expect(played(office) == ["conf-too-many-pins"])
        endPlaying(office)
        #expect(other.isOver)
        office.close()
    }

    @Test(
        "a party on hold hears the tenant's music, whichever way it was put on hold, and the other party again after it",
        arguments: [MidCallAction.hold(.sendonly), .hold(.inactive), .hold(.zeroAddress)], [true, false])
    func music(hold: MidCallAction, isOn: Bool) throws {
        var settings = TenantSettings()
        settings.musicOnHold = isOn
        let office = Office(settings: settings)
        let (call, _) = office.talk()
        let ids: [MediaEndpointID] = office.server.media.openEndpoints.map(\.id)
        office.alice.perform(hold, call)
        office.run(2)
        #expect(prompts(office.server.media.played(to: ids[1])) == (isOn ? ["music"] : []))
        #expect(office.server.media.played(to: ids[0]) == nil)
        // A refresh by the party that waits changes nothing.
        office.bob.calls.last.map { office.bob.perform(.refresh, $0) }
        office.run(2)
        #expect(prompts(office.server.media.played(to: ids[1])) == (isOn ? ["music"] : []))
        office.alice.perform(.resume, call)
        office.run(2)
        #expect(office.server.media.played(to: ids[1]) == nil && office.server.media.partner(of: ids[1]) == ids[0])
        office.close()
    }

    @Test("calls are recorded where the settings want it, under the tenant's name and the call's")
    func recorded() throws {
        var settings = TenantSettings()
        settings.recordsCalls = .all
        let office = Office(settings: settings)
        let (call, _) = office.talk()
        let recorder: RecordingPlan = try #require(office.server.media.recorders.first)
        #expect(recorder.content == .both && recorder.name == "tenant-1/calls/\(recorder.id.call)")
        office.alice.hangUp(call)
        office.run(1)
        #expect(office.server.media.recorders.isEmpty)
        office.close()
    }
}
