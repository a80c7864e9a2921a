/// A user to be made, with the account of a first terminal; a value that exists keeps the rules below.
public struct NewUser: Hashable, Sendable {
    /// 1 ... 16 of digits, ASCII letters, `*`, `#`, `.`, `_` and `-`.
    public let `extension`: String
    /// At most 64 characters, none of them a control character; the extension where none is given.
    public let displayName: String
    /// 1 ... 64 of the characters of an extension, `@` and `+`; the extension where none is given.
    public let authUsername: String
    /// 8 ... 128 characters, none of them a control character. Never stored: see ``DigestSecrets``.
    public let password: String

    /// - Throws: ``ProvisioningError`` for the first rule that is broken, in the order of the parameters.
    public init(
        extension: String, displayName: String? = nil, authUsername: String? = nil, password: String
    ) throws(ProvisioningError) {
        try NewUser.check(`extension`, .extension, longest: 16, extra: "*#._-")
        let name = displayName.flatMap { $0.isEmpty ? nil : $0 } ?? `extension`
        guard name.count <= 64 else { throw ProvisioningError(.displayName, "must be at most 64 characters long") }
        guard !NewUser.hasControl(name) else {
            throw ProvisioningError(.displayName, "must not hold control characters")
        }
        let username = authUsername.flatMap { $0.isEmpty ? nil : $0 } ?? `extension`
        try NewUser.check(username, .username, longest: 64, extra: "*#._-@+")
        guard (8...128).contains(password.count) else {
            throw ProvisioningError(.password, "must be 8 to 128 characters long")
        }
        guard !NewUser.hasControl(password) else {
            throw ProvisioningError(.password, "must not hold control characters")
        }
        guard password != `extension`, password != username else {
            throw ProvisioningError(.password, "must differ from the extension and the username")
        }
        (self.extension, self.displayName) = (`extension`, name)
        (self.authUsername, self.password) = (username, password)
    }

    /// Checks that `tenant` exists and has neither the extension nor the username yet.
    public func check(isNewIn tenant: Tenant, of directory: Directory) throws(ProvisioningError) {
        guard directory.user(in: tenant.id, extension: `extension`) == nil else {
            throw ProvisioningError(.extension, "must be unique in the tenant; \"\(`extension`)\" exists")
        }
        guard directory.service(in: tenant.id, extension: `extension`) == nil else {
            throw ProvisioningError(.extension, "must be unique in the tenant; \"\(`extension`)\" is a service number")
        }
        guard directory.terminal(in: tenant.id, authUsername: authUsername) == nil else {
            throw ProvisioningError(.username, "must be unique in the tenant; \"\(authUsername)\" exists")
        }
    }

    /// What to keep of the password in `tenant`.
    public func secrets(in tenant: Tenant) -> DigestSecrets {
        DigestSecrets(username: authUsername, realm: tenant.realm, password: password)
    }

    static func check(
        _ text: String, _ field: ProvisioningError.Field, longest: Int, extra: String
    ) throws(ProvisioningError) {
        guard !text.isEmpty else { throw ProvisioningError(field, "must not be empty") }
        guard text.utf8.count <= longest else {
            throw ProvisioningError(field, "must be at most \(longest) characters long")
        }
        for byte in text.utf8 where !isLetterOrDigit(byte) && !extra.utf8.contains(byte) {
            throw ProvisioningError(field, "may hold digits, ASCII letters and \(extra) only")
        }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    static func hasControl(_ text: String) -> Bool {
        text.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
    }
}
