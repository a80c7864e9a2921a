public import Basics
internal import Synchronization

/// Our end of the DTLS association of one stream (RFC 5763, RFC 5764): a handshake whose outcome are the keys of SRTP. DTLS 1.2 alone.
///
/// A new fingerprint or setup of the peer is a new endpoint, a restart of ICE alone is none (RFC 8842 §4); until it is
/// ``State/connected(_:)``, the keys of the one before are still good (``SRTPReceiver/use(_:)`` overlaps them).
///
/// A whole handshake costs about 0.35 ms of CPU on our side, nearly all of it in one or two calls of ``handle(_:now:)``: where thousands
/// of packets a second wait, run them on another thread. All calls may come from any thread; they exclude each other, so that the
/// thread that sends may be another than the one that computes. Never blocks longer than such a call.
///
/// Retransmission is OpenSSL's: at 0.25 s, doubling up to 4 s. It reads the system's clock for it, the one place where this machine does
/// not live by the moments it is given alone: a `now` that runs faster gets its retransmissions late.
public final class DTLSEndpoint: Sendable {
    public enum State: Hashable, Sendable {
        case handshaking
        case connected(DTLSKeys)
        case failed(DTLSFailure)
        /// By the peer's or our farewell, or an error after the handshake. Keys that were agreed stay good until media ends.
        case closed
    }

    private let machine: Mutex<DTLSMachine>

    /// - Throws: ``DTLSFailure/noUsableFingerprint`` where the plan has none by SHA-256, SHA-384 or SHA-512,
    ///   ``DTLSFailure/noCommonProfile`` where the settings have none that DTLS has a number for, ``DTLSFailure/noCipher``.
    public init(
        _ certificate: DTLSCertificate, plan: DTLSPlan, settings: DTLSSettings = .standard, now: Moment
    ) throws(DTLSFailure) {
        machine = Mutex(try DTLSMachine(certificate, plan, settings, now: now))
    }

    public var state: State { machine.withLock { $0.state } }

    /// The keys, once they are agreed; also after the association was closed.
    public var keys: DTLSKeys? { machine.withLock { $0.keys } }

    /// When to call ``deadlineReached(now:)``; nil once nothing is left to wait for.
    public var nextDeadline: Moment? { machine.withLock { $0.nextDeadline } }

    /// Begins: the client sends its ClientHello, the server nothing.
    /// - Returns: datagrams for the peer, in order, as all calls do.
    public func start(now: Moment) -> [[UInt8]] { machine.withLock { $0.start(now: now) } }

    /// Takes a datagram that is DTLS by its first byte (``DatagramKind``) and comes from where the stream is latched to. Garbage is
    /// passed over, as RFC 6347 §4.1.2.7 wants it.
    /// - Parameter source: what a cookie is bound to, where one is asked for (``DTLSSettings/verifiesAddress``).
    public func handle(_ datagram: [UInt8], from source: IPEndpoint? = nil, now: Moment) -> [[UInt8]] {
        machine.withLock { $0.handle(datagram, from: source, now: now) }
    }

    /// A server that asks for cookies and got none back yet: of a ClientHello nothing was kept but pieces, four senders' and 16 KB of each
    /// at most and none longer than 2 s, so that a forged one is without consequence.
    public var isListening: Bool { machine.withLock { $0.isListening } }

    /// The random of the ClientHello that began the handshake (RFC 5246 §7.4.1.2), where a cookie was asked for; empty before.
    public var helloRandom: [UInt8] { machine.withLock { $0.helloRandom } }

    /// Sends the last flight again, or gives up.
    public func deadlineReached(now: Moment) -> [[UInt8]] { machine.withLock { $0.deadlineReached(now: now) } }

    /// Ends the association with a farewell for the peer.
    public func close() -> [[UInt8]] { machine.withLock { $0.close() } }
}
