public import Basics
public import Identity

/// Where a dialled number leads, and why.
public struct Route: Hashable, Sendable {
    public enum Destination: Hashable, Sendable {
        case user(UserID)
        /// A number that the server itself answers.
        case service(ServiceNumber)
        /// An emergency number, whole and normalised, that no user answers.
        case emergency(String)
        /// A user who may not be called now.
        case disabled(UserID)
        case notFound
    }

    /// One step of the decision, naming the setting that made it.
    public struct Reason: Hashable, Sendable, CustomStringConvertible {
        /// As in the configuration: `tenant.emergencyNumbers`, `user.extension`, …
        public let setting: String
        /// What it decided, in plain words.
        public let decision: String

        public init(_ setting: String, _ decision: String) { (self.setting, self.decision) = (setting, decision) }

        public var description: String { "\(setting): \(decision)" }
    }

    public let destination: Destination
    /// True for a number of the tenant's emergency table, wherever it leads: overload strikes such calls last.
    public let isEmergency: Bool
    /// In the order the decisions were made; never empty.
    public let reasons: [Reason]
}
