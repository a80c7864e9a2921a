import Basics
import DTLS
import Glibc
import ICE
import MediaSession
import MediaTransport
import SRTP
import STUN
import Testing

/// Real sockets, real time.
@Suite("Keys and checks on real sockets", .serialized)
struct SecureTests {
    /// A telephone that agrees keys.
    private final class SecurePhone {
        let phone: Phone
        let certificate: DTLSCertificate
        var end: DTLSEndpoint?
        let clock = TestClock()

        init() throws {
            phone = try Phone()
            certificate = try DTLSCertificate(now: WallTime(secondsSinceEpoch: 1_795_262_400))
        }

        /// Shakes hands with the port until keys are agreed; nil after 5 s.
        func shake(_ role: DTLSPlan.Role, with fingerprint: DTLSFingerprint, on port: UInt16) async throws -> DTLSKeys?
        {
            let end = try DTLSEndpoint(
                certificate, plan: DTLSPlan(role: role, fingerprints: [fingerprint]), now: clock.now)
            self.end = end
            for datagram in end.start(now: clock.now) { phone.send(datagram, to: port) }
            return await eventually {
                if let came = phone.receive(), DatagramKind(firstByte: came.bytes[0]) == .dtls {
                    for datagram in end.handle(came.bytes, now: clock.now) { phone.send(datagram, to: port) }
                }
                if let deadline = end.nextDeadline, clock.now >= deadline {
                    for datagram in end.deadlineReached(now: clock.now) { phone.send(datagram, to: port) }
                }
                return end.keys
            }
        }

        /// The next packet of audio, waited for up to 5 s. On a slow machine a flight of the handshake sent again, or a report, may come before.
        func nextAudio() async -> [UInt8]? {
            await next { DatagramKind(firstByte: $0[0]) == .rtp && !(192...223).contains($0[1]) }
        }

        /// The next datagram of the handshake's protocol, waited for up to 5 s.
        func nextHandshake() async -> [UInt8]? { await next { DatagramKind(firstByte: $0[0]) == .dtls } }

        private func next(_ isWanted: ([UInt8]) -> Bool) async -> [UInt8]? {
            while let came = await phone.next() {
                if isWanted(came.bytes) { return came.bytes }
            }
            return nil
        }
    }

    @Test(
        "a handshake over the RTP port, then audio both ways, then a farewell",
        arguments: [DTLSPlan.Role.server, .client])
    func handshake(role: DTLSPlan.Role) async throws {
        let plane = try Plane(ports: role == .server ? 24_000...24_099 : 24_100...24_199)
        let ours: DTLSFingerprint = try #require(plane.threads.fingerprint)
        let (secure, plain) = (try SecurePhone(), try Phone())
        let (a, b) = (endpoint(1, 0), endpoint(1, 1))
        let ports: MediaPorts = try plane.open(a, for: secure.phone.endpoint) { plan in
            plan.rtcpMux = true
            plan.security = .dtls(DTLSPlan(role: role, fingerprints: [secure.certificate.fingerprint]))
        }
        let plainPorts: MediaPorts = try plane.open(b, for: plain.endpoint)
        plane.threads.perform([.join(a, b)])
        let keys: DTLSKeys = try #require(
            await secure.shake(role == .server ? .client : .server, with: ours, on: ports.rtp))
        #expect(await plane.fact { $0 == .secured(a) } != nil)
        var sender = try SRTPSender(keys.local)
        var receiver = try SRTPReceiver(keys.remote)
        for number: UInt16 in 1...20 {
            var packet: [UInt8] = rtp(number) + [UInt8](repeating: 0, count: 64)
            let length: Int? = packet.withUnsafeMutableBytes { sender.protectRTP($0, length: 172) }
            secure.phone.send(Array(packet[..<(try #require(length))]), to: ports.rtp)
            #expect(await plain.next().map { payload($0.bytes) } == payload(rtp(number)))
            plain.send(rtp(number, ssrc: 9), to: plainPorts.rtp)
            var back: [UInt8] = try #require(await secure.nextAudio())
            let opened: Result<Int, SRTPFailure> = back.withUnsafeMutableBytes { receiver.unprotectRTP($0) }
            #expect(opened == .success(172) && payload(Array(back.prefix(172))) == payload(rtp(number, ssrc: 9)))
        }
        plane.threads.perform([.close(a)])
        let figures: MediaStatistics = try #require(await plane.closed(a))
        #expect(figures.packetsReceived == 20 && figures.packetsSent == 20 && figures.packetsDropped == 0)
        let goodbye: [UInt8] = try #require(await secure.nextHandshake())
        _ = secure.end?.handle(goodbye, now: secure.clock.now)
        #expect(secure.end?.state == .closed)
    }

    @Test("checks are answered from the port they came to, and a nomination sets where media goes")
    func checks() async throws {
        let plane = try Plane(ports: 24_200...24_299)
        let (browser, reports, plain) = (try Phone(), try Phone(), try Phone())
        let (a, b) = (endpoint(1, 0), endpoint(1, 1))
        let ice = ICEPlan(
            localUfrag: "ours", localPassword: "password-of-ours-with-22", remoteUfrag: "its", remotePassword: "another"
        )
        let ports: MediaPorts = try plane.open(a, for: IPEndpoint(try #require(IPAddress("192.0.2.9")), 9)) {
            $0.ice = ice
        }
        let plainPorts: MediaPorts = try plane.open(b, for: plain.endpoint)
        plane.threads.perform([.join(a, b)])
        func check(_ number: UInt8, password: String) -> [UInt8] {
            typealias Attribute = STUNMessage.Attribute
            return STUNMessage(
                class: .request, transaction: Array(repeating: number, count: 12),
                attributes: [
                    Attribute(Attribute.username, text: "ours:its"), Attribute(Attribute.useCandidate, []),
                    Attribute(Attribute.iceControlling, number: UInt64(1)),
                    Attribute(Attribute.priority, number: UInt32(1)),
                ]
            ).wire(signedWith: Array(password.utf8))
        }
        browser.send(check(1, password: "wrong"), to: ports.rtp)
        let refused: (bytes: [UInt8], port: UInt16) = try #require(await browser.next())
        #expect(try STUNMessage(refused.bytes).error == .unauthenticated && refused.port == ports.rtp)
        for (phone, port) in [(browser, ports.rtp), (reports, ports.rtcp)] {
            phone.send(check(2, password: ice.localPassword), to: port)
            let answer: (bytes: [UInt8], port: UInt16) = try #require(await phone.next())
            let message: STUNMessage = try STUNMessage(answer.bytes)
            #expect(message.class == .success && message.mappedAddress == phone.endpoint && answer.port == port)
            #expect(message.isSigned(with: Array(ice.localPassword.utf8), in: answer.bytes))
        }
        plain.send(rtp(1, ssrc: 9), to: plainPorts.rtp)
        #expect(await browser.next().map { payload($0.bytes) } == payload(rtp(1)))
        browser.send(rtp(2), to: ports.rtp)
        #expect(await plain.next().map { payload($0.bytes) } == payload(rtp(2)))
        #expect(await plane.threads.statistics(of: a)?.droppedChecks == 1)
    }

    /// How long packets of other calls wait is what a handshake costs the thread at a time.
    @Test("while many handshakes run, the packets of another call pass between them")
    func burst() async throws {
        let plane = try Plane(ports: 24_300...24_699)
        let ours: DTLSFingerprint = try #require(plane.threads.fingerprint)
        let (left, right) = (try Phone(), try Phone())
        let (a, b) = (endpoint(1, 0), endpoint(1, 1))
        let leftPorts: MediaPorts = try plane.open(a, for: left.endpoint)
        _ = try plane.open(b, for: right.endpoint)
        plane.threads.perform([.join(a, b)])
        let agreed: Int = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number: UInt32 in 2..<22 {
                let secure = try SecurePhone()
                let (certificate, phone) = (secure.certificate, secure.phone)
                let ports: MediaPorts = try plane.open(endpoint(number, 0), for: phone.endpoint) { plan in
                    plan.rtcpMux = true
                    plan.security = .dtls(DTLSPlan(role: .server, fingerprints: [certificate.fingerprint]))
                }
                nonisolated(unsafe) let one = secure
                group.addTask { try await one.shake(.client, with: ours, on: ports.rtp) != nil }
            }
            for number: UInt16 in 1...50 {
                left.send(rtp(number), to: leftPorts.rtp)
                #expect(await right.next().map { payload($0.bytes) } == payload(rtp(number)))
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(agreed == 20)
    }
}
