import Basics
import STUN
import Testing

@Suite("STUN on the wire (RFC 8489)")
struct STUNTests {
    private static func bytes(_ text: String) -> [UInt8] {
        let digits = Array(text.filter { !$0.isWhitespace })
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
    }

    /// RFC 5769 §2.1: a request with PRIORITY, ICE-CONTROLLED, USERNAME, MESSAGE-INTEGRITY and FINGERPRINT.
    static let request = bytes(
        """
        000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008
        932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004
        e57a3bcf
        """)
    /// RFC 5769 §2.2: the response over IPv4, for 192.0.2.1:32853.
    static let response4 = bytes(
        """
        0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643000800142b
        91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96
        """)
    /// RFC 5769 §2.3: the response over IPv6, for [2001:db8:1234:5678:11:2233:4455:6677]:32853.
    static let response6 = bytes(
        """
        010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179bc
        25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c
        """)

    private static func plain(_ attributes: [UInt8] = [], type: [UInt8] = [0, 1]) -> [UInt8] {
        type + [0, UInt8(attributes.count)] + [0x21, 0x12, 0xA4, 0x42] + Array(request[8..<20]) + attributes
    }

    @Test("the vectors of RFC 5769 are read and pass their fingerprint; a changed bit does not")
    func vectors() throws {
        let request = try STUNMessage(STUNTests.request)
        #expect(request.method == STUNMessage.binding && request.class == .request)
        #expect(request.attributes.map(\.type) == [0x8022, 0x0024, 0x8029, 0x0006, 0x0008, 0x8028])
        #expect(request.attributes[3].value == Array("evtj:h6vY".utf8))
        #expect(try STUNMessage(STUNTests.response4).class == .success)
        #expect(try STUNMessage(STUNTests.response6).class == .success)
        var spoilt = STUNTests.request
        spoilt[40] ^= 1
        #expect(throws: STUNMessage.Fault.badFingerprint) { try STUNMessage(spoilt) }
    }

    @Test(
        "a Binding request is told its source, as in RFC 5769",
        arguments: [
            ("192.0.2.1:32853", STUNTests.response4),
            ("[2001:db8:1234:5678:11:2233:4455:6677]:32853", STUNTests.response6),
        ])
    func answered(source: String, vector: [UInt8]) throws {
        let source = try #require(IPEndpoint(source))
        let wire = try #require(BindingServer.answer(STUNTests.plain(), source: source))
        let (answer, golden) = (try STUNMessage(wire), try STUNMessage(vector))
        #expect(answer.class == .success && answer.transaction == golden.transaction)
        #expect(answer.attributes == golden.attributes.filter { $0.type == 0x0020 })
    }

    @Test("a fingerprint is answered with a fingerprint, credentials are passed over")
    func fingerprint() throws {
        let user = STUNMessage.Attribute(0x0006, Array("evtj:h6vY".utf8))
        let request = STUNTests.plain([0, 6, 0, 9] + user.value + [0, 0, 0])
        let source = IPEndpoint(.loopbackV4, 5060)
        let answer = try STUNMessage(try #require(BindingServer.answer(request, source: source)))
        #expect(answer.class == .success)
        #expect(answer.attributes.count == 1)
        let signed = try STUNMessage(STUNTests.plain()).wire(withFingerprint: true)
        let signedAnswer = try STUNMessage(try #require(BindingServer.answer(signed, source: source)))
        #expect(signedAnswer.attributes.last?.type == 0x8028)
    }

    @Test("an attribute that must be known and is not is answered 420 with its number (RFC 8489 §6.3.1)")
    func unknownAttribute() throws {
        let wire = try #require(BindingServer.answer(STUNTests.request, source: IPEndpoint(.loopbackV4, 5060)))
        let answer = try STUNMessage(wire)
        #expect(answer.class == .error)
        #expect(answer.attributes.first?.value.prefix(4) == [0, 0, 4, 20])
        #expect(answer.attributes.dropFirst().first?.value == [0x00, 0x24])
    }

    @Test(
        "silence is the answer to all else",
        arguments: [
            ("an indication", STUNTests.plain(type: [0, 0x11])), ("a response", STUNTests.response4),
            ("another method", STUNTests.plain(type: [0, 3])),
            ("no cookie", [0, 1, 0, 0] + [UInt8](repeating: 7, count: 16)),
            ("cut off", Array(STUNTests.plain().dropLast())), ("longer than it says", STUNTests.plain() + [0]),
            ("an attribute beyond the end", STUNTests.plain([0x80, 0x22, 0, 9, 0, 0, 0, 0])), ("one byte", [0]),
            ("nothing", []),
        ] as [(String, [UInt8])])
    func silence(label: String, datagram: [UInt8]) {
        #expect(BindingServer.answer(datagram, source: IPEndpoint(.loopbackV4, 5060)) == nil)
    }
}
