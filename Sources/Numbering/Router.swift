public import Basics
public import Identity

/// Finds where a dialled number leads within a tenant; a value over one snapshot of the directory.
public struct Router: Sendable {
    public let directory: Directory

    public init(directory: Directory) { self.directory = directory }

    /// The route of what a caller of `tenant` dialled.
    ///
    /// An emergency number wins over an extension of the same digits only where no such extension exists: the call then goes to
    /// that user and stays marked as emergency, so that an operator's own emergency desk can be an extension.
    /// - Parameter dialled: the user part of the Request-URI, unescaped; `tel` visual separators are ignored (RFC 3966 §5.1.1).
    public func route(from tenant: TenantID, dialled: String) -> Route {
        guard let owner = directory.tenant(tenant) else {
            return Route(
                destination: .notFound, isEmergency: false,
                reasons: [.init("tenant", "tenant \(tenant) does not exist")])
        }
        let isEmergency = Router.isEmergency(dialled, of: owner)
        var reasons: [Route.Reason] = []
        if isEmergency { reasons.append(.init("tenant.emergencyNumbers", "\(dialled) is an emergency number")) }
        if let user = directory.user(in: tenant, extension: dialled)
            ?? directory.user(in: tenant, extension: Router.bare(dialled))
        {
            guard user.isEnabled else {
                reasons.append(.init("user.isEnabled", "\(user.extension) is disabled"))
                let destination: Route.Destination = isEmergency ? .emergency(Router.bare(dialled)) : .disabled(user.id)
                return Route(destination: destination, isEmergency: isEmergency, reasons: reasons)
            }
            reasons.append(.init("user.extension", "\(user.extension) is \(user.displayName)"))
            return Route(destination: .user(user.id), isEmergency: isEmergency, reasons: reasons)
        }
        if let number = directory.service(in: tenant, extension: dialled)
            ?? directory.service(in: tenant, extension: Router.bare(dialled))
        {
            reasons.append(.init("service", "\(number.extension) is answered by the server: \(number.service.summary)"))
            return Route(destination: .service(number), isEmergency: isEmergency, reasons: reasons)
        }
        if isEmergency {
            reasons.append(.init("user.extension", "no user answers \(dialled)"))
            return Route(destination: .emergency(Router.bare(dialled)), isEmergency: true, reasons: reasons)
        }
        reasons.append(.init("user.extension", "no user of \(owner.name) has \(dialled)"))
        return Route(destination: .notFound, isEmergency: false, reasons: reasons)
    }

    /// The route of what `user` dialled; an unknown user reaches nobody.
    public func route(from user: UserID, dialled: String) -> Route {
        guard let caller = directory.user(user) else {
            return Route(
                destination: .notFound, isEmergency: false, reasons: [.init("user", "user \(user) does not exist")])
        }
        return route(from: caller.tenant, dialled: dialled)
    }

    /// Whether `dialled` is in the tenant's emergency table; fast, for the decision in overload.
    public static func isEmergency(_ dialled: String, of tenant: Tenant) -> Bool {
        let number = bare(dialled)
        return tenant.settings.emergencyNumbers.contains(number)
    }

    /// Without the visual separators `-`, `.`, `(`, `)` and blanks, where what is left is a number.
    private static func bare(_ dialled: String) -> String {
        var bytes: [UInt8] = []
        for byte in dialled.utf8 {
            switch byte {
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: " "): continue
            case 0x30...0x39, UInt8(ascii: "*"), UInt8(ascii: "#"), UInt8(ascii: "+"): bytes.append(byte)
            default: return dialled
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
