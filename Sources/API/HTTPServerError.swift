public import Basics

/// Why the HTTP server could not start: what, where, and what to do.
public struct HTTPServerError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Hashable, Sendable {
        /// Another program listens there.
        case portBusy
        /// The machine has no such address.
        case noSuchAddress
        /// The account may not listen there.
        case forbidden
        case other
    }

    public let kind: Kind
    public let endpoint: IPEndpoint
    /// The system's own words.
    public let reason: String

    public init(_ kind: Kind, at endpoint: IPEndpoint, reason: String) {
        (self.kind, self.endpoint, self.reason) = (kind, endpoint, reason)
    }

    public var description: String {
        switch kind {
        case .portBusy:
            "cannot listen for HTTP on \(endpoint): another program uses the port; stop it or choose another with --http-port"
        case .noSuchAddress:
            "cannot listen for HTTP on \(endpoint): this machine has no such address; choose one of its own, or 127.0.0.1"
        case .forbidden:
            "cannot listen for HTTP on \(endpoint): ports below 1024 need rights this account does not have; choose a higher one with --http-port"
        case .other:
            "cannot listen for HTTP on \(endpoint): \(reason)"
        }
    }
}
