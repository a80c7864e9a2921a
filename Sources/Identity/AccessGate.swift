public import Basics
public import SIPMessage

/// Decides who may send a request: the digest check with the limits around it. Safe to use from any thread.
public final class AccessGate: Sendable {
    public enum Outcome: Hashable, Sendable {
        case accepted(Terminal, User)
        /// 401 (or 407) with ``AccessGate/challenges(tenant:directory:request:in:stale:to:now:)``.
        case challenge(stale: Bool)
        /// 403: a wrong password, an unknown or disabled user, or a back-off; the peer is not told which.
        case refused
        /// No answer: a banned address or an attack tool.
        case dropped
    }

    public let authenticator: DigestAuthenticator
    public let abuse: AbuseGuard

    public init(authenticator: DigestAuthenticator, abuse: AbuseGuard) {
        (self.authenticator, self.abuse) = (authenticator, abuse)
    }

    /// Whether a request gets no answer at all; to be asked before anything else is done for it.
    public func drops(_ request: SIPMessage, from source: IPAddress, now: Moment) -> Bool {
        abuse.banned(source, now: now) != nil || abuse.isScanner(request)
    }

    /// Judges a request to a tenant.
    /// - Parameter isOurs: whether a host names the tenant or the server, however it is spelt.
    /// - Returns: the outcome, and an event when it banned the address.
    public func check(
        _ request: SIPMessage, in field: SIPFieldName = .authorization, tenant: Tenant, directory: Directory,
        from source: IPAddress, now: Moment, isOurs: (String) -> Bool = { _ in false }
    ) -> (outcome: Outcome, event: AbuseEvent?) {
        guard !drops(request, from: source, now: now) else { return (.dropped, nil) }
        let answers = DigestAnswer.all(in: request, field: field)
        guard let account = answers.first(where: { $0.realm == tenant.realm })?.username else {
            return (.challenge(stale: false), nil)
        }
        if abuse.backOff(of: account, at: source, now: now) != nil {
            return authenticator.isProven(answers, realm: tenant.realm, from: source, now: now)
                ? (.refused, abuse.noteRefused(of: account, at: source, now: now)) : (.challenge(stale: true), nil)
        }
        switch authenticator.check(
            answers, of: request, tenant: tenant, directory: directory, from: source, now: now, isOurs: isOurs)
        {
        case .challenge(let stale):
            return (.challenge(stale: stale), nil)
        case .wrongPassword, .unknownUser:
            return (.refused, abuse.noteFailure(of: account, at: source, now: now))
        case .accepted(let id):
            guard let terminal = directory.terminal(id), let user = directory.user(terminal.user), user.isEnabled else {
                return (.refused, nil)
            }
            abuse.noteSuccess(of: account, at: source, now: now)
            return (.accepted(terminal, user), nil)
        }
    }

    /// The values of the challenge fields for `request`, by the algorithms of the terminal it names, else the tenant's.
    public func challenges(
        tenant: Tenant, directory: Directory, request: SIPMessage, in field: SIPFieldName = .authorization, stale: Bool,
        to source: IPAddress, now: Moment
    ) -> [String] {
        // A first request has no credentials: its From names the user, whose terminals may all share one setting.
        let answer = DigestAnswer.all(in: request, field: field).first { $0.realm == tenant.realm }
        let name = answer?.username ?? request.from.uri.user ?? ""
        let terminal = directory.terminal(in: tenant.id, authUsername: name)
        return authenticator.challenges(
            realm: tenant.realm, algorithms: directory.digestAlgorithms(of: terminal, in: tenant), stale: stale,
            to: source, now: now)
    }
}
