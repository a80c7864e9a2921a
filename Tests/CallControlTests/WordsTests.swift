import Basics
import CallControl
import Identity
import SIPMessage
import TestKit
import Testing

@Suite("What one party says and the other may hear")
struct WordsTests {
    @Test(
        "of a BYE's Reason the other party is told protocol and cause in standard words, nothing else",
        arguments: [
            ("Q.850;cause=16;text=\"call 0900 now\";x=1", "Q.850;cause=16;text=\"Normal call clearing\""),
            ("SIP;cause=600;text=\"10.77.0.1\"", "SIP;cause=600;text=\"Busy Everywhere\""),
            ("SIP;cause=200", "SIP;cause=200;text=\"Call completed elsewhere\""),
            ("X-Phish;cause=1;text=\"evil\", Q.850;cause=31", "Q.850;cause=31;text=\"Normal, unspecified\""),
            ("Q.850;cause=4711;text=\"evil\"", nil), ("SIP;text=\"evil\"", nil), ("\"\"", nil),
        ] as [(String, String?)])
    func reasonOfBye(_ said: String, _ told: String?) {
        let office = Office()
        let (call, _) = office.talk()
        office.alice.manners.reason = said
        office.alice.hangUp(call)
        office.run(2)
        #expect(office.bob.requests(.bye).count == 1)
        #expect(office.bob.requests(.bye).first?.first(.reason) == told)
        office.close()
    }

    @Test("the Reason of a caller's CANCEL reaches the phones that ring, in standard words")
    func reasonOfCancel() {
        let office = Office()
        office.bob.plan.decision = .none
        office.alice.manners.reason = "SIP;cause=200;text=\"evil\""
        let call = office.alice.call("1002")
        office.run(1)
        office.alice.cancel(call)
        office.run(1)
        #expect(office.bob.requests(.cancel).first?.first(.reason) == "SIP;cause=200;text=\"Call completed elsewhere\"")
        office.close()
    }

    @Test(
        "Require of an unknown extension within a dialog is 420 with Unsupported, and the call goes on (RFC 3261 §8.2.2.3)"
    )
    func requireInDialog() throws {
        let office = Office()
        let (call, other) = office.talk()
        let target = try #require(office.alice.responses(200).last?.contact()?.uri)
        var builder = SIPMessageBuilder(request: .info, uri: target)
        builder.add(try Via(transport: "UDP", host: "10.77.0.1", port: 5060, branch: "z9hG4bKrequire"))
        builder.addMaxForwards(70)
        builder.addFrom(try NameAddress("<sip:1001@pbx.example>;tag=\(call.localTag)"))
        builder.addTo(try NameAddress("<sip:1002@pbx.example>;tag=\(#require(call.remoteTags.first))"))
        builder.addCallID(call.callID)
        builder.add(.cseq, "5000 INFO")
        builder.add(.require, "timer, telepathy")
        office.alice.inject(try builder.finish())
        office.run(1)
        let answer = try #require(office.alice.received.last { $0.topVia.branch == "z9hG4bKrequire" })
        #expect(answer.status == .badExtension)
        #expect(answer.first(.unsupported) == "telepathy")
        #expect(office.bob.requests(.info).isEmpty)
        #expect(call.state == .up && other.state == .up)
        office.close()
    }

    @Test(
        "a body that is not understood: passed over where its handling is optional, else 415 (RFC 3261 §20.11, §8.2.3)",
        arguments: [true, false])
    func strangeBody(isOptional: Bool) throws {
        let office = Office()
        var plan = CallerPlan()
        plan.hasOffer = false
        plan.strangeBody = ["application/x-strange", isOptional ? "info;handling=optional" : "info;handling=required"]
        let call = office.alice.call("1002", plan)
        office.run(5)
        #expect(isOptional ? call.state == .up : call.finalStatus == .unsupportedMediaType)
        #expect(office.bob.requests(.invite).count == (isOptional ? 1 : 0))
        if isOptional { #expect(office.bob.requests(.invite).first?.body.isEmpty == true) }
        if !isOptional {
            #expect(office.alice.responses(415).first?.first(.accept)?.contains("application/sdp") == true)
        }
        office.close()
    }
}
