import SIPMessage
import Testing

@Suite("request screening")
struct ScreeningTests {
    let screening = SIPRequestScreening(methods: [.invite, .ack, .bye, .cancel, .options], extensions: ["100rel"])

    private func message(
        _ method: String, _ lines: String = "", uri: String = "sip:b@x", hops: Int = 70, body: String = ""
    ) throws -> SIPMessage {
        try SIPMessage.parse(
            wire(
                """
                \(method) \(uri) SIP/2.0
                Via: SIP/2.0/UDP a;branch=z9hG4bK1
                From: <sip:a@x>;tag=1
                To: <sip:b@x>
                Call-ID: 1
                CSeq: 1 \(method)
                Max-Forwards: \(hops)
                \(lines)Content-Length: \(body.utf8.count)


                """) + Array(body.utf8))
    }

    @Test("the checks come in the order of RFC 3261 §8.2, each with what its answer must say")
    func order() throws {
        let unknown = try #require(screening.verdict(for: message("FOO", "Require: x\n", uri: "foo:bar", hops: 0)))
        #expect(unknown.status == 501 && unknown.fields.first?.value == "INVITE, ACK, BYE, CANCEL, OPTIONS")
        #expect(try screening.verdict(for: message("SUBSCRIBE"))?.status == 405)
        #expect(try screening.verdict(for: message("INVITE", "Require: x\n", uri: "foo:bar", hops: 0))?.status == 416)
        #expect(try screening.verdict(for: message("INVITE", "Require: x\n", hops: 0))?.status == 483)
        let extensions = try #require(
            screening.verdict(for: message("INVITE", "Require: x, 100REL\nProxy-Require: y\n", body: "x")))
        #expect(
            extensions.status == 420 && extensions.fields.first?.name == "Unsupported"
                && extensions.fields.first?.value == "x, y")
        #expect(try screening.verdict(for: message("INVITE", "c: text/plain\n", body: "x"))?.status == 415)
        #expect(
            try screening.verdict(for: message("INVITE", "Content-Encoding: gzip\nc: application/sdp\n", body: "x"))?
                .status == 415)
        #expect(try screening.verdict(for: message("INVITE", body: "x"))?.status == 400)
        #expect(try screening.verdict(for: message("INVITE", "Accept: text/plain\n"))?.status == 406)
        #expect(try screening.verdict(for: message("INVITE", "Accept:\n"))?.status == 406)
        #expect(
            try screening.verdict(for: message("INVITE", "Accept: application/*\nc: application/sdp\n", body: "x"))
                == nil)
    }

    @Test("ACK, CANCEL and optional bodies pass; OPTIONS may be at its last hop")
    func passes() throws {
        #expect(try screening.verdict(for: message("ACK", "Require: x\n", hops: 0)) == nil)
        #expect(try screening.verdict(for: message("CANCEL", "Require: x\n")) == nil)
        #expect(try screening.verdict(for: message("OPTIONS", hops: 0)) == nil)
        #expect(
            try screening.verdict(
                for: message("INVITE", "c: text/plain\nContent-Disposition: render;handling=optional\n", body: "x"))
                == nil)
    }
}
