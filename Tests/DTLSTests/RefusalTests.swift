import Basics
import DTLS
import SRTP
import Testing

@Suite("DTLS-SRTP: what is refused")
struct RefusalTests {
    @Test(
        "a peer whose certificate is not the one of its description gets an alert, on either side",
        arguments: [true, false])
    func wrongCertificate(clientIsWrong: Bool) throws {
        let (client, server, stranger) = (try Certificates.make(), try Certificates.make(), try Certificates.make())
        let link = Link(
            client: try DTLSEndpoint(
                client, plan: DTLSPlan(role: .client, fingerprints: [(clientIsWrong ? server : stranger).fingerprint]),
                now: .zero),
            server: try DTLSEndpoint(
                server, plan: DTLSPlan(role: .server, fingerprints: [(clientIsWrong ? stranger : client).fingerprint]),
                now: .zero))
        link.run()
        let (refusing, refused) = clientIsWrong ? (link.server, link.client) : (link.client, link.server)
        #expect(refusing.state == .failed(.wrongFingerprint))
        guard case .failed(.broken(let reason)) = refused.state else {
            Issue.record("\(refused.state)")
            return
        }
        #expect(reason.contains("alert"))
        #expect(link.client.keys == nil && link.server.keys == nil)
    }

    @Test(
        "of several fingerprints the strongest hash decides, and weak or cut ones do not count",
        arguments: [
            ("sha-512", true), ("sha-384", true), ("SHA-256", true),
        ])
    func hashes(hash: String, isGood: Bool) throws {
        let (client, server) = (try Certificates.make(), try Certificates.make())
        let good = try #require(server.fingerprint(by: hash))
        let weak = DTLSFingerprint(hash: "sha-1", value: Array(repeating: 0, count: 20))
        let cut = DTLSFingerprint(hash: "sha-512", value: Array(repeating: 0, count: 63))
        let link = Link(
            client: try DTLSEndpoint(
                client, plan: DTLSPlan(role: .client, fingerprints: [weak, cut, good]), now: .zero),
            server: try DTLSEndpoint(
                server, plan: DTLSPlan(role: .server, fingerprints: [client.fingerprint]), now: .zero))
        link.run()
        #expect(link.client.keys != nil)
        // A second certificate of the same hash may be the one (RFC 8122 §5); a stronger hash of another certificate decides against it.
        let other = try Certificates.make()
        let lists: [([DTLSFingerprint], Bool)] = [
            ([try #require(other.fingerprint(by: hash)), good], true),
            ([try #require(server.fingerprint(by: "sha-256")), try #require(other.fingerprint(by: "sha-512"))], false),
        ]
        for (list, isTaken) in lists {
            let second = Link(
                client: try DTLSEndpoint(client, plan: DTLSPlan(role: .client, fingerprints: list), now: .zero),
                server: try DTLSEndpoint(
                    server, plan: DTLSPlan(role: .server, fingerprints: [client.fingerprint]), now: .zero))
            second.run()
            #expect((second.client.keys != nil) == isTaken)
        }
    }

    @Test(
        "without a fingerprint that proves anything there is no handshake",
        arguments: [
            [], [DTLSFingerprint(hash: "sha-1", value: Array(repeating: 1, count: 20))],
            [DTLSFingerprint(hash: "md5", value: Array(repeating: 1, count: 16))],
            [DTLSFingerprint(hash: "sha-256", value: Array(repeating: 1, count: 31))],
        ])
    func unusable(fingerprints: [DTLSFingerprint]) throws {
        let certificate = try Certificates.make()
        #expect(throws: DTLSFailure.noUsableFingerprint) {
            try DTLSEndpoint(certificate, plan: DTLSPlan(role: .server, fingerprints: fingerprints), now: .zero)
        }
    }

    @Test("peers without a common profile get no keys")
    func profiles() throws {
        let link = try Link.pair(
            client: Certificates.make(), server: Certificates.make(),
            clientSettings: DTLSSettings(profiles: [.aeadAES128GCM]),
            serverSettings: DTLSSettings(profiles: [.aesCM128HMACSHA1Tag80]))
        link.run()
        #expect(link.client.state == .failed(.noCommonProfile) && link.server.state == .failed(.noCommonProfile))
        let certificate = try Certificates.make()
        #expect(throws: DTLSFailure.noCommonProfile) {
            try DTLSEndpoint(
                certificate, plan: DTLSPlan(role: .server, fingerprints: [certificate.fingerprint]),
                settings: DTLSSettings(profiles: [.aesCM256HMACSHA1Tag80]), now: .zero)
        }
    }

    @Test("a ClientHello without a cookie is answered and forgotten, and a cookie is good for its source alone")
    func cookies() throws {
        let (certificate, other) = (try Certificates.make(), try Certificates.make())
        let (home, elsewhere) = (
            IPEndpoint(IPAddress(v4: 0xC000_0201), 4000), IPEndpoint(IPAddress(v4: 0xC000_0201), 4002)
        )
        func client() throws -> DTLSEndpoint {
            try DTLSEndpoint(
                other, plan: DTLSPlan(role: .client, fingerprints: [certificate.fingerprint]), now: .zero)
        }
        let server = try DTLSEndpoint(
            certificate, plan: DTLSPlan(role: .server, fingerprints: [other.fingerprint]),
            settings: DTLSSettings(verifiesAddress: true), now: .zero)
        let (forger, peer) = (try client(), try client())
        let forged: [UInt8] = try #require(forger.start(now: .zero).first)
        for _ in 0..<100 {
            let answers: [[UInt8]] = server.handle(forged, from: elsewhere, now: .zero)
            #expect(answers.count == 1 && answers[0][13] == 3 && answers[0].count < forged.count)
        }
        #expect(server.isListening && server.nextDeadline == nil)
        let asked: [[UInt8]] = server.handle(forged, from: elsewhere, now: .zero)
        let stolen: [[UInt8]] = asked.flatMap { forger.handle($0, now: .zero) }
        // Its second ClientHello has a cookie, but comes from another place.
        #expect(stolen.flatMap { server.handle($0, from: home, now: .zero) }.allSatisfy { $0[13] == 3 })
        #expect(server.isListening)
        var datagrams: [[UInt8]] = peer.start(now: .zero)
        while !datagrams.isEmpty {
            let answers: [[UInt8]] = datagrams.flatMap { server.handle($0, from: home, now: .zero) }
            datagrams = answers.flatMap { peer.handle($0, now: .zero) }
        }
        #expect(!server.isListening && server.keys != nil && server.keys?.local == peer.keys?.remote)
    }

    @Test(
        "garbage at any time, and pieces of a handshake in any order, neither trap nor stop a handshake",
        arguments: 1...20)
    func garbage(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let link = try Link.pair(client: Certificates.make(), server: Certificates.make(), seed: UInt64(seed))
        for _ in 0..<200 {
            var junk: [UInt8] = (0..<Int.random(in: 0...1500, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            if !junk.isEmpty, Bool.random(using: &random) { junk[0] = UInt8.random(in: 20...63, using: &random) }
            link.feed(junk)
        }
        link.run()
        let seen: [[UInt8]] = link.sent.map(\.datagram)
        #expect(link.client.keys != nil && link.client.keys?.local == link.server.keys?.remote)
        // What was sent before comes again, spoilt, to new ends and to the old.
        let fresh = try Link.pair(client: Certificates.make(), server: Certificates.make())
        for _ in 0..<200 {
            guard var datagram = seen.randomElement(using: &random), !datagram.isEmpty else { continue }
            let place = Int.random(in: 0..<datagram.count, using: &random)
            if Bool.random(using: &random) { datagram[place] ^= UInt8.random(in: 1...255, using: &random) }
            if Bool.random(using: &random) { datagram = Array(datagram[..<place]) }
            fresh.feed(datagram)
            link.feed(datagram)
        }
        #expect(fresh.client.keys == nil && fresh.server.keys == nil)
        #expect(link.server.keys?.local == link.client.keys?.remote)
    }

    @Test("datagrams are told apart by their first byte (RFC 7983 §7)")
    func kinds() {
        let expected: [(ClosedRange<UInt8>, DatagramKind)] = [
            (0...3, .stun), (4...15, .unknown), (16...19, .zrtp), (20...63, .dtls), (64...79, .turnChannel),
            (80...127, .unknown),
            (128...191, .rtp), (192...255, .unknown),
        ]
        for (range, kind) in expected {
            for byte in range { #expect(DatagramKind(firstByte: byte) == kind) }
        }
    }

    @Test("no text of keys shows a key")
    func keysAreNotShown() throws {
        let link = try Link.pair(client: Certificates.make(), server: Certificates.make())
        link.run()
        let keys = try #require(link.client.keys)
        let shown = "\(keys) \(link.client.state) \(String(reflecting: keys))"
        #expect(shown.contains("key not shown") && !shown.contains("[\(keys.local.key[0]), \(keys.local.key[1])"))
    }
}
