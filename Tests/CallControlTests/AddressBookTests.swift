import Basics
import CallControl
import MediaSession
import SIPTransaction
import Testing

@Suite("Hosts that name the server")
struct AddressBookTests {
    private let book = AddressBook(
        listeners: [
            .init(
                id: ListenerID(0), transport: .udp, bound: IPEndpoint(.anyV4, 5060),
                advertised: IPEndpoint(IPAddress(v4: 0xCB00_7105), 0)),
            .init(
                id: ListenerID(1), transport: .tls, bound: IPEndpoint(IPAddress(v6: 0x2001_0DB8_0000_0000, 5), 5061),
                advertised: nil),
        ], media: [], localNetworks: [], hostNames: ["PBX.Example.com.", "pbx"],
        sourceAddress: { _ in IPAddress(v4: 0x0A00_0001) },
        isOfMachine: { [IPAddress(v4: 0x0A00_0001), IPAddress(v4: 0x0A00_0002), .loopbackV6].contains($0) })

    @Test(
        "addresses bound, advertised, of the machine and of the loopback, and configured names, however they are spelt",
        arguments: [
            ("203.0.113.5", true), ("10.0.0.1", true), ("10.0.0.2", true), ("10.0.0.3", false), ("127.0.0.1", true),
            ("127.8.8.8", true), ("[2001:db8::5]", true), ("[2001:0DB8:0:0::0:5]", true), ("[2001:db8::6]", false),
            // Nothing is bound to all addresses of IPv6.
            ("[::1]", false), ("pbx", true), ("pbx.example.com", true), ("PBX.EXAMPLE.COM.", true),
            ("example.com", false), ("pbx.example.com.evil.example", false), ("", false),
            ("10.0.0.1.evil", false),
        ])
    func own(_ host: String, isOwn: Bool) {
        #expect(book.isOwn(host: host) == isOwn)
    }
}
