import Basics
import CallControl
import MediaSession
import SIPTransaction
import Testing

@Suite("Which of our addresses a peer is told") struct AddressBookTests {
    /// Two listeners behind 1:1 NAT, a public one, and one for IPv6; the machine is 10.0.0.5 towards everybody.
    private let book = AddressBook(
        listeners: [
            AddressBookTests.listener(0, .udp, "0.0.0.0:5060", advertised: "203.0.113.7:0"),
            AddressBookTests.listener(1, .tcp, "0.0.0.0:5060", advertised: "203.0.113.7:15060"),
            AddressBookTests.listener(2, .udp, "198.51.100.9:5070"),
            AddressBookTests.listener(3, .udp, "[::]:5060"),
        ],
        media: [], localNetworks: [IPNetwork("10.0.0.0/8")].compactMap { $0 },
        sourceAddress: { $0.isV4 ? IPAddress("10.0.0.5") ?? .loopbackV4 : .loopbackV6 })

    private static func listener(
        _ id: UInt8, _ transport: SIPTransportKind, _ bound: String, advertised: String? = nil
    ) -> AddressBook.Listener {
        AddressBook.Listener(
            id: ListenerID(id), transport: transport, bound: IPEndpoint(bound) ?? IPEndpoint(.anyV4, 0),
            advertised: advertised.flatMap { IPEndpoint($0) })
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
        ] as [(String, UInt8, String, String)])
    func advertised(label: String, listener: UInt8, remote: String, expected: String) throws {
        let remote = try #require(IPAddress(remote))
        #expect(book.signalling(ListenerID(listener), towards: remote).description == expected)
    }

    @Test(
        "a listener is chosen by transport and family; to open a connection any of the family will do",
        arguments: [
            (SIPTransportKind.udp, "192.0.2.1", 0), (.tcp, "192.0.2.1", 1), (.udp, "2001:db8::1", 3),
            (.tls, "192.0.2.1", 0), (.tls, "2001:db8::1", 3),
        ] as [(SIPTransportKind, String, UInt8)])
    func chosen(transport: SIPTransportKind, remote: String, expected: UInt8) throws {
        let remote = try #require(IPAddress(remote))
        #expect(book.listener(for: transport, towards: remote)?.id == ListenerID(expected))
    }

    @Test("without a UDP socket of the family nothing goes over UDP")
    func noListener() throws {
        let book = AddressBook(
            listeners: [AddressBookTests.listener(0, .tcp, "0.0.0.0:5060")], media: [], localNetworks: [],
            sourceAddress: { $0 })
        let remote = try #require(IPAddress("192.0.2.1"))
        #expect(book.listener(for: .udp, towards: remote) == nil)
        #expect(book.listener(for: .tls, towards: .loopbackV6) == nil)
    }

    @Test(
        "our own places are known as such",
        arguments: [
            ("198.51.100.9:5070", true), ("198.51.100.9:5060", false), ("203.0.113.7:5060", true),
            ("203.0.113.7:15060", true), ("10.0.0.5:5060", true), ("10.0.0.6:5060", false), ("192.0.2.1:5060", false),
            ("127.0.0.1:5060", true), ("127.0.0.1:5061", false),
        ])
    func ours(endpoint: String, expected: Bool) throws {
        let endpoint = try #require(IPEndpoint(endpoint))
        #expect(book.isOwn(endpoint.address, port: endpoint.port) == expected)
    }
}
