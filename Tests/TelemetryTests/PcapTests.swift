import Basics
import SIPTransaction
import Telemetry
import Testing

@Suite struct PcapTests {
    @Test("an IPv4 message is a raw UDP packet with true lengths and checksums; remarks are left out")
    func v4() throws {
        let record = try Story.sip(.received, leg: 0, at: 1, "192.0.2.10:5062", "A\n")
        let file = Pcap.file([Story.note("left out"), record])
        var expected: [UInt8] = [0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0]
        expected += [0xBE, 0x90, 0x01, 0x6B, 0xE8, 0x03, 0, 0, 31, 0, 0, 0, 31, 0, 0, 0]
        expected += [0x45, 0, 0, 31, 0, 0, 0x40, 0, 64, 17]
        #expect(Array(file.prefix(expected.count)) == expected)
        let packet = Array(file.dropFirst(40))
        #expect(
            Array(packet[12..<28]) == [
                192, 0, 2, 10, 198, 51, 100, 1, 0x13, 0xC6, 0x13, 0xC4, 0, 11, packet[26], packet[27],
            ])
        #expect(Array(packet[28...]) == Array("A\r\n".utf8))
        #expect(PcapTests.sum(packet[0..<20]) == 0xFFFF)
        #expect(PcapTests.sum([0, 17, 0, 11] + packet[12..<20] + packet[20...]) == 0xFFFF)
    }

    @Test("an IPv6 message over TLS is a UDP packet too, from the server when it was sent")
    func v6() throws {
        var record = try Story.sip(.sent, leg: 1, at: 0, "[2001:db8::20]:5061", "BYE x\n", .tls)
        let local = try #require(IPEndpoint("[2001:db8::1]:5061"))
        guard case .sip(let direction, let transport, _, let remote, let bytes) = record.content else { return }
        record = TraceRecord(
            call: record.call, leg: 1, at: record.at,
            content: .sip(direction, transport, local: local, remote: remote, bytes))
        let packet = Array(Pcap.file([record]).dropFirst(40))
        #expect(Array(packet[..<8]) == [0x60, 0, 0, 0, 0, 15, 17, 64])
        #expect(packet[23] == 1)
        #expect(packet[39] == 0x20)
        #expect(PcapTests.sum([0, 17, 0, 15] + packet[8...]) == 0xFFFF)
    }

    @Test("a message too long for a datagram is cut and says how long it was")
    func tooLong() {
        let record = TraceRecord(
            call: nil, leg: nil, at: Story.time(0),
            content: .sip(.sent, .tcp, local: Story.server, remote: Story.server, Array(repeating: 65, count: 65_535)))
        let file = Pcap.file([record])
        #expect(file.count == 24 + 16 + 65_535)
        #expect(Array(file[32..<40]) == [0xFF, 0xFF, 0, 0, 0x1B, 0, 1, 0])
    }

    /// The one's complement sum of 16-bit words: all ones over a packet whose checksum is right.
    private static func sum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var total: UInt32 = 0
        for (index, byte) in bytes.enumerated() {
            total += index % 2 == 0 ? UInt32(byte) << 8 : UInt32(byte)
            total = (total & 0xFFFF) + (total >> 16)
        }
        return total
    }
}
