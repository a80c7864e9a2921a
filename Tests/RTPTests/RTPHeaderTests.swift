import RTP
import Testing

@Suite("RTP header")
struct RTPHeaderTests {
    @Test("every field is read from its place")
    func fields() throws {
        let packet: [UInt8] = rtp(
            first: 0x80, second: 0xE0, number: 0xABCD, timestamp: 0x0102_0304, ssrc: 0xDEAD_BEEF, rest: [1, 2, 3])
        let header = try #require(packet.withUnsafeBytes { RTPHeader($0) })
        #expect(header.marker)
        #expect(header.payloadType == 96)
        #expect(header.sequenceNumber == 0xABCD)
        #expect(header.timestamp == 0x0102_0304)
        #expect(header.ssrc == 0xDEAD_BEEF)
        #expect(header.length == 12)
        #expect(packet.withUnsafeBytes { header.payload(of: $0) } == 12..<15)
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let packet: [UInt8]
        /// The header's length; nil where the packet is refused.
        let length: Int?
        /// Nil where the padding is illegal.
        var payload: Range<Int>?
    }

    static let rows: [Row] = [
        Row(testDescription: "empty", packet: [], length: nil),
        Row(testDescription: "one byte short", packet: Array(rtp().dropLast()), length: nil),
        Row(testDescription: "no payload", packet: rtp(), length: 12, payload: 12..<12),
        Row(testDescription: "version 1", packet: rtp(first: 0x40), length: nil),
        Row(testDescription: "version 3", packet: rtp(first: 0xC0), length: nil),
        Row(
            testDescription: "one CSRC", packet: rtp(first: 0x81, rest: [0, 0, 0, 1, 9]), length: 16, payload: 16..<17),
        Row(testDescription: "CSRC cut short", packet: rtp(first: 0x81, rest: [0, 0, 0]), length: nil),
        Row(
            testDescription: "15 CSRC", packet: rtp(first: 0x8F, rest: [UInt8](repeating: 0, count: 60)), length: 72,
            payload: 72..<72),
        Row(
            testDescription: "empty extension", packet: rtp(first: 0x90, rest: [0, 1, 0, 0, 9]), length: 16,
            payload: 16..<17),
        Row(
            testDescription: "extension of a word", packet: rtp(first: 0x90, rest: [0, 1, 0, 1, 1, 2, 3, 4, 9]),
            length: 20, payload: 20..<21),
        Row(testDescription: "extension head cut", packet: rtp(first: 0x90, rest: [0, 1, 0]), length: nil),
        Row(
            testDescription: "extension longer than the packet", packet: rtp(first: 0x90, rest: [0, 1, 0xFF, 0xFF]),
            length: nil),
        Row(testDescription: "padding of 1", packet: rtp(first: 0xA0, rest: [9, 1]), length: 12, payload: 12..<13),
        Row(
            testDescription: "nothing but padding", packet: rtp(first: 0xA0, rest: [0, 2]), length: 12, payload: 12..<12
        ),
        Row(testDescription: "padding of 0", packet: rtp(first: 0xA0, rest: [9, 0]), length: 12, payload: nil),
        Row(
            testDescription: "padding over the payload", packet: rtp(first: 0xA0, rest: [9, 3]), length: 12,
            payload: nil),
        Row(testDescription: "padding without a byte", packet: rtp(first: 0xA0), length: 12, payload: nil),
    ]

    @Test("lengths announced are held against the packet's", arguments: rows)
    func lengths(_ row: Row) {
        row.packet.withUnsafeBytes { bytes in
            let header = RTPHeader(bytes)
            #expect(header?.length == row.length)
            #expect(header?.payload(of: bytes) == row.payload)
        }
    }

    @Test(
        "on a shared port RTCP is told by packet types 192 to 223",
        arguments: [(191, false), (192, true), (200, true), (223, true), (224, false), (0, false)])
    func demultiplexing(_ second: UInt8, _ expected: Bool) {
        #expect(rtp(second: second).withUnsafeBytes { isRTCP($0) } == expected)
        #expect(!rtp(first: 0x00, second: second).withUnsafeBytes { isRTCP($0) })
        #expect(!rtp(second: second).prefix(7).withUnsafeBytes { isRTCP($0) })
    }
}
