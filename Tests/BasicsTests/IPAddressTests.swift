import Basics
import Testing

@Suite("IP addresses")
struct IPAddressTests {
    @Test(
        "reads an address and writes it in its canonical form (RFC 5952)",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
            ("2001:DB8::1", "2001:db8::1"), ("[2001:db8::1]", "2001:db8::1"), ("::", "::"), ("::1", "::1"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("1:0:0:0:0:0:0:0", "1::"),
            ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"),
            ("::ffff:192.0.2.9", "192.0.2.9"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ])
    func readsAndWrites(text: String, canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
    }

    @Test(
        "refuses what is no address",
        arguments: [
            "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1..2.3", "1.2.3.0004", "a.b.c.d", ":", ":::", "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9",
            "::1::2", "12345::", "1:2:3:4:5:6:7:8::", "[::1", "fe80::1%eth0", "1:", ":1", "::1.2.3", "1.2.3.4::",
        ])
    func refuses(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(
        "reads an endpoint",
        arguments: [("192.0.2.1:5060", "192.0.2.1:5060"), ("[2001:db8::1]:5061", "[2001:db8::1]:5061")])
    func endpoint(text: String, canonical: String) {
        #expect(IPEndpoint(text)?.description == canonical)
    }

    @Test(
        "refuses an endpoint without brackets or port", arguments: ["2001:db8::1:5060", "192.0.2.1", "192.0.2.1:70000"])
    func refusesEndpoint(text: String) {
        #expect(IPEndpoint(text) == nil)
    }

    @Test(
        "knows what lies in a network",
        arguments: [
            ("192.168.0.0/16", "192.168.7.9", true), ("192.168.0.0/16", "192.169.0.1", false),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false), ("0.0.0.0/0", "8.8.8.8", true), ("0.0.0.0/0", "::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false),
            ("2001:db8::/96", "2001:db8::ffff:1", true), ("2001:db8::/127", "2001:db8::2", false),
        ])
    func networks(network: String, address: String, inside: Bool) throws {
        let block = try #require(IPNetwork(network))
        #expect(block.contains(try #require(IPAddress(address))) == inside)
    }

    @Test(
        "tells private ranges from public ones",
        arguments: [
            ("10.1.2.3", true), ("172.16.0.1", true), ("172.32.0.1", false), ("192.168.1.1", true),
            ("100.64.0.1", true),
            ("100.128.0.1", false), ("169.254.1.1", true), ("8.8.8.8", false), ("fd00::1", true), ("fe80::1", true),
            ("2001:db8::1", false),
        ])
    func privateRanges(address: String, isPrivate: Bool) throws {
        #expect(try #require(IPAddress(address)).isPrivate == isPrivate)
    }
}
