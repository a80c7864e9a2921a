/// Why a new tenant or user is refused: the field and the rule it breaks; nothing was changed.
public struct ProvisioningError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Field: String, Hashable, Sendable {
        case `extension`, displayName = "display name", username, password, domain, tenantName = "tenant name", service
    }

    public let field: Field
    /// The rule in plain words, as the second half of a sentence that begins with the field.
    public let rule: String

    public init(_ field: Field, _ rule: String) { (self.field, self.rule) = (field, rule) }

    public var description: String { "\(field.rawValue): \(rule)" }
}
