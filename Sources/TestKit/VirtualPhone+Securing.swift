internal import Basics
internal import DTLS
internal import ICE
internal import MediaSession
internal import SDP
internal import SIPDialog
internal import SRTP

/// Keys, fingerprints and ICE of a phone, and what it thinks of the server's.
extension VirtualPhone {
    /// The suites a phone with keys knows, by their length in bytes.
    private static let lengths: [String: Int] = [
        "AES_CM_128_HMAC_SHA1_80": 30, "AES_CM_128_HMAC_SHA1_32": 30, "AES_256_CM_HMAC_SHA1_80": 46,
        "AEAD_AES_128_GCM": 28, "AEAD_AES_256_GCM": 44,
    ]
    private static let alphabet: [UInt8] = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

    private func letters(_ count: Int) -> String {
        let alphabet: [UInt8] = VirtualPhone.alphabet
        return String(
            decoding: (0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] },
            as: UTF8.self)
    }

    /// Everything anew: as after a phone was moved, or a browser changed its network.
    func renewSecrets(_ call: PhoneCall) {
        call.secrets.keys = [:]
        if percent(50) { call.secrets.fingerprint = "" }
        call.secrets.ufrag = ""
    }

    private func percent(_ limit: Int) -> Bool { Int.random(in: 0..<100, using: &random) < limit }

    /// All begin with the phone's mark, which must reach no other phone.
    private func key(_ suite: String, _ position: Int, _ call: PhoneCall) -> String {
        let name = "\(position) \(suite)"
        if let known = call.secrets.keys[name] { return known }
        let length: Int = VirtualPhone.lengths[suite] ?? 30
        let digits: Int = (8 * length + 5) / 6
        // The last one's spare bits are none.
        let text = mark + letters(digits - mark.utf8.count - 1) + "A"
        let padded: String = text + String(repeating: "=", count: (4 - digits % 4) % 4)
        call.secrets.keys[name] = padded
        return padded
    }

    private func prepare(_ call: PhoneCall) {
        if call.secrets.fingerprint.isEmpty {
            let bytes: [UInt8] = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
            call.secrets.fingerprint = DTLSFingerprint(hash: "sha-256", value: bytes).description
        }
        if call.secrets.ufrag.isEmpty {
            (call.secrets.ufrag, call.secrets.password) = (mark + letters(4), mark + letters(22))
        }
    }

    // MARK: Writing

    /// What is agreed on a stream already.
    private func known(_ position: Int, _ call: PhoneCall) -> MediaDescription? {
        guard let agreed = call.offers.agreed, let local = try? SessionDescription.parse(agreed.local),
            position < local.media.count, !local.media[position].isRejected
        else { return nil }
        return local.media[position]
    }

    func profile(_ position: Int, _ call: PhoneCall, answering offer: MediaDescription?) -> String {
        if let offer { return offer.transportProtocol }
        // A fax's stream that turns to speech begins anew.
        let before: String? = known(position, call)?.transportProtocol
        return before.flatMap { $0.contains("RTP/") ? $0 : nil } ?? encryption.profile
    }

    /// Whether the phone can do with what an offered stream is protected with.
    func accepts(_ offer: MediaDescription) -> Bool {
        guard offer.transportProtocol.contains("RTP/") else { return true }
        if encryption.hasKeys, choice(of: offer) != nil { return true }
        if encryption.hasHandshake, offer.word("fingerprint") != nil { return true }
        return encryption.takesPlain && !offer.transportProtocol.contains("SAVP")
    }

    private func choice(of offer: MediaDescription) -> SDPCrypto? {
        offer.crypto.first { line in suites.contains { line.isSuite($0) } }
    }

    func securityLines(_ position: Int, _ port: Int, _ call: PhoneCall, answering offer: MediaDescription?) -> [String]
    {
        prepare(call)
        var lines: [String] = []
        if encryption.hasKeys { lines += cryptoLines(position, call, answering: offer) }
        if encryption.hasHandshake, offer == nil || offer?.word("fingerprint") != nil {
            lines += [
                "a=fingerprint:\(call.secrets.fingerprint)", "a=setup:\(setup(position, call, answering: offer))",
            ]
        }
        if encryption == .browser {
            if let name = offer == nil ? String(position) : offer?.mid { lines.append("a=mid:\(name)") }
            if offer?.rtcpMux ?? true { lines.append("a=rtcp-mux") }
            if offer == nil || offer?.word("ice-ufrag") != nil {
                lines += ["a=ice-ufrag:\(call.secrets.ufrag)", "a=ice-pwd:\(call.secrets.password)"]
                lines.append("a=candidate:1 1 UDP 2130706431 \(ownAddress.address) \(port) typ host")
            }
        } else if let name = offer?.mid {
            lines.append("a=mid:\(name)")
        }
        return lines
    }

    private func cryptoLines(_ position: Int, _ call: PhoneCall, answering offer: MediaDescription?) -> [String] {
        guard let offer else {
            let strange: [String] = isStubborn ? ["a=crypto:1 AES_999 inline:\(mark)"] : []
            return strange
                + suites.enumerated().map { index, suite in
                    let further: String = isStubborn ? "|2^31|\(index + 1):1 WSH=1024" : ""
                    return "a=crypto:\(index + 2) \(suite) inline:\(key(suite, position, call))\(further)"
                }
        }
        guard let line = choice(of: offer), let suite = suites.first(where: { line.isSuite($0) }) else { return [] }
        return ["a=crypto:\(line.tag) \(suite) inline:\(key(suite, position, call))"]
    }

    private func setup(_ position: Int, _ call: PhoneCall, answering offer: MediaDescription?) -> String {
        guard let offered = offer?.word("setup") else { return "actpass" }
        if offered == "active" { return "passive" }
        if offered == "passive" { return "active" }
        if let known = call.secrets.agreed[position], known.isHandshake { return known.isActive ? "active" : "passive" }
        return isStubborn ? "passive" : "active"
    }

    // MARK: Judging

    /// What is wrong with an offer of the server's.
    func checkOffer(_ offer: MediaDescription, _ position: Int, _ call: PhoneCall) {
        guard !offer.isRejected else { return }
        if offer.transportProtocol.hasPrefix("RTP/SAVP"), offer.crypto.isEmpty { fault("RTP/SAVP without a key", call) }
        if offer.transportProtocol.hasPrefix("UDP/TLS"), offer.word("fingerprint") == nil {
            fault("a handshake is offered without a fingerprint", call)
        }
        if offer.word("fingerprint") != nil, offer.word("setup") != "actpass" {
            fault("an offer with setup:\(offer.word("setup") ?? "none")", call)
        }
        guard let known = call.secrets.agreed[position], self.known(position, call) != nil else { return }
        if !known.serverKey.isEmpty,
            !offer.crypto.contains(where: { $0.isSuite(known.suite) && text($0) == known.serverKey })
        {
            fault("a new key for a stream that has one", call)
        }
        if !known.serverUfrag.isEmpty, offer.word("ice-ufrag") != known.serverUfrag {
            fault("ICE begins anew without need", call)
        }
    }

    private func text(_ line: SDPCrypto) -> String { line.keys.first.map { "\($0.keyAndSalt)" } ?? "" }

    /// What is wrong with an answer of the server's.
    func checkSecurity(asked: MediaDescription, given: MediaDescription, _ call: PhoneCall) {
        if asked.transportProtocol != given.transportProtocol {
            fault("\(asked.transportProtocol) is answered with \(given.transportProtocol)", call)
        }
        if given.crypto.count > 1 { fault("an answer with several keys", call) }
        for line in given.crypto where !asked.crypto.contains(where: { $0.tag == line.tag && $0.isSuite(line.suite) }) {
            fault("an answer with a key nobody asked for", call)
        }
        if asked.transportProtocol.hasPrefix("RTP/SAVP"), given.crypto.isEmpty, given.word("fingerprint") == nil {
            fault("RTP/SAVP is answered without a key", call)
        }
        if asked.transportProtocol.hasPrefix("UDP/TLS"), given.word("fingerprint") == nil {
            fault("a handshake is answered without a fingerprint", call)
        }
        if given.word("fingerprint") != nil, given.word("setup") != "active", given.word("setup") != "passive" {
            fault("an answer with setup:\(given.word("setup") ?? "none")", call)
        }
        if given.mid != asked.mid {
            fault("the name \(asked.mid ?? "none") is answered with \(given.mid ?? "none")", call)
        }
        if given.rtcpMux, !asked.rtcpMux { fault("an answer shares ports nobody wanted to share", call) }
        if (given.word("ice-ufrag") != nil) != (asked.word("ice-ufrag") != nil) {
            fault("ICE is not answered as asked", call)
        }
    }

    /// Both ends have spoken: notes what is agreed, and compares it with the server's plans once all has come through.
    func noteSecurity(own: [UInt8], remote: [UInt8], _ call: PhoneCall) {
        guard let own = try? SessionDescription.parse(own), let remote = try? SessionDescription.parse(remote) else {
            return
        }
        for (position, (ours, its)) in zip(own.media, remote.media).enumerated() {
            guard !ours.isRejected, !its.isRejected else {
                call.secrets.agreed[position] = nil
                continue
            }
            let agreement = agreement(ours, its)
            if let before = call.secrets.agreed[position], !before.serverKey.isEmpty, before.ownKey == agreement.ownKey,
                before.suite == agreement.suite, before.serverKey != agreement.serverKey
            {
                fault("the server changed its key, though the phone kept its own", call)
            }
            if let before = call.secrets.agreed[position], before.ownUfrag == agreement.ownUfrag,
                before.serverUfrag != agreement.serverUfrag
            {
                fault("the server began ICE anew, though the phone did not", call)
            }
            call.secrets.agreed[position] = agreement
        }
        call.secrets.describedAt = world.now
        world.after(.seconds(40)) { [unowned self] in
            guard call.state == .up, !isDead, !call.isExcused, call.offers.phase == .idle,
                world.now.since(call.secrets.describedAt) >= .seconds(40)
            else { return }
            comparePlans(call)
        }
    }

    private func agreement(_ ours: MediaDescription, _ its: MediaDescription) -> PhoneAgreement {
        var result = PhoneAgreement()
        for line in ours.crypto {
            guard let same = its.crypto.first(where: { $0.tag == line.tag && $0.isSuite(line.suite) }) else { continue }
            (result.suite, result.ownKey, result.serverKey) = (line.suite, text(line), text(same))
            break
        }
        result.isHandshake = result.suite.isEmpty && ours.word("fingerprint") != nil && its.word("fingerprint") != nil
        result.isActive =
            its.word("setup") == "passive" || (its.word("setup") == "actpass" && ours.word("setup") == "active")
        if let own = ours.word("ice-ufrag"), let other = its.word("ice-ufrag") {
            (result.ownUfrag, result.serverUfrag) = (own, other)
        }
        return result
    }

    /// What the server's media plane was told is what both ends have said.
    private func comparePlans(_ call: PhoneCall) {
        guard let agreed = call.offers.agreed, let own = try? SessionDescription.parse(agreed.local),
            let remote = try? SessionDescription.parse(agreed.remote)
        else { return }
        for (ours, its) in zip(own.media, remote.media) where !ours.isRejected && !its.isRejected {
            guard let plan = world.server.media.plan(onPort: its.port, peerPort: ours.port) else { continue }
            if ours.isT38 != (plan.fax != nil && !plan.carriesRTP) {
                fault("a plan \(ours.isT38 ? "without" : "with") T.38, which is not what was agreed", call)
            }
            guard ours.transportProtocol.contains("RTP/") else { continue }
            let expected = agreement(ours, its)
            world.server.media.compared(isSecure: !expected.suite.isEmpty || expected.isHandshake)
            if (plan.ice?.localUfrag ?? "") != expected.serverUfrag
                || (plan.ice?.remoteUfrag ?? "") != expected.ownUfrag
            {
                fault("the plan's ICE is not what was agreed", call)
            }
            switch plan.security {
            case .none:
                if !expected.suite.isEmpty || expected.isHandshake {
                    fault("a plan without the keys that were agreed", call)
                }
            case .sdes(let local, let remote):
                if "\(local.keyAndSalt)" != expected.serverKey
                    || remote.first.map({ "\($0.keyAndSalt)" }) != expected.ownKey
                {
                    fault("a plan with other keys than were agreed", call)
                }
            case .dtls(let handshake):
                if !expected.isHandshake || (handshake.role == .server) != expected.isActive
                    || !handshake.fingerprints.contains(where: { $0.description == ours.word("fingerprint") })
                {
                    fault("a plan with another handshake than was agreed: \(handshake.role)", call)
                }
            }
        }
    }
}

extension MediaDescription {
    /// The value of the stream's own attribute of this name.
    func word(_ name: String) -> String? { attributes.first { $0.name == name }?.value }
}
