import Basics
import SIPMessage
import Testing

@Suite("parsing")
struct ParsingTests {
    @Test("LF alone, leading line ends and compact forms are taken")
    func lenient() throws {
        let message = try SIPMessage.parse(
            Array(
                """
                \r\n\nINVITE sip:bob@example.com SIP/2.0
                v:SIP/2.0/UDP 192.0.2.1
                f : sip:alice@example.com
                t: sip:bob@example.com
                I: 1
                cSEQ: 1 INVITE
                l: 2

                hi there
                """.utf8))
        #expect(message.topVia.host == "192.0.2.1")
        #expect(Array(message.body) == Array("hi".utf8))
        #expect(message.fromTag == nil)
        #expect(try message.maxForwards() == nil)
    }

    @Test("a datagram without its empty line is taken while nothing is missing from it")
    func noEmptyLine() throws {
        let whole = invite()
        #expect(try SIPMessage.parse(Array(whole.dropLast(2))).method == .invite)
        #expect(parseError(Array(whole.dropLast(4)))?.kind == .truncated)
        #expect(parseError(Array(invite(body: "x").dropLast(3)))?.kind == .truncated)
    }

    static let malformed: [(String, SIPParseError.Kind, SIPStatus?)] = [
        ("NUL: a␀b\n", .badFieldLine, 400), ("CR: a\r\r\n", .badFieldLine, 400), ("CR: a\rb\n", .badFieldLine, 400),
        ("no colon here\n", .badFieldLine, 400),
        ("b[d: x\n", .badFieldLine, 400), (": x\n", .badFieldLine, 400), ("To: <sip:x@y>\n", .duplicateField, 400),
        ("Max-Forwards: 70\n", .duplicateField, 400), ("Content-Length: 5\n", .badContentLength, 400),
        ("l: x\n", .badContentLength, 400), ("l: 0 0\n", .badContentLength, 400),
    ]

    @Test("a malformed line is answered, and names its rule", arguments: malformed)
    func malformedLine(_ line: String, _ kind: SIPParseError.Kind, _ status: SIPStatus?) throws {
        var bytes = invite()
        let place = try #require(bytes.firstRange(of: Array("Content-Length".utf8))?.lowerBound)
        bytes.insert(contentsOf: wire(withNUL(line)), at: place)
        let error = try #require(parseError(bytes))
        #expect(error.kind == kind)
        #expect(error.status == status)
        #expect(error.rule.hasPrefix("RFC 3261 §"))
        #expect(error.offset >= place && error.offset <= bytes.count)
    }

    static let startLines: [(String, SIPStatus?)] = [
        ("INVITE sip:b@x SIP/3.0", 505), ("INVITE sip:b@x", 400), ("INVITE sip:b@x HTTP/1.1", 400), ("INVITE", 400),
        ("", 400),
        ("IN(VITE sip:b@x SIP/2.0", 400), ("INVITE\rsip:b@x SIP/2.0", 400), ("INVITE sip:b@x SIP/2.0\r", 400),
        ("SIP/2.0 200 a␀b", nil),
        ("INVITE sip: SIP/2.0", 400), ("ACK sip:b@x SIP/3.0", nil), ("SIP/2.0 99 x", nil),
        ("SIP/2.0 2000 x", nil), ("SIP/2.0 OK", nil), ("SIP/3.0 200 OK", nil),
    ]

    @Test("a bad start-line is answered, but never a response or an ACK", arguments: startLines)
    func startLine(_ line: String, _ status: SIPStatus?) throws {
        var bytes = invite()
        let end = try #require(bytes.firstRange(of: [0x0D])?.lowerBound)
        bytes.replaceSubrange(0..<end, with: Array(withNUL(line).utf8))
        // Without a start-line the first field is taken for one.
        let error = try #require(parseError(bytes))
        #expect(error.status == status)
        #expect((error.response(source: nil, toTag: "t") != nil) == (status != nil && !line.isEmpty))
    }

    @Test("limits have their statuses: 414, 513 for the header, 513 for the whole")
    func limits() {
        let long = invite(uri: "sip:" + String(repeating: "a", count: 5000) + "@example.com")
        #expect(parseError(long)?.status == .requestURITooLong)
        let many = invite(String(repeating: "X: y\r\n", count: 300))
        #expect(parseError(many)?.kind == .tooManyFields)
        #expect(parseError(many)?.status == .messageTooLarge)
        #expect(parseError(invite(String(repeating: "X: y\r\n", count: 249))) == nil)
        let large = invite(body: String(repeating: "x", count: 70_000))
        #expect(parseError(large)?.status == .messageTooLarge)
        #expect(parseError(large)?.response(source: nil, toTag: "t") != nil)
        #expect(parseError(large, limits: SIPLimits(messageBytes: 100_000)) == nil)
        let header = invite("X: " + String(repeating: "x", count: 2000) + "\r\n")
        #expect(parseError(header, limits: SIPLimits(headerBytes: 1000))?.status == .messageTooLarge)
    }

    @Test("the answer to an illegible request echoes what was legible, with received and rport")
    func answer() throws {
        var bytes = invite()
        let place = try #require(bytes.firstRange(of: Array("1 INVITE".utf8)))
        bytes.replaceSubrange(place, with: Array("x INVITE".utf8))
        let error = try #require(parseError(bytes))
        #expect(error.field == .cseq)
        let answer = try #require(error.response(source: IPEndpoint("203.0.113.9:1024"), toTag: "z"))
        #expect(
            String(decoding: answer, as: UTF8.self)
                == """
                SIP/2.0 400 Bad Request\r
                Via: SIP/2.0/UDP 192.0.2.1:5070;rport=1024;branch=z9hG4bK1;received=203.0.113.9\r
                From: "Alice" <sip:alice@example.com>;tag=a1\r
                To: <sip:bob@example.com>;tag=z\r
                Call-ID: c1@192.0.2.1\r
                CSeq: x INVITE\r
                Content-Length: 0\r
                \r

                """)
    }

    @Test("unknown fields survive, in order and as written")
    func unknownFields() throws {
        let message = try SIPMessage.parse(invite("X-One: a, \"b,c\", <d,e>\r\nsubject: hi\r\nX-ONE:\td \r\n"))
        #expect(message.values("x-one") == ["a, \"b,c\", <d,e>", "d"])
        #expect(message.list("X-One") == ["a", "\"b,c\"", "<d,e>", "d"])
        #expect(message.count(of: "X-One") == 2)
        #expect(
            message.fields.map { $0.name.description } == [
                "Via", "From", "To", "Call-ID", "CSeq", "Max-Forwards", "X-One", "Subject", "X-ONE", "Content-Length",
            ])
        #expect(message.has(.subject))
        #expect(!message.has(.server))
        #expect(message.first(.server) == nil)
    }

    @Test("option tags are compared without regard to case, over all lines")
    func options() throws {
        let message = try SIPMessage.parse(invite("Supported: timer\r\nk: 100REL , gruu\r\n"))
        #expect(message.hasOption("100rel", in: .supported))
        #expect(message.hasOption("gruu", in: .supported))
        #expect(!message.hasOption("rel", in: .supported))
        #expect(!message.hasOption("timer", in: .require))
    }

    @Test("messages are equal when their bytes are")
    func equality() throws {
        let one = try SIPMessage.parse(invite())
        #expect(one == (try SIPMessage.parse(invite())))
        #expect(one != (try SIPMessage.parse(invite("X: y\r\n"))))
        #expect(Set([one, try SIPMessage.parse(invite())]).count == 1)
    }

    @Test("well-known names are one whatever their case or form, unknown ones too")
    func names() {
        #expect(SIPFieldName("v") == .via)
        #expect(SIPFieldName("CONTENT-length") == .contentLength)
        #expect(SIPFieldName("call-id").description == "Call-ID")
        #expect(SIPFieldName("X-Foo") == SIPFieldName("x-fOO"))
        #expect(SIPFieldName("X-Foo").hashValue == SIPFieldName("x-foo").hashValue)
        #expect(SIPFieldName("X-Foo") != SIPFieldName("X-Fop"))
        #expect(SIPFieldName("") != .via)
    }

    @Test("status codes know their class and their phrase")
    func statuses() {
        let outside = [99, 700]
        #expect(outside.compactMap { SIPStatus($0) }.isEmpty)
        let unregistered = 499
        #expect(SIPStatus.busyHere.defaultReason == "Busy Here")
        #expect(SIPStatus(unregistered)?.defaultReason == "Bad Request")
        #expect(SIPStatus.ringing.isProvisional && SIPStatus.ok.isSuccess && SIPStatus.decline.isGlobalFailure)
        #expect(SIPStatus.movedTemporarily.isRedirection && !SIPStatus.ringing.isFinal && SIPStatus.notFound.isFailure)
    }
}
