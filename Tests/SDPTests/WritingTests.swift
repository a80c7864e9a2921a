import SDP
import Testing

@Suite("Writing session descriptions")
struct WritingTests {
    @Test("lines come out in the order of the grammar, ended by CRLF, unknown ones kept")
    func writesInOrder() throws {
        let parsed = try SessionDescription.parse(
            sdp(
                "v=0", "a=group:LS a b", "x=first", "t=0 0", "b=AS:64", "k=prompt", "z=1 1h", "c=IN IP6 2001:db8::1",
                "p=+1", "e=a@b",
                "u=u", "i=i", "s=name", "o=me 1 2 IN IP4 host.example", "m=audio 4000/2 RTP/AVP 0 8", "a=sendonly",
                "k=clear:x", "y=odd",
                "b=TIAS:64000", "b=RR:0", "c=IN IP4 233.252.0.1/9/2", "c=IN IP4 233.252.0.9/9", "i=stream", "a=foo:",
                "a=bar: x"))
        let expected = [
            "v=0", "o=me 1 2 IN IP4 host.example", "s=name", "i=i", "u=u", "e=a@b", "p=+1", "c=IN IP6 2001:db8::1",
            "b=AS:64", "t=0 0",
            "z=1 1h", "k=prompt", "x=first", "a=group:LS a b", "m=audio 4000/2 RTP/AVP 0 8", "i=stream",
            "c=IN IP4 233.252.0.1/9/2",
            "c=IN IP4 233.252.0.9/9", "b=TIAS:64000", "b=RR:0", "k=clear:x", "y=odd", "a=sendonly", "a=foo:",
            "a=bar: x",
        ]
        #expect(try text(parsed) == expected.map { $0 + "\r\n" }.joined())
    }

    @Test("text that is not UTF-8 is replaced, and the result is written")
    func replacesBadText() throws {
        let bytes = Array("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=caf".utf8) + [0xE9, 0x0A]
        #expect(try text(SessionDescription.parse(bytes)).contains("s=caf\u{FFFD}\r\n"))
    }

    @Test("an accent after a blank does not glue the two together")
    func keepsCombiningMarks() throws {
        let parsed = try session("m=audio 4000 RTP/AVP 0", "a=fmtp:0 \u{301}x", "a=\u{301}:\u{301}y")
        #expect(try SessionDescription.parse(parsed.serialised()) == parsed)
    }

    struct BadRow: Sendable, CustomTestStringConvertible {
        let label: String
        let field: String
        let change: @Sendable (inout SessionDescription) -> Void
        var testDescription: String { label }
    }

    @Test(
        "what would not be read back is refused",
        arguments: [
            BadRow(label: "LF in the name", field: "s") { $0.sessionName = "a\nm=audio 1 RTP/AVP 0" },
            BadRow(label: "CR in an attribute", field: "a") { $0.attributes = [SDPAttribute("x", "a\rb")] },
            BadRow(label: "NUL in a stream's title", field: "i") { $0.media[0].information = "\0" },
            BadRow(label: "blank in the origin's name", field: "o") { $0.origin.username = "a b" },
            BadRow(label: "empty session id", field: "o") { $0.origin.sessionID = "" },
            BadRow(label: "no formats", field: "m") { $0.media[0].formats = [] },
            BadRow(label: "blank in a format", field: "m") { $0.media[0].formats = ["0 8"] },
            BadRow(label: "no protocol", field: "m") { $0.media[0].transportProtocol = "" },
            BadRow(label: "no address", field: "c") {
                $0.connection = SDPConnection(SDPAddress(family: .ip4, text: ""))
            },
            BadRow(label: "colon in an attribute's name", field: "a") {
                $0.media[0].attributes = [SDPAttribute("a:b")]
            },
            BadRow(label: "blank in a bandwidth's type", field: "b") {
                $0.bandwidths = [SDPBandwidth(type: "A S", value: 1)]
            },
            BadRow(label: "digit for a type letter", field: "other line") {
                $0.otherLines = [SDPLine(type: 0x31, value: "x")]
            },
        ])
    func refuses(row: BadRow) throws {
        var description = try session("m=audio 4000 RTP/AVP 0")
        row.change(&description)
        let error = #expect(throws: SDPError.self) { try description.serialised() }
        #expect(error?.field == row.field)
        #expect(error?.line == nil)
    }
}
