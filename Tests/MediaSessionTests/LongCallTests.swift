import Basics
import DTLS
import ICE
import MediaSession
import RTP
import SRTP
import Testing

/// Both ways, every packet that is sent must be heard, in the clear, once and in order, whatever happens meanwhile.
@Suite("A call of more than 2^16 packets")
struct LongCallTests {
    static func key(_ seed: UInt8, _ profile: SRTPProfile) -> SRTPKey {
        SRTPKey(
            profile: profile, key: (0..<UInt8(profile.keyLength)).map { seed &+ $0 },
            salt: (0..<UInt8(profile.saltLength)).map { seed &* 3 &+ $0 })
    }

    enum Security: String, CaseIterable { case sdes, dtls }

    @Test(
        "holds, re-offers, new keys and a restart of ICE lose no packet while the sequence wraps twice",
        arguments: zip(Security.allCases, [SRTPProfile.aesCM128HMACSHA1Tag80, .aeadAES128GCM]))
    func whole(security: Security, profile: SRTPProfile) throws {
        let phone = try SecurePhone(host(7, 5000))
        var studio = try SecureStudio()
        phone.credentials = GraphCheckTests.plan
        let (ours, its) = (Self.key(1, profile), Self.key(2, profile))
        studio.open(phone) { plan in
            (plan.rtcpMux, plan.ice, plan.remoteRTP) = (true, GraphCheckTests.plan, GraphCheckTests.nowhere)
            plan.security =
                security == .sdes
                ? .sdes(local: ours, remote: [its])
                : .dtls(DTLSPlan(role: .server, fingerprints: [phone.certificate.fingerprint]))
        }
        studio.open()
        studio.join(0, 1)
        studio.send(phone.check(nominates: true), from: 0)
        try studio.run(until: 20)
        var handshakes: Int = 0
        switch security {
        case .sdes: try phone.use(local: its, remote: ours)
        case .dtls:
            try Self.shake(phone, &studio, DTLSSettings(profiles: [profile]))
            try studio.run(until: 200)
            handshakes = 1
        }
        #expect(studio.secured == handshakes)
        try Self.run(phone, &studio, security, profile)
        #expect(phone.unreadable == 0 && studio.insecurities.isEmpty)
        #expect(studio.secured == (security == .dtls ? 3 : 0))
        #expect(studio.statistics(0).packetsDropped == Self.heldPackets && studio.statistics(0).packetsHeldBack == 0)
        #expect(studio.statistics(0).packetsReceived > 1 << 16)
    }

    static let heldPackets: UInt64 = 50

    /// Each number is spoken by both; 2 ms of time each, as it is numbers that count.
    private static func run(
        _ phone: SecurePhone, _ studio: inout SecureStudio, _ security: Security, _ profile: SRTPProfile
    ) throws {
        let last: UInt32 = 70_000
        var spoken: UInt32 = 0
        let start: Int64 = 200
        for number: UInt32 in 1...last {
            try change(at: number, phone, &studio, security, profile)
            studio.send(phone.speak(number), from: 0)
            var plain: [UInt8] = rtp(UInt16(truncatingIfNeeded: number), timestamp: number &* 160, ssrc: 9)
            plain.replaceSubrange(12..<16, with: words([number]))
            studio.send(plain, from: 1)
            spoken = number
            try studio.run(until: start + Int64(number) * 2)
        }
        try studio.run(until: start + Int64(spoken) * 2 + 10)
        // While held nothing of the telephone's is passed on.
        let held: ClosedRange<UInt32> = 30_000...(30_000 + UInt32(heldPackets) - 1)
        #expect(studio.plainHeard == (1...last).filter { !held.contains($0) })
        #expect(phone.heard == Array(1...last))
    }

    /// What happens in the course of the call.
    private static func change(
        at number: UInt32, _ phone: SecurePhone, _ studio: inout SecureStudio, _ security: Security,
        _ profile: SRTPProfile
    ) throws {
        switch number {
        // Held and resumed, by descriptions with the same keys.
        case 30_000: studio.update(0) { $0.receives = false }
        case 30_000 + UInt32(heldPackets): studio.update(0) { $0.receives = true }
        // Re-offers that change nothing, on both sides of the wrap.
        case 500, 600, 66_000: studio.update(0) { _ in }
        // New keys.
        case 20_000, 50_000: try rekey(number, phone, &studio, security, profile)
        // A restart of ICE: later the telephone checks by the new credentials, from elsewhere.
        case 60_000: studio.update(0) { $0.ice = GraphCheckTests.restarted }
        case 60_500:
            phone.credentials = GraphCheckTests.restarted
            studio.send(phone.check(nominates: false), from: 0, source: host(8, 6000))
        case 60_600:
            phone.address = host(8, 6000)
            studio.send(phone.check(nominates: true), from: 0)
            try studio.run(until: studio.now.sinceStart.wholeMilliseconds + 1)
        default: break
        }
    }

    private static func rekey(
        _ number: UInt32, _ phone: SecurePhone, _ studio: inout SecureStudio, _ security: Security,
        _ profile: SRTPProfile
    ) throws {
        switch security {
        case .sdes:
            let (ours, its) = (key(UInt8(number / 10_000 + 10), profile), key(UInt8(number / 10_000 + 100), profile))
            studio.update(0) { $0.security = .sdes(local: ours, remote: [its]) }
            try phone.use(local: its, remote: ours)
        case .dtls:
            let next: DTLSCertificate = try SecurePhone.makeCertificate()
            studio.update(0) { $0.security = .dtls(DTLSPlan(role: .server, fingerprints: [next.fingerprint])) }
            try shake(phone, &studio, DTLSSettings(profiles: [profile]), certificate: next)
        }
    }

    private static func shake(
        _ phone: SecurePhone, _ studio: inout SecureStudio, _ settings: DTLSSettings,
        certificate: DTLSCertificate? = nil
    ) throws {
        phone.certificate = certificate ?? phone.certificate
        try phone.expect(studio.certificate.fingerprint, role: .client, settings: settings, now: studio.now)
        studio.begin(0)
    }
}
