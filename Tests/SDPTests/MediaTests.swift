import Basics
import SDP
import Testing

@Suite("One m-line")
struct MediaTests {
    @Test("codecs, parameters, packet times and keys are found among the attributes")
    func readsAttributes() throws {
        let parsed = try session(
            "m=audio 4000 RTP/SAVP 0 96 97 101", "a=rtpmap:96 opus/48000/2", "a=rtpmap:97 G722/8000", "a=rtpmap:bad",
            "a=rtpmap:200 x/1",
            "a=fmtp:96 useinbandfec=1; stereo=0", "a=fmtp:101 0-15", "a=fmtp:", "a=ptime:20", "a=maxptime:150",
            "a=rtcp-mux",
            "a=rtcp:53020 IN IP4 192.0.2.9", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc", "a=X-unknown:kept")
        let media = parsed.media[0]
        #expect(
            media.rtpmaps == [
                SDPRTPMap(payloadType: 96, encoding: "opus", clockRate: 48_000, parameters: "2"),
                SDPRTPMap(payloadType: 97, encoding: "G722", clockRate: 8_000),
            ])
        #expect(media.rtpmap(96)?.channels == 2)
        #expect(media.rtpmap(97)?.channels == 1)
        #expect(media.fmtp("96") == "useinbandfec=1; stereo=0")
        #expect(media.fmtps.map(\.format) == ["96", "101"])
        #expect(media.ptimeMs == 20)
        #expect(media.maxptimeMs == 150)
        #expect(media.rtcpMux)
        #expect(media.rtcp == SDPRTCP(port: 53020, address: SDPAddress(try address("192.0.2.9"))))
        #expect(media.crypto.map(\.suite) == ["AES_CM_128_HMAC_SHA1_80"])
        #expect(media.attributes.last == SDPAttribute("X-unknown", "kept"))
        #expect(media.clockRate == 8_000)
    }

    @Test(
        "RTCP goes to a=rtcp, else to the port above",
        arguments: [
            ([], "192.0.2.1:4001"), (["a=rtcp:5000"], "192.0.2.1:5000"),
            (["a=rtcp:5000 IN IP4 192.0.2.9"], "192.0.2.9:5000"),
            (["a=rtcp:5000 IN IP4 some.name"], "192.0.2.1:5000"), (["a=rtcp:0"], "192.0.2.1:4001"),
            (["a=rtcp:x"], "192.0.2.1:4001"),
        ] as [([String], String)])
    func findsRTCP(attributes: [String], endpoint: String) throws {
        var parsed = try session("m=audio 4000 RTP/AVP 0")
        parsed.media[0].attributes = attributes.map { line in
            let parts = line.dropFirst(2).split(separator: ":", maxSplits: 1).map(String.init)
            return SDPAttribute(parts[0], parts[1])
        }
        #expect(parsed.media[0].rtpEndpoint == IPEndpoint("192.0.2.1:4000"))
        #expect(parsed.media[0].rtcpEndpoint == IPEndpoint(endpoint))
    }

    @Test("port 65535 has no RTCP port above it")
    func lastPort() throws {
        let media = try session("m=audio 65535 RTP/AVP 0").media[0]
        #expect(media.rtpEndpoint?.port == 65535)
        #expect(media.rtcpEndpoint == nil)
    }

    struct DirectionRow: Sendable, CustomTestStringConvertible {
        let session: String?, media: String?, address: String
        let direction: MediaDirection, meant: MediaDirection
        let onHold: Bool
        var testDescription: String { "\(session ?? "-") / \(media ?? "-") / \(address)" }
        init(
            _ session: String?, _ media: String?, _ address: String, _ direction: MediaDirection,
            _ meant: MediaDirection, _ onHold: Bool
        ) {
            (self.session, self.media, self.address) = (session, media, address)
            (self.direction, self.meant, self.onHold) = (direction, meant, onHold)
        }
    }

    @Test(
        "the m-line's direction counts before the session's, and 0.0.0.0 is a hold",
        arguments: [
            DirectionRow(nil, nil, "192.0.2.1", .sendrecv, .sendrecv, false),
            DirectionRow("sendonly", nil, "192.0.2.1", .sendonly, .sendonly, true),
            DirectionRow("sendonly", "sendrecv", "192.0.2.1", .sendrecv, .sendrecv, false),
            DirectionRow(nil, "recvonly", "192.0.2.1", .recvonly, .recvonly, false),
            DirectionRow(nil, "inactive", "192.0.2.1", .inactive, .inactive, true),
            DirectionRow(nil, "SendOnly", "192.0.2.1", .sendonly, .sendonly, true),
            DirectionRow(nil, "sendonly:x", "192.0.2.1", .sendrecv, .sendrecv, false),
            DirectionRow(nil, nil, "0.0.0.0", .sendrecv, .sendonly, true),
            DirectionRow("recvonly", nil, "0.0.0.0", .recvonly, .inactive, true),
            DirectionRow(nil, "sendrecv", "::", .sendrecv, .sendonly, true),
        ])
    func findsDirection(row: DirectionRow) throws {
        var lines = ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "c=IN IP4 \(row.address)"]
        if let direction = row.session { lines.append("a=\(direction)") }
        lines.append("m=audio 4000 RTP/AVP 0")
        if let direction = row.media { lines.append("a=\(direction)") }
        let parsed = try SessionDescription.parse(Array(lines.joined(separator: "\n").utf8))
        #expect(parsed.media[0].direction == row.direction)
        #expect(parsed.media[0].meantDirection == row.meant)
        #expect(parsed.media[0].isOnHold == row.onHold)
        #expect(parsed.isOnHold == row.onHold)
        if row.address != "192.0.2.1" { #expect(parsed.media[0].rtpEndpoint == nil) }
    }

    @Test("a session is on hold when every live stream is, and not when none is live")
    func sessionHold() throws {
        #expect(try session("m=audio 4000 RTP/AVP 0", "a=sendonly", "m=video 0 RTP/AVP 34").isOnHold)
        #expect(try !session("m=audio 4000 RTP/AVP 0", "a=sendonly", "m=video 4002 RTP/AVP 34").isOnHold)
        #expect(try !session("m=audio 0 RTP/AVP 0", "a=sendonly").isOnHold)
    }

    @Test("changing the session's defaults changes what its streams mean")
    func defaultsFollow() throws {
        var parsed = try session(
            "m=audio 4000 RTP/AVP 0", "m=video 4002 RTP/AVP 34", "c=IN IP4 192.0.2.5", "a=inactive")
        let moved = SDPConnection(try address("198.51.100.7"))
        parsed.connection = moved
        parsed.attributes = [SDPAttribute("recvonly")]
        #expect(parsed.media[0].connection == moved)
        #expect(parsed.media.map(\.direction) == [.recvonly, .inactive])
        #expect(parsed.media[1].connection?.ip == IPAddress("192.0.2.5"))
        parsed.media.append(MediaDescription(kind: .application, port: 5, formats: ["0"]))
        #expect(parsed.media[2].direction == .recvonly)
        #expect(parsed.media[2].connection == moved)
    }

    @Test("setting a direction replaces the one written, in its place")
    func setsDirection() throws {
        var parsed = try session("m=audio 4000 RTP/AVP 0", "a=ptime:20", "a=sendrecv", "a=rtcp-mux", "a=inactive")
        parsed.media[0].direction = .recvonly
        #expect(parsed.media[0].attributes.map(\.name) == ["ptime", "recvonly", "rtcp-mux"])
    }

    @Test(
        "an answer's direction is the offer's seen from the other end, limited to what both want",
        arguments: [
            (MediaDirection.sendrecv, MediaDirection.sendrecv, MediaDirection.sendrecv),
            (.sendonly, .sendrecv, .recvonly),
            (.recvonly, .sendrecv, .sendonly), (.inactive, .sendrecv, .inactive), (.sendrecv, .sendonly, .sendonly),
            (.sendonly, .sendonly, .inactive),
        ])
    func answersDirections(offer: MediaDirection, wish: MediaDirection, answer: MediaDirection) {
        #expect(offer.reversed.limited(to: wish) == answer)
    }
}
