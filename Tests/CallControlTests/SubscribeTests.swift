import SIPMessage
import TestKit
import Testing

@Suite("Subscriptions, of which none is served yet")
struct SubscribeTests {
    @Test("SUBSCRIBE is 405 with an Allow that does not name it; 489 would need a package to allow (RFC 6665 §4.2.1.1)")
    func refused() throws {
        let office = Office()
        var builder = SIPMessageBuilder(request: .subscribe, uri: try SIPURI("sip:1001@pbx.example"))
        builder.add(try Via(transport: "UDP", host: "10.77.0.1", port: 5060, branch: "z9hG4bKsubscribe"))
        builder.addMaxForwards(70)
        builder.addFrom(try NameAddress("<sip:1001@pbx.example>;tag=s"))
        builder.addTo(try NameAddress("<sip:1001@pbx.example>"))
        builder.addCallID("subscribe")
        builder.add(.cseq, "1 SUBSCRIBE")
        builder.add(.contact, "<sip:x@10.77.0.1>")
        builder.add(.event, "message-summary")
        office.alice.inject(try builder.finish())
        office.run(1)
        let answer = try #require(office.alice.responses(405, to: .subscribe).first)
        #expect(answer.first(.allow)?.contains("INVITE") == true)
        #expect(answer.first(.allow)?.contains("SUBSCRIBE") == false)
        #expect(!answer.has(SIPFieldName("Allow-Events")))
        office.close()
    }
}
