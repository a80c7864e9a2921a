/// Why the trace folder can't be used: what was tried, where, and the system's reason.
public struct TraceError: Error, Hashable, Sendable, CustomStringConvertible {
    public let action: String
    public let path: String
    public let reason: String

    public init(_ action: String, _ path: String, reason: String) {
        (self.action, self.path, self.reason) = (action, path, reason)
    }

    public var description: String { "cannot \(action) \(path): \(reason)" }
}
