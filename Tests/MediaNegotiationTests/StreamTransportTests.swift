import Basics
import DTLS
import ICE
import MediaNegotiation
import MediaSession
import SDP
import SRTP
import Testing

/// Our certificate, and a party's.
private let ours = DTLSFingerprint(hash: "sha-256", value: [UInt8](repeating: 0xAB, count: 32))
private let its = DTLSFingerprint(hash: "sha-256", value: [UInt8](repeating: 0xCD, count: 32))
private let key80 = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
/// More keys than are taken at once.
private let nine: String = (1...9).map { "\(key80)|\($0):1" }.joined(separator: ";")
private let otherKey80 = "inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"

private func context(
    _ policy: EncryptionPolicy = .offered, overTLS: Bool = false, handshakes: Bool = true
) -> StreamTransport.Context {
    StreamTransport.Context(
        policy: policy, isSignallingEncrypted: overTLS, fingerprint: handshakes ? ours : nil)
}

/// Where keys are drawn from.
private final class Draw {
    var random = AnyRandom(SeededRandom(seed: 1))
}

@Suite("How a stream's packets travel")
struct StreamTransportTests {
    private let draw = Draw()

    private func offered(_ policy: EncryptionPolicy, overTLS: Bool = false, handshakes: Bool = true) throws
        -> StreamTransport
    {
        try StreamTransport.offer(
            after: audio("8").media[0], at: 0, before: nil,
            in: context(policy, overTLS: overTLS, handshakes: handshakes), random: &draw.random)
    }

    private func answered(
        _ offer: SessionDescription, _ policy: EncryptionPolicy = .offered, before: StreamTransport.Agreement? = nil,
        overTLS: Bool = false, handshakes: Bool = true
    ) throws -> StreamTransport {
        try StreamTransport.answer(
            to: offer, at: 0, before: before, in: context(policy, overTLS: overTLS, handshakes: handshakes),
            random: &draw.random)
    }

    /// Our description with this transport.
    private func own(_ transport: StreamTransport) throws -> SessionDescription {
        var description = try audio("8", proto: transport.profile, port: 20_000)
        description.write([transport], address: IPAddress(v4: 0xCB00_7101))
        return description
    }

    @Test("AVPF is offered as AVP, which every phone takes; a stream keeps the transport it has")
    func profile() throws {
        let caller = try audio("8", proto: "RTP/AVPF")
        let first = StreamTransport.offer(
            after: caller.media[0], at: 0, before: nil, in: context(), random: &draw.random)
        #expect(first.profile == "RTP/AVP")
        let before = StreamTransport.Agreement(own: caller, remote: caller)
        let again = try StreamTransport.offer(
            after: audio("8").media[0], at: 0, before: before, in: context(), random: &draw.random)
        #expect(again.profile == "RTP/AVPF")
        #expect(try answered(caller).profile == "RTP/AVPF")
    }

    @Test(
        "what is offered by each policy",
        arguments: [
            (EncryptionPolicy.forbidden, true, true, "RTP/AVP"), (.offered, false, true, "RTP/AVP"),
            (.offered, true, true, "RTP/AVP crypto"), (.required, false, true, "RTP/SAVP crypto"),
            (.webRTC, false, true, "UDP/TLS/RTP/SAVPF fingerprint actpass ice mux 0"),
            (.webRTC, false, false, "RTP/SAVP crypto"),
        ])
    func policies(_ policy: EncryptionPolicy, _ overTLS: Bool, _ handshakes: Bool, _ expected: String) throws {
        let offer = try offered(policy, overTLS: overTLS, handshakes: handshakes)
        var words: [String] = [offer.profile]
        if !offer.crypto.isEmpty { words.append("crypto") }
        if offer.fingerprint?.value == ours.value { words.append("fingerprint") }
        if let setup = offer.setup { words.append(setup.rawValue) }
        if offer.ice != nil { words.append("ice") }
        if offer.sharesRTCPPort { words.append("mux") }
        if let mid = offer.mid { words.append(mid) }
        #expect(words.joined(separator: " ") == expected)
        #expect(Set(offer.crypto.flatMap(\.keys).map(\.keyAndSalt)).count == offer.crypto.count)
    }

    /// RFC 4568 §5.1.2, §6.3; RFC 3711; RFC 7714 §14.1
    @Test(
        "of several crypto lines the first that can be used is answered, under its tag",
        arguments: [
            (["1 AES_CM_128_HMAC_SHA1_80 \(key80)"], 1),
            (["1 F8_128_HMAC_SHA1_80 \(key80)", "2 AES_CM_128_HMAC_SHA1_32 \(key80)"], 2),
            (["1 AES_999 inline:abcd", "7 aes_cm_128_hmac_sha1_80 \(key80)|2^20|1:4"], 7),
            (["1 AES_CM_128_HMAC_SHA1_80 \(key80) KDR=1", "2 AES_CM_128_HMAC_SHA1_80 \(key80) WSH=64"], 2),
            (["1 AES_CM_128_HMAC_SHA1_80 \(key80) NEW", "2 AES_CM_128_HMAC_SHA1_80 \(key80) -NEW"], 2),
            (["1 AES_CM_128_HMAC_SHA1_80 inline:tooshort", "2 AES_CM_128_HMAC_SHA1_80 \(key80)"], 2),
            (["1 AES_CM_128_HMAC_SHA1_80 \(key80) UNENCRYPTED_SRTP"], nil),
            (["1 AES_CM_128_HMAC_SHA1_80 \(key80);\(key80)|2:1", "2 AES_CM_128_HMAC_SHA1_80 \(key80)"], 2),
            (["1 AES_CM_128_HMAC_SHA1_80 \(key80)|1:1;\(key80)|1:1", "2 AES_CM_128_HMAC_SHA1_80 \(key80)"], 2),
            (["1 AES_CM_128_HMAC_SHA1_80 \(key80)|1:1;\(key80)|2:4", "2 AES_CM_128_HMAC_SHA1_80 \(key80)"], 2),
            (["1 AES_CM_128_HMAC_SHA1_80 \(key80)|1:1;inline:abcd|2:1", "2 AES_CM_128_HMAC_SHA1_80 \(key80)"], 2),
            (["1 AES_CM_128_HMAC_SHA1_80 \(nine)", "2 AES_CM_128_HMAC_SHA1_80 \(key80)"], 2),
            (["1 AES_CM_128_HMAC_SHA1_80 \(key80)", "1 AES_CM_128_HMAC_SHA1_32 \(key80)"], nil),
        ] as [([String], UInt32?)])
    func chooses(_ lines: [String], _ tag: UInt32?) throws {
        let attributes: [String] = lines.map { "a=crypto:" + $0 }
        let secure = try described(["m=audio 4000 RTP/SAVP 8"] + attributes)
        let plain = try described(["m=audio 4000 RTP/AVP 8"] + attributes)
        #expect(try answered(plain).crypto.map(\.tag) == (tag.map { [$0] } ?? []))
        guard let tag else {
            #expect(throws: EncryptionRefusal.noUsableKey) { try answered(secure) }
            return
        }
        let answer = try answered(secure)
        #expect(answer.crypto.map(\.tag) == [tag] && answer.profile == "RTP/SAVP")
        let agreed = try AgreedSecurity(StreamTransport.Agreement(own: own(answer), remote: secure), at: 0)
        guard case .sdes(let local, let keys)? = agreed?.security, let remote = keys.first else {
            Issue.record("no keys")
            return
        }
        #expect(local.keyAndSalt == answer.crypto[0].keys[0].keyAndSalt && local.mki == nil)
        #expect(local.keyAndSalt != remote.keyAndSalt)
        #expect(remote.mki == (tag == 7 ? [0, 0, 0, 1] : nil) && remote.lifetime == (tag == 7 ? 1 << 20 : nil))
    }

    @Test(
        "what a policy and an offer make of each other",
        arguments: [
            (EncryptionPolicy.forbidden, "RTP/SAVP", EncryptionRefusal.forbidden("RTP/SAVP")),
            (.forbidden, "UDP/TLS/RTP/SAVPF", .forbidden("UDP/TLS/RTP/SAVPF")),
            (.required, "RTP/AVP", .required("RTP/AVP")), (.webRTC, "RTP/AVPF", .required("RTP/AVPF")),
            (.offered, "RTP/SAVPF", .noUsableKey), (.offered, "UDP/TLS/RTP/SAVP", .noUsableFingerprint),
            (.offered, "RTP/AVP", nil), (.forbidden, "RTP/AVPF", nil),
        ] as [(EncryptionPolicy, String, EncryptionRefusal?)])
    func refusals(_ policy: EncryptionPolicy, _ profile: String, _ refusal: EncryptionRefusal?) throws {
        let offer = try audio("8", proto: profile)
        guard let refusal else {
            #expect(try answered(offer, policy).profile == profile)
            return
        }
        #expect(throws: refusal) { try answered(offer, policy) }
        #expect(refusal.explanation(of: "caller").contains("the caller offers"))
        #expect(refusal.explanation(of: "caller").contains("wanted is"))
    }

    @Test("a weak or broken fingerprint is none, and without a certificate of ours there are no handshakes")
    func badFingerprints() throws {
        for value in ["sha-1 AB:CD", "md5 00", "sha-256 AB:CD", "sha-256 zz", "sha-256"] {
            let offer = try audio("8", "fingerprint:\(value)", "setup:actpass", proto: "UDP/TLS/RTP/SAVP")
            #expect(throws: EncryptionRefusal.noUsableFingerprint) { try answered(offer) }
        }
        let offer = try audio("8", "fingerprint:\(its)", "setup:actpass", proto: "UDP/TLS/RTP/SAVP")
        #expect(throws: EncryptionRefusal.noHandshakes) { try answered(offer, handshakes: false) }
        let plain = try audio("8", "fingerprint:\(its)", "setup:actpass")
        #expect(try answered(plain, handshakes: false).fingerprint == nil)
        #expect(try answered(plain).fingerprint?.value == ours.value)
    }

    /// RFC 5763 §5, RFC 4145 §4.1
    @Test(
        "whoever is asked to be passive is active, and the other way round; holdconn is never answered",
        arguments: [
            ("setup:actpass", SDPSetup.passive, DTLSPlan.Role.server), ("setup:active", .passive, .server),
            ("setup:passive", .active, .client), ("setup:holdconn", .passive, .server),
            ("note:none", .passive, .server),
        ])
    func parts(_ line: String, _ setup: SDPSetup, _ role: DTLSPlan.Role) throws {
        let offer = try audio("8", "fingerprint:\(its)", line, proto: "UDP/TLS/RTP/SAVP")
        let answer = try answered(offer)
        #expect(answer.setup == setup)
        let before = try StreamTransport.Agreement(own: own(answer), remote: offer)
        let agreed = AgreedSecurity(before, at: 0)
        #expect(agreed?.security == .dtls(DTLSPlan(role: role, fingerprints: [its])))
        // A change leaves the parts as they are, whoever asks for it.
        let again = try audio("8", "fingerprint:\(its)", "setup:actpass", "sendonly", proto: "UDP/TLS/RTP/SAVP")
        #expect(try answered(again, before: before).setup == setup)
        let offered = StreamTransport.offer(
            after: offer.media[0], at: 0, before: before, in: context(), random: &draw.random)
        #expect(offered.setup == .actpass && offered.profile == "UDP/TLS/RTP/SAVP")
    }

    @Test("a new key of the party is taken and ours stays; another suite has a key of its own")
    func rekeying() throws {
        let first = try audio("8", "crypto:1 AES_CM_128_HMAC_SHA1_80 \(key80)", proto: "RTP/SAVP")
        let before = try StreamTransport.Agreement(own: own(answered(first)), remote: first)
        let key: SDPCryptoKey? = before.own.media[0].crypto[0].keys.first
        #expect(try answered(first, before: before).crypto[0].keys.first == key)
        let renewed = try audio("8", "crypto:5 AES_CM_128_HMAC_SHA1_80 \(otherKey80)", proto: "RTP/SAVP")
        let answer = try answered(renewed, before: before)
        #expect(answer.crypto[0].keys.first == key && answer.crypto[0].tag == 5)
        let other = try audio("8", "crypto:1 AES_CM_128_HMAC_SHA1_32 \(key80)", proto: "RTP/SAVP")
        #expect(try answered(other, before: before).crypto[0].keys.first != key)
        let offered = StreamTransport.offer(
            after: first.media[0], at: 0, before: before, in: context(), random: &draw.random)
        #expect(offered.crypto == before.own.media[0].crypto && offered.profile == "RTP/SAVP")
    }

    /// RFC 4568 §6.1
    @Test("of a line with several keys all are taken, and one of ours answers it")
    func severalKeys() throws {
        let other = "inline:" + String(repeating: "QUJD", count: 10)
        let secure = try described([
            "m=audio 4000 RTP/SAVP 8", "a=crypto:4 AES_CM_128_HMAC_SHA1_80 \(key80)|2^20|1:4;\(other)|2^31|2:4",
        ])
        let answer = try answered(secure)
        #expect(
            answer.crypto.map(\.tag) == [4] && answer.crypto[0].keys.count == 1 && answer.crypto[0].keys[0].mki == nil)
        let agreed = try AgreedSecurity(StreamTransport.Agreement(own: own(answer), remote: secure), at: 0)
        guard case .sdes(let local, let remote)? = agreed?.security else {
            Issue.record("no keys")
            return
        }
        #expect(local.keyAndSalt == answer.crypto[0].keys[0].keyAndSalt)
        #expect(remote.map(\.mki) == [[0, 0, 0, 1], [0, 0, 0, 2]])
        #expect(remote.map(\.lifetime) == [1 << 20, 1 << 31])
        #expect(remote[0].keyAndSalt != remote[1].keyAndSalt)
    }

    @Test("an answer is held against what was offered: tag and suite have to be those of one line")
    func answers() throws {
        let offer = try own(offered(.required))
        func agreed(_ line: String) throws -> MediaSecurity? {
            let answer = try audio("8", "crypto:\(line)", proto: "RTP/SAVP")
            return AgreedSecurity(StreamTransport.Agreement(own: offer, remote: answer), at: 0)?.security
        }
        let mine: SDPCryptoKey = offer.media[0].crypto[0].keys[0]
        guard case .sdes(let local, let keys)? = try agreed("1 AES_CM_128_HMAC_SHA1_80 \(key80)"),
            let remote = keys.first
        else {
            Issue.record("no keys")
            return
        }
        #expect(local.keyAndSalt == mine.keyAndSalt && remote.keyAndSalt.count == 30)
        for line in [
            "9 AES_CM_128_HMAC_SHA1_80 \(key80)", "2 AES_CM_128_HMAC_SHA1_80 \(key80)", "1 AEAD_AES_128_GCM x",
        ] {
            #expect(try agreed(line) == MediaSecurity.none)
        }
    }

    @Test("a party that offers both ways gets the one nobody on the way reads, and keeps what it has")
    func bothWays() throws {
        let offer = try audio(
            "8", "crypto:1 AES_CM_128_HMAC_SHA1_80 \(key80)", "fingerprint:\(its)", "setup:actpass")
        let open = try answered(offer)
        #expect(open.crypto.isEmpty && open.fingerprint != nil)
        let closed = try answered(offer, overTLS: true)
        #expect(closed.crypto.count == 1 && closed.fingerprint == nil)
        let before = try StreamTransport.Agreement(own: own(closed), remote: offer)
        #expect(try answered(offer, before: before).crypto == closed.crypto)
    }

    /// RFC 8842 §5
    @Test("another tls-id is another association, on both ends; the same one is answered with ours")
    func associations() throws {
        func offer(_ id: String) throws -> SessionDescription {
            try audio("8", "fingerprint:\(its)", "setup:actpass", "tls-id:\(id)", proto: "UDP/TLS/RTP/SAVP")
        }
        let first = try answered(offer("one"))
        let before = try StreamTransport.Agreement(own: own(first), remote: offer("one"))
        #expect((first.tlsID?.count ?? 0) >= 20)
        #expect(try answered(offer("one"), before: before).tlsID == first.tlsID)
        let second = try answered(offer("two"), before: before)
        #expect(second.tlsID != nil && second.tlsID != first.tlsID)
        let after = try StreamTransport.Agreement(own: own(second), remote: offer("two"))
        #expect(AgreedSecurity(before, at: 0)?.security != AgreedSecurity(after, at: 0)?.security)
    }
}

@Suite("ICE of a stream, and the names of streams")
struct StreamReachTests {
    private let draw = Draw()
    private let ice: [String] = ["ice-ufrag:abcd", "ice-pwd:0123456789012345678901"]

    private func answered(_ offer: SessionDescription, before: StreamTransport.Agreement? = nil) throws
        -> StreamTransport
    {
        try StreamTransport.answer(to: offer, at: 0, before: before, in: context(), random: &draw.random)
    }

    private func stream(_ lines: [String]) throws -> SessionDescription {
        try described(["m=audio 4000 RTP/AVP 8"] + lines.map { "a=" + $0 })
    }

    @Test("an offer with ICE is answered by a lite agent with one candidate, or two where RTCP has its own port")
    func lite() throws {
        for (isShared, count) in [(true, 1), (false, 2)] {
            var answer = try stream([])
            let offer = try stream(ice + (isShared ? ["rtcp-mux"] : []))
            let transport = try answered(offer)
            answer.write([transport], address: IPAddress(v4: 0xCB00_7101))
            let told = try #require(answer.transport(ofMedia: 0))
            #expect(told.hasICE && told.isICELite && told.endOfCandidates && told.iceOptions == ["ice2"])
            #expect(told.candidates.map(\.port) == [4000, 4001].prefix(count).map { $0 })
            #expect(told.candidates.allSatisfy { $0.host == "203.0.113.1" && $0.kind == .host })
            let plan = AgreedSecurity(StreamTransport.Agreement(own: answer, remote: offer), at: 0)?.ice
            #expect(plan?.remoteUfrag == "abcd" && plan?.localUfrag == told.iceUfrag && plan?.remoteIsLite == false)
        }
        #expect(try answered(stream([])).ice == nil)
        #expect(try answered(stream(["ice-ufrag:ab", "ice-pwd:short"])).ice == nil)
    }

    /// RFC 8445 §9
    @Test("the party's new credentials are a restart, answered with new ones; the same ones are none")
    func restart() throws {
        var answer = try stream([])
        let offer = try stream(ice)
        let first = try answered(offer)
        answer.write([first], address: IPAddress(v4: 0xCB00_7101))
        let before = StreamTransport.Agreement(own: answer, remote: offer)
        #expect(try answered(stream(ice + ["sendonly"]), before: before).ice == first.ice)
        let restarted = try answered(stream(["ice-ufrag:efgh", ice[1]]), before: before)
        #expect(restarted.ice != nil && restarted.ice != first.ice)
        let offered = StreamTransport.offer(
            after: offer.media[0], at: 0, before: before, in: context(), random: &draw.random)
        #expect(offered.ice == first.ice)
    }

    /// RFC 8839 §4.2.5
    @Test(
        "an address that is no candidate was changed on the way: ICE is left; where that can't be told it is not",
        arguments: [
            (["candidate:1 1 UDP 1 192.0.2.1 4000 typ host"], false),
            (["candidate:1 1 UDP 1 10.0.0.7 4000 typ host"], true),
            (["candidate:1 1 UDP 1 192.0.2.1 4002 typ host"], true), ([], false),
            (["candidate:1 1 UDP 1 10.0.0.7 4000 typ host", "candidate:2 1 UDP 1 a.local 5 typ host"], false),
            (["candidate:1 1 UDP 1 10.0.0.7 4000 typ host", "ice-options:trickle"], false),
        ])
    func mismatch(_ lines: [String], _ isChanged: Bool) throws {
        let transport = try answered(stream(ice + lines))
        #expect(transport.hasICEMismatch == isChanged && (transport.ice == nil) == isChanged)
    }

    /// RFC 9143 §7.3, RFC 5888 §9
    @Test("names are echoed; of a bundle the first stream stays, as each has a port of its own; other groups pass")
    func names() throws {
        let offer = try described([
            "a=group:BUNDLE a v", "a=group:LS a v", "a=msid-semantic: WMS *", "m=audio 4000 UDP/TLS/RTP/SAVPF 8",
            "a=mid:a",
            "a=fingerprint:\(its)", "a=setup:actpass", "m=video 4002 RTP/AVPF 96", "a=mid:v", "a=rtpmap:96 VP8/90000",
        ])
        let streams: [StreamTransport?] = try offer.media.indices.map {
            try StreamTransport.answer(to: offer, at: $0, before: nil, in: context(), random: &draw.random)
        }
        for (others, groups) in [(["a=group:LS 1 2"], ["BUNDLE a", "LS a v"]), ([], ["BUNDLE a"])] {
            let answer = try described(others + ["m=audio 6000 RTP/AVP 8", "m=video 6002 RTP/AVP 96"])
            var told = answer.withoutTransport(profiles: streams.map { $0?.profile })
            told.write(
                streams, groups: StreamTransport.groups(answering: offer, after: answer), address: IPAddress(v4: 1))
            #expect(told.groups.map { ([$0.semantics] + $0.mids).joined(separator: " ") } == groups)
            #expect(told.media.map(\.mid) == ["a", "v"])
            #expect(told.media.map(\.transportProtocol) == ["UDP/TLS/RTP/SAVPF", "RTP/AVPF"])
        }
    }

    @Test(
        "nothing of a leg's keys, certificate and names reaches the other one; a handshake that is only passed keeps its own"
    )
    func stripped() throws {
        let description = try described([
            "a=fingerprint:\(its)", "a=setup:actpass", "a=group:BUNDLE 0 1", "a=msid-semantic: WMS *",
            "m=audio 4000 RTP/SAVPF 8", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 \(key80)", "a=mid:0", "a=tls-id:x",
            "a=zrtp-hash:1", "a=ptime:20", "m=application 4002 UDP/DTLS/SCTP webrtc-datachannel", "a=sctp-port:5000",
        ])
        let other = description.withoutTransport(profiles: ["RTP/AVP", nil])
        #expect(other.attributes.isEmpty)
        #expect(other.media[0].transportProtocol == "RTP/AVP")
        #expect(other.media[0].attributes.map(\.name) == ["ptime"])
        #expect(other.media[1].attributes.map(\.name) == ["sctp-port", "fingerprint", "setup"])
    }

    @Test(
        "the same audio offered twice, encrypted and not: one of them is taken",
        arguments: [
            (EncryptionPolicy.offered, "crypto:1 AES_CM_128_HMAC_SHA1_80 \(key80)", [true, false, true]),
            (.required, "crypto:1 AES_CM_128_HMAC_SHA1_80 \(key80)", [true, false, true]),
            (.forbidden, "crypto:1 AES_CM_128_HMAC_SHA1_80 \(key80)", [false, true, true]),
            (.offered, "crypto:1 AES_999 inline:abcd", [false, true, true]),
            (.required, "crypto:1 AES_999 inline:abcd", [true, false, true]),
        ])
    func alternatives(_ policy: EncryptionPolicy, _ line: String, _ open: [Bool]) throws {
        let offer = try described([
            "m=audio 4000 RTP/SAVP 8", "a=\(line)", "m=audio 4002 RTP/AVP 8", "m=video 4004 RTP/AVP 96",
        ])
        #expect(MediaNegotiation.withoutAlternatives(offer, policy: policy).media.map { !$0.isRejected } == open)
    }
}
