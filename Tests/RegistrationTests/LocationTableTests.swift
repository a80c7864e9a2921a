import Basics
import Registration
import SIPMessage
import SIPTransaction
import Testing

@Suite("Location table")
struct LocationTableTests {
    private func binding(_ user: String, q: UInt16 = 1000, flow: SIPFlow = udp(), ends: Int64, updated: Int64 = 0)
        throws -> Binding
    {
        let contact = try SIPURI("sip:\(user)@192.168.1.10")
        var binding = Binding(
            key: contact.description, contact: contact, callID: "c", cseq: 1,
            expiresAt: WallTime(secondsSinceEpoch: ends),
            deadline: .zero, flow: flow, terminal: TerminalID(1), registeredAt: WallTime(secondsSinceEpoch: 0),
            updatedAt: WallTime(secondsSinceEpoch: updated))
        binding.q = q
        return binding
    }

    private func aor(_ user: Int64) -> AddressOfRecord { AddressOfRecord(tenant: TenantID(1), user: UserID(user)) }

    @Test(
        "a restart brings bindings back with the time they have left; connections come back dead and ended ones are named"
    )
    func loads() throws {
        let table = LocationTable()
        let rows = [
            (aor: aor(1), binding: try binding("udp", ends: 1060)),
            (aor: aor(1), binding: try binding("tcp", flow: tcp(9), ends: 1060)),
            (aor: aor(2), binding: try binding("old", ends: 1000)),
        ]
        let now = Moment(nanoseconds: 5_000_000_000)
        let ended = table.load(rows, now: now, wall: WallTime(secondsSinceEpoch: 1000))
        #expect(ended == [BindingRef(aor: aor(2), key: "sip:old@192.168.1.10")])
        #expect(table.count == 2)
        #expect(table.registeredCount == 1)
        #expect(table.usableBindings(of: aor(1), now: now).map { $0.contact.user } == ["udp"])
        #expect(table.bindings(of: aor(1)).map(\.flowAlive) == [true, false])
        #expect(table.nextExpiry == now.advanced(by: .seconds(60)))
        #expect(table.all().count == 2)
    }

    @Test(
        "a binding is located by a Path with a name, or by a named Contact whose connection is gone (RFC 3327 §5.3)",
        arguments: [
            ("over UDP the flow is used whatever Contact says", "sip:a@pbx.example.com", nil, false, true, nil),
            ("a connection that stands too", "sip:a@pbx.example.com", nil, true, true, nil),
            ("without it a name is looked up", "sip:a@pbx.example.com", nil, true, false, "pbx.example.com"),
            ("an address is not dialled", "sip:a@192.0.2.1", nil, true, false, nil),
            ("nor what is no name of the DNS", "sip:a@x.invalid", nil, true, false, nil),
            ("nor a bare label", "sip:a@phone", nil, true, false, nil),
            ("a Path comes first", "sip:a@192.0.2.1", "<sip:edge.example.net;lr>", false, true, "edge.example.net"),
            ("but not before a connection", "sip:a@192.0.2.1", "<sip:edge.example.net;lr>", true, true, nil),
            ("a Path with an address is what the flow is", "sip:a@192.0.2.1", "<sip:192.0.2.9;lr>", false, true, nil),
        ] as [(String, String, String?, Bool, Bool, String?)])
    func hop(label: String, contact: String, path: String?, overTCP: Bool, isAlive: Bool, expected: String?) throws {
        let uri = try SIPURI(contact)
        var binding = Binding(
            key: contact, contact: uri, callID: "c", cseq: 1, expiresAt: WallTime(secondsSinceEpoch: 60),
            deadline: .zero, flow: overTCP ? tcp(9) : udp(), terminal: TerminalID(1),
            registeredAt: WallTime(secondsSinceEpoch: 0), updatedAt: WallTime(secondsSinceEpoch: 0))
        binding.path = path.map { [$0] } ?? []
        binding.flowAlive = isAlive
        #expect(binding.hop?.host == expected)
        binding.regID = 1
        if path == nil { #expect(binding.hop == nil, "an outbound registration has its flow alone (RFC 5626 §5.3)") }
    }

    @Test("usable bindings come by falling q, then the newest first; ended ones are left out before the sweep")
    func orders() throws {
        let table = LocationTable()
        let rows = [
            (aor: aor(1), binding: try binding("low", q: 300, ends: 90, updated: 9)),
            (aor: aor(1), binding: try binding("older", ends: 90, updated: 1)),
            (aor: aor(1), binding: try binding("newer", ends: 90, updated: 2)),
            (aor: aor(1), binding: try binding("short", ends: 10, updated: 3)),
        ]
        _ = table.load(rows, now: .zero, wall: WallTime(secondsSinceEpoch: 0))
        let at = Moment.zero.advanced(by: .seconds(10))
        #expect(table.usableBindings(of: aor(1), now: at).map { $0.contact.user } == ["newer", "older", "low"])
    }

    @Test("the sweep walks from expiry to expiry and leaves nothing behind")
    func sweeps() throws {
        let table = LocationTable(stripes: 4)
        for user: Int64 in 1...50 {
            _ = table.load(
                [(aor: aor(user), binding: try binding("u", ends: user))], now: .zero,
                wall: WallTime(secondsSinceEpoch: 0))
        }
        var ended: [Int64] = []
        while let next = table.nextExpiry { ended += table.expire(now: next).map(\.aor.user.rawValue) }
        #expect(ended == Array(1...50))
        #expect(table.count == 0)
        #expect(table.registeredCount == 0)
    }

    @Test("a closed connection marks its bindings, those on their way to the store too")
    func marksClosed() throws {
        var bench = RegisterBench()
        _ = try bench.register(["Contact: <sip:a@192.168.1.10;transport=tcp>"], over: tcp(1))
        _ = try bench.register([phone])
        guard
            case .store(let ticket, _, _) = try bench.send(
                ["Contact: <sip:b@192.168.1.10;transport=tcp>"], over: tcp(1))
        else {
            Issue.record("nothing to store")
            return
        }
        let marked = bench.table.connectionClosed(tcp(1))
        #expect(marked == [BindingRef(aor: bench.aor, key: "sip:a@192.168.1.10;transport=tcp")])
        bench.table.commit(ticket)
        #expect(bench.table.usableBindings(of: bench.aor, now: bench.now).map { $0.contact.user } == ["100"])
        #expect(bench.contacts.count == 3)
        #expect(bench.table.connectionClosed(tcp(1)).isEmpty)
        _ = try bench.register(["Contact: <sip:a@192.168.1.10;transport=tcp>"], over: tcp(2))
        #expect(bench.table.usableBindings(of: bench.aor, now: bench.now).count == 2)
        #expect(bench.table.connectionClosed(tcp(2)).count == 1)
    }

    @Test("qualify results are kept with the binding and over a refresh on the same flow")
    func notesQualify() throws {
        var bench = RegisterBench()
        _ = try bench.register([phone])
        let ref = BindingRef(aor: bench.aor, key: "sip:100@192.168.1.10:5060")
        bench.table.noteQualify(ref, roundTrip: .milliseconds(12))
        _ = try bench.register([phone])
        #expect(bench.table.binding(ref)?.roundTrip == .milliseconds(12))
        #expect(bench.table.binding(ref)?.isReachable == true)
        bench.table.noteQualify(ref, roundTrip: nil)
        #expect(bench.table.binding(ref)?.isReachable == false)
    }
}
