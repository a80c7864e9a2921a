internal import Basics

/// A tenant to be made; a value that exists keeps the rules below.
public struct NewTenant: Hashable, Sendable {
    /// 1 ... 64 characters, none of them a control character.
    public let name: String
    /// At least one, in lower case; each is labels of letters, digits and hyphens (RFC 1123 §2.1), 253 characters at most, or an IP address.
    public let domains: [String]

    /// - Throws: ``ProvisioningError`` for the first rule that is broken, in the order of the parameters.
    public init(name: String, domains: [String]) throws(ProvisioningError) {
        guard (1...64).contains(name.count), !NewUser.hasControl(name) else {
            throw ProvisioningError(.tenantName, "must be 1 to 64 characters long, without control characters")
        }
        guard !domains.isEmpty else { throw ProvisioningError(.domain, "must be given at least once") }
        for domain in domains where IPAddress(domain) == nil && !NewTenant.isHostName(domain) {
            throw ProvisioningError(
                .domain, "must be a host name such as pbx.example.com, or an IP address; \"\(domain)\" is neither")
        }
        self.name = name
        self.domains = domains.map { $0.lowercased() }
    }

    /// Checks that no tenant has the name or one of the domains yet.
    public func check(isNewIn directory: Directory) throws(ProvisioningError) {
        guard !directory.tenants.contains(where: { $0.name == name }) else {
            throw ProvisioningError(.tenantName, "must be unique; \"\(name)\" exists")
        }
        for domain in domains {
            guard let owner = directory.tenant(owning: domain) else { continue }
            throw ProvisioningError(.domain, "must belong to one tenant; \"\(domain)\" belongs to \"\(owner.name)\"")
        }
    }

    private static func isHostName(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        for label in text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard (1...63).contains(label.count), label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-")
            else {
                return false
            }
            for byte in label {
                let isLegal =
                    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == UInt8(ascii: "-")
                guard isLegal else { return false }
            }
        }
        return true
    }
}
