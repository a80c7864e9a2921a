import Basics
import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import SIPTransaction
import SwiftASN1
import X509

extension Connection {
    /// Connects to the peer, from the listener's address where it has a particular one.
    func open(from listener: ListenerConfiguration) {
        let limits = loop.context.limits
        var bootstrap = ClientBootstrap(group: loop.eventLoop)
            .connectTimeout(.nanoseconds(limits.connectTimeout.wholeNanoseconds))
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.allowRemoteHalfClosure, value: false)
            .channelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try addHandlers(to: channel) }
            }
        // A socket's local address must be of the family it connects to; where it is not, the kernel chooses.
        if !listener.bind.address.isUnspecified, listener.bind.address.family == key.remote.address.family,
            let local = try? IPEndpoint(listener.bind.address, 0).socketAddress
        {
            bootstrap = bootstrap.bind(to: local)
        }
        guard let remote = try? key.remote.socketAddress else { return close(.network(EAFNOSUPPORT)) }
        bootstrap.connect(to: remote).whenFailure { [self] error in
            close(Connection.reason(error))
        }
    }

    /// The handlers of this connection, TLS before SIP.
    func addHandlers(to channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        if key.transport == .tls {
            guard let tls = loop.context.tls else {
                throw IOError(errnoCode: EPROTONOSUPPORT, reason: "no certificate")
            }
            if accepted {
                try pipeline.addHandler(NIOSSLServerHandler(context: tls.serverContext))
            } else {
                let checking = tls.policy(for: key.remote, name: key.serverName) != .none
                // An address is no server name (RFC 6066 §3).
                let name = key.serverName.flatMap { IPAddress($0) == nil ? $0 : nil }
                try pipeline.addHandler(
                    NIOSSLClientHandler(context: tls.clientContext(checkingChain: checking), serverHostname: name))
            }
        }
        try pipeline.addHandler(self)
    }

    /// What is wrong with the peer's certificate; nil when it names whom we wanted. The chain was checked before.
    func peerProblem(_ channel: any Channel) -> String? {
        guard !accepted, let wanted = key.serverName, let tls = loop.context.tls else { return nil }
        let policy = tls.policy(for: key.remote, name: wanted)
        guard policy == .full || policy == .wildcardNames else { return nil }
        guard let presented = try? channel.pipeline.syncOperations.nioSSL_peerCertificate(),
            let bytes = try? presented.toDERBytes(), let certificate = try? Certificate(derEncoded: bytes)
        else { return "the peer showed no certificate" }
        let names = PeerNames(certificate)
        if names.match(wanted, wildcards: policy == .wildcardNames) { return nil }
        return "the certificate does not name \(wanted) (RFC 5922 §7.2)"
    }

    static func reason(_ error: any Error) -> CloseReason {
        switch error {
        case let error as IOError: .network(error.errnoCode)
        case let error as ChannelError:
            if case .connectTimeout = error { .noData } else { .network(ECONNABORTED) }
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError: .handshake("\(error)")
        default: .network(ECONNABORTED)
        }
    }
}
