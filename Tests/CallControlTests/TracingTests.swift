import Basics
import CallControl
import SIPMessage
import SIPTransaction
import TestKit
import Testing

@Suite("What a call's trace holds")
struct TracingTests {
    /// The start lines of the caller's leg, `<` from the caller and `>` to it, with the method of responses.
    private static func callerLeg(_ office: Office) -> [String] {
        office.server.traces.compactMap { line in
            guard line.leg == 0 else { return nil }
            switch line.content {
            case .received(let wire, _): return "< " + title(wire)
            case .sent(let wire, _): return "> " + title(wire)
            case .note: return nil
            }
        }
    }

    private static func title(_ wire: [UInt8]) -> String {
        guard let message = try? SIPMessage.parse(wire) else { return "unreadable" }
        return message.status.map { "\($0.code) \(message.method)" } ?? "\(message.method)"
    }

    @Test("a call's trace begins with the INVITE that was challenged, its 401 and ACK, and holds each message once")
    func challengedInvite() throws {
        let office = Office()
        let (call, _) = office.talk()
        office.alice.hangUp(call)
        office.run(2)
        #expect(
            TracingTests.callerLeg(office) == [
                "< INVITE", "> 401 INVITE", "< ACK", "< INVITE", "> 100 INVITE", "> 180 INVITE", "> 200 INVITE",
                "< ACK", "< BYE", "> 200 BYE",
            ])
        let times = office.server.traces.map(\.at)
        #expect(times.first.map { $0 < (office.record?.startedAt ?? $0) } == true)
        #expect(Set(office.server.traces.map(\.call)).count == 1)
        office.close()
    }

    @Test("a CANCEL and its 200, which carry no tag of ours, are the caller's too")
    func cancel() {
        let office = Office()
        office.bob.plan.decision = .none
        let call = office.alice.call("1002")
        office.run(2)
        office.alice.cancel(call)
        office.run(2)
        let lines = TracingTests.callerLeg(office)
        #expect(Array(lines.suffix(4)) == ["< CANCEL", "> 200 CANCEL", "> 487 INVITE", "< ACK"])
        office.close()
    }

    @Test("challenges that never become a call are kept within bounds, the latest ones")
    func bounds() throws {
        let office = Office()
        office.alice.password = "wrong"
        let filler = String(repeating: "x", count: 12_000)
        for index in 0..<400 {
            var builder = SIPMessageBuilder(request: .invite, uri: try SIPURI("sip:1002@pbx.example"))
            builder.add(try Via(transport: "UDP", host: "10.77.0.1", port: 5060, branch: "z9hG4bKflood\(index)"))
            builder.addMaxForwards(70)
            builder.addFrom(try NameAddress("<sip:1001@pbx.example>;tag=f\(index)"))
            builder.addTo(try NameAddress("<sip:1002@pbx.example>"))
            builder.addCallID("flood-\(index)")
            builder.add(.cseq, "1 INVITE")
            builder.add(.contact, "<sip:x@10.77.0.1>")
            if index >= 200 { builder.add(.subject, filler) }
            office.alice.inject(try builder.finish())
            office.run(0.01)
            if index == 199 {
                #expect(office.server.shards[0].keptChallenges.count == 128)
            }
        }
        let kept = office.server.shards[0].keptChallenges
        #expect(kept.bytes <= 512 << 10)
        #expect(kept.count > 30 && kept.count < 60)
        office.run(60)
        office.close()
    }
}
