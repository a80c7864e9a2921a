internal import Basics
internal import Identity
internal import SIPMessage

/// Redirections: by a phone's 3xx, and those a phone that forwards calls by itself tells of.
extension Call {
    /// Takes over what the caller's phone says of redirections before this call, as far as a phone of the tenant may say so: its
    /// own user redirected last, and all others are users of the tenant.
    /// - Throws: ``InviteRefusal`` when there were more of them than the tenant allows, which is a loop.
    mutating func takeRedirections(in env: inout CallEnvironment) throws(InviteRefusal) {
        guard invite.has(.historyInfo) || invite.has(.diversion) else { return }
        let directory = env.directory
        let addresses = env.addresses
        let owner: TenantID = tenant.id
        let told = Redirection.told(by: invite) { uri in
            guard let name = uri.user else { return nil }
            if uri.isSIP {
                let isOurs: Bool =
                    directory.tenant(owning: uri.host).map { $0.id == owner } ?? addresses.isOwn(host: uri.host)
                guard isOurs else { return nil }
            }
            return directory.user(in: owner, extension: name)?.extension
        }
        guard told.last?.user == callerUser else {
            if !told.isEmpty {
                note("redirections by others than the caller itself are not passed on", leg: 0, in: &env)
            }
            return
        }
        guard told.count <= maximumRedirections(in: env) else {
            throw InviteRefusal(status: .loopDetected, reason: "redirected \(told.count) times")
        }
        redirectionsBefore = told
        note("redirected before by \(told.map(\.user).joined(separator: ", "))", leg: 0, in: &env)
    }

    /// The caller's extension.
    private var callerUser: String { String(record.callerURI.dropFirst(4).prefix { $0 != "@" }) }

    func maximumRedirections(in env: CallEnvironment) -> Int {
        min(tenant.settings.maxRedirects, env.settings.maximumRedirections)
    }

    /// History-Info and Diversion of a redirected call, both, as phones know one or the other (RFC 7044, RFC 5806).
    func addRedirections(of leg: Leg, to builder: inout SIPMessageBuilder) {
        guard !leg.redirections.isEmpty else { return }
        let target: SIPURI? = leg.shownUser.map { leg.shownURI($0) } ?? (try? SIPURI(leg.destination))
        guard let target else { return }
        let privacy: Set<String> = ((try? invite.privacy()) ?? nil) ?? []
        let hidesAll: Bool = !privacy.isDisjoint(with: ["history", "header"])
        builder.add(
            .historyInfo, leg.redirections.historyInfo(to: target, hidesAll: hidesAll) { leg.shownURI($0) })
        builder.add(.diversion, leg.redirections.diversion(hidesAll: hidesAll) { leg.shownURI($0) })
    }
}
