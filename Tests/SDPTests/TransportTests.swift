import Basics
import SDP
import Testing

@Suite("SDP: ICE, DTLS, groups and header extensions")
struct TransportTests {
    static let fingerprint =
        "sha-256 19:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04:BB:05:2F:70:9F:04:A9:0E:05:E9:26:33:E8:70:88:A2"

    @Test("a browser's offer is read")
    func browser() throws {
        let offer = try session(
            "a=group:BUNDLE 0 1", "a=ice-options:trickle ice2", "a=fingerprint:\(Self.fingerprint)", "a=setup:actpass",
            "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0", "a=ice-ufrag:Oyef", "a=ice-pwd:T0teqPLNQQOf+5W+ls+P2p16",
            "a=candidate:1467250027 1 udp 2122260223 192.168.0.196 46243 typ host generation 0 network-id 1",
            "a=candidate:4 1 UDP 1686052607 203.0.113.9 54400 typ srflx raddr 192.168.0.196 rport 46243",
            "a=candidate:5 1 tcp 1518280447 192.168.0.196 9 typ host tcptype active",
            "a=candidate:6 1 udp 2113937151 8a1c1f5e.local 51000 typ host", "a=candidate:nonsense",
            "a=end-of-candidates", "a=rtcp-mux", "a=rtcp-mux-only", "a=tls-id:1",
            "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=on",
            "a=extmap:2/sendonly urn:ietf:params:rtp-hdrext:sdes:mid", "a=extmap:0 urn:bad",
            "a=extmap:3/sideways urn:bad",
            "m=video 0 UDP/TLS/RTP/SAVPF 96", "a=mid:1", "a=bundle-only", "a=setup:passive",
            "a=fingerprint:sha-512 AB:cd")
        let audio = try #require(offer.transport(ofMedia: 0))
        #expect(audio.iceUfrag == "Oyef" && audio.icePassword == "T0teqPLNQQOf+5W+ls+P2p16" && audio.hasICE)
        #expect(audio.iceOptions == ["trickle", "ice2"] && !audio.isICELite && audio.endOfCandidates)
        #expect(audio.fingerprints.map(\.text) == [Self.fingerprint] && audio.fingerprints[0].value.count == 32)
        #expect(audio.setup == .actpass && audio.tlsID == "1")
        #expect(audio.candidates.count == 4)
        #expect(audio.candidates[0].extensions == [.init("generation", "0"), .init("network-id", "1")])
        #expect(audio.candidates[1].kind == .serverReflexive && audio.candidates[1].relatedPort == 46243)
        #expect(audio.candidates[1].relatedHost == "192.168.0.196" && audio.candidates[1].extensions.isEmpty)
        #expect(
            audio.candidates.map(\.endpoint) == [
                IPEndpoint("192.168.0.196:46243"), IPEndpoint("203.0.113.9:54400"), nil, nil,
            ])
        #expect(offer.groups == [SDPGroup("BUNDLE", mids: ["0", "1"])] && offer.groups[0].isBundle)
        #expect(offer.media.map(\.mid) == ["0", "1"])
        #expect(offer.media[0].rtcpMux && offer.media[0].isRTCPMuxOnly && !offer.media[0].isBundleOnly)
        #expect(
            offer.media[0].extmaps == [
                SDPExtmap(id: 1, uri: "urn:ietf:params:rtp-hdrext:ssrc-audio-level", parameters: "vad=on"),
                SDPExtmap(id: 2, direction: .sendonly, uri: "urn:ietf:params:rtp-hdrext:sdes:mid"),
            ])
        let video = try #require(offer.transport(ofMedia: 1))
        #expect(video.setup == .passive && !video.hasICE && offer.media[1].isBundleOnly)
        #expect(video.fingerprints == [SDPFingerprint(hash: "sha-512", value: [0xAB, 0xCD])])
        #expect(offer.transport(ofMedia: 2) == nil)
    }

    @Test("our description as a lite agent is written, and read back the same")
    func written() throws {
        var answer = try session("m=audio 20000 UDP/TLS/RTP/SAVPF 0", "a=setup:active", "a=ptime:20", "a=candidate:old")
        var transport = SDPTransport()
        (transport.iceUfrag, transport.icePassword) = ("8hhY", "asd88fgpdd777uzjYhagZg")
        transport.iceOptions = ["ice2"]
        transport.candidates = SDPCandidate.hosts(
            [try address("2001:db8::1"), try address("192.0.2.1")], rtpPort: 20000, rtcpPort: 20001)
        transport.fingerprints = [try #require(SDPFingerprint(Self.fingerprint))]
        transport.setup = .passive
        transport.tlsID = "abc3de65cddef001be82"
        transport.endOfCandidates = true
        transport.remoteCandidates = [SDPRemoteCandidate(component: 1, host: "192.0.2.9", port: 4000)]
        answer.media[0].setTransport(transport)
        answer.media[0].mid = "a"
        answer.isICELite = true
        answer.isICELite = true
        answer.groups = [SDPGroup("bundle", mids: ["a"])]
        answer.media[0].setExtmaps([SDPExtmap(id: 9, direction: .recvonly, uri: "urn:x", parameters: "y z")])
        #expect(
            try text(answer).split(whereSeparator: \.isNewline).filter { $0.hasPrefix("a=") } == [
                "a=ice-lite", "a=group:BUNDLE a", "a=ptime:20", "a=ice-ufrag:8hhY", "a=ice-pwd:asd88fgpdd777uzjYhagZg",
                "a=ice-options:ice2", "a=fingerprint:\(Self.fingerprint)", "a=setup:passive",
                "a=tls-id:abc3de65cddef001be82",
                "a=candidate:1 1 UDP 2130706431 2001:db8::1 20000 typ host",
                "a=candidate:1 2 UDP 2130706430 2001:db8::1 20001 typ host",
                "a=candidate:2 1 UDP 2130706175 192.0.2.1 20000 typ host",
                "a=candidate:2 2 UDP 2130706174 192.0.2.1 20001 typ host", "a=remote-candidates:1 192.0.2.9 4000",
                "a=end-of-candidates", "a=mid:a", "a=extmap:9/recvonly urn:x y z",
            ])
        transport.isICELite = true
        #expect(answer.transport(ofMedia: 0) == transport)
        answer.media[0].setTransport(SDPTransport())
        #expect(answer.media[0].attributes.map(\.name) == ["ptime", "mid", "extmap"])
    }

    @Test(
        "credentials outside the grammar are none",
        arguments: [
            ("abc", "asd88fgpdd777uzjYhagZg"), ("abcd", "asd88fgpdd777uzjYhagZ"), ("ab-d", "asd88fgpdd777uzjYhagZg"),
            ("abcd", "asd88fgpdd777uzjYhag g"), (String(repeating: "a", count: 257), "asd88fgpdd777uzjYhagZg"),
            ("", ""),
        ])
    func credentials(ufrag: String, password: String) throws {
        let parsed = try session("m=audio 9 RTP/AVP 0", "a=ice-ufrag:\(ufrag)", "a=ice-pwd:\(password)")
        #expect(parsed.transport(ofMedia: 0)?.hasICE == false)
    }

    @Test(
        "candidates outside the grammar are passed over",
        arguments: [
            "1 1 UDP 1 192.0.2.1 5000 typ", "1 0 UDP 1 192.0.2.1 5000 typ host", "1 257 UDP 1 192.0.2.1 5000 typ host",
            "1 1 UDP 0 192.0.2.1 5000 typ host", "1 1 UDP 2147483648 192.0.2.1 5000 typ host",
            "1 1 UDP 1 192.0.2.1 65536 typ host", "1 1 UDP 1 192.0.2.1 5000 type host",
            "123456789012345678901234567890123 1 UDP 1 192.0.2.1 5000 typ host",
            "1 1 UDP 1 192.0.2.1 5000 typ srflx rport x",
        ])
    func badCandidates(value: String) { #expect(SDPCandidate(value) == nil) }

    @Test(
        "fingerprints outside the grammar are passed over",
        arguments: [
            "", "sha-256", "sha-256 ", "sha-256 1:2", "sha-256 GG:00", "sha-256 00:", "sha-256 00 11", "sha-256 +1:00",
        ])
    func badFingerprints(value: String) { #expect(SDPFingerprint(value) == nil) }

    @Test(
        "the answer's part in the handshake follows the offer's (RFC 5763 §5)",
        arguments: [
            (SDPSetup.actpass, SDPSetup.active, SDPSetup.active), (.actpass, .passive, .passive),
            (.active, .active, .passive),
            (.passive, .passive, .active), (.holdconn, .active, .holdconn), (.actpass, .holdconn, .active),
        ])
    func setup(offered: SDPSetup, wanted: SDPSetup, answered: SDPSetup) {
        #expect(offered.answer(preferring: wanted) == answered)
    }
}
