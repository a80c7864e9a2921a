import Basics
import CallControl
import DTLS
import ICE
import Identity
import MediaSession
import SIPMessage
import SIPTransaction
import SRTP
import TestKit
import Testing

@Suite("Encrypted media in a call")
struct EncryptionTests {
    private func office(
        alice: PhoneEncryption = .none, bob: PhoneEncryption = .none, policy: EncryptionUse = .offered,
        firstTerminal: EncryptionUse? = nil, terminals: [Int] = [1, 1], transport: SIPTransportKind = .udp
    ) -> Office {
        var settings = TenantSettings()
        settings.encryption = policy
        let office = Office(
            terminals, settings: settings, transport: transport,
            firstTerminal: firstTerminal.map { ["encryption": .word($0.rawValue)] })
        office.alice.encryption = alice
        for phone in office.phones[1] { phone.encryption = bob }
        return office
    }

    /// The plans of the caller's and the callee's audio.
    private func plans(_ office: Office) -> [MediaEndpointPlan] {
        office.server.media.openEndpoints.filter { $0.id.stream == 0 }
    }

    private func keys(_ plan: MediaEndpointPlan?) -> [[UInt8]] {
        guard case .sdes(let local, let remote)? = plan?.security, !remote.isEmpty else { return [] }
        return [local.keyAndSalt] + remote.map(\.keyAndSalt)
    }

    private func handshake(_ plan: MediaEndpointPlan?) -> DTLSPlan? {
        guard case .dtls(let handshake)? = plan?.security else { return nil }
        return handshake
    }

    private func notes(_ office: Office) -> [String] { office.server.notes }

    private func report(_ office: Office, _ fact: MediaFact) {
        office.server.media.report(fact)
        office.server.reportMedia()
    }

    /// Lets 45 s pass, in which the phones compare the server's plans with their keys, and ends.
    private func close(_ office: Office, compares count: Int = 1) {
        office.run(45)
        #expect(office.server.media.comparedSecrets >= count)
        office.close()
    }

    @Test(
        "each leg is protected as its phone can, whatever the other one can",
        arguments: PhoneEncryption.allCases, PhoneEncryption.allCases)
    func legs(_ alice: PhoneEncryption, _ bob: PhoneEncryption) {
        // What is offered to a callee its own settings say.
        let wanted: EncryptionUse =
            switch bob {
            case .none, .optionalKeys, .optionalHandshake: .offered
            case .keys: .required
            case .handshake, .browser: .webrtc
            }
        let office = office(alice: alice, bob: bob, policy: wanted, firstTerminal: .offered)
        let (_, other) = office.talk()
        let plans = plans(office)
        #expect(plans.count == 2)
        switch alice {
        case .none: #expect(plans[0].security == .none && plans[0].ice == nil)
        case .optionalKeys, .keys: #expect(keys(plans[0]).count == 2)
        case .optionalHandshake, .handshake, .browser: #expect(handshake(plans[0])?.role == .server)
        }
        #expect((plans[0].ice != nil) == (alice == .browser))
        switch bob {
        // A phone over UDP is not offered keys that all may read.
        case .none, .optionalKeys, .optionalHandshake: #expect(plans[1].security == .none)
        case .keys: #expect(keys(plans[1]).count == 2)
        case .handshake, .browser: #expect(handshake(plans[1])?.role == .server)
        }
        #expect((plans[1].ice != nil) == (bob == .browser))
        #expect(Set(plans.flatMap { keys($0) }).count == plans.flatMap { keys($0) }.count)
        #expect(other.state == .up)
        let secure: Int = (alice == .none ? 0 : 1) + (bob.takesPlain ? 0 : 1)
        close(office, compares: secure)
        let facts = office.record?.media.map(\.encryption)
        #expect(facts?.compactMap { $0 }.count == secure)
    }

    @Test("phones over TLS are offered keys they may leave", arguments: [PhoneEncryption.none, .optionalKeys])
    func overTLS(_ bob: PhoneEncryption) {
        let office = office(bob: bob, transport: .tls)
        _ = office.talk()
        let invite: String = office.bob.requests(.invite).first.map { String(decoding: $0.body, as: UTF8.self) } ?? ""
        #expect(invite.contains("RTP/AVP ") && invite.contains("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"))
        #expect(keys(plans(office).last).count == (bob == .none ? 0 : 2))
        close(office, compares: bob == .none ? 0 : 1)
    }

    @Test(
        "a caller whose offer does not go with the settings gets 488 and is told what is wanted; nobody rings",
        arguments: [
            (
                EncryptionUse.required, PhoneEncryption.none,
                "require encrypted media: the caller offers RTP/AVP, wanted is RTP/SAVP"
            ),
            (.webrtc, .none, "require encrypted media: the caller offers RTP/AVP"),
            (.forbidden, .keys, "forbid encrypted media: the caller offers RTP/SAVP, wanted is RTP/AVP"),
            (.forbidden, .browser, "forbid encrypted media: the caller offers UDP/TLS/RTP/SAVPF, wanted is RTP/AVP"),
        ])
    func refusesCaller(_ policy: EncryptionUse, _ phone: PhoneEncryption, _ text: String) {
        let office = office(alice: phone, firstTerminal: policy)
        let call = office.alice.call("1002")
        office.run(3)
        #expect(call.finalStatus == .notAcceptableHere)
        let warning: String = office.alice.responses(488).first?.first(.warning) ?? ""
        #expect(warning.hasPrefix("302 martinet \"Incompatible transport protocol: ") && warning.contains(text))
        #expect(office.bob.requests(.invite).isEmpty)
        #expect(notes(office).contains { $0.contains(text) })
        #expect(office.record?.reason == "encryption of the media")
        office.close()
    }

    @Test(
        "a callee that can't be protected as the settings want: 488 to the caller, with what it was offered",
        arguments: [(EncryptionUse.required, "RTP/SAVP"), (.webrtc, "UDP/TLS/RTP/SAVPF")])
    func calleeRefuses(_ policy: EncryptionUse, _ profile: String) {
        let office = office(policy: policy, firstTerminal: .offered)
        let call = office.alice.call("1002")
        office.run(3)
        #expect(call.finalStatus == .notAcceptableHere)
        #expect(
            office.alice.responses(488).first?.first(.warning)?.contains("its settings require them, as \(profile)")
                == true)
        office.close()
    }

    @Test("hold, resume and refresh keep all keys, on both legs, and ICE", arguments: [PhoneEncryption.keys, .browser])
    func holds(_ kind: PhoneEncryption) {
        let office = office(alice: kind, bob: kind, policy: kind == .keys ? .required : .webrtc)
        let (call, other) = office.talk()
        let before = plans(office)
        #expect(before.allSatisfy { $0.security != .none && ($0.ice != nil) == (kind == .browser) })
        for (phone, call) in [(office.alice, call), (office.bob, other), (office.alice, call)] {
            for action in [MidCallAction.hold(.sendonly), .resume, .refresh, .update(withOffer: true), .offerless] {
                phone.perform(action, call)
                office.run(2)
                #expect(plans(office).map(\.security) == before.map(\.security))
                #expect(plans(office).map(\.ice) == before.map(\.ice))
            }
        }
        #expect(call.state == .up && other.state == .up)
        close(office, compares: 2)
    }

    @Test("a phone's new keys are taken in mid-call; ours and the other leg stay as they are")
    func rekeys() {
        let office = office(alice: .keys, bob: .keys, policy: .required)
        let (call, other) = office.talk()
        let before = plans(office).map { keys($0) }
        office.alice.perform(.rekey, call)
        office.run(2)
        var after = plans(office).map { keys($0) }
        #expect(after[0][0] == before[0][0] && after[0][1] != before[0][1] && after[1] == before[1])
        // The other party has nothing to do with it.
        #expect(office.bob.requests(.invite).count == 1)
        office.bob.perform(.rekey, other)
        office.run(2)
        after = plans(office).map { keys($0) }
        #expect(after[1][0] == before[1][0] && after[1][1] != before[1][1])
        close(office, compares: 2)
    }

    @Test("a browser's new network and certificate: ICE begins anew and the handshake too, on its leg alone")
    func restarts() {
        let office = office(alice: .browser)
        let (call, _) = office.talk()
        let before = plans(office)
        #expect(
            office.alice.lastDescription.contains("a=ice-lite")
                && office.alice.lastDescription.contains("a=group:BUNDLE 0"))
        #expect(office.alice.lastDescription.contains("a=rtcp-mux") && before[0].rtcpMux)
        for _ in 0..<4 {
            office.alice.perform(.rekey, call)
            office.run(2)
        }
        let after = plans(office)
        #expect(after[0].ice?.localUfrag != before[0].ice?.localUfrag)
        #expect(after[0].ice?.remoteUfrag != before[0].ice?.remoteUfrag)
        #expect(handshake(after[0])?.fingerprints != handshake(before[0])?.fingerprints)
        #expect(handshake(after[0])?.role == handshake(before[0])?.role)
        #expect(office.bob.requests(.invite).count == 1)
        close(office)
    }

    @Test("terminals that ring together have keys of their own, and the one that answers keeps its")
    func forks() {
        let office = office(bob: .keys, policy: .required, firstTerminal: .offered, terminals: [1, 3])
        for phone in office.phones[1].dropFirst() { phone.plan.decision = .none }
        _ = office.talk()
        let lines: [String] = office.phones[1].flatMap { phone in
            phone.requests(.invite).flatMap { invite in
                String(decoding: invite.body, as: UTF8.self).split(separator: "\r\n").filter { $0.contains("inline:") }
            }.map { String($0.split(separator: ":").last ?? "") }
        }
        #expect(lines.count == 9 && Set(lines).count == 9)
        #expect(keys(plans(office).first { $0.id.leg.index == 1 }).count == 2)
        close(office)
    }

    @Test("an offer without encryption in mid-call is refused where it is required, and the call goes on as it was")
    func downgrade() {
        let office = office(alice: .optionalKeys, firstTerminal: .required)
        let (call, _) = office.talk()
        let before = plans(office)
        #expect(keys(before[0]).count == 2)
        office.alice.encryption = .none
        office.alice.perform(.hold(.sendonly), call)
        office.run(2)
        let warning: String = office.alice.responses(488).first?.first(.warning) ?? ""
        #expect(warning.contains("wanted is RTP/SAVP"))
        #expect(plans(office).map(\.security) == before.map(\.security))
        office.close()
    }

    @Test("a callee whose offer can't be taken, of a call without an offer: it is ended, and the caller told")
    func offerless() {
        let office = office(policy: .required, firstTerminal: .offered)
        var plan = CallerPlan()
        plan.hasOffer = false
        let call = office.alice.call("1002", plan)
        office.run(8)
        #expect(call.finalStatus == .notAcceptableHere)
        #expect(office.alice.responses(488).first?.first(.warning)?.contains("the callee offers RTP/AVP") == true)
        office.close()
    }

    @Test(
        "keys that don't come end the call after 5 s, unless they do after all; a farewell of the peer is followed by its BYE",
        arguments: [true, false])
    func insecure(comesAfterAll: Bool) throws {
        let office = office(alice: .browser)
        let (call, other) = office.talk()
        let id = try #require(plans(office).first?.id)
        report(office, .insecure(id, "the certificate has another fingerprint"))
        office.run(3)
        if comesAfterAll { report(office, .secured(id)) }
        office.run(4)
        #expect(call.isOver == !comesAfterAll && other.isOver == !comesAfterAll)
        #expect(notes(office).contains { $0.contains("the certificate has another fingerprint") })
        if !comesAfterAll {
            #expect(office.record?.reason == "the media of the caller can't be encrypted")
            #expect(office.record?.outcome == .failed)
        }
        office.close()
    }

    @Test("the history says how each party's media is encrypted")
    func history() {
        let office = office(alice: .keys, bob: .browser, policy: .webrtc, firstTerminal: .offered)
        _ = office.talk()
        #expect(notes(office).contains { $0.hasSuffix("/0: its media is encrypted: SDES, AES_CM_128_HMAC_SHA1_80") })
        #expect(notes(office).contains { $0.hasSuffix("/1: its media is encrypted: DTLS") })
        #expect(!notes(office).contains { $0.contains("zQmark") || $0.contains("inline:") })
        close(office, compares: 2)
        #expect(office.record?.media.map(\.encryption) == [.sdes, .dtls])
    }
}
