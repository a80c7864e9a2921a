/// Why a demo can't be set up: what, where, and what to do; nothing was changed.
public struct DemoError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
