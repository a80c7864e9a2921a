import Basics
import SIPMessage
import SIPTransaction
import SIPTransport
import Testing

/// Records as a zone holds them: `name type content`.
struct Zone: Sendable {
    var answers: [DNSQuestion: DNSAnswer] = [:]

    init(_ lines: [String]) {
        for line in lines {
            let words = line.split(separator: " ").map(String.init)
            guard words.count >= 3 else { continue }
            let record: DNSRecord?
            let type: DNSRecordType?
            switch words[1] {
            case "A": (type, record) = (.a, IPAddress(words[2]).map { .address($0) })
            case "AAAA": (type, record) = (.aaaa, IPAddress(words[2]).map { .address($0) })
            case "SRV":
                let numbers = words[2...4].compactMap { UInt16($0) }
                (type, record) = (
                    .srv, .srv(SRVRecord(priority: numbers[0], weight: numbers[1], port: numbers[2], target: words[5]))
                )
            case "NAPTR":
                let numbers = words[2...3].compactMap { UInt16($0) }
                let made = NAPTRRecord(
                    order: numbers[0], preference: numbers[1], flags: words[4], services: words[5],
                    replacement: words[6])
                (type, record) = (.naptr, .naptr(made))
            default: (type, record) = (nil, nil)
            }
            guard let type, let record else { continue }
            let question = DNSQuestion(words[0], type)
            if case .records(let known)? = answers[question] {
                answers[question] = .records(known + [record])
            } else {
                answers[question] = .records([record])
            }
        }
    }

    /// Walks a search to its end; what the zone does not hold does not exist.
    func locate(_ query: LocationQuery, policy: LocationSearch.Policy = .init(), seed: UInt64 = 1) -> (
        LocationSearch.Step, asked: [DNSQuestion]
    ) {
        var known: [DNSQuestion: DNSAnswer] = [:]
        var asked: [DNSQuestion] = []
        var random = AnyRandom(SeededRandom(seed: seed))
        let search = LocationSearch(query, policy: policy)
        while true {
            let step = search.step(random: &random) { known[$0] }
            guard case .ask(let questions) = step, asked.count < 100 else { return (step, asked) }
            asked += questions
            for question in questions { known[question] = answers[question] ?? .absent }
        }
    }
}

private func text(_ step: LocationSearch.Step) -> [String] {
    switch step {
    case .ask: ["asking"]
    case .impossible(let error): ["\(error)"]
    case .done(let plan):
        plan.candidates.map { "\($0.transport.rawValue) \($0.endpoint)\($0.serverName.map { " \($0)" } ?? "")" }
    }
}

@Suite struct LocationSearchTests {
    /// The example of RFC 3263 §4.1 and §4.2, with addresses.
    private static let example = Zone([
        "example.com NAPTR 50 50 s SIPS+D2T _sips._tcp.example.com.",
        "example.com NAPTR 90 50 s SIP+D2T _sip._tcp.example.com",
        "example.com NAPTR 100 50 s SIP+D2U _sip._udp.example.com.",
        "_sips._tcp.example.com SRV 0 0 5061 s1.example.com", "_sip._tcp.example.com SRV 0 1 5060 server1.example.com",
        "_sip._tcp.example.com SRV 1 2 5060 server2.example.com",
        "_sip._udp.example.com SRV 0 0 5060 server1.example.com",
        "s1.example.com A 192.0.2.10", "server1.example.com A 192.0.2.1", "server1.example.com AAAA 2001:db8::1",
        "server2.example.com A 192.0.2.2", "example.com A 192.0.2.99",
        "plain.org A 192.0.2.50", "plain.org A 192.0.2.51",
        "_sip._udp.srv.org SRV 10 0 5070 a.srv.org", "_sips._tcp.srv.org SRV 10 0 5071 a.srv.org",
        "a.srv.org A 192.0.2.60",
        "_sip._udp.off.org SRV 0 0 0 .", "off.org A 192.0.2.70",
        "odd.org NAPTR 10 10 u E2U+sip nothing", "odd.org NAPTR 20 10 s SIP+D2W _sip._ws.odd.org",
        "odd.org A 192.0.2.80",
    ])

    @Test(
        "a target is located by RFC 3263",
        arguments: [
            ("sip:192.0.2.5", ["UDP 192.0.2.5:5060"]), ("sip:192.0.2.5:5080", ["UDP 192.0.2.5:5080"]),
            ("sip:[2001:db8::9]", ["UDP [2001:db8::9]:5060"]),
            ("sip:192.0.2.5;transport=tcp", ["TCP 192.0.2.5:5060"]),
            ("sips:192.0.2.5", ["TLS 192.0.2.5:5061 192.0.2.5"]),
            ("sips:192.0.2.5;transport=tcp", ["TLS 192.0.2.5:5061 192.0.2.5"]),
            ("sip:user@example.com;maddr=192.0.2.6", ["UDP 192.0.2.6:5060"]),
            (
                "sip:example.com",
                [
                    "TLS 192.0.2.10:5061 example.com", "TCP 192.0.2.1:5060", "TCP 192.0.2.2:5060", "UDP 192.0.2.1:5060",
                ]
            ),
            ("sips:Example.com", ["TLS 192.0.2.10:5061 example.com"]),
            ("sip:example.com;transport=udp", ["UDP 192.0.2.1:5060"]),
            ("sip:example.com;transport=tls", ["TLS 192.0.2.10:5061 example.com"]),
            ("sip:example.com:5080", ["UDP 192.0.2.99:5080"]),
            ("sip:example.com:5080;transport=tcp", ["TCP 192.0.2.99:5080"]),
            ("sips:example.com:5081", ["TLS 192.0.2.99:5081 example.com"]),
            ("sip:plain.org", ["UDP 192.0.2.50:5060", "UDP 192.0.2.51:5060"]),
            ("sip:plain.org;transport=tcp", ["TCP 192.0.2.50:5060", "TCP 192.0.2.51:5060"]),
            ("sips:plain.org", ["TLS 192.0.2.50:5061 plain.org", "TLS 192.0.2.51:5061 plain.org"]),
            ("sip:srv.org", ["UDP 192.0.2.60:5070", "TLS 192.0.2.60:5071 srv.org"]),
            ("sips:srv.org", ["TLS 192.0.2.60:5071 srv.org"]),
            ("sip:off.org;transport=udp", ["notFound"]), ("sip:nowhere.org", ["notFound"]),
            ("sip:odd.org", ["UDP 192.0.2.80:5060"]), ("sip:192.0.2.5;transport=ws", ["unsupportedTransport"]),
        ])
    func located(uri: String, expected: [String]) throws {
        let query = try #require(LocationQuery(try SIPURI(uri)))
        #expect(text(LocationSearchTests.example.locate(query).0) == expected)
    }

    @Test(
        "a URI without a host, or with a transport nobody knows, can't be located",
        arguments: ["tel:+33123456789", "sip:x.org;transport=sctp"])
    func noQuery(uri: String) throws {
        #expect(LocationQuery(try SIPURI(uri)) == nil)
    }

    @Test("both families are asked for in the order of preference")
    func families() {
        var policy = LocationSearch.Policy()
        policy.families = [.v6, .v4]
        let query = LocationQuery(host: "example.com", transport: .udp)
        let (step, asked) = LocationSearchTests.example.locate(query, policy: policy)
        #expect(text(step) == ["UDP [2001:db8::1]:5060", "UDP 192.0.2.1:5060"])
        #expect(
            asked == [
                DNSQuestion("_sip._udp.example.com", .srv), DNSQuestion("server1.example.com", .aaaa),
                DNSQuestion("server1.example.com", .a),
            ])
    }

    @Test("a numeric host asks nothing, and a port skips NAPTR and SRV")
    func questions() {
        #expect(LocationSearchTests.example.locate(LocationQuery(host: "192.0.2.1")).asked.isEmpty)
        #expect(
            LocationSearchTests.example.locate(LocationQuery(host: "example.com", port: 5060)).asked == [
                DNSQuestion("example.com", .a)
            ])
    }

    @Test("while DNS is out there is no answer, not an absent one")
    func outage() {
        var random = AnyRandom(SeededRandom(seed: 1))
        for query in [
            LocationQuery(host: "a.org"), LocationQuery(host: "a.org", transport: .udp),
            LocationQuery(host: "a.org", port: 1),
        ] {
            let step = LocationSearch(query, policy: .init()).step(random: &random) { _ in .failed }
            #expect(step == .impossible(.noAnswer))
        }
    }

    @Test("where NAPTR is not answered, SRV is asked all the same")
    func brokenNAPTR() {
        var zone = LocationSearchTests.example
        zone.answers[DNSQuestion("srv.org", .naptr)] = .failed
        #expect(text(zone.locate(LocationQuery(host: "srv.org")).0).first == "UDP 192.0.2.60:5070")
    }

    @Test("a list that is too long is cut")
    func cut() {
        var policy = LocationSearch.Policy()
        policy.candidates = 3
        let zone = Zone((1...20).map { "many.org A 192.0.2.\($0)" })
        guard case .done(let plan) = zone.locate(LocationQuery(host: "many.org"), policy: policy).0 else {
            Issue.record("not located")
            return
        }
        #expect(plan.candidates.count == 3)
    }

    @Test("SRV targets of one priority are drawn by weight, priorities stay in order (RFC 2782)")
    func weights() {
        let records: [DNSRecord] = [(10, 0, "z"), (10, 10, "a"), (10, 30, "b"), (20, 0, "c")].map {
            .srv(SRVRecord(priority: $0.0, weight: $0.1, port: 5060, target: $0.2))
        }
        var random = AnyRandom(SeededRandom(seed: 7))
        var first: [String: Int] = [:]
        for _ in 0..<4000 {
            let order = SRVOrder.order(records, random: &random).map(\.target)
            #expect(order.last == "c")
            #expect(Set(order).count == 4)
            first[order[0], default: 0] += 1
        }
        // Of 41 possible draws one falls to weight 0, 10 to a, 30 to b.
        #expect((2700...3150).contains(first["b"] ?? 0))
        #expect((850...1100).contains(first["a"] ?? 0))
        #expect((50...160).contains(first["z"] ?? 0))
    }

    @Test(
        "a large request goes over TCP first, only where DNS found the target (RFC 3261 §18.1.1)",
        arguments: [
            (1300, true, ["UDP", "TLS"]), (1301, true, ["TCP", "UDP", "TLS"]), (1301, false, ["UDP", "TLS"]),
        ])
    func largeRequests(size: Int, foundByDNS: Bool, expected: [String]) {
        let endpoint = IPEndpoint(.loopbackV4, 5060)
        let plan = LocationPlan(
            candidates: [
                .init(transport: .udp, endpoint: endpoint),
                .init(transport: .tls, endpoint: endpoint, serverName: "a.org"),
            ],
            foundByDNS: foundByDNS)
        #expect(plan.candidates(size: size).map(\.transport.rawValue) == expected)
    }
}
