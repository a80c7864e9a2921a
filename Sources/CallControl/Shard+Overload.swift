internal import Identity
internal import Numbering
internal import Registration
internal import SIPMessage

/// Who is turned away last.
extension Shard {
    /// Requests in dialogs that exist, refreshes of registrations, and emergency calls.
    static func goesLast(
        _ request: SIPMessage, claims: [String: (call: UInt32, leg: UInt16)], directory: Directory,
        locations: LocationTable, addresses: AddressBook
    ) -> Bool {
        if let tag = request.toTag { return claims[tag] != nil }
        guard let uri = request.requestURI else { return false }
        let host: String = uri.scheme == .tel ? request.from.uri.host : uri.host
        guard let tenant = directory.tenant(serving: host, isOwn: { addresses.isOwn(host: $0) }) else { return false }
        switch request.method {
        case .register: return isRefresh(request, in: tenant, directory: directory, locations: locations)
        case .invite: return Router.isEmergency(uri.user ?? "", of: tenant)
        default: return false
        }
    }

    /// A phone that is registered already and keeps its registration alive, which costs less than a lost one.
    static func isRefresh(
        _ request: SIPMessage, in tenant: Tenant, directory: Directory, locations: LocationTable
    ) -> Bool {
        guard let name = request.to.uri.user, let user = directory.user(in: tenant.id, extension: name) else {
            return false
        }
        return locations.bindings(of: AddressOfRecord(tenant: tenant.id, user: user.id)).contains {
            $0.callID == request.callID
        }
    }
}
