import Basics
import Identity
import Registration
import SIPTransaction
import Store
import Testing

@Suite("Listeners that registrations remember")
struct ListenerMapTests {
    private static func map(_ rows: [(UInt8, SIPTransportKind, String)]) -> ListenerMap {
        ListenerMap(
            rows.compactMap { row in
                IPEndpoint(row.2).map { ListenerMap.Listener(id: ListenerID(row.0), transport: row.1, bound: $0) }
            })
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bound: String
        var number: UInt8 = 0
        var transport: SIPTransportKind = .udp
        var remote: String = "192.0.2.7"
        let expected: UInt8?
    }

    @Test(
        "a registration is reached over the very listener it came by, else the likest of its transport and family",
        arguments: [
            Row(testDescription: "the very same, whatever its number", bound: "198.51.100.1:5060", expected: 3),
            Row(testDescription: "the same address on a port", bound: "198.51.100.1:5072", expected: 2),
            Row(testDescription: "the port, now on all addresses", bound: "198.51.100.9:5072", expected: 2),
            Row(testDescription: "from all addresses to one", bound: "0.0.0.0:5060", expected: 3),
            Row(testDescription: "nothing of it is there", bound: "198.51.100.9:7000", expected: 2),
            Row(testDescription: "another family", bound: "[2001:db8::1]:5060", remote: "2001:db8::7", expected: 4),
            Row(testDescription: "TLS is gone", bound: "198.51.100.1:5061", transport: .tls, expected: nil),
            Row(
                testDescription: "TCP over IPv6 is gone", bound: "[::]:5060", transport: .tcp, remote: "::1",
                expected: nil),
            Row(testDescription: "schema 2: its number", bound: "", number: 3, expected: 3),
            Row(testDescription: "schema 2: its number is another transport's now", bound: "", number: 0, expected: 2),
        ])
    func maps(_ row: Row) throws {
        let map = ListenerMapTests.map([
            (0, .tcp, "198.51.100.1:5060"), (2, .udp, "0.0.0.0:5072"), (3, .udp, "198.51.100.1:5060"),
            (4, .udp, "[2001:db8::1]:5060"),
        ])
        let remote = try #require(IPAddress(row.remote))
        let found = map.listener(row.transport, bound: row.bound, number: ListenerID(row.number), towards: remote)
        #expect(found == row.expected.map { ListenerID($0) })
    }

    @Test(
        "after a start with other listeners bindings follow theirs; what no listener reaches is left out and stays stored"
    )
    func followsListeners() throws {
        let fixture = try Fixture()
        let writer = StoreWriter(
            fixture.database, listeners: Fixture.listeners, clock: FixedClock(), done: { _, _, _ in })
        let udp = try fixture.binding(0, key: "udp")
        _ = writer.submit(.bindings([.put(fixture.aor(0), udp)]), token: nil)
        var tcp = try fixture.binding(1, key: "tcp", transport: .tcp)
        tcp.flow = SIPFlow(listener: ListenerID(2), transport: .tcp, remote: tcp.flow.remote, connection: 5)
        _ = writer.submit(.bindings([.put(fixture.aor(1), tcp)]), token: nil)
        writer.close()
        let swapped = ListenerMapTests.map([(0, .udp, "[::]:5060"), (1, .udp, "0.0.0.0:5060"), (2, .udp, "[::]:5072")])
        let wall = WallTime(secondsSinceEpoch: 1_000)
        let loaded = try fixture.database.bindings.load(listeners: swapped, now: .zero, wall: wall)
        #expect(loaded.bindings.map(\.1.key) == ["udp"])
        #expect(loaded.bindings.first?.1.flow.listener == ListenerID(0))
        #expect(loaded.unreachable.map(\.1.key) == ["tcp"])
        let back = try fixture.database.bindings.load(listeners: Fixture.listeners, now: .zero, wall: wall)
        #expect(back.bindings.map(\.1.flow.listener) == [ListenerID(1), ListenerID(2)])
    }

    @Test("a restart marks phones on connections as cut, and forgets what was known of phones that are gone")
    func restart() throws {
        let fixture = try Fixture()
        let writer = StoreWriter(fixture.database, clock: FixedClock(), done: { _, _, _ in })
        func note(_ key: String, _ user: Int, _ time: Int64) -> StoreWrite {
            .phone(
                PhoneState(
                    ref: BindingRef(aor: fixture.aor(user), key: key), isReachable: true, roundTrip: .milliseconds(7),
                    at: WallTime(secondsSinceEpoch: time)))
        }
        for (user, key, transport) in [(0, "udp", SIPTransportKind.udp), (1, "tls", .tls), (1, "gone", .udp)] {
            let binding = try fixture.binding(user, key: key, transport: transport)
            _ = writer.submit(.bindings([.put(fixture.aor(user), binding)]), token: nil)
            _ = writer.submit(note(key, user, 960), token: nil)
        }
        _ = writer.submit(.bindings([.remove(BindingRef(aor: fixture.aor(1), key: "gone"))]), token: nil)
        _ = writer.submit(note("never registered", 0, 960), token: nil)
        writer.close()
        let wall = WallTime(secondsSinceEpoch: 1_000)
        try fixture.database.bindings.noteRestart(wall: wall)
        let listed = try fixture.database.bindings.list(in: fixture.tenant.id, wall: wall).map(\.1)
        #expect(listed.map(\.key) == ["udp", "tls"])
        #expect(listed.map(\.isReachable) == [true, false])
        #expect(listed.map(\.roundTrip) == [.milliseconds(7), .milliseconds(7)])
        #expect(try fixture.database.bindings.storedPhoneStates() == 2)
    }
}
