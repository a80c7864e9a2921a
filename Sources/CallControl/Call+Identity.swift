internal import Basics
internal import Identity
internal import Registration
internal import SIPMessage
internal import SIPTransaction

/// Who a callee is told is calling, by URIs that it can call back.
extension Call {
    /// The caller asks not to be known (RFC 3323 §4.2, RFC 3325 §7).
    var callerIsPrivate: Bool {
        guard let privacy = (try? invite.privacy()) ?? nil else { return false }
        return !privacy.isDisjoint(with: ["id", "user", "header"])
    }

    /// The user part of our contact towards callees.
    var callerShownUser: String {
        if callerIsPrivate { return "anonymous" }
        return String(record.callerURI.dropFirst(4).prefix { $0 != "@" })
    }

    /// The caller as the party of `leg` sees it: its name and number by the directory, whatever its From said.
    func callerShown(to leg: Leg) -> NameAddress {
        if callerIsPrivate {
            return NameAddress(displayName: "Anonymous", uri: Call.anonymous ?? leg.shownURI("anonymous"))
        }
        let name: String? = record.callerDisplay.isEmpty ? nil : record.callerDisplay
        return NameAddress(displayName: name, uri: leg.shownURI(callerShownUser))
    }

    /// P-Asserted-Identity, or Privacy where the caller asked for it (RFC 3325, RFC 3323).
    func addIdentity(of leg: Leg, to builder: inout SIPMessageBuilder) {
        if callerIsPrivate {
            builder.add(.privacy, "id")
        } else {
            builder.add(.pAssertedIdentity, callerShown(to: leg))
        }
    }

    /// RFC 3323 §4.1.1.3.
    static let anonymous: SIPURI? = try? SIPURI("sip:anonymous@anonymous.invalid")

    /// How the phone behind a binding calls this server: as it registered, else by the address we show it.
    static func shownHost(of binding: Binding, in env: CallEnvironment) -> String {
        if let registered = binding.registeredHost { return registered }
        let target = binding.target
        let own = env.addresses.signalling(target.listener, towards: target.remote.address)
        return own.port == target.transport.defaultPort ? own.address.uriHost : own.description
    }
}

extension Leg {
    /// A user of the tenant by a URI whose host leads the party of this leg back to us.
    func shownURI(_ user: String) -> SIPURI {
        let colon = shownHost.last == "]" ? nil : shownHost.lastIndex(of: ":")
        let host: String = colon.map { String(shownHost[..<$0]) } ?? shownHost
        let port: UInt16? = colon.flatMap { UInt16(shownHost[shownHost.index(after: $0)...]) }
        if let uri = try? SIPURI(user: user, host: host, port: port) { return uri }
        return SIPURI(user: user, endpoint: target.remote)
    }
}
