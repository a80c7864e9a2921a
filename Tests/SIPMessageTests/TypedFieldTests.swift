import Basics
import SIPMessage
import Testing

@Suite("typed fields")
struct TypedFieldTests {
    private func message(_ lines: String) throws -> SIPMessage {
        try SIPMessage.parse(invite(lines.split(separator: "\n").map { $0 + "\r\n" }.joined()))
    }

    @Test("absent fields are nil or empty")
    func absent() throws {
        let message = try message("")
        #expect(try message.contacts() == nil)
        #expect(try message.routes().isEmpty && message.recordRoutes().isEmpty && message.paths().isEmpty)
        #expect(
            try message.expires() == nil && message.rseq() == nil && message.rack() == nil
                && message.sessionExpires() == nil)
        #expect(try message.credentials(.authorization).isEmpty && message.challenges(.wwwAuthenticate).isEmpty)
        #expect(
            try message.privacy() == nil && message.accepts() == nil && message.allow() == nil && message.event() == nil
        )
        #expect(try message.date() == nil && message.retryAfter() == nil && message.replaces() == nil)
    }

    @Test("Contact: star, lists, and the parameters of RFC 5626 and RFC 5627")
    func contacts() throws {
        #expect(try message("Contact: *").contacts() == .star)
        #expect(throws: SIPParseError.self) { try message("Contact: *, <sip:a@b>").contacts() }
        #expect(throws: SIPParseError.self) { try message("Contact: *\nm: *").contacts() }
        let list = try message(
            """
            Contact: "A, B" <sip:a@b;x=y>;expires=60;q=0.5, sip:c@d;expires=99999999999
            m: <sip:e@f>;+sip.instance="<urn:uuid:1>";reg-id=2;pub-gruu="sip:g@h;gr=1";temp-gruu="sip:t@h;gr"
            """
        ).contacts()
        guard case .list(let contacts)? = list else { return #expect(Bool(false), "no list") }
        #expect(contacts.map(\.uri.user) == ["a", "c", "e"])
        #expect(contacts[0].displayName == "A, B")
        #expect(contacts[0].expires == 60 && contacts[0].qThousandths == 500)
        #expect(contacts[1].expires == .max)
        #expect(contacts[2].sipInstance == "urn:uuid:1" && contacts[2].regID == 2)
        #expect(contacts[2].pubGRUU == "sip:g@h;gr=1" && contacts[2].tempGRUU == "sip:t@h;gr")
        #expect(contacts[2].parameters.description.contains(#";+sip.instance="<urn:uuid:1>""#))
    }

    @Test("routes keep their order over lines and commas")
    func routes() throws {
        let message = try message(
            "Route: <sip:a;lr>, <sip:b;lr>\nRoute: <sip:c;lr>\nPath: <sip:d;lr>\nService-Route: <sip:e;lr>")
        #expect(try message.routes().map(\.uri.host) == ["a", "b", "c"])
        #expect(try message.paths().first?.uri.isLooseRouter == true)
        #expect(try message.serviceRoutes().map(\.uri.host) == ["e"])
        #expect(throws: SIPParseError.self) { try self.message("Route: <sip:a;lr>,,<sip:b>").routes() }
    }

    @Test("RSeq, RAck, Session-Expires, Min-SE")
    func numbers() throws {
        let message = try message(
            "RSeq: 988\nRAck: 776 1 INVITE\nx: 4000;refresher=UAC\nMin-SE: 90\nExpires: 3600\nMin-Expires: 60")
        #expect(try message.rseq() == 988)
        #expect(try message.rack() == RAck(rseq: 776, cseq: CSeq(number: 1, method: .invite)))
        #expect(try message.sessionExpires() == SessionExpires(interval: 4000, refresher: .uac))
        #expect(try message.minSE() == 90 && message.expires() == 3600 && message.minExpires() == 60)
        #expect(SessionExpires(interval: 90, refresher: .uas).description == "90;refresher=uas")
    }

    @Test(
        "numbers that are none are refused",
        arguments: [
            "RSeq: 0", "RSeq: x", "RSeq: 4294967296", "RAck: 1", "RAck: 1 2", "Expires: -1", "Expires: 1 2", "Min-SE:",
            "Session-Expires: a",
        ])
    func badNumbers(_ line: String) throws {
        let message = try message(line)
        #expect(throws: SIPParseError.self) {
            _ = try (message.rseq(), message.rack(), message.expires(), message.minSE(), message.sessionExpires())
        }
    }

    @Test("Reason and History-Info")
    func reasons() throws {
        let message = try message(
            """
            Reason: SIP ;cause=200 ;text="Call completed elsewhere", Q.850;cause=16
            History-Info: <sip:bob@x?Reason=SIP%3Bcause%3D486&Privacy=history>;index=1, <sip:carol@x>;index=1.1;mp=1
            Diversion: <sip:bob@x>;reason=user-busy;counter=2
            """)
        let reasons = try message.reasons()
        #expect(reasons.map(\.protocolName) == ["SIP", "Q.850"])
        #expect(reasons.map(\.cause) == [200, 16])
        #expect(reasons[0].text == "Call completed elsewhere")
        #expect(
            Reason.sip(200, text: "Call completed elsewhere").description
                == #"SIP;cause=200;text="Call completed elsewhere""#)
        let history = try message.historyInfo()
        #expect(history.map(\.index) == ["1", "1.1"])
        #expect(history[0].reason?.cause == 486 && history[0].privacy == "history" && history[1].reason == nil)
        let diversion = try #require(try message.diversions().first)
        #expect(diversion.diversionReason == "user-busy" && diversion.diversionCounter == 2)
    }

    @Test("identities and privacy")
    func identities() throws {
        let message = try message(
            "P-Asserted-Identity: \"A\" <sip:a@x>, <tel:+1201>\nP-Preferred-Identity: <sip:p@x>\nPrivacy: ID; critical")
        #expect(try message.assertedIdentities().map(\.uri.user) == ["a", "+1201"])
        #expect(try message.preferredIdentities().map(\.uri.user) == ["p"])
        #expect(try message.privacy() == ["id", "critical"])
    }

    @Test("digest credentials")
    func credentials() throws {
        let message = try message(
            """
            Authorization: Digest username="bob", realm="a \\"b\\"", nonce="n=,;", uri="sip:x", response="0a", algorithm=SHA-256, cnonce="c", qop=auth, nc=0000000a, opaque=""
            Authorization: digest USERNAME = "b" , nc=1
            """)
        let list = try message.credentials(.authorization)
        #expect(list.count == 2 && list.allSatisfy(\.isDigest))
        #expect(
            list[0].username == "bob" && list[0].realm == "a \"b\"" && list[0].nonce == "n=,;" && list[0].uri == "sip:x"
        )
        #expect(
            list[0].response == "0a" && list[0].algorithm == .sha256 && list[0].qop == "auth"
                && list[0].nonceCount == 10)
        #expect(list[0].opaque == "" && list[0].cnonce == "c" && list[0].nonceCountText == "0000000a")
        #expect(list[1].username == "b" && list[1].algorithm == .md5 && list[1].nonceCount == nil)
        #expect(throws: SIPParseError.self) {
            try self.message("Authorization: Digest username=\"bob").credentials(.authorization)
        }
        #expect(throws: SIPParseError.self) { try self.message("Authorization:").credentials(.authorization) }
        let written = DigestCredentials(
            username: "b", realm: "r", nonce: "n", uri: "sip:x", response: "00", algorithm: .sha512Half, cnonce: "c",
            nonceCount: 255,
            qop: "auth")
        #expect(
            written.description
                == #"Digest username="b", realm="r", nonce="n", uri="sip:x", response="00", algorithm=SHA-512-256, cnonce="c", qop=auth, nc=000000ff"#
        )
    }

    @Test("digest challenges, also several in one line")
    func challenges() throws {
        let message = try message(
            #"WWW-Authenticate: Digest realm="r", nonce="1", qop="auth,auth-int", algorithm=MD5, stale=TRUE, Digest realm="r", nonce="2", algorithm=SHA-256"#
        )
        let list = try message.challenges(.wwwAuthenticate)
        #expect(list.map(\.nonce) == ["1", "2"])
        #expect(list.map(\.algorithm) == [.md5, .sha256])
        #expect(list[0].qop == ["auth", "auth-int"] && list[0].isStale && !list[1].isStale)
        let written = DigestChallenge(realm: "r", nonce: "n", algorithm: .md5, opaque: "o", isStale: true)
        #expect(
            written.description == #"Digest realm="r", nonce="n", algorithm=MD5, qop="auth", opaque="o", stale=true"#)
    }

    @Test("events, subscriptions and dialog references")
    func events() throws {
        let message = try message(
            """
            o: message-summary;id=7
            Subscription-State: Terminated;reason=timeout;retry-after=5
            Replaces: a@b;to-tag=1;from-tag=2;early-only
            Refer-To: <sip:c@d?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>
            """)
        #expect(try message.event()?.value == "message-summary")
        #expect(try message.event()?.parameters["id"] == "7")
        let state = try #require(try message.subscriptionState())
        #expect(state.isTerminated && state.reason == "timeout" && state.retryAfter == 5)
        let replaces = try #require(try message.replaces())
        #expect(replaces.callID == "a@b" && replaces.toTag == "1" && replaces.fromTag == "2" && replaces.isEarlyOnly)
        let header = try #require(try message.referTo()?.uri.headers.first)
        #expect(try DialogReference(header.value).toTag == "1")
        #expect(throws: SIPParseError.self) { try self.message("Replaces: a;to-tag=1").replaces() }
    }

    @Test("media types, warnings, dates and waiting times")
    func others() throws {
        let message = try message(
            """
            Content-Type: Application/SDP;charset=utf-8
            Accept: application/*;q=0.5, text/plain
            Warning: 307 isi.edu "Session parameter 'foo' not understood", 301 [::1]:5060 "x"
            Date: Sat, 13 Nov 2010 23:29:00 GMT
            Retry-After: 18000 (in a (long) meeting) ;duration=3600
            Timestamp: 54.2 0.1
            Allow: INVITE, ACK
            Content-Disposition: session;handling=optional
            Alert-Info: <http://x/y.wav>;info=alert
            Accept-Contact: *
            """)
        #expect(try message.contentType()?.isSDP == true)
        let accepts = try #require(try message.accepts())
        #expect(accepts.first?.accepts(try MediaType("application/sdp")) == true)
        #expect(accepts.last?.accepts(try MediaType("text/html")) == false)
        #expect(try message.warnings().map(\.code) == [307, 301])
        #expect(try message.warnings().first?.description == #"307 isi.edu "Session parameter 'foo' not understood""#)
        #expect(try message.date()?.sipDate == "Sat, 13 Nov 2010 23:29:00 GMT")
        let retry = try #require(try message.retryAfter())
        #expect(retry.interval == 18000 && retry.comment == "in a (long) meeting" && retry.duration == 3600)
        #expect(try message.timestamp()?.value == "54.2")
        #expect(try message.allow() == [.invite, .ack])
        #expect(try message.contentDisposition()?.parameters["handling"] == "optional")
        #expect(try message.infos(.alertInfo).first?.parameters["info"] == "alert")
    }

    @Test(
        "addresses in odd shapes",
        arguments: [
            ("sip:a@b;tag=1", nil, "a", "1"), ("<sip:a@b;x=1>;tag=2", nil, "a", "2"), ("Bob<sip:a@b>", "Bob", "a", nil),
            ("A  B C <sip:a@b>;tag=\"q\"", "A B C", "a", "q"), ("\"\" <sip:a@b>", "", "a", nil),
            ("Zoë <sip:a@b>", "Zoë", "a", nil),
        ] as [(String, String?, String, String?)])
    func addresses(_ text: String, _ name: String?, _ user: String, _ tag: String?) throws {
        let address = try NameAddress(text)
        #expect(address.displayName == name && address.uri.user == user && address.tag == tag)
        #expect(try NameAddress(address.description).uri == address.uri)
    }

    @Test(
        "addresses that are none are refused",
        arguments: [
            "", "<sip:a@b", "\"x\" sip:a@b", "\"x <sip:a@b>", "a\"b\" <sip:a@b>", "<sip:a@b>;", "<sip:a@b>;;x",
            "<sip:a@b> x", "sip:a@b?x=y", "<>",
        ])
    func badAddresses(_ text: String) {
        #expect(throws: MalformedField.self) { try NameAddress(text) }
    }
}
