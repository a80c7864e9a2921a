package import Basics
internal import Identity
package import SIPMessage
internal import SIPTransaction

/// What a phone knows of its registration.
package struct PhoneRegistration: Sendable {
    package var isWanted = false
    /// What the phone asks for, in seconds.
    package var expires: UInt32 = 600
    /// The domain, or server address, the phone is set up with, with a port where one is given.
    package var host = VirtualServer.domain
    /// The host of its address-of-record, where it differs from ``host``.
    package var toHost: String?
    /// Added to its Contact: `;+sip.instance="…"`.
    package var contactParameters = ""
    /// Option tags of its Supported; none where empty.
    package var supported = ""
    var callID = ""
    var sequence: UInt32 = 0
    var attempts = 0
    /// A REGISTER is out.
    var isPending = false
    /// Every status of a final response, in order.
    package internal(set) var statuses: [SIPStatus] = []
    /// When it will end unless renewed; nil while not registered.
    package internal(set) var until: Moment?
    /// What the server granted last, in seconds.
    package internal(set) var granted: UInt32?
}

extension VirtualPhone {
    package var isRegistered: Bool { registration.until.map { $0 > world.now } ?? false }

    /// Registers and keeps the registration alive.
    package func register() {
        registration.isWanted = true
        registration.attempts = 0
        sendRegister(credentials: nil)
    }

    /// Lets the registration end by itself.
    package func stopRegistering() { registration.isWanted = false }

    /// Ends the registration.
    package func unregister() {
        (registration.isWanted, registration.expires, registration.attempts) = (false, 0, 0)
        sendRegister(credentials: nil)
    }

    private func sendRegister(credentials: String?) {
        guard !isDead, transport == .udp || connection != 0 else { return }
        guard let target = try? SIPURI("sip:\(registration.host)") else { return }
        registration.sequence += 1
        registration.isPending = true
        let other: SIPURI? = registration.toHost.flatMap { try? SIPURI("sip:\(account.extension)@\($0)") }
        let own: NameAddress = NameAddress(uri: other ?? uri(account.extension))
        var builder = SIPMessageBuilder(request: .register, uri: target)
        builder.add(via())
        builder.addMaxForwards(70)
        builder.addFrom(own.withTag(mark + random.token(6)))
        builder.addTo(own)
        builder.addCallID(registration.callID)
        builder.add(.cseq, "\(registration.sequence) REGISTER")
        builder.add(.contact, contact.description + registration.contactParameters)
        if !registration.supported.isEmpty { builder.add(.supported, registration.supported) }
        builder.add(.expires, String(registration.expires))
        if let path {
            builder.add(.path, path)
            builder.add(.supported, "path")
        }
        if let credentials { builder.add(.authorization, credentials) }
        if let message = seal(builder) { start(message, .register) }
    }

    func registered(_ response: SIPMessage?) {
        registration.isPending = false
        guard let response, let status = response.status else { return retryRegistering(after: .seconds(5)) }
        registration.statuses.append(status)
        switch status.code {
        case 200..<300:
            registration.attempts = 0
            let contacts = (try? response.contacts()) ?? nil
            guard case .list(let list)? = contacts, let mine = list.first(where: { $0.uri.user == mark }),
                let seconds = mine.expires
            else {
                registration.until = nil
                return
            }
            registration.granted = seconds
            registration.until = world.now.advanced(by: .seconds(Int64(seconds)))
            retryRegistering(after: .seconds(Int64(max(10, seconds / 2))))
        case 401:
            registration.attempts += 1
            guard registration.attempts < 4,
                let answer = credentials(for: response, .register, "sip:\(digestHost ?? registration.host)")
            else {
                return retryRegistering(after: .seconds(60))
            }
            sendRegister(credentials: answer)
        case 423:
            registration.expires = ((try? response.minExpires()) ?? nil) ?? 3600
            retryRegistering(after: .zero)
        case 403: registration.isWanted = false
        default: retryRegistering(after: .seconds(10))
        }
    }

    private func retryRegistering(after delay: Duration) {
        guard registration.isWanted else { return }
        let sequence: UInt32 = registration.sequence
        world.after(delay) { [unowned self] in
            guard registration.isWanted, registration.sequence == sequence, !registration.isPending else { return }
            registration.attempts = 0
            sendRegister(credentials: nil)
        }
    }

    /// The answer to the first challenge of a response; nil where it has none.
    func credentials(for response: SIPMessage, _ method: SIPMethod, _ uri: String) -> String? {
        guard let challenge = ((try? response.challenges(.wwwAuthenticate)) ?? []).first, let realm = challenge.realm,
            let nonce = challenge.nonce
        else { return nil }
        func hash(_ text: String) -> String { DigestHash.hexadecimal(of: Array(text.utf8), .md5) }
        let secret: String = hash("\(account.username):\(realm):\(password)")
        let request: String = hash("\(method):\(uri)")
        let cnonce: String = mark + random.token(6)
        let answer: String = hash("\(secret):\(nonce):00000001:\(cnonce):auth:\(request)")
        return DigestCredentials(
            username: account.username, realm: realm, nonce: nonce, uri: uri, response: answer, algorithm: .md5,
            cnonce: cnonce,
            nonceCount: 1, qop: "auth"
        ).description
    }
}
