public import Basics
import Synchronization

/// Remembers by which of its addresses this machine reaches a network: /24 for IPv4, /64 for IPv6.
public final class RouteTable: Sendable {
    private struct State {
        var known: [IPAddress: IPAddress?] = [:]
        var lookups = 0
    }
    private let state = Mutex(State())
    private let lookup: @Sendable (IPAddress) -> IPAddress?
    /// Routes change: everything is asked again after so many questions, or networks.
    private static let questions = 100_000
    private static let networks = 4096

    init(lookup: @escaping @Sendable (IPAddress) -> IPAddress?) { self.lookup = lookup }

    /// Asks the kernel's routing table, which sends nothing.
    public convenience init() { self.init { RawSocket.sourceAddress(towards: $0) } }

    /// The address the host sends from towards `remote`; nil where it has no route there.
    public func sourceAddress(towards remote: IPAddress) -> IPAddress? {
        if remote.isLoopback { return remote.isV4 ? .loopbackV4 : .loopbackV6 }
        let network = remote.v4.map { IPAddress(v4: $0 & 0xFFFF_FF00) } ?? IPAddress(v6: remote.high, 0)
        return state.withLock { state in
            state.lookups += 1
            if state.lookups > RouteTable.questions || state.known.count > RouteTable.networks { state = State() }
            if let known = state.known[network] { return known }
            let source = lookup(remote)
            state.known[network] = .some(source)
            return source
        }
    }
}
