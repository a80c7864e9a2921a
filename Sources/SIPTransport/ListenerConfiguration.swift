public import Basics
public import SIPTransaction

/// One address the server listens on.
public struct ListenerConfiguration: Hashable, Sendable {
    public var id: ListenerID
    /// ``SIPTransportKind/udp``, `.tcp` or `.tls`; the others are refused at start.
    public var transport: SIPTransportKind
    /// Where to bind; port 0 takes any free one. An IPv6 wildcard takes IPv6 alone: listen on `0.0.0.0` too for both.
    public var bind: IPEndpoint

    public init(id: ListenerID, transport: SIPTransportKind, bind: IPEndpoint) {
        (self.id, self.transport, self.bind) = (id, transport, bind)
    }
}

/// What a peer may cost.
public struct TransportLimits: Hashable, Sendable {
    /// Open connections, both ways, over all listeners.
    public var connections: Int = 20_000
    /// Open connections accepted from one address.
    public var connectionsPerAddress: Int = 2_000
    /// How long opening a connection may take, its TLS handshake included.
    public var connectTimeout: Duration = .seconds(5)
    /// A connection on which nothing arrives for so long is closed. Longer than any keep-alive and registration.
    public var idleTimeout: Duration = .seconds(4000)
    /// A message that has begun must be complete after this; against peers that send a byte now and then.
    public var messageTimeout: Duration = .seconds(10)
    /// A new connection must bring its first message or keep-alive after this.
    public var firstDataTimeout: Duration = .seconds(30)
    /// Bytes waiting for a peer that does not read; above it the connection is closed.
    public var unsentBytes: Int = 1 << 20
    /// STUN requests of one address answered in a second by each loop: a phone sends one in 25 s, and thousands may share it.
    public var stunPerAddress: Int = 200
    /// STUN requests answered in a second by each loop.
    public var stunPerLoop: Int = 5_000
    /// How often the timeouts of connections are looked at.
    public var sweepInterval: Duration = .seconds(1)
    /// Receive buffer asked of the kernel for a UDP socket, in bytes; the kernel may give less.
    public var datagramReceiveBuffer: Int = 4 << 20

    public init() {}
    public static let standard = TransportLimits()
}

/// Why a listener could not be opened.
public struct TransportStartError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        case addressInUse, addressNotHere, permissionDenied
        /// TCP and TLS listeners need a loop; TLS also a certificate.
        case noCertificate
        case unsupportedTransport
        case duplicateListener
        /// Any other answer of the operating system, by its `errno`.
        case system(Int32)
    }
    public let listener: ListenerConfiguration
    public let reason: Reason

    public init(listener: ListenerConfiguration, reason: Reason) { (self.listener, self.reason) = (listener, reason) }

    /// What is wrong, where, and what to do.
    public var description: String {
        let place = "\(listener.transport.rawValue) \(listener.bind)"
        switch reason {
        case .addressInUse:
            return "cannot listen on \(place): the port is taken by another program; stop it or choose another port"
        case .addressNotHere:
            return "cannot listen on \(place): this machine does not have that address; bind one it has, or 0.0.0.0"
        case .permissionDenied:
            return "cannot listen on \(place): not permitted; choose a port above 1023 or grant CAP_NET_BIND_SERVICE"
        case .noCertificate:
            return "cannot listen on \(place): there is no certificate for TLS"
        case .unsupportedTransport:
            return "cannot listen on \(place): SIP is offered over UDP, TCP and TLS"
        case .duplicateListener:
            return "cannot listen on \(place): another listener has the number \(listener.id.rawValue)"
        case .system(let code):
            return "cannot listen on \(place): \(errorText(code))"
        }
    }

    init(listener: ListenerConfiguration, errno code: Int32) {
        self.init(listener: listener, reason: Reason(errno: code))
    }
}
