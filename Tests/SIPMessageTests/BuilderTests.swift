import Basics
import SIPMessage
import Testing

@Suite("building")
struct BuilderTests {
    private func request() throws -> SIPMessageBuilder {
        var builder = SIPMessageBuilder(request: .invite, uri: try SIPURI("sip:bob@example.com"))
        builder.add(try Via(transport: "UDP", host: "192.0.2.1", port: 5060, branch: "z9hG4bK77"))
        builder.addMaxForwards()
        builder.addFrom(try NameAddress("\"Al \\\"ice\" <sip:alice@example.com>;tag=1"))
        builder.addTo(NameAddress(uri: try SIPURI("sip:bob@example.com")))
        builder.addCallID("abc@example.com")
        builder.add(try CSeq(number: 1, method: .invite))
        return builder
    }

    @Test("fields stand in the order they were added, and the length is always there")
    func writes() throws {
        var builder = try request()
        builder.add("X-Foo", "bar")
        let message = try builder.finish(body: Array("v=0".utf8), contentType: "application/sdp")
        #expect(
            String(decoding: message.wire, as: UTF8.self)
                == """
                INVITE sip:bob@example.com SIP/2.0\r
                Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK77\r
                Max-Forwards: 70\r
                From: "Al \\"ice" <sip:alice@example.com>;tag=1\r
                To: <sip:bob@example.com>\r
                Call-ID: abc@example.com\r
                CSeq: 1 INVITE\r
                X-Foo: bar\r
                Content-Type: application/sdp\r
                Content-Length: 3\r
                \r
                v=0
                """)
        #expect(message.topVia.hasMagicCookie)
    }

    static let injections: [(SIPFieldName, String)] = [
        (.subject, "a\r\nEvil: b"), (.subject, "a\nb"), (.subject, "a␀b"), ("Bad Name", "x"), ("", "x"), ("a:b", "x"),
        (.contentLength, "5"),
        (.via, "nonsense"), (.to, "<sip:second@example.com>"),
    ]

    @Test("injection and nonsense are refused", arguments: injections)
    func refuses(_ name: SIPFieldName, _ value: String) throws {
        var builder = try request()
        builder.add(name, withNUL(value))
        if name == .via {
            // Only the top Via is read; a second one that is nonsense is the caller's to read.
            builder = SIPMessageBuilder(request: .invite, uri: try SIPURI("sip:bob@example.com"))
            builder.add(name, withNUL(value))
        }
        #expect(throws: MalformedField.self) { try builder.finish() }
    }

    @Test("line breaks in names and addresses can't get out")
    func typedInjection() throws {
        var builder = try request()
        builder.addContact(NameAddress(displayName: "x\r\nEvil: y", uri: try SIPURI("sip:a@b")))
        #expect(throws: MalformedField.self) { try builder.finish() }
        var other = try request()
        other.addContact(NameAddress(uri: try SIPURI("sip:a@b"), parameters: ["p": "1\r\nEvil: y"]))
        #expect(throws: MalformedField.self) { try other.finish() }
        var response = SIPMessageBuilder(status: .ok, reason: "OK\r\nEvil: y")
        #expect(throws: MalformedField.self) { try response.finish() }
    }

    @Test("what is mandatory must be there", arguments: [0, 1, 2, 3, 4, 5])
    func mandatory(_ missing: Int) throws {
        var builder = SIPMessageBuilder(request: .options, uri: try SIPURI("sip:bob@example.com"))
        if missing != 0 { builder.add(try Via(transport: "UDP", host: "192.0.2.1", branch: "z9hG4bK7")) }
        if missing != 1 { builder.addMaxForwards() }
        if missing != 2 { builder.addFrom(try NameAddress("<sip:a@b>;tag=1")) }
        if missing != 3 { builder.addTo(try NameAddress("<sip:a@b>")) }
        if missing != 4 { builder.addCallID("1") }
        if missing != 5 { builder.add(try CSeq(number: 1, method: .options)) }
        do throws(MalformedField) {
            _ = try builder.finish()
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.reason == .missing)
        }
    }

    @Test("values that can't be are refused when made")
    func values() {
        #expect(throws: MalformedField.self) { try CSeq(number: 1 << 31, method: .invite) }
        let name = "IN VITE"
        #expect(throws: MalformedField.self) { try SIPMethod(name) }
        #expect(throws: MalformedField.self) { try Via(transport: "U/P", host: "a", branch: "b") }
        #expect(throws: MalformedField.self) { try Via(transport: "UDP", host: "a\r\n", branch: "b") }
        #expect(throws: MalformedField.self) { try Via(transport: "UDP", host: "a", branch: "b;c") }
    }

    private let incoming = """
        INVITE sip:bob@example.com SIP/2.0
        Via: SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bKtop;rport,
         SIP/2.0/TCP next.example.com;branch=z9hG4bKnext
        Via: SIP/2.0/UDP last.example.com;branch=z9hG4bKlast
        Record-Route: <sip:p1.example.com;lr>
        Record-Route: <sip:p2.example.com;lr>
        From: Alice <sip:alice@example.com>;tag=a
        To: sip:bob@example.com
        Call-ID: x
        CSeq: 7 INVITE
        Timestamp: 54
        Max-Forwards: 70
        Content-Length: 0


        """

    @Test("a response repeats Via, From, To, Call-ID and CSeq, and fills in received and rport")
    func responds() throws {
        let request = try SIPMessage.parse(wire(incoming))
        var builder = SIPMessageBuilder(
            responseTo: request, status: .ringing, source: IPEndpoint("203.0.113.7:40000"), toTag: "b",
            dialogForming: true)
        builder.addContact(try NameAddress("<sip:bob@192.0.2.9>"))
        let response = try builder.finish()
        #expect(
            String(decoding: response.wire, as: UTF8.self)
                == """
                SIP/2.0 180 Ringing\r
                Via: SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bKtop;rport=40000;received=203.0.113.7, SIP/2.0/TCP next.example.com;branch=z9hG4bKnext\r
                Via: SIP/2.0/UDP last.example.com;branch=z9hG4bKlast\r
                From: Alice <sip:alice@example.com>;tag=a\r
                To: sip:bob@example.com;tag=b\r
                Call-ID: x\r
                CSeq: 7 INVITE\r
                Record-Route: <sip:p1.example.com;lr>\r
                Record-Route: <sip:p2.example.com;lr>\r
                Contact: <sip:bob@192.0.2.9>\r
                Content-Length: 0\r
                \r

                """)
        #expect(response.topVia.rport == 40000)
        #expect(response.method == .invite)
    }

    @Test("a 100 has no tag and repeats Timestamp")
    func trying() throws {
        let request = try SIPMessage.parse(wire(incoming))
        var builder = SIPMessageBuilder(responseTo: request, status: .trying, source: nil, toTag: "b")
        let response = try builder.finish()
        #expect(response.toTag == nil)
        #expect(response.first(.timestamp) == "54")
        #expect(response.topVia.rport == nil && response.topVia.parameters.contains("rport"))
    }

    @Test("a spoofed received is overwritten, and a tag that is there stays")
    func received() throws {
        let request = try SIPMessage.parse(
            wire(
                incoming.replacing("rport,", with: "received=192.0.2.66,")
                    .replacing("To: sip:bob@example.com", with: "To: <sip:bob@example.com>;tag=own")))
        var builder = SIPMessageBuilder(
            responseTo: request, status: .ok, reason: "Fine", source: IPEndpoint("10.0.0.5:9"), toTag: "b")
        let response = try builder.finish()
        #expect(response.topVia.received == IPAddress("10.0.0.5"))
        #expect(response.toTag == "own")
        #expect(response.reasonPhrase == "Fine")
    }

    @Test("a tag that is no token is refused", arguments: ["", "a b", "a\r\nEvil: b"])
    func badTag(_ tag: String) throws {
        let request = try SIPMessage.parse(wire(incoming))
        var builder = SIPMessageBuilder(responseTo: request, status: .ok, source: nil, toTag: tag)
        #expect(throws: MalformedField.self) { try builder.finish() }
    }

    @Test("copied lines are unfolded")
    func copies() throws {
        let source = try SIPMessage.parse(invite("Subject: one\r\n two\r\nRoute: <sip:a;lr>\r\nRoute: <sip:b;lr>\r\n"))
        var builder = try request()
        builder.copy(.subject, from: source)
        builder.copy(.route, from: source)
        let message = try builder.finish()
        #expect(message.first(.subject) == "one two")
        #expect(try message.routes().map(\.uri.host) == ["a", "b"])
    }
}
