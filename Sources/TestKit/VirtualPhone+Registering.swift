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
        sendRegister(isBackup: false, credentials: nil)
    }

    /// Registers the second flow and keeps it alive.
    func registerBackup() {
        var second = backup ?? PhoneRegistration()
        if second.callID.isEmpty { second.callID = mark + random.token(12) }
        (second.isWanted, second.attempts, second.expires) = (true, 0, registration.expires)
        backup = second
        sendRegister(isBackup: true, credentials: nil)
    }

    /// Lets the registration end by itself.
    package func stopRegistering() {
        registration.isWanted = false
        backup?.isWanted = false
    }

    /// Ends the registration.
    package func unregister() {
        (registration.isWanted, registration.expires, registration.attempts) = (false, 0, 0)
        sendRegister(isBackup: false, credentials: nil)
    }

    /// One of the two registrations.
    private subscript(isBackup: Bool) -> PhoneRegistration {
        get { isBackup ? backup ?? PhoneRegistration() : registration }
        set { if isBackup { backup = newValue } else { registration = newValue } }
    }

    private var instance: String {
        let digits = String(index, radix: 16)
        return "urn:uuid:00000000-0000-1000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    }

    private func sendRegister(isBackup: Bool, credentials: String?) {
        let connection: UInt64 = isBackup ? backupConnection : self.connection
        guard !isDead, transport == .udp || connection != 0 else { return }
        guard let target = try? SIPURI("sip:\(registration.host)") else { return }
        self[isBackup].sequence += 1
        self[isBackup].isPending = true
        let other: SIPURI? = registration.toHost.flatMap { try? SIPURI("sip:\(account.extension)@\($0)") }
        let own: NameAddress = NameAddress(uri: other ?? uri(account.extension))
        var builder = SIPMessageBuilder(request: .register, uri: target)
        builder.add(via())
        builder.addMaxForwards(70)
        builder.addFrom(own.withTag(mark + random.token(6)))
        builder.addTo(own)
        builder.addCallID(self[isBackup].callID)
        builder.add(.cseq, "\(self[isBackup].sequence) REGISTER")
        let flowID: String = transport == .udp ? "" : ";reg-id=\(isBackup ? 2 : 1)"
        let parameters: String =
            hasInstance ? ";+sip.instance=\"<\(instance)>\"\(flowID)" : registration.contactParameters
        builder.add(.contact, contact.description + parameters)
        let supported: String = hasInstance ? "outbound, path, gruu" : registration.supported
        if let path {
            builder.add(.path, path)
            builder.add(.supported, "path")
        }
        if !supported.isEmpty { builder.add(.supported, supported) }
        builder.add(.expires, String(self[isBackup].expires))
        if let credentials { builder.add(.authorization, credentials) }
        if let message = seal(builder) { start(message, .register(isBackup: isBackup), over: flow(connection)) }
    }

    func registered(_ response: SIPMessage?, isBackup: Bool) {
        self[isBackup].isPending = false
        guard let response, let status = response.status else { return retryRegistering(isBackup, after: .seconds(5)) }
        self[isBackup].statuses.append(status)
        switch status.code {
        case 200..<300: granted(response, isBackup: isBackup)
        case 401:
            self[isBackup].attempts += 1
            guard self[isBackup].attempts < 4,
                let answer = credentials(for: response, .register, "sip:\(digestHost ?? registration.host)")
            else {
                return retryRegistering(isBackup, after: .seconds(60))
            }
            sendRegister(isBackup: isBackup, credentials: answer)
        case 423:
            self[isBackup].expires = ((try? response.minExpires()) ?? nil) ?? 3600
            retryRegistering(isBackup, after: .zero)
        case 403: self[isBackup].isWanted = false
        default: retryRegistering(isBackup, after: .seconds(10))
        }
    }

    private func granted(_ response: SIPMessage, isBackup: Bool) {
        self[isBackup].attempts = 0
        let contacts = (try? response.contacts()) ?? nil
        let regID: UInt32? = hasInstance && transport != .udp ? (isBackup ? 2 : 1) : nil
        guard case .list(let list)? = contacts,
            let mine = list.first(where: { $0.uri.user == mark && (regID == nil || $0.regID == regID) }),
            let seconds = mine.expires
        else {
            self[isBackup].until = nil
            return
        }
        if hasInstance {
            publicGRUU = mine.parameters["pub-gruu"]
            if publicGRUU == nil { fault("no public GRUU for an instance") }
        }
        self[isBackup].granted = seconds
        self[isBackup].until = world.now.advanced(by: .seconds(Int64(seconds)))
        retryRegistering(isBackup, after: .seconds(Int64(max(10, seconds / 2))))
    }

    private func retryRegistering(_ isBackup: Bool, after delay: Duration) {
        guard self[isBackup].isWanted else { return }
        let sequence: UInt32 = self[isBackup].sequence
        world.after(delay) { [unowned self] in
            guard self[isBackup].isWanted, self[isBackup].sequence == sequence, !self[isBackup].isPending else {
                return
            }
            self[isBackup].attempts = 0
            sendRegister(isBackup: isBackup, credentials: nil)
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
