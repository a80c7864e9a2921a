import Basics
import SIPMessage
import Testing

@Suite("URIs")
struct URITests {
    static let written: [String] = [
        "sip:alice@atlanta.example.com", "sips:alice:secret@atlanta.example.com:5061;transport=tls;lr", "sip:192.0.2.1",
        "sip:[2001:db8::1]:5070;maddr=[::1]", "sip:%61b%20c@example.com", "sip:a@example.com?subject=x%20y&to=b%40c",
        "sip:+1-212-555-0100;phone-context=example.com@gw.example.com;user=phone", "tel:+1-212-555-0100;ext=12",
        "tel:*21#;phone-context=example.com", "urn:service:sos", "http://www.example.com/a?b=c",
        "sip:%C3%BC@example.com",
    ]

    @Test("what is written reads the same again", arguments: written)
    func roundTrip(_ text: String) throws {
        let uri = try SIPURI(text)
        #expect(try SIPURI(uri.description) == uri)
    }

    @Test(
        "malformed URIs are refused",
        arguments: [
            "", "sip:", "alice@example.com", "sip:a b@example.com", "sip:a@", "sip:a@example.com:0",
            "sip:a@example.com:65536",
            "sip:a@example.com:50x", "sip:2001:db8::1", "sip:[2001:db8::1", "sip:[192.0.2.1]", "sip:a@exam<ple.com",
            "sip:%zz@example.com",
            "sip:%4@example.com", "sip:%ff@example.com", "sip:a@b@c", "sip:a@b?x", "tel:", "tel:+", "tel:1+2",
            "tel:alice", "1sip:a",
            "sip:a@b;=c", "sip:a@b\r\nX: y",
        ])
    func refused(_ text: String) {
        #expect(throws: MalformedField.self) { try SIPURI(text) }
    }

    @Test("the user part is escaped where it must be, so nothing can be smuggled into a header")
    func escaping() throws {
        let uri = try SIPURI(user: "a b\"<>@\r\nTo: x", host: "example.com", parameters: ["x;y": "1>2"])
        #expect(uri.description == "sip:a%20b%22%3C%3E%40%0D%0ATo%3A%20x@example.com;x%3By=1%3E2")
        #expect(try SIPURI(uri.description).user == uri.user)
        #expect(throws: MalformedField.self) { try SIPURI(host: "a b") }
        #expect(throws: MalformedField.self) { try SIPURI(host: "") }
        #expect(try SIPURI(host: "2001:db8::1").description == "sip:[2001:db8::1]")
        #expect(SIPURI(user: "x", endpoint: IPEndpoint(.loopbackV6, 5060)).description == "sip:x@[::1]:5060")
    }

    /// The lists of RFC 3261 §19.1.4, and one row for each of its rules.
    static let comparisons: [(String, String, Bool)] = [
        // A name that stands twice: its first value counts (found by fuzzing).
        ("sip:bob@x;a=1;a=2", "sip:bob@x;a=1;a=2", true), ("sip:bob@x;a=1;a=2", "sip:bob@x;a=2", false),
        ("tel:+1;a=1;a=2", "tel:+1;a=1;a=2", true),
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", true),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true),
        ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on", true),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com", true
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x", true
        ),
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", false),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", false),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp", false),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", false),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", false),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", false),
        ("sip:a@b.example", "sips:a@b.example", false),
        ("sip:a@b.example;user=phone", "sip:a@b.example", false),
        ("sip:a@b.example;ttl=1", "sip:a@b.example", false),
        ("sip:a@b.example;maddr=c", "sip:a@b.example", false),
        ("sip:a:x@b.example", "sip:a@b.example", false),
        ("sip:a@[2001:db8::1]", "sip:a@[2001:0DB8:0::1]", true),
        ("tel:+1-201-555-0123", "tel:+1.201.5550123", true),
        ("tel:+12015550123", "tel:12015550123", false),
        ("tel:7042;phone-context=example.com", "tel:7042;phone-context=EXAMPLE.com", true),
        ("tel:7042;phone-context=example.com", "tel:7042;phone-context=example.org", false),
        ("tel:7042;ext=1-2", "tel:7042;ext=12", true),
        ("tel:7042;ext=12", "tel:7042", false),
        ("urn:service:sos", "URN:service:sos", true),
        ("urn:service:sos", "tel:112", false),
    ]

    @Test("equivalence follows RFC 3261 §19.1.4 and RFC 3966 §4", arguments: comparisons)
    func equivalence(_ left: String, _ right: String, _ expected: Bool) throws {
        let (left, right) = (try SIPURI(left), try SIPURI(right))
        #expect(left.isEquivalent(to: right) == expected)
        #expect(right.isEquivalent(to: left) == expected)
    }

    @Test("an address-of-record is scheme, user and host alone")
    func addressOfRecord() throws {
        let uri = try SIPURI("sip:Bob:pw@Example.COM:5060;transport=tcp?x=y").addressOfRecord
        #expect(uri.description == "sip:Bob@example.com:5060")
        #expect(try SIPURI("tel:+1-201-555-0123").telephoneDigits == "+12015550123")
        #expect(try SIPURI("sip:+1-201@x;user=phone").telephoneDigits == "+1201")
        #expect(try SIPURI("sip:bob@x").telephoneDigits == nil)
    }
}
