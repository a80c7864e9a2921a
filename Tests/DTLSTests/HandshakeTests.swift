import Basics
import DTLS
import SRTP
import Testing

@Suite("DTLS-SRTP: handshakes")
struct HandshakeTests {
    @Test(
        "both ends agree on the first profile of the server that both speak, and on each other's keys",
        arguments: [
            ([.aeadAES128GCM, .aesCM128HMACSHA1Tag80], [.aesCM128HMACSHA1Tag80], .aesCM128HMACSHA1Tag80),
            ([.aesCM128HMACSHA1Tag80, .aeadAES128GCM], [.aeadAES128GCM, .aesCM128HMACSHA1Tag80], .aeadAES128GCM),
            ([.aeadAES256GCM, .aeadAES128GCM], [.aeadAES256GCM], .aeadAES256GCM),
            ([.aesCM128HMACSHA1Tag32], [.aesCM128HMACSHA1Tag80, .aesCM128HMACSHA1Tag32], .aesCM128HMACSHA1Tag32),
        ] as [([SRTPProfile], [SRTPProfile], SRTPProfile)])
    func agree(client: [SRTPProfile], server: [SRTPProfile], agreed: SRTPProfile) throws {
        let link = try Link.pair(
            client: Certificates.make(), server: Certificates.make(), clientSettings: DTLSSettings(profiles: client),
            serverSettings: DTLSSettings(profiles: server))
        link.run()
        let (ours, theirs) = (try #require(link.client.state.keys), try #require(link.server.state.keys))
        #expect(ours.profile == agreed)
        #expect(ours.local == theirs.remote && ours.remote == theirs.local && ours.local != ours.remote)
        #expect(link.client.nextDeadline == nil && link.server.nextDeadline == nil)
        #expect(link.now.sinceStart < .milliseconds(100))
        // The keys carry packets.
        var sender = try SRTPSender(ours.local)
        var receiver = try SRTPReceiver(theirs.remote)
        var packet: [UInt8] = [0x80, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4, 9, 9, 9] + Array(repeating: 0, count: 32)
        let length: Int? = packet.withUnsafeMutableBytes { sender.protectRTP($0, length: 15) }
        let protected = try #require(length)
        let taken: Result<Int, SRTPFailure> = packet.withUnsafeMutableBytes {
            receiver.unprotectRTP(UnsafeMutableRawBufferPointer(rebasing: $0[..<protected]))
        }
        #expect(taken == .success(15) && packet[12..<15] == [9, 9, 9])
    }

    @Test("no datagram is longer than 1,200 bytes, and each is DTLS by its first byte")
    func datagrams() throws {
        let link = try Link.pair(client: Certificates.make(), server: Certificates.make())
        link.run()
        #expect(link.sent.count >= 4)
        for (_, datagram) in link.sent {
            #expect(datagram.count <= 1200)
            #expect(DatagramKind(firstByte: datagram[0]) == .dtls)
        }
    }

    @Test("an MTU too small for a certificate cuts the flight into pieces")
    func smallDatagrams() throws {
        let settings = DTLSSettings(mtu: 300)
        let link = try Link.pair(
            client: Certificates.make(), server: Certificates.make(), clientSettings: settings, serverSettings: settings
        )
        link.run()
        #expect(link.client.state.keys != nil && link.server.state.keys != nil)
        #expect(link.sent.allSatisfy { $0.datagram.count <= 300 } && link.sent.count > 4)
    }

    @Test(
        "through loss, duplicates and datagrams that overtake each other a handshake ends with the same keys",
        arguments: 1...40)
    func badWeather(seed: Int) throws {
        let weather = Link.Weather(loss: 0.3, duplicates: 0.2, delay: .milliseconds(300))
        let link = try Link.pair(
            client: Certificates.make(), server: Certificates.make(), weather: weather, seed: UInt64(seed))
        link.run()
        let (ours, theirs) = (try #require(link.client.state.keys), try #require(link.server.state.keys))
        #expect(ours.local == theirs.remote && ours.remote == theirs.local)
    }

    @Test("a lost flight is sent again after 0.25 s, and then at twice the distance up to 4 s")
    func backoff() throws {
        var times: [Int64] = []
        var clock: () -> Int64 = { 0 }
        let weather = Link.Weather(meddle: { _, fromClient, _ in
            if fromClient { times.append(clock()) }
            return nil
        })
        let link = try Link.pair(client: Certificates.make(), server: Certificates.make(), weather: weather)
        clock = { link.now.sinceStart.wholeMilliseconds }
        link.run()
        #expect(times == [0, 250, 750, 1750, 3750, 7750, 11_750, 15_750, 19_750, 23_750, 27_750])
        #expect(link.client.state == .failed(.timedOut) && link.server.state == .failed(.timedOut))
        #expect(link.now.sinceStart == .seconds(30))
    }

    @Test("the server's last flight is sent again when the client asks again")
    func lastFlightLost() throws {
        var lost = 0
        let weather = Link.Weather(meddle: { _, fromClient, datagram in
            // Change cipher spec of the server.
            guard !fromClient, datagram.first == 20 || datagram.contains(subsequence: [20, 0xFE, 0xFD]), lost < 3 else {
                return datagram
            }
            lost += 1
            return nil
        })
        let link = try Link.pair(client: Certificates.make(), server: Certificates.make(), weather: weather)
        link.run()
        #expect(lost == 3)
        #expect(link.client.state.keys != nil && link.client.state.keys?.local == link.server.state.keys?.remote)
    }

    @Test("with a cookie asked for, the first answer is shorter than the question, and the handshake goes on")
    func cookie() throws {
        let link = try Link.pair(
            client: Certificates.make(), server: Certificates.make(),
            serverSettings: DTLSSettings(verifiesAddress: true))
        link.run()
        #expect(link.client.state.keys != nil && link.server.state.keys != nil)
        #expect(!link.sent[1].fromClient && link.sent[1].datagram.count < link.sent[0].datagram.count)
        let plain = try Link.pair(client: Certificates.make(), server: Certificates.make())
        plain.run()
        #expect(link.sent.count == plain.sent.count + 2)
    }

    @Test("a new handshake after a new fingerprint gives new keys; the old ones are good until then")
    func again() throws {
        let (first, second) = (try Certificates.make(), try Certificates.make())
        let old = try Link.pair(client: first, server: second)
        old.run()
        let new = try Link.pair(client: try Certificates.make(), server: second)
        new.run()
        let (before, after) = (try #require(old.server.keys), try #require(new.server.keys))
        #expect(before.local != after.local && before.remote != after.remote)
        var receiver = try SRTPReceiver(before.remote)
        #expect(try receiver.use(after.remote))
        let overlaps: Bool = receiver.hasReplacedKeys
        #expect(overlaps)
    }

    @Test("a farewell is understood, and the keys stay")
    func farewell() throws {
        let link = try Link.pair(client: Certificates.make(), server: Certificates.make())
        link.run()
        let keys = link.server.keys
        let goodbye = link.client.close()
        #expect(!goodbye.isEmpty && link.client.state == .closed)
        for datagram in goodbye { _ = link.server.handle(datagram, now: link.now) }
        #expect(link.server.state == .closed && link.server.keys == keys && keys != nil)
        #expect(link.client.close() == [] && link.client.handle(goodbye[0], now: link.now) == [])
    }

    @Test("handshakes run on many threads at once")
    func threads() async throws {
        let shared = try Certificates.make()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    let link = try Link.pair(client: shared, server: shared)
                    link.run()
                    return link.client.state.keys != nil
                        && link.client.state.keys?.local == link.server.state.keys?.remote
                }
            }
            for try await isGood in group { #expect(isGood) }
        }
    }
}

extension [UInt8] {
    func contains(subsequence: [UInt8]) -> Bool {
        guard count >= subsequence.count else { return false }
        return (0...(count - subsequence.count)).contains {
            self[$0..<($0 + subsequence.count)].elementsEqual(subsequence)
        }
    }
}
