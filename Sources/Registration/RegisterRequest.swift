internal import Basics
internal import SIPMessage
internal import SIPTransaction

/// Why a REGISTER is refused.
struct RegisterRefusal: Error {
    let reply: RegisterReply

    init(_ status: SIPStatus, _ reason: String? = nil, fields: [RegisterReply.Field] = []) {
        reply = RegisterReply(status, reason: reason, fields: fields)
    }
}

/// A REGISTER taken apart and checked as far as that needs no binding.
struct RegisterRequest {
    enum Contacts { case none, all, list([NameAddress]) }

    /// What the registrar itself understands of Require (RFC 3261 §10.3 step 2).
    private static let knownOptions: Set<String> = ["path", "outbound", "gruu"]
    /// Bounds of what one binding keeps, in bytes: contact, Call-ID, instance, Path.
    private static let longest: (contact: Int, callID: Int, instance: Int, path: Int) = (512, 256, 128, 1024)

    let contacts: Contacts
    let callID: String
    let cseq: UInt32
    let via: Via
    let isDirect: Bool
    let path: [String]
    /// The last Path element, that of the first hop, has `ob` (RFC 5626 §5.1).
    let firstHopSupportsOutbound: Bool
    let supportsPath: Bool
    let supportsOutbound: Bool
    let supportsGRUU: Bool
    /// Of the Expires header field; nil when absent, 3600 when malformed (RFC 3261 §10.2.1.1).
    let expires: Int?
    let userAgent: String?
    /// The To URI: what GRUUs are made of.
    let aorURI: SIPURI
    /// ``Binding/registeredHost``.
    let registeredHost: String?

    init(_ message: SIPMessage) throws(RegisterRefusal) {
        let unknown: [String] = message.list(.require).filter {
            !RegisterRequest.knownOptions.contains($0.lowercased())
        }
        guard unknown.isEmpty else {
            throw RegisterRefusal(.badExtension, fields: [.init(.unsupported, unknown.joined(separator: ", "))])
        }
        expires = message.has(.expires) ? RegisterRequest.seconds(of: message) : nil
        contacts = try RegisterRequest.contacts(of: message, expires: expires)
        path = message.list(.path)
        guard path.reduce(0, { $0 + $1.utf8.count }) <= RegisterRequest.longest.path else {
            throw RegisterRefusal(.badRequest, "Path Too Long")
        }
        firstHopSupportsOutbound = try RegisterRequest.firstHopSupportsOutbound(path)
        guard message.callID.utf8.count <= RegisterRequest.longest.callID else {
            throw RegisterRefusal(.badRequest, "Call-ID Too Long")
        }
        (callID, cseq, via) = (message.callID, message.cseq.number, message.topVia)
        isDirect = message.list(.via).count <= 1
        supportsPath = message.hasOption("path", in: .supported) || message.hasOption("path", in: .require)
        supportsOutbound = message.hasOption("outbound", in: .supported) || message.hasOption("outbound", in: .require)
        supportsGRUU = message.hasOption("gruu", in: .supported) || message.hasOption("gruu", in: .require)
        userAgent = message.first(.userAgent).map { String(decoding: $0.utf8.prefix(64), as: UTF8.self) }
        aorURI = message.to.uri.addressOfRecord
        registeredHost = RegisterRequest.hostAndPort(of: aorURI)
        try checkOutbound()
    }

    /// What a contact asks for in seconds: its own parameter, else the header field, else `standard` (RFC 3261 §10.3 step 7).
    func secondsAsked(_ contact: NameAddress, standard: Int) -> Int {
        if contact.parameters.contains("expires") { return contact.expires.map(Int.init) ?? 3600 }
        return expires ?? standard
    }

    /// Whether the contact is registered as a flow (RFC 5626 §6): a reg-id without instance or without support has no meaning.
    func isOutbound(_ contact: NameAddress) -> Bool {
        supportsOutbound && contact.regID != nil && contact.sipInstance != nil
    }

    private func checkOutbound() throws(RegisterRefusal) {
        guard case .list(let list) = contacts, list.contains(where: isOutbound) else { return }
        let lasting = list.count { secondsAsked($0, standard: 3600) > 0 }
        guard lasting <= 1 else { throw RegisterRefusal(.badRequest, "More Than One Contact With reg-id") }
        guard isDirect || firstHopSupportsOutbound else { throw RegisterRefusal(.firstHopLacksOutboundSupport) }
    }

    private static func hostAndPort(of uri: SIPURI) -> String? {
        guard uri.isSIP, uri.host.utf8.count <= 255 else { return nil }
        return uri.port.map { "\(uri.host):\($0)" } ?? uri.host
    }

    private static func seconds(of message: SIPMessage) -> Int {
        do { return try message.expires().map(Int.init) ?? 3600 } catch { return 3600 }
    }

    private static func contacts(of message: SIPMessage, expires: Int?) throws(RegisterRefusal) -> Contacts {
        let field: ContactField?
        do { field = try message.contacts() } catch { throw RegisterRefusal(.badRequest, "Malformed Contact") }
        switch field {
        case nil:
            return .none
        case .star:
            // RFC 3261 §10.2.2: only with an Expires of 0.
            guard expires == 0 else { throw RegisterRefusal(.badRequest, "Contact * Needs Expires 0") }
            return .all
        case .list(let list):
            for contact in list {
                guard contact.uri.isSIP else { throw RegisterRefusal(.forbidden, "Contact Must Be a SIP URI") }
                guard contact.uri.description.utf8.count <= longest.contact,
                    (contact.sipInstance ?? "").utf8.count <= longest.instance
                else { throw RegisterRefusal(.badRequest, "Contact Too Long") }
            }
            return .list(list)
        }
    }

    private static func firstHopSupportsOutbound(_ path: [String]) throws(RegisterRefusal) -> Bool {
        var result = false
        for element in path {
            guard let address = try? NameAddress(element) else { throw RegisterRefusal(.badRequest, "Malformed Path") }
            result = address.uri.parameters.contains("ob")
        }
        return result
    }
}
