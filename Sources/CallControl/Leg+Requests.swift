internal import Basics
internal import Identity
internal import SIPDialog
internal import SIPMessage
internal import SIPTransaction

/// What every message of ours says of us.
enum OwnFields {
    static let allow = "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, MESSAGE"
    static let supported = "100rel, timer"
}

extension Leg {
    /// Adds Supported with what we can do on this leg; nothing where there is nothing, as phones trip over an empty field.
    func addSupported(to builder: inout SIPMessageBuilder, reliable: Bool = true) {
        var options: [String] = reliable ? ["100rel"] : []
        if settings.sessionTimer != .off { options.append("timer") }
        if !options.isEmpty { builder.add(.supported, options.joined(separator: ", ")) }
    }

    /// A Via for the next request on this leg.
    func via(in env: inout CallEnvironment) -> Via? {
        let own = env.addresses.signalling(target.listener, towards: target.remote.address)
        let branch = "z9hG4bK" + env.random.token(16)
        return try? Via(transport: target.transport.rawValue, host: own.address.uriHost, port: own.port, branch: branch)
    }

    /// Our contact on this leg.
    func contact(in env: CallEnvironment) -> NameAddress {
        let own = env.addresses.signalling(target.listener, towards: target.remote.address)
        var uri = SIPURI(isSecure: false, user: localUser, endpoint: own)
        if target.transport != .udp { uri.parameters["transport"] = target.transport.uriParameter }
        return NameAddress(uri: uri)
    }

    /// A request within the dialog of this leg; nil without a dialog.
    mutating func request(_ method: SIPMethod, in env: inout CallEnvironment) -> SIPMessageBuilder? {
        guard session != nil, let via = via(in: &env) else { return nil }
        let refreshesTarget = method == .invite || method == .update
        let contact = refreshesTarget ? contact(in: env) : nil
        guard var builder = session?.dialog.request(method, via: via, contact: contact) else { return nil }
        builder.add(.userAgent, env.settings.serverName)
        if refreshesTarget {
            builder.add(.allow, OwnFields.allow)
            addSupported(to: &builder)
        }
        return builder
    }
}
