import Basics
import CallControl
import SIPMessage
import SIPTransaction
import TestKit
import Testing

@Suite("Requests that are not for here")
struct SmallCodesTests {
    private func request(
        _ method: String, toTag: String? = nil, callID: String = "odd", body: (type: String, text: String)? = nil
    ) throws -> SIPMessage {
        let method = try SIPMethod(method)
        var builder = SIPMessageBuilder(request: method, uri: try SIPURI("sip:1002@pbx.example"))
        builder.add(try Via(transport: "UDP", host: "10.77.0.1", port: 5060, branch: "z9hG4bKodd\(method)"))
        builder.addMaxForwards(70)
        builder.addFrom(try NameAddress("<sip:1001@pbx.example>;tag=a"))
        builder.addTo(try NameAddress("<sip:1002@pbx.example>").withTag(toTag))
        builder.addCallID(callID)
        builder.add(.cseq, "1 \(method)")
        builder.addContact(try NameAddress("<sip:1001@10.77.0.1>"))
        return try builder.finish(body: Array((body?.text ?? "").utf8), contentType: body?.type)
    }

    private func answer(to request: SIPMessage) -> SIPMessage? {
        let office = Office()
        office.alice.inject(request)
        office.run(1)
        let answer = office.alice.received.last { $0.callID == request.callID }
        office.close()
        return answer
    }

    @Test(
        "out of a dialog a method we do not serve is 405 with an Allow that leaves it out, one nobody knows is 501",
        arguments: [("MESSAGE", 405), ("SUBSCRIBE", 405), ("FROBNICATE", 501)])
    func outOfDialog(method: String, status: Int) throws {
        let answer = try #require(answer(to: try request(method)))
        #expect(answer.status?.code == status)
        let allow = answer.list(.allow)
        #expect(allow.contains("INVITE") && !allow.contains(method))
    }

    @Test(
        "an INVITE with another body is 415, and Accept lists what an INVITE may bring",
        arguments: ["text/plain", "application/dtmf"])
    func unsupportedBody(type: String) throws {
        let answer = try #require(answer(to: try request("INVITE", body: (type, "hello"))))
        #expect(answer.status == .unsupportedMediaType)
        #expect(answer.list(.accept) == ["application/sdp"])
    }

    @Test(
        "within a call too: 405 with Allow for what is known, 501 for what is not",
        arguments: [("REFER", 405), ("FROBNICATE", 501)])
    func inDialog(method: String, status: Int) throws {
        let office = Office()
        let (call, other) = office.talk()
        let own = try #require(office.alice.sent.last { $0.method == .ack })
        var builder = SIPMessageBuilder(request: try SIPMethod(method), uri: try #require(own.requestURI))
        builder.add(try Via(transport: "UDP", host: "10.77.0.1", port: 5060, branch: "z9hG4bKodd"))
        builder.addMaxForwards(70)
        builder.copy(.from, from: own)
        builder.copy(.to, from: own)
        builder.copy(.callID, from: own)
        builder.add(.cseq, "\(own.cseq.number + 1) \(method)")
        office.alice.inject(try builder.finish())
        office.run(1)
        let answer = try #require(office.alice.received.last { $0.method.name == method })
        #expect(answer.status?.code == status)
        #expect(answer.list(.allow).contains("MESSAGE"))
        #expect(call.state == .up)
        // Alice's own numbers do not know of the request above.
        office.bob.hangUp(other)
        office.run(1)
        office.close()
    }
}
