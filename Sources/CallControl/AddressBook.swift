public import Basics
public import MediaSession
public import SIPTransaction

/// Which of its own addresses the server writes into Via, Contact and SDP, towards whom.
///
/// A server behind a 1:1 NAT has a private address on the LAN and a public one it must advertise to the Internet;
/// a peer inside a local network is shown the private one (MV-SEC-05).
public struct AddressBook: Sendable {
    /// One listener as call control sees it.
    public struct Listener: Hashable, Sendable {
        public let id: ListenerID
        public let transport: SIPTransportKind
        /// The bound address; unspecified when bound to all, the port as really bound.
        public let bound: IPEndpoint
        /// What peers outside the local networks are shown; nil: the bound address. Port 0: the bound port.
        public let advertised: IPEndpoint?
        public init(id: ListenerID, transport: SIPTransportKind, bound: IPEndpoint, advertised: IPEndpoint?) {
            (self.id, self.transport, self.bound, self.advertised) = (id, transport, bound, advertised)
        }
    }

    /// A network media is relayed on.
    public struct MediaNetwork: Hashable, Sendable {
        public let id: MediaInterfaceID
        public let bound: IPAddress
        public let advertised: IPAddress?
        public init(id: MediaInterfaceID, bound: IPAddress, advertised: IPAddress?) {
            (self.id, self.bound, self.advertised) = (id, bound, advertised)
        }
    }

    public let listeners: [Listener]
    public let media: [MediaNetwork]
    public let localNetworks: [IPNetwork]
    /// Names that lead to this server beside the tenants' domains, in lower case without a final dot.
    public let hostNames: Set<String>
    /// The address the host would send from towards a peer; asked only where a listener is bound to all addresses.
    private let sourceAddress: @Sendable (IPAddress) -> IPAddress
    /// Whether an address is one of the machine's; asked only where a listener is bound to all addresses.
    private let isOfMachine: @Sendable (IPAddress) -> Bool

    /// - Parameter isOfMachine: left out, an address the machine would send from towards itself.
    public init(
        listeners: [Listener], media: [MediaNetwork], localNetworks: [IPNetwork], hostNames: [String] = [],
        sourceAddress: @escaping @Sendable (IPAddress) -> IPAddress,
        isOfMachine: (@Sendable (IPAddress) -> Bool)? = nil
    ) {
        (self.listeners, self.media, self.localNetworks) = (listeners, media, localNetworks)
        self.hostNames = Set(hostNames.map(AddressBook.plain))
        self.sourceAddress = sourceAddress
        self.isOfMachine = isOfMachine ?? { sourceAddress($0) == $0 }
    }

    /// A host name as it is compared: in lower case, a final dot left out (RFC 3261 §19.1.4, RFC 1034 §3.1).
    private static func plain(_ name: String) -> String {
        let lower: String = name.lowercased()
        return lower.utf8.count > 1 && lower.utf8.last == UInt8(ascii: ".") ? String(lower.dropLast()) : lower
    }

    public func listener(_ id: ListenerID) -> Listener? { listeners.first { $0.id == id } }

    /// The first listener of `transport` that can reach an address of `family`.
    public func listener(for transport: SIPTransportKind, family: IPAddress.Family) -> Listener? {
        listeners.first { $0.transport == transport && reaches(family, from: $0.bound.address) }
    }

    /// What Via and Contact say on messages through `listener` towards `remote`.
    public func signalling(_ listener: ListenerID, towards remote: IPAddress) -> IPEndpoint {
        guard let entry = self.listener(listener) else { return IPEndpoint(sourceAddress(remote), 5060) }
        if let advertised = entry.advertised, !isLocal(remote) {
            return IPEndpoint(advertised.address, advertised.port == 0 ? entry.bound.port : advertised.port)
        }
        let address = entry.bound.address.isUnspecified ? sourceAddress(remote) : entry.bound.address
        return IPEndpoint(address, entry.bound.port)
    }

    /// The network to open media ports on towards `remote`, and the address SDP gives there; nil when none has its family.
    public func mediaNetwork(towards remote: IPAddress) -> (id: MediaInterfaceID, address: IPAddress)? {
        guard let network = media.first(where: { reaches(remote.family, from: $0.bound) }) else { return nil }
        if let advertised = network.advertised, advertised.family == remote.family, !isLocal(remote) {
            return (network.id, advertised)
        }
        return (network.id, network.bound.isUnspecified ? sourceAddress(remote) : network.bound)
    }

    /// True for an address the server itself listens on or advertises, where it would call itself.
    /// - Parameter port: nil where a URI names none: any port of the address will do then.
    public func isOwn(_ address: IPAddress, port: UInt16?) -> Bool {
        listeners.contains { entry in
            guard port == nil || port == entry.bound.port || port == entry.advertised?.port else { return false }
            if entry.bound.address == address || entry.advertised?.address == address { return true }
            guard entry.bound.address.isUnspecified, entry.bound.address.family == address.family else { return false }
            return address.isLoopback || isOfMachine(address)
        }
    }

    /// Whether the host of a URI names this server: an address it listens on or advertises, or one of ``hostNames``. A tenant's
    /// domain is none.
    ///
    /// The port is not looked at: a router may forward from another one.
    public func isOwn(host: String) -> Bool {
        if let address = IPAddress(host) { return isOwn(address, port: nil) }
        return hostNames.contains(AddressBook.plain(host))
    }

    private func isLocal(_ remote: IPAddress) -> Bool {
        remote.isLoopback || localNetworks.contains { $0.contains(remote) }
    }

    private func reaches(_ family: IPAddress.Family, from bound: IPAddress) -> Bool { bound.family == family }
}
