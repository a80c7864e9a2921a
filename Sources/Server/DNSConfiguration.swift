public import Basics

/// How names of other hosts are found (RFC 3263).
public struct DNSConfiguration: Hashable, Sendable {
    /// The name servers asked; empty for those of the machine.
    public var servers: [IPEndpoint] = []
    /// How long a place that did not answer, or said 503 without Retry-After, is tried last; 1 ... 86 400 s.
    public var denyTime: Duration = .seconds(60)
    /// How long a place is given for a first response while there are others to try; 500 ms ... 32 s.
    public var candidateTimeout: Duration = .seconds(4)

    public init() {}
}
