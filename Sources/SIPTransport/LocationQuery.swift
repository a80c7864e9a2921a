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

    public func target(listener: ListenerID) -> SIPTarget {
        .address(transport, endpoint, listener: listener, serverName: serverName)
    }
}

/// Where to send a request, first place first.
public struct LocationPlan: Hashable, Sendable {
    public var candidates: [LocationCandidate]
    /// True when DNS was asked: such a target may be sent large requests over TCP.
    public var foundByDNS: Bool

    public init(candidates: [LocationCandidate], foundByDNS: Bool) {
        (self.candidates, self.foundByDNS) = (candidates, foundByDNS)
    }

    /// The largest request that goes over UDP where the path's MTU is not known (RFC 3261 §18.1.1), in bytes.
    public static let datagramLimit = 1300

    /// What to try for a request of `size` bytes: over the limit, each UDP candidate is first tried over TCP, and over UDP
    /// after all where TCP is refused (RFC 3261 §18.1.1).
    ///
    /// Not towards addresses that were given as such, nor, as they have no plan, over registered flows: a phone behind NAT
    /// has no TCP port.
    public func transportChoice(size: Int) -> [LocationCandidate] {
        guard foundByDNS, size > LocationPlan.datagramLimit else { return candidates }
        var out: [LocationCandidate] = []
        for candidate in candidates {
            if candidate.transport == .udp {
                let stream = LocationCandidate(transport: .tcp, endpoint: candidate.endpoint)
                if !candidates.contains(stream) { out.append(stream) }
            }
            out.append(candidate)
        }
        return out
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
