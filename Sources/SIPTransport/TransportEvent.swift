public import Basics
public import SIPMessage
public import SIPTransaction

/// What the network brings to the server core.
public enum TransportEvent: Sendable {
    case message(SIPMessage, SIPFlow)
    /// Bytes that are no message; `wire` is empty for a connection, which is closed after this event when its stream can't be
    /// told apart any more. The error holds the answer, if one is due.
    case malformed(SIPParseError, wire: [UInt8], SIPFlow)
    /// A keep-alive of the peer; already answered where that is due (RFC 5626 §3.5.1).
    case ping(SIPFlow)
    /// The answer to ``SIPTransport/ping(_:loop:)``.
    case pong(SIPFlow)
    /// A connection was opened by us, or by the peer.
    case opened(SIPFlow)
    /// A connection is gone. Told once on every loop, since any of them may hold state that names it.
    case closed(SIPFlow, CloseReason)
    /// A message that could not be sent. Told on the loop that sent it, never from inside `send`.
    case sendFailed(SIPTarget, wire: [UInt8], SendFailure)
}

/// Why a connection ended.
public enum CloseReason: Hashable, Sendable {
    case peer, idle, noData, slowMessage, malformed, unsentBytes, handshake(String), network(Int32), stopped
}

/// Why a message was not sent.
public enum SendFailure: Hashable, Sendable {
    /// The flow's connection is closed; a flow is never opened anew.
    case flowClosed
    case noSuchListener
    /// No more connections may be opened.
    case connectionLimit
    /// Opening took longer than ``TransportLimits/connectTimeout``.
    case connectTimeout
    /// The peer refuses connections: over the 1300-byte rule the next candidate is UDP (RFC 3261 §18.1.1).
    case refused
    /// The TLS handshake failed, or the certificate does not name the peer.
    case handshake(String)
    /// A datagram larger than the protocol carries, or than the path where fragments are forbidden.
    case tooLarge
    /// Send buffers are full.
    case congestion
    /// Any other answer of the operating system, by its `errno`.
    case network(Int32)
}

/// Who is told; called on the event loop `loop`, one event at a time per loop.
public protocol SIPTransportReceiver: AnyObject, Sendable {
    /// - Parameters:
    ///   - loop: index of the event loop this runs on; 0 ..< number of loops.
    ///   - now: when the event was read from the socket.
    func receive(_ event: TransportEvent, loop: Int, now: Moment)
}
