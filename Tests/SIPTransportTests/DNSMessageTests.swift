import Basics
import SIPTransport
import Testing

@Suite struct DNSMessageTests {
    private let question = DNSQuestion("a.org", .a)

    private func address(_ name: String, ttl: UInt32, _ last: UInt8) -> [UInt8] {
        DNSWriter.record(name, type: 1, ttl: ttl, [192, 0, 2, last])
    }

    @Test("aliases are followed, other names are not, and the least TTL counts")
    func aliases() throws {
        let bytes = DNSWriter.response(
            id: 1, question: question,
            records: [
                DNSWriter.record("A.org", type: 5, ttl: 20, DNSWriter.name("b.org")), address("b.org", ttl: 30, 1),
                address("b.org", ttl: 40, 2), address("evil.org", ttl: 1, 66),
            ])
        let message = try #require(DNSMessage(bytes, question: question))
        #expect(message.records == [.address(IPAddress(v4: 0xC000_0201)), .address(IPAddress(v4: 0xC000_0202))])
        #expect(message.ttl == 20)
        #expect(message.isAnswer)
    }

    @Test("aliases that go in circles end")
    func circle() throws {
        let bytes = DNSWriter.response(
            id: 1, question: question,
            records: [
                DNSWriter.record("a.org", type: 5, ttl: 20, DNSWriter.name("b.org")),
                DNSWriter.record("b.org", type: 5, ttl: 20, DNSWriter.name("a.org")),
            ])
        #expect(DNSMessage(bytes, question: question)?.records == [])
    }

    @Test("compressed names are read, and pointers that lead forwards or to themselves are refused")
    func compression() {
        var bytes = DNSWriter.response(id: 1, question: question, records: [address("", ttl: 60, 1)])
        // The record's empty name becomes a pointer to the question's name at byte 12.
        let at = 12 + DNSWriter.name("a.org").count + 4
        bytes.replaceSubrange(at..<(at + 1), with: [0xC0, 12])
        #expect(DNSMessage(bytes, question: question)?.records.count == 1)
        for target in [UInt8(at), UInt8(at + 2), 255] {
            bytes[at + 1] = target
            #expect(DNSMessage(bytes, question: question) == nil)
        }
    }

    @Test(
        "a negative answer lives as the zone's SOA says (RFC 2308 §5)",
        arguments: [(300, 60, 60), (30, 600, 30)] as [(UInt32, UInt32, UInt32)])
    func negative(ttl: UInt32, minimum: UInt32, expected: UInt32) throws {
        let soa =
            DNSWriter.name("ns.org") + DNSWriter.name("h.org") + Array(repeating: 0, count: 16) + DNSWriter.u16(0)
            + DNSWriter.u16(UInt16(minimum))
        let bytes = DNSWriter.response(
            id: 1, question: question, code: 3, records: [],
            authority: [DNSWriter.record("org", type: 6, ttl: ttl, soa)])
        let message = try #require(DNSMessage(bytes, question: question))
        #expect(message.records.isEmpty)
        #expect(message.isAnswer)
        #expect(message.ttl == expected)
    }

    @Test("a server that failed gave no answer")
    func serverFailure() {
        #expect(
            DNSMessage(DNSWriter.response(id: 1, question: question, code: 2, records: []), question: question)?
                .isAnswer == false)
    }

    @Test("no cut and no changed byte can do harm")
    func damaged() {
        let srv = DNSWriter.content(.srv(SRVRecord(priority: 1, weight: 2, port: 3, target: "t.a.org"))).1
        let naptr = DNSWriter.content(
            .naptr(NAPTRRecord(order: 1, preference: 2, flags: "s", services: "SIP+D2U", replacement: "x.org"))
        ).1
        let whole = DNSWriter.response(
            id: 1, question: question,
            records: [
                DNSWriter.record("a.org", type: 33, ttl: 1, srv), DNSWriter.record("a.org", type: 35, ttl: 1, naptr),
                address("a.org", ttl: 1, 1),
            ])
        for length in 0..<whole.count { #expect(DNSMessage(Array(whole.prefix(length)), question: question) == nil) }
        var random = SeededRandom(seed: 4)
        for _ in 0..<20_000 {
            var bytes = whole
            for _ in 0..<3 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if let message = DNSMessage(bytes, question: question) { #expect(message.records.count <= 3) }
        }
    }

    @Test(
        "the hosts file gives names their addresses by family",
        arguments: [
            ("phone", DNSRecordType.a, "192.0.2.7"), ("PHONE.local", .a, "192.0.2.7"), ("phone", .aaaa, "2001:db8::7"),
            ("other", .a, nil),
            ("comment", .a, nil), ("phone", .srv, nil),
        ] as [(String, DNSRecordType, String?)])
    func hosts(name: String, type: DNSRecordType, expected: String?) {
        let text =
            "# comment\n127.0.0.1\tlocalhost\n192.0.2.7 phone phone.local # comment\r\n2001:db8::7 phone\nbad line\n"
        let answer = HostsFile(Array(text.utf8)).answer(to: DNSQuestion(name, type))
        #expect(answer == expected.flatMap { IPAddress($0) }.map { .records([.address($0)]) })
    }
}
