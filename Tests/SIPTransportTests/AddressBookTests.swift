import Basics
import SIPTransaction
import SIPTransport
import Testing

@Suite struct AddressBookTests {
    /// Two listeners behind 1:1 NAT, a public one, and one for IPv6; the machine is 10.0.0.5 towards everybody.
    private let book = BoundAddresses(
        entries: [
            AddressBookTests.entry(0, .udp, "0.0.0.0:5060", advertised: "203.0.113.7:0", local: ["10.0.0.0/8"]),
            AddressBookTests.entry(1, .tcp, "0.0.0.0:5060", advertised: "203.0.113.7:15060", local: ["10.0.0.0/8"]),
            AddressBookTests.entry(2, .udp, "198.51.100.9:5070"),
            AddressBookTests.entry(3, .udp, "[::]:5060"),
        ],
        sourceAddress: { $0.isV4 ? IPAddress("10.0.0.5") : nil })

    private static func entry(
        _ id: UInt8, _ transport: SIPTransportKind, _ bound: String, advertised: String? = nil, local: [String] = []
    ) -> BoundAddresses.Entry {
        let bound = IPEndpoint(bound) ?? IPEndpoint(.anyV4, 0)
        let configuration = ListenerConfiguration(
            id: ListenerID(id), transport: transport, bind: bound, advertised: advertised.flatMap { IPEndpoint($0) },
            localNetworks: local.compactMap { IPNetwork($0) })
        return BoundAddresses.Entry(configuration: configuration, bound: bound)
    }

    @Test(
        "a peer is told the address it can reach (MV-SEC-05)",
        arguments: [
            ("a phone on the Internet", 0, "192.0.2.1", "203.0.113.7:5060"),
            ("the same over TCP, with its own port", 1, "192.0.2.1", "203.0.113.7:15060"),
            ("a phone in the LAN", 0, "10.2.3.4", "10.0.0.5:5060"),
            ("this machine", 0, "127.0.0.1", "10.0.0.5:5060"),
            ("a listener with an address of its own", 2, "10.2.3.4", "198.51.100.9:5070"),
            ("no route at all", 3, "2001:db8::1", "[::1]:5060"),
            ("no such listener", 9, "192.0.2.1", nil),
        ] as [(String, UInt8, String, String?)])
    func advertised(label: String, listener: UInt8, remote: String, expected: String?) throws {
        let remote = try #require(IPAddress(remote))
        #expect(book.advertisedEndpoint(listener: ListenerID(listener), remote: remote)?.description == expected)
        let target = SIPTarget.address(.udp, IPEndpoint(remote, 5060), listener: ListenerID(listener), serverName: nil)
        #expect(book.advertisedEndpoint(for: target)?.description == expected)
    }

    @Test(
        "a listener is chosen by transport and family, near the preferred one",
        arguments: [
            (SIPTransportKind.udp, "192.0.2.1", nil, 0), (.udp, "192.0.2.1", 2, 2), (.tcp, "192.0.2.1", 0, 1),
            (.udp, "2001:db8::1", 0, 3),
            (.tls, "192.0.2.1", 2, 2), (.tls, "2001:db8::1", nil, 3),
        ] as [(SIPTransportKind, String, UInt8?, UInt8)])
    func chosen(transport: SIPTransportKind, remote: String, preferred: UInt8?, expected: UInt8) throws {
        let remote = try #require(IPAddress(remote))
        #expect(
            book.listener(for: transport, remote: remote, preferred: preferred.map { ListenerID($0) })
                == ListenerID(expected))
    }

    @Test(
        "our own places are known as such",
        arguments: [
            ("198.51.100.9:5070", true), ("198.51.100.9:5060", false), ("203.0.113.7:5060", true),
            ("203.0.113.7:15060", true),
            ("10.0.0.5:5060", true), ("10.0.0.6:5060", false), ("127.0.0.1:5060", true), ("192.0.2.1:5060", false),
        ])
    func ours(endpoint: String, expected: Bool) throws {
        #expect(book.isOurs(try #require(IPEndpoint(endpoint))) == expected)
    }

    @Test("a wildcard listener tells loopback peers loopback")
    func routeLookup() {
        let entry = AddressBookTests.entry(0, .udp, "0.0.0.0:5060")
        let book = BoundAddresses(entries: [entry])
        #expect(book.advertisedEndpoint(listener: ListenerID(0), remote: .loopbackV4) == IPEndpoint(.loopbackV4, 5060))
    }
}
