internal import Basics
internal import Identity
internal import Registration
internal import SIPMessage
internal import SIPTransaction

/// Which hosts of Request-URIs are ours, and whose they are.
extension Shard {
    /// The tenant a request to `host` is for; nil where the host is none of ours.
    ///
    /// An address that the phone is at home at itself, as its From shows, is ours too: a router may forward another address to us
    /// than any we know of.
    func tenant(serving host: String, of request: SIPMessage) -> Tenant? {
        environment.directory.tenant(serving: host) { isServer($0, of: request) }
    }

    /// Whether `host` names `tenant` or the server itself.
    func isOurs(_ host: String, in tenant: Tenant, of request: SIPMessage) -> Bool {
        if let owner = environment.directory.tenant(owning: host) { return owner.id == tenant.id }
        return isServer(host, of: request)
    }

    private func isServer(_ host: String, of request: SIPMessage) -> Bool {
        environment.addresses.isOwn(host: host) || host == request.from.uri.host && IPAddress(host) != nil
    }

    /// A request to somebody else's domain. Who proves to be one of our phones is told 404 (RFC 3261 §10.3 step 5, which comes after
    /// the authentication of step 3; we are no proxy that would pass it on by §16.5); all others are challenged like for any request,
    /// so that nobody learns which domains are served.
    mutating func refuseForeign(
        _ request: SIPMessage, _ host: String, _ transaction: ServerTransactionID, _ flow: SIPFlow,
        into pending: inout [TransactionEffect]
    ) {
        guard let tenant = tenant(serving: request.from.uri.host, of: request) ?? environment.directory.defaultTenant
        else {
            return answer(.notFound, request, transaction, flow, into: &pending)
        }
        guard let caller = authenticate(request, in: tenant, transaction, flow, into: &pending) else { return }
        if foreignHosts.count < 64, foreignHosts.insert(host).inserted {
            effects.append(.alarm(.foreignHost(host, user: AddressOfRecord(tenant: tenant.id, user: caller.user.id))))
        }
        answer(.notFound, request, transaction, flow, into: &pending)
    }
}
