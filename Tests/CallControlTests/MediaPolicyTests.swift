import Basics
import CallControl
import Identity
import MediaSession
import SIPMessage
import TestKit
import Testing

@Suite("Media of a call: all or nothing, and what the record says of it")
struct MediaPolicyTests {
    @Test(
        "a stream added while too few ports are free changes neither party's session: 503, and it can be tried again",
        arguments: [2, 3])
    func noPortForAStream(ports: Int) {
        let office = Office(ports: ports)
        office.bob.plan.refusesVideo = false
        let (call, _) = office.talk(CallerPlan(), office.bob.plan)
        office.alice.perform(.addVideo, call)
        office.run(2)
        #expect(office.alice.responses(503).count == 1)
        #expect(office.alice.responses(503).first?.first(.retryAfter) == "5")
        #expect(office.bob.requests(.invite).count == 1)
        #expect(office.server.media.reservedPorts == 2)
        #expect(call.state == .up)
        #expect(office.server.media.openEndpoints.allSatisfy { $0.expectsMedia })
        call.hasVideo = false
        office.alice.perform(.hold(.sendonly), call)
        office.run(2)
        #expect(office.bob.lastDescription.contains("a=sendonly"))
        office.close()
    }

    @Test(
        "an offer asked for by a re-INVITE that needs more ports than there are: 503, both sessions stay",
        arguments: [2, 3])
    func noPortForAnAskedOffer(ports: Int) throws {
        let office = Office(ports: ports)
        let (call, other) = office.talk()
        other.hasVideo = true
        office.alice.perform(.offerless, call)
        office.run(2)
        #expect(office.alice.responses(503).first?.first(.retryAfter) == "5")
        let ack = try #require(office.bob.requests(.ack).last)
        let answer = String(decoding: ack.body, as: UTF8.self)
        #expect(answer.contains("m=video 0 "))
        #expect(office.server.media.reservedPorts == 2)
        #expect(call.state == .up && other.state == .up)
        office.close()
    }

    @Test("a stream's end that the other party refuses leaves the stream open for both")
    func refusedEndOfAStream() {
        let office = Office()
        office.bob.plan.refusesVideo = false
        let (call, _) = office.talk(CallerPlan(), office.bob.plan)
        office.alice.perform(.addVideo, call)
        office.run(2)
        #expect(office.server.media.openEndpoints.count == 4)
        office.bob.manners.refusesChanges = .notAcceptableHere
        call.hasVideo = false
        office.alice.perform(.refresh, call)
        office.run(2)
        #expect(office.alice.responses(488).count == 1)
        #expect(office.server.media.openEndpoints.count == 4)
        office.bob.manners.refusesChanges = nil
        office.alice.perform(.refresh, call)
        office.run(2)
        #expect(office.server.media.openEndpoints.count == 2)
        office.close()
    }

    @Test(
        "how long a leg may be silent is the terminal's setting, else the tenant's; 0 never asks",
        arguments: [(nil, 60, 60), (nil, 17, 17), (9, 17, 9), (0, 17, 31_536_000), (nil, 0, 31_536_000)]
            as [(Int?, Int, Int)])
    func silenceLimit(own: Int?, general: Int, expected: Int) {
        var settings = TenantSettings()
        settings.mediaSilenceSeconds = general
        var terminal = TerminalSettings()
        terminal.mediaSilenceSeconds = own
        let office = Office(settings: settings, firstTerminal: terminal)
        _ = office.talk()
        let limits: [Duration?] = office.server.media.openEndpoints.map(\.silenceLimit)
        #expect(limits.first == .seconds(expected))
        #expect(limits.last == .seconds(general == 0 ? 31_536_000 : general))
        office.close()
    }

    @Test(
        "the record of an answered call has the media of the two parties alone, however many phones rang, and names silence on both sides",
        arguments: [UInt64(0), 50])
    func losersLeaveNoFigures(packets: UInt64) {
        let office = Office([1, 3], packets: packets)
        office.phones[1][0].plan.earlyMediaAfter = .milliseconds(200)
        office.phones[1][1].plan.decision = .answer(.seconds(1))
        let call = office.alice.call("1002")
        office.run(5)
        office.alice.hangUp(call)
        office.run(2)
        let media: [LegMediaFacts] = office.record?.media ?? []
        #expect(media.map(\.leg) == [0, 2])
        let verdict: String = packets == 0 ? "no media from either side" : ""
        #expect(media.map(\.verdict) == [verdict, verdict])
        office.close()
    }

    @Test("a call that was on hold from its first moment to its last is silent by right")
    func heldThroughout() {
        let office = Office(packets: 0)
        office.alice.nextDirection = "inactive"
        let (call, _) = office.talk()
        office.alice.hangUp(call)
        office.run(2)
        #expect(office.record?.media.map(\.verdict) == ["", ""])
        office.close()
    }
}
