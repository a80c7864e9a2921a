public import Basics
public import SIPMessage
public import SIPTransaction

/// What is to be located: the parts of a URI that RFC 3263 looks at.
public struct LocationQuery: Hashable, Sendable {
    /// A name, or an address with or without brackets.
    public var host: String
    public var port: UInt16?
    /// The `transport` parameter; nil when there is none.
    public var transport: SIPTransportKind?
    /// A `sips` URI.
    public var isSecure: Bool

    public init(host: String, port: UInt16? = nil, transport: SIPTransportKind? = nil, isSecure: Bool = false) {
        (self.host, self.port, self.transport, self.isSecure) = (host, port, transport, isSecure)
    }

    /// The target of a Request-URI or of the first Route (RFC 3261 §8.1.2), `maddr` before the host (RFC 3263 §4).
    ///
    /// nil for a URI that names no host (`tel`), or a transport that is not known.
    public init?(_ uri: SIPURI) {
        guard uri.isSIP else { return nil }
        let host = uri.parameters["maddr"] ?? uri.host
        guard !host.isEmpty else { return nil }
        var transport: SIPTransportKind?
        if let named = uri.transport {
            guard let known = SIPTransportKind.allCases.first(where: { $0.uriParameter == named }) else { return nil }
            transport = known
        }
        self.init(host: host, port: uri.port, transport: transport, isSecure: uri.scheme == .sips)
    }

    /// The transport that was asked for, as it is on the wire: TCP under `sips` means TLS (RFC 3261 §26.2.2).
    var explicitTransport: SIPTransportKind? {
        guard let transport, isSecure else { return transport }
        switch transport {
        case .udp, .tcp, .tls: return .tls
        case .ws, .wss: return .wss
        }
    }

    /// Without port, name or transport to go by (RFC 3263 §4.1).
    var defaultTransport: SIPTransportKind { isSecure ? .tls : .udp }
}

/// One place to try.
public struct LocationCandidate: Hashable, Sendable {
    public var transport: SIPTransportKind
    public var endpoint: IPEndpoint
    /// What the certificate must name over TLS: the host that was asked for, not what DNS made of it (RFC 5922 §7.3).
    public var serverName: String?

    public init(transport: SIPTransportKind, endpoint: IPEndpoint, serverName: String? = nil) {
        (self.transport, self.endpoint, self.serverName) = (transport, endpoint, serverName)
    }

    /// The place a target that was made of a candidate leads to; nil for a flow.
    public init?(_ target: SIPTarget) {
        guard case .address(let transport, let endpoint, _, let serverName) = target else { return nil }
        self.init(transport: transport, endpoint: endpoint, serverName: serverName)
    }

    public func target(listener: ListenerID) -> SIPTarget {
        .address(transport, endpoint, listener: listener, serverName: serverName)
    }
}

/// Where to send a request, first place first.
public struct LocationPlan: Hashable, Sendable {
    public struct Place: Hashable, Sendable {
        public var candidate: LocationCandidate
        /// Only for a request of more bytes than this; nil: for any.
        public var onlyAbove: Int?
    }

    public var places: [Place]
    /// True when DNS was asked.
    public let foundByDNS: Bool

    /// Places found by DNS: a larger request is first tried over TCP at each that is UDP, and over UDP after all where TCP is
    /// refused (RFC 3261 §18.1.1).
    ///
    /// Not so for addresses that were given as such, nor, as they have no plan, over registered flows: a phone behind NAT has
    /// no TCP port.
    /// - Parameter streams: false where no TCP can be opened.
    public init(candidates: [LocationCandidate], foundByDNS: Bool, streams: Bool = true) {
        self.foundByDNS = foundByDNS
        places = []
        for candidate in candidates {
            if foundByDNS, streams, candidate.transport == .udp {
                let stream = LocationCandidate(transport: .tcp, endpoint: candidate.endpoint)
                if !candidates.contains(stream) {
                    places.append(Place(candidate: stream, onlyAbove: LocationPlan.datagramLimit))
                }
            }
            places.append(Place(candidate: candidate, onlyAbove: nil))
        }
    }

    /// The places for a request of any size, in their order.
    public var candidates: [LocationCandidate] { places.compactMap { $0.onlyAbove == nil ? $0.candidate : nil } }

    /// The largest request that goes over UDP where the path's MTU is not known (RFC 3261 §18.1.1), in bytes.
    public static let datagramLimit = 1300

    /// What to try for a request of `size` bytes, in order.
    public func candidates(size: Int) -> [LocationCandidate] {
        places.compactMap { place in place.onlyAbove.map { size > $0 } ?? true ? place.candidate : nil }
    }
}

/// Why there is nowhere to send.
public enum LocationError: Error, Hashable, Sendable {
    /// The name does not exist, or offers no SIP over a transport of ours: 404 or 604 territory, no retry helps.
    case notFound
    /// DNS did not answer, and nothing older is known: 503 or 480, a later try may help.
    case noAnswer
    /// The transport asked for is none we can open.
    case unsupportedTransport
}
