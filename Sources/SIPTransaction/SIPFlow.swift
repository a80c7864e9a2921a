public import Basics

/// How SIP travels (RFC 3261 §20.42, RFC 7118).
public enum SIPTransportKind: String, Hashable, Sendable, CaseIterable {
    case udp = "UDP"
    case tcp = "TCP"
    case tls = "TLS"
    case ws = "WS"
    case wss = "WSS"

    /// True where bytes arrive in order and are never lost while the connection lasts.
    public var isReliable: Bool { self != .udp }
    /// True where the wire is encrypted.
    public var isSecure: Bool { self == .tls || self == .wss }
    /// 5060, or 5061 over TLS (RFC 3261 §19.1.2).
    public var defaultPort: UInt16 { isSecure ? 5061 : 5060 }
    /// As in a `transport=` URI parameter.
    public var uriParameter: String { rawValue.lowercased() }
}

/// One of the addresses the server listens on; given by configuration order, 0 first.
public struct ListenerID: Hashable, Sendable, Comparable {
    public let rawValue: UInt8
    public init(_ rawValue: UInt8) { self.rawValue = rawValue }
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// A way to a peer: a UDP address pair, or one connection (RFC 5626 §3.1 calls it a flow).
public struct SIPFlow: Hashable, Sendable {
    public let listener: ListenerID
    public let transport: SIPTransportKind
    /// The peer's address as seen on the wire.
    public let remote: IPEndpoint
    /// Names one connection for its whole life, never given twice in a process; 0 over UDP.
    public let connection: UInt64

    public init(listener: ListenerID, transport: SIPTransportKind, remote: IPEndpoint, connection: UInt64 = 0) {
        (self.listener, self.transport, self.remote, self.connection) = (listener, transport, remote, connection)
    }
}

/// Where a message is to go.
public enum SIPTarget: Hashable, Sendable {
    /// Over a flow that exists; a closed connection is a transport error, and no new one is opened.
    case flow(SIPFlow)
    /// To an address; over TCP and TLS an open connection there is used, else one is opened.
    /// `serverName` is what the peer's certificate must name (TLS only; nil checks nothing but the chain).
    case address(SIPTransportKind, IPEndpoint, listener: ListenerID, serverName: String?)

    public var transport: SIPTransportKind {
        switch self {
        case .flow(let flow): flow.transport
        case .address(let transport, _, _, _): transport
        }
    }
    public var remote: IPEndpoint {
        switch self {
        case .flow(let flow): flow.remote
        case .address(_, let remote, _, _): remote
        }
    }
    public var listener: ListenerID {
        switch self {
        case .flow(let flow): flow.listener
        case .address(_, _, let listener, _): listener
        }
    }
}
