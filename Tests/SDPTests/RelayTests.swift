import Basics
import Foundation
import SDP
import Testing

@Suite("A relay's description for the other leg")
struct RelayTests {
    /// The files beside this one: `NAME.in.sdp`, and `NAME.relayed.sdp` as it must come out.
    private func golden(_ name: String) throws -> String {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")
        return String(decoding: try Data(contentsOf: folder.appendingPathComponent(name)), as: UTF8.self)
    }

    private func origin() throws -> SDPOrigin {
        SDPOrigin(username: "martinet", sessionID: 77, version: 3, address: try address("198.51.100.1"))
    }

    @Test(
        "golden: each stream keeps its place and codecs, and nothing of the author's network is left",
        arguments: [
            "trunk-offer", "browser-offer", "old-hold",
        ])
    func matchesGolden(name: String) throws {
        let parsed = try SessionDescription.parse(Array(golden("\(name).in.sdp").utf8))
        let endpoints = try parsed.media.indices.map { index in
            SDPRelayEndpoint(
                address: try address(index == 2 ? "2001:db8:1::1" : "198.51.100.1"),
                rtpPort: UInt16(20_000 + 2 * index),
                rtcpPort: UInt16(index == 1 ? 30_001 : 20_001 + 2 * index))
        }
        let relayed = try text(parsed.relayed(origin: origin(), endpoints: endpoints))
        #expect(relayed == (try golden("\(name).relayed.sdp")).replacingOccurrences(of: "\n", with: "\r\n"))
    }

    @Test("a stream without an endpoint is refused in its place, with its codecs")
    func refusesStreams() throws {
        let parsed = try session("m=audio 4000 RTP/AVP 0 8", "m=video 4002 RTP/AVP 34", "m=audio 4004 RTP/AVP 9")
        let endpoint = SDPRelayEndpoint(address: try address("198.51.100.9"), rtpPort: 20_002)
        let relayed = parsed.relayed(origin: try origin(), endpoints: [nil, endpoint])
        #expect(relayed.media.map(\.port) == [0, 20_002, 0])
        #expect(relayed.media.map(\.formats) == [["0", "8"], ["34"], ["9"]])
        #expect(relayed.media[1].rtpEndpoint == IPEndpoint("198.51.100.9:20002"))
        #expect(relayed.origin == (try origin()))
    }

    @Test("a stream refused by the author stays refused even with an endpoint")
    func keepsRefusal() throws {
        let parsed = try session("m=audio 0 RTP/AVP 0")
        let endpoint = SDPRelayEndpoint(address: try address("198.51.100.9"), rtpPort: 20_002)
        #expect(parsed.relayed(origin: try origin(), endpoints: [endpoint]).media[0].isRejected)
    }

    @Test("a domain name as address is replaced, at both levels")
    func replacesNames() throws {
        let parsed = try SessionDescription.parse(
            sdp(
                "v=0", "o=- 1 1 IN IP4 gw.internal.example", "c=IN IP4 gw.internal.example", "m=audio 4000 RTP/AVP 0",
                "c=IN IP6 media.internal.example", "a=note:see gw.internal.example"))
        let endpoint = SDPRelayEndpoint(address: try address("198.51.100.9"), rtpPort: 20_002)
        let out = try text(parsed.relayed(origin: try origin(), endpoints: [endpoint]))
        #expect(!out.contains("internal"))
        #expect(out.contains("c=IN IP4 198.51.100.9\r\n"))
    }

    @Test(
        "rtcp-mux is kept, written or taken away as the relay asks",
        arguments: [(nil, true, true), (nil, false, false), (true, false, true), (false, true, false)]
            as [(Bool?, Bool, Bool)])
    func handlesMux(asked: Bool?, written: Bool, expected: Bool) throws {
        var parsed = try session("m=audio 4000 RTP/AVP 0")
        if written { parsed.media[0].attributes = [SDPAttribute("rtcp-mux")] }
        let endpoint = SDPRelayEndpoint(address: try address("198.51.100.9"), rtpPort: 20_002, rtcpMux: asked)
        #expect(parsed.relayed(origin: try origin(), endpoints: [endpoint]).media[0].rtcpMux == expected)
    }

    @Test("relaying twice changes nothing more")
    func isIdempotent() throws {
        let parsed = try SessionDescription.parse(Array(golden("trunk-offer.in.sdp").utf8))
        let endpoints = try (0..<3).map {
            SDPRelayEndpoint(address: try address("198.51.100.1"), rtpPort: UInt16(20_000 + 2 * $0))
        }
        let once = parsed.relayed(origin: try origin(), endpoints: endpoints)
        #expect(once.relayed(origin: try origin(), endpoints: endpoints) == once)
    }
}
