public import Basics
public import SIPTransaction
import Synchronization

/// Which address of ours a peer is told in Via, Contact and SDP.
///
/// A value: the core keeps a copy and asks it without touching the network, but for the route look-ups of listeners
/// bound to a wildcard, which are cached.
public struct BoundAddresses: Sendable {
    public struct Entry: Hashable, Sendable {
        public let configuration: ListenerConfiguration
        /// Where the listener is bound, with the port it got.
        public let bound: IPEndpoint

        public init(configuration: ListenerConfiguration, bound: IPEndpoint) {
            (self.configuration, self.bound) = (configuration, bound)
        }
    }

    public let entries: [Entry]
    private let sourceAddress: @Sendable (IPAddress) -> IPAddress?

    /// - Parameter sourceAddress: the address this machine sends from to reach the one given; nil without a route.
    public init(entries: [Entry], sourceAddress: @escaping @Sendable (IPAddress) -> IPAddress?) {
        self.entries = entries
        self.sourceAddress = sourceAddress
    }

    /// Asks the kernel's routing table, with a cache.
    public init(entries: [Entry]) {
        let table = RouteTable()
        self.init(entries: entries) { table.sourceAddress(towards: $0) }
    }

    /// The address the host sends from towards `remote`; nil where it has no route there.
    public func localAddress(towards remote: IPAddress) -> IPAddress? { sourceAddress(remote) }

    public func entry(_ id: ListenerID) -> Entry? {
        entries.first { $0.configuration.id == id }
    }

    /// What `remote` is to be told of `listener`; nil when there is no such listener.
    public func advertisedEndpoint(listener: ListenerID, remote: IPAddress) -> IPEndpoint? {
        guard let entry = entry(listener) else { return nil }
        let isLocal = remote.isLoopback || entry.configuration.localNetworks.contains { $0.contains(remote) }
        if !isLocal, let advertised = entry.configuration.advertised {
            return IPEndpoint(advertised.address, advertised.port == 0 ? entry.bound.port : advertised.port)
        }
        guard entry.bound.address.isUnspecified else { return entry.bound }
        let address = sourceAddress(remote) ?? (remote.isV4 ? .loopbackV4 : .loopbackV6)
        return IPEndpoint(address, entry.bound.port)
    }

    public func advertisedEndpoint(for target: SIPTarget) -> IPEndpoint? {
        advertisedEndpoint(listener: target.listener, remote: target.remote.address)
    }

    public func advertisedEndpoint(for flow: SIPFlow) -> IPEndpoint? {
        advertisedEndpoint(listener: flow.listener, remote: flow.remote.address)
    }

    /// The listener to send from over `transport` to `remote`: of the address family, `preferred` if it fits, else the
    /// first that is bound where `preferred` is, else the first.
    /// Over TCP and TLS any listener of the family will do when none speaks the transport, as requests need no listener.
    public func listener(for transport: SIPTransportKind, remote: IPAddress, preferred: ListenerID? = nil)
        -> ListenerID?
    {
        let family = entries.filter { $0.bound.address.family == remote.family }
        let speaking = family.filter { $0.configuration.transport == transport }
        let fitting = speaking.isEmpty && transport != .udp ? family : speaking
        if let preferred, let own = entry(preferred) {
            if let same = fitting.first(where: { $0.configuration.id == preferred }) { return same.configuration.id }
            if let near = fitting.first(where: { $0.bound.address == own.bound.address }) {
                return near.configuration.id
            }
        }
        return fitting.first?.configuration.id
    }

    /// True when `endpoint` is one of ours, as bound or as advertised: a message sent there would come back.
    public func isOurs(_ endpoint: IPEndpoint) -> Bool {
        entries.contains { entry in
            if entry.bound == endpoint { return true }
            if let advertised = entry.configuration.advertised, advertised.address == endpoint.address {
                return (advertised.port == 0 ? entry.bound.port : advertised.port) == endpoint.port
            }
            guard entry.bound.address.isUnspecified, entry.bound.port == endpoint.port else { return false }
            return endpoint.address.isLoopback || sourceAddress(endpoint.address) == endpoint.address
        }
    }
}

/// Remembers by which of its addresses this machine reaches a network: /24 for IPv4, /64 for IPv6.
final class RouteTable: Sendable {
    private struct State {
        var known: [IPAddress: IPAddress?] = [:]
        var lookups = 0
    }
    private let state = Mutex(State())
    private let lookup: @Sendable (IPAddress) -> IPAddress?
    /// Routes change: everything is asked again after so many questions, or networks.
    private static let questions = 100_000
    private static let networks = 4096

    init(lookup: @escaping @Sendable (IPAddress) -> IPAddress? = { RawSocket.sourceAddress(towards: $0) }) {
        self.lookup = lookup
    }

    func sourceAddress(towards remote: IPAddress) -> IPAddress? {
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
