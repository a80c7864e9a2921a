import Basics
import SIPMessage
import Testing

@Suite("RFC 4475 and RFC 5118")
struct TortureTests {
    let screening = SIPRequestScreening(
        methods: [
            .invite, .ack, .bye, .cancel, .options, .register, .message, .update, .prack, .refer, .notify, .subscribe,
        ],
        extensions: ["100rel", "timer", "replaces"])

    @Test("the table names every file, and every row has its file")
    func tableIsComplete() throws {
        #expect(Set(TortureCase.all.map(\.file)) == (try Golden.tortureNames()))
        #expect(TortureCase.all.count == 61)
    }

    @Test("each message has the outcome its RFC asks for", arguments: TortureCase.all)
    func outcome(_ row: TortureCase) throws {
        let bytes = try Golden.torture(row.file)
        switch row.outcome {
        case .parses, .answeredAbove:
            let message = try SIPMessage.parse(bytes)
            #expect(screening.verdict(for: message) == nil)
        case .screened(let status):
            let message = try SIPMessage.parse(bytes)
            #expect(screening.verdict(for: message)?.status == status)
        case .refused(let kind, let rule, let status):
            let error = try #require(parseError(bytes))
            #expect(error.kind == kind)
            #expect(error.rule == rule)
            #expect(error.status == status)
            let answer = try #require(error.response(source: IPEndpoint(.loopbackV4, 5060), toTag: "t"))
            #expect(answer.starts(with: "SIP/2.0 \(status.code) ".utf8))
        case .silence(let kind, let rule):
            let error = try #require(parseError(bytes))
            #expect(error.kind == kind)
            #expect(error.rule == rule)
            #expect(error.status == nil)
            #expect(error.response(source: nil, toTag: "t") == nil)
        }
    }

    @Test("wsinv: folds, spaces and escapes vanish from the values")
    func wsinv() throws {
        let message = try SIPMessage.parse(Golden.torture("wsinv"))
        #expect(message.toTag == "1918181833n")
        #expect(message.from.displayName == #"J Rosenberg \""#)
        #expect(message.fromTag == "98asjd8")
        #expect(message.cseq.number == 9)
        #expect(try message.maxForwards() == 68)
        #expect(try message.vias().map(\.host) == ["192.0.2.2", "spindle.example.com", "192.168.255.111"])
        #expect(try message.vias().map(\.branch) == ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"])
        #expect(message.first("subject") == "")
        #expect(message.first("NewFangledHeader") == "newfangled value continued newfangled value")
        #expect(message.first("unknownheaderwithunusualvalue") == ";;,,;;,;")
        let contact = try #require(try message.contact())
        #expect(contact.displayName == #"Quoted string """#)
        #expect(contact.parameters["newparam"] == "newvalue")
        #expect(contact.parameters.contains("secondparam"))
        #expect(contact.qThousandths == 330)
        #expect(try message.routes().first?.uri.parameters["unknownwith"] == "value")
        #expect(message.body.count == 150)
    }

    @Test("intmeth: every legal character comes through")
    func intmeth() throws {
        let message = try SIPMessage.parse(Golden.torture("intmeth"))
        #expect(message.method.name == "!interesting-Method0123456789_*+`.%indeed'~")
        #expect(message.requestURI?.user == "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*")
        #expect(message.requestURI?.password == "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)")
        #expect(message.to.displayName == "BEL:\u{7} NUL:\0 DEL:\u{7F}")
        #expect(message.from.displayName == "token1~` token2'+_ token3*%!.-")
        #expect(message.from.parameters["fromParam''~+*_!.-%"] == "работающий")
        #expect(message.fromTag == "_token~1'+`*%!-.")
        #expect(message.callID == #"intmeth.word%ZK-!.*_+'@word`~)(><:\/"][?}{"#)
        #expect(message.first("extensionHeader-!.%*+_`'~") == "\u{FEFF}大停電")
    }

    @Test("escapes are resolved in URIs, and only there")
    func escapes() throws {
        let esc01 = try SIPMessage.parse(Golden.torture("esc01"))
        #expect(esc01.requestURI?.user == "sips:user@example.com")
        #expect(esc01.requestURI?.host == "example.net")
        #expect(esc01.to.uri.user == "user")
        #expect(esc01.from.uri.user == "I have spaces")
        let contact = try #require(try esc01.contact())
        #expect(contact.uri.user == "caller")
        #expect(contact.uri.isLooseRouter)
        #expect(contact.uri.parameters["name"] == "value%41")
        let null = try SIPMessage.parse(Golden.torture("escnull"))
        #expect(null.to.uri.user == "null-\0-null")
        #expect(
            try null.contacts()
                == .list([NameAddress("<sip:%00@host5.example.com>"), NameAddress("<sip:%00%00@host5.example.com>")]))
        let esc02 = try SIPMessage.parse(Golden.torture("esc02"))
        #expect(esc02.method.name == "RE%47IST%45R")
        #expect(esc02.to.displayName == "%Z%45")
        #expect(esc02.values(.contact).count == 2)
        let semi = try SIPMessage.parse(Golden.torture("semiuri"))
        #expect(semi.requestURI?.user == "user;par=u@example.net")
        #expect(try semi.accepts()?.map(\.essence).count == 6)
    }

    @Test("what follows the body in a datagram is cut off")
    func doubleRequest() throws {
        let message = try SIPMessage.parse(Golden.torture("dblreq"))
        #expect(message.method == .register)
        #expect(message.body.isEmpty)
        #expect(message.wire.count < (try Golden.torture("dblreq")).count)
    }

    @Test("a reason phrase may be anything, or nothing")
    func reasons() throws {
        #expect(
            try SIPMessage.parse(Golden.torture("unreason")).reasonPhrase
                == "= 2**3 * 5**2 но сто девяносто девять - простое")
        #expect(try SIPMessage.parse(Golden.torture("noreason")).reasonPhrase == "")
    }

    @Test("a binary multipart body keeps its bytes")
    func multipart() throws {
        let message = try SIPMessage.parse(Golden.torture("mpart01"))
        #expect(message.body.count == 553)
        #expect(try message.contentType()?.parameters["boundary"] == "7a9cbec02ceef655")
        #expect(try message.date() == WallTime(secondsSinceEpoch: 1_129_351_496))
    }

    @Test("fields that only upper layers read throw where they are read")
    func readAbove() throws {
        let date = try SIPMessage.parse(Golden.torture("baddate"))
        #expect(throws: SIPParseError.self) { try date.date() }
        let contact = try SIPMessage.parse(Golden.torture("regbadct"))
        #expect(throws: SIPParseError.self) { try contact.contacts() }
        let schemes = try SIPMessage.parse(Golden.torture("unksm2"))
        #expect(schemes.to.uri.scheme == .other("isbn"))
        let authorization = try SIPMessage.parse(Golden.torture("regaut01")).credentials(.authorization)
        #expect(authorization.map(\.scheme) == ["NoOneKnowsThisScheme"])
        #expect(authorization.first?.isDigest == false)
        let escaped = try SIPMessage.parse(Golden.torture("regescrt")).contact()
        #expect(escaped?.uri.headers == [SIPURI.Header(name: "Route", value: "<sip:sip.example.com>")])
        #expect(try SIPMessage.parse(Golden.torture("cparam01")).contact()?.parameters.contains("unknownparam") == true)
        #expect(
            try SIPMessage.parse(Golden.torture("cparam02")).contact()?.uri.parameters.contains("unknownparam") == true)
    }

    @Test("IPv6: port and address are told apart, and received is read with and without brackets")
    func ipv6() throws {
        let expected = IPAddress("2001:db8::9:255")
        #expect(try SIPMessage.parse(Golden.torture("via-received-param-with-delim")).topVia.received == expected)
        #expect(try SIPMessage.parse(Golden.torture("via-received-param-no-delim")).topVia.received == expected)
        let ambiguous = try SIPMessage.parse(Golden.torture("port-ambiguous"))
        #expect(ambiguous.requestURI?.hostAddress == IPAddress("2001:db8::10:5070"))
        #expect(ambiguous.requestURI?.port == nil)
        let clear = try SIPMessage.parse(Golden.torture("port-unambiguous"))
        #expect(clear.requestURI?.hostAddress == IPAddress("2001:db8::10"))
        #expect(clear.requestURI?.port == 5070)
        let mapped = try SIPMessage.parse(Golden.torture("ipv4-mapped-ipv6"))
        #expect(mapped.topVia.port == 19823)
        #expect(IPAddress(mapped.topVia.host) == IPAddress("192.0.2.10"))
    }
}
