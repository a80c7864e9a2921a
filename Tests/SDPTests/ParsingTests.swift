import Basics
import SDP
import Testing

@Suite("Reading session descriptions")
struct ParsingTests {
    @Test("the example of RFC 8866 §5 is read in full")
    func readsTheRFCExample() throws {
        let parsed = try SessionDescription.parse(
            sdp(
                "v=0", "o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1", "s=Call to John Smith", "i=SDP Offer #1",
                "u=http://www.jdoe.example.com/home.html", "e=Jane Doe <jane@jdoe.example.com>", "p=+1 617 555-6011",
                "c=IN IP4 198.51.100.1", "t=0 0", "m=audio 49170 RTP/AVP 0", "m=audio 49180 RTP/AVP 0",
                "m=video 51372 RTP/AVP 99", "c=IN IP6 2001:db8::2", "a=rtpmap:99 h263-1998/90000"))
        #expect(
            parsed.origin
                == SDPOrigin(
                    username: "jdoe", sessionID: 3_724_394_400, version: 3_724_394_405,
                    address: try address("198.51.100.1")))
        #expect(parsed.sessionName == "Call to John Smith")
        #expect(parsed.information == "SDP Offer #1")
        #expect(parsed.uri == "http://www.jdoe.example.com/home.html")
        #expect(parsed.emails == ["Jane Doe <jane@jdoe.example.com>"])
        #expect(parsed.phones == ["+1 617 555-6011"])
        #expect(parsed.timings == [.permanent])
        #expect(parsed.media.map(\.kind) == [.audio, .audio, .video])
        #expect(parsed.media.map(\.port) == [49170, 49180, 51372])
        #expect(
            parsed.media.map { $0.connection?.ip } == [
                try address("198.51.100.1"), try address("198.51.100.1"), try address("2001:db8::2"),
            ])
        #expect(parsed.media[2].rtpmaps == [SDPRTPMap(payloadType: 99, encoding: "h263-1998", clockRate: 90_000)])
    }

    @Test("the multicast example of RFC 4566 §5 is read, repeats and directions included")
    func readsTheOldExample() throws {
        let parsed = try SessionDescription.parse(
            sdp(
                "v=0", "o=jdoe 2890844526 2890842807 IN IP4 10.47.16.5", "s=SDP Seminar", "c=IN IP4 224.2.17.12/127",
                "t=2873397496 2873404696", "r=7d 1h 0 25h", "z=2882844526 -1h 2898848070 0", "a=recvonly",
                "m=audio 49170 RTP/AVP 0", "m=video 51372/2 RTP/AVP 99", "a=sendonly", "a=rtpmap:99 h263-1998/90000"))
        #expect(parsed.timing == SDPTiming(start: 2_873_397_496, stop: 2_873_404_696, repeats: ["7d 1h 0 25h"]))
        #expect(parsed.timeZones == "2882844526 -1h 2898848070 0")
        #expect(parsed.connection == SDPConnection(SDPAddress(try address("224.2.17.12")), ttl: 127))
        #expect(parsed.media.map(\.direction) == [.recvonly, .sendonly])
        #expect(parsed.media[1].portCount == 2)
    }

    struct ConnectionRow: Sendable, CustomTestStringConvertible {
        let line: String, text: String, family: SDPAddress.Family, isIP: Bool
        var ttl: UInt8?
        var count: UInt32?
        var testDescription: String { line }
    }

    @Test(
        "c= takes addresses, names and multicast suffixes",
        arguments: [
            ConnectionRow(line: "IN IP4 192.0.2.7", text: "192.0.2.7", family: .ip4, isIP: true),
            ConnectionRow(line: "in ip4 192.0.2.7", text: "192.0.2.7", family: .ip4, isIP: true),
            ConnectionRow(line: "IN  IP4\t192.0.2.7", text: "192.0.2.7", family: .ip4, isIP: true),
            ConnectionRow(line: "IN IP4 0.0.0.0", text: "0.0.0.0", family: .ip4, isIP: true),
            ConnectionRow(line: "IN IP4 media.example.com", text: "media.example.com", family: .ip4, isIP: false),
            ConnectionRow(line: "IN IP6 media.example.com", text: "media.example.com", family: .ip6, isIP: false),
            ConnectionRow(
                line: "IN IP4 233.252.0.1/127/3", text: "233.252.0.1", family: .ip4, isIP: true, ttl: 127, count: 3),
            ConnectionRow(line: "IN IP6 ff15::101/3", text: "ff15::101", family: .ip6, isIP: true, count: 3),
            ConnectionRow(line: "IN IP4 2001:db8::1", text: "2001:db8::1", family: .ip6, isIP: true),
            ConnectionRow(line: "IN IP6 192.0.2.7", text: "192.0.2.7", family: .ip4, isIP: true),
            ConnectionRow(line: "IN IP6 [2001:db8::1]", text: "2001:db8::1", family: .ip6, isIP: true),
        ])
    func readsConnections(row: ConnectionRow) throws {
        let parsed = try SessionDescription.parse(sdp("v=0", "o=- 1 1 IN IP4 192.0.2.1", "c=\(row.line)"))
        let connection = try #require(parsed.connection)
        #expect(connection.address.text == row.text)
        #expect(connection.address.family == row.family)
        #expect((connection.ip != nil) == row.isIP)
        #expect(connection.ttl == row.ttl)
        #expect(connection.addressCount == row.count)
    }

    struct TolerantRow: Sendable, CustomTestStringConvertible {
        let label: String, bytes: [UInt8]
        var testDescription: String { label }
    }

    @Test(
        "what phones do is read as what they mean",
        arguments: [
            TolerantRow(
                label: "bare LF",
                bytes: Array("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0\nm=audio 4000 RTP/AVP 8\n".utf8)),
            TolerantRow(
                label: "last line not ended", bytes: Array("v=0\no=- 1 1 IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 8".utf8)
            ),
            TolerantRow(label: "no s=, no t=", bytes: sdp("v=0", "o=- 1 1 IN IP4 192.0.2.1", "m=audio 4000 RTP/AVP 8")),
            TolerantRow(
                label: "empty s=",
                bytes: sdp("v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=", "t=0 0", "m=audio 4000 RTP/AVP 8")),
            TolerantRow(
                label: "out of order",
                bytes: sdp("v=0", "t=0 0", "s=-", "o=- 1 1 IN IP4 192.0.2.1", "m=audio 4000 RTP/AVP 8")),
            TolerantRow(
                label: "t= after m=", bytes: sdp("v=0", "o=- 1 1 IN IP4 192.0.2.1", "m=audio 4000 RTP/AVP 8", "t=0 0")),
            TolerantRow(
                label: "blank lines",
                bytes: sdp("v=0", "", "o=- 1 1 IN IP4 192.0.2.1", " ", "m=audio 4000 RTP/AVP 8", "")),
            TolerantRow(
                label: "trailing blanks", bytes: sdp("v=0 ", "o=- 1 1 IN IP4 192.0.2.1 ", "m=audio 4000  RTP/AVP 8 ")),
            TolerantRow(
                label: "unreadable bandwidth",
                bytes: sdp("v=0", "o=- 1 1 IN IP4 192.0.2.1", "b=AS:", "m=audio 4000 RTP/AVP 8", "b=x")),
            TolerantRow(
                label: "nameless attribute",
                bytes: sdp("v=0", "o=- 1 1 IN IP4 192.0.2.1", "a=", "a=:x", "m=audio 4000 RTP/AVP 8")),
        ])
    func toleratesWhatPhonesDo(row: TolerantRow) throws {
        let parsed = try SessionDescription.parse(row.bytes)
        let plain = SessionDescription(
            origin: SDPOrigin(sessionID: 1, version: 1, address: try address("192.0.2.1")),
            media: [MediaDescription(kind: .audio, port: 4000, formats: ["8"])])
        #expect(parsed == plain)
    }

    @Test("a name of several words in o= is kept as one token, a refused stream without formats gets one")
    func mendsTokens() throws {
        let parsed = try SessionDescription.parse(sdp("v=0", "o=SIP Phone 7 9 IN IP4 192.0.2.1", "m=video 0 RTP/AVP"))
        #expect(parsed.origin.username == "SIP_Phone")
        #expect(parsed.origin.versionNumber == 9)
        #expect(parsed.media[0].formats == ["0"])
    }

    struct BadRow: Sendable, CustomTestStringConvertible {
        let label: String, bytes: [UInt8], kind: SDPError.Kind
        let line: Int?, field: String
        var testDescription: String { label }
        init(_ label: String, _ bytes: [UInt8], _ kind: SDPError.Kind, line: Int?, field: String) {
            (self.label, self.bytes, self.kind, self.line, self.field) = (label, bytes, kind, line, field)
        }
    }

    @Test(
        "what cannot be meant is refused, with the line and the field",
        arguments: [
            BadRow("nothing", [], .missing, line: nil, field: "v"),
            BadRow("no origin", sdp("v=0", "s=-"), .missing, line: nil, field: "o"),
            BadRow("not starting with v=", sdp("o=- 1 1 IN IP4 192.0.2.1", "v=0"), .missing, line: 1, field: "v"),
            BadRow("version 1", sdp("v=1"), .unsupportedVersion, line: 1, field: "v"),
            BadRow("two versions", sdp("v=0", "v=0"), .misplaced, line: 2, field: "v"),
            BadRow("two origins", sdp("v=0", "o=- 1 1 IN IP4 a", "o=- 1 1 IN IP4 a"), .misplaced, line: 3, field: "o"),
            BadRow("two names", sdp("v=0", "s=-", "s=-"), .misplaced, line: 3, field: "s"),
            BadRow(
                "two session addresses", sdp("v=0", "c=IN IP4 a.b", "c=IN IP4 a.b"), .misplaced, line: 3, field: "c"),
            BadRow("short origin", sdp("v=0", "o=- 1 IN IP4 192.0.2.1"), .malformed, line: 2, field: "o"),
            BadRow("other network", sdp("v=0", "c=ATM NSAP 47.0091"), .malformed, line: 2, field: "c"),
            BadRow("other family", sdp("v=0", "c=IN IP5 192.0.2.1"), .malformed, line: 2, field: "c"),
            BadRow("no address", sdp("v=0", "c=IN IP4"), .malformed, line: 2, field: "c"),
            BadRow("TTL over 255", sdp("v=0", "c=IN IP4 233.252.0.1/256"), .malformed, line: 2, field: "c"),
            BadRow("no multicast address", sdp("v=0", "c=IN IP4 233.252.0.1/1/0"), .malformed, line: 2, field: "c"),
            BadRow("TTL on IPv6", sdp("v=0", "c=IN IP6 ff15::1/1/1"), .malformed, line: 2, field: "c"),
            BadRow("empty suffix", sdp("v=0", "c=IN IP4 233.252.0.1/"), .malformed, line: 2, field: "c"),
            BadRow("port over 65535", sdp("v=0", "m=audio 65536 RTP/AVP 0"), .malformed, line: 2, field: "m"),
            BadRow("port in words", sdp("v=0", "m=audio x RTP/AVP 0"), .malformed, line: 2, field: "m"),
            BadRow("no port", sdp("v=0", "m=audio"), .malformed, line: 2, field: "m"),
            BadRow("no format", sdp("v=0", "m=audio 4000 RTP/AVP"), .malformed, line: 2, field: "m"),
            BadRow("zero ports", sdp("v=0", "m=audio 4000/0 RTP/AVP 0"), .malformed, line: 2, field: "m"),
            BadRow("time in words", sdp("v=0", "t=now then"), .malformed, line: 2, field: "t"),
            BadRow("time over 64 bits", sdp("v=0", "t=18446744073709551616 0"), .malformed, line: 2, field: "t"),
            BadRow("repeat without time", sdp("v=0", "r=7d 1h 0"), .misplaced, line: 2, field: "r"),
            BadRow("not a line", sdp("v=0", "hello"), .notALine, line: 2, field: "h"),
            BadRow("not a letter", sdp("v=0", "1=2"), .notALine, line: 2, field: "1"),
            BadRow("CR inside", Array("v=0\r\na=x\ry\r\n".utf8), .illegalByte, line: 2, field: "a"),
            BadRow("NUL", Array("v=0\r\na=x\0\r\n".utf8), .illegalByte, line: 2, field: "a"),
            BadRow(
                "two descriptions", sdp("v=0", "o=- 1 1 IN IP4 a", "m=audio 0 RTP/AVP 0", "v=0"), .misplaced, line: 4,
                field: "v"),
        ])
    func refuses(row: BadRow) {
        let error = #expect(throws: SDPError.self) { try SessionDescription.parse(row.bytes) }
        #expect(error?.kind == row.kind)
        #expect(error?.line == row.line)
        #expect(error?.field == row.field)
        #expect(error?.rule.isEmpty == false)
    }

    @Test("each limit is met exactly and refused one beyond")
    func keepsLimits() throws {
        let head = ["v=0", "o=- 1 1 IN IP4 192.0.2.1"]
        func parse(_ lines: [String], _ limits: SDPLimits) throws -> SessionDescription {
            try SessionDescription.parse(Array(lines.map { $0 + "\n" }.joined().utf8), limits: limits)
        }
        let lines = head + Array(repeating: "a=x", count: 8)
        #expect(try parse(lines, SDPLimits(lines: 10)).attributes.count == 8)
        #expect(throws: SDPError.self) { try parse(lines + ["a=x"], SDPLimits(lines: 10)) }
        let media = head + Array(repeating: "m=audio 0 RTP/AVP 0", count: 3)
        #expect(try parse(media, SDPLimits(media: 3)).media.count == 3)
        #expect(throws: SDPError.self) { try parse(media + ["m=audio 0 RTP/AVP 0"], SDPLimits(media: 3)) }
        #expect(try parse(head, SDPLimits(bytes: 29)).media.isEmpty)
        #expect(throws: SDPError.self) { try parse(head, SDPLimits(bytes: 28)) }
    }
}
