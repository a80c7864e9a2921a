public import Basics
import SIPTransaction

/// A listener that is up.
public struct BoundListener: Hashable, Sendable {
    public let configuration: ListenerConfiguration
    /// Where it is bound, with the port it got.
    public let bound: IPEndpoint

    public init(configuration: ListenerConfiguration, bound: IPEndpoint) {
        (self.configuration, self.bound) = (configuration, bound)
    }
}
