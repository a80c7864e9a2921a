public import Basics
import FoundationEssentials
import NIOSSL
import SwiftASN1
import Synchronization
import X509

/// Why there is no usable certificate.
public struct TLSIdentityError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file at fault, or the folder.
    public let file: String
    /// What is wrong with it.
    public let problem: String
    public var description: String { "\(file): \(problem)" }
    public init(file: String, problem: String) { (self.file, self.problem) = (file, problem) }
}

/// How far the certificate of a peer we connect to is checked.
public enum TLSPeerPolicy: Hashable, Sendable {
    /// Chain and name (RFC 5922).
    case full
    /// As `full`, and `*.example.com` names `sip.example.com` too.
    case wildcardNames
    /// The chain alone.
    case chain
    /// Nothing: encryption without knowing to whom.
    case none
}

/// The server's certificate, and whom it trusts; re-read when its files change.
public final class TLSIdentity: Sendable {
    /// What ``reloadIfChanged(now:)`` found.
    public enum Reload: Hashable, Sendable { case unchanged, changed, refused(TLSIdentityError) }

    private enum Origin: Sendable { case files, selfMade(OwnAuthority) }

    private struct Current {
        var stamps: [FileStamp]
        var server: NIOSSLContext
        var clients: [Bool: NIOSSLContext]  // by whether the chain is checked
        var validUntil: WallTime
    }

    /// PEM files: the chain from the server's certificate on, and its key.
    public let certificateFile: String
    public let keyFile: String
    /// The authority trusted beside the system's; its own one where the server made itself a certificate.
    public let authorityFile: String?
    private let origin: Origin
    private let peerPolicy: @Sendable (IPEndpoint, String?) -> TLSPeerPolicy
    private let current: Mutex<Current>

    /// Uses given files.
    /// - Parameters:
    ///   - authorityFile: PEM file of authorities that peers may be signed by, beside the system's.
    ///   - peerPolicy: how far to check the peer at an address that should have a name.
    public convenience init(
        certificateFile: String, keyFile: String, authorityFile: String? = nil, now: WallTime,
        peerPolicy: @escaping @Sendable (IPEndpoint, String?) -> TLSPeerPolicy = { _, _ in .full }
    ) throws(TLSIdentityError) {
        try self.init(
            origin: .files, files: (certificateFile, keyFile, authorityFile), now: now, peerPolicy: peerPolicy)
    }

    /// Makes an authority and a certificate in `folder` unless a fit pair is there: `ca.pem`, `ca.key`, `server.pem`, `server.key`.
    ///
    /// The authority stays for ten years; the certificate is made anew when it nears its end or lacks a name.
    /// - Parameters:
    ///   - names: host names and SIP domains; `addresses`: what phones may be set to instead.
    public convenience init(
        selfMadeIn folder: String, names: [String], addresses: [IPAddress], now: WallTime,
        peerPolicy: @escaping @Sendable (IPEndpoint, String?) -> TLSPeerPolicy = { _, _ in .full }
    ) throws(TLSIdentityError) {
        let own = OwnAuthority(folder: folder, names: names, addresses: addresses)
        try own.ensure(now: now)
        try self.init(
            origin: .selfMade(own), files: (own.file("server.pem"), own.file("server.key"), own.file("ca.pem")),
            now: now,
            peerPolicy: peerPolicy)
    }

    private init(
        origin: Origin, files: (certificate: String, key: String, authority: String?), now: WallTime,
        peerPolicy: @escaping @Sendable (IPEndpoint, String?) -> TLSPeerPolicy
    ) throws(TLSIdentityError) {
        (certificateFile, keyFile, authorityFile) = files
        (self.origin, self.peerPolicy) = (origin, peerPolicy)
        current = Mutex(try TLSIdentity.load(files, now: now))
    }

    /// When the certificate in use ends.
    public var validUntil: WallTime { current.withLock { $0.validUntil } }

    var serverContext: NIOSSLContext { current.withLock { $0.server } }

    func policy(for remote: IPEndpoint, name: String?) -> TLSPeerPolicy { peerPolicy(remote, name) }

    func clientContext(checkingChain: Bool) -> NIOSSLContext {
        // Both are there from `load` on.
        current.withLock { $0.clients[checkingChain] ?? $0.server }
    }

    /// Reads the files again if they changed: to be called every few seconds, off the event loops, and on SIGHUP.
    ///
    /// New connections get the new certificate. Files that can't be used, or are half written, are refused and the old
    /// certificate stays.
    public func reloadIfChanged(now: WallTime) -> Reload {
        do throws(TLSIdentityError) {
            if case .selfMade(let own) = origin { try own.ensure(now: now) }
            let stamps = TLSIdentity.stamps(certificateFile, keyFile, authorityFile)
            guard stamps != current.withLock({ $0.stamps }) else { return .unchanged }
            do throws(TLSIdentityError) {
                let loaded = try TLSIdentity.load((certificateFile, keyFile, authorityFile), now: now)
                current.withLock { $0 = loaded }
                return .changed
            } catch {
                // Said once, not every few seconds.
                current.withLock { $0.stamps = stamps }
                throw error
            }
        } catch {
            return .refused(error)
        }
    }

    private static func stamps(_ files: String?...) -> [FileStamp] { files.compactMap { $0 }.map(FileStamp.init) }

    private static func load(
        _ files: (certificate: String, key: String, authority: String?), now: WallTime
    ) throws(TLSIdentityError) -> Current {
        let stamps = stamps(files.certificate, files.key, files.authority)
        let chain = try attempt(files.certificate) { try NIOSSLCertificate.fromPEMFile(files.certificate) }
        guard let first = chain.first else {
            throw TLSIdentityError(file: files.certificate, problem: "holds no certificate")
        }
        let leaf = try attempt(files.certificate) { try Certificate(derEncoded: try first.toDERBytes()) }
        let validUntil = WallTime(secondsSinceEpoch: Int64(leaf.notValidAfter.timeIntervalSince1970))
        guard validUntil > now else {
            throw TLSIdentityError(file: files.certificate, problem: "the certificate ended at \(validUntil.iso8601)")
        }
        let key = try attempt(files.key) { try NIOSSLPrivateKey(file: files.key, format: .pem) }
        let sources = chain.map { NIOSSLCertificateSource.certificate($0) }
        var server = TLSConfiguration.makeServerConfiguration(certificateChain: sources, privateKey: .privateKey(key))
        server.minimumTLSVersion = .tlsv12
        let serverContext = try attempt(files.key, "does not belong to \(files.certificate)") {
            try NIOSSLContext(configuration: server)
        }
        var clients: [Bool: NIOSSLContext] = [:]
        for checking in [true, false] {
            var client = TLSConfiguration.makeClientConfiguration()
            client.minimumTLSVersion = .tlsv12
            client.certificateChain = sources
            client.privateKey = .privateKey(key)
            if let authority = files.authority { client.additionalTrustRoots = [.file(authority)] }
            // Names are checked by RFC 5922 once the handshake is done, not by the rules of the web.
            client.certificateVerification = checking ? .noHostnameVerification : .none
            clients[checking] = try attempt(files.authority ?? files.certificate) {
                try NIOSSLContext(configuration: client)
            }
        }
        return Current(stamps: stamps, server: serverContext, clients: clients, validUntil: validUntil)
    }

    private static func attempt<Value>(
        _ file: String, _ problem: String? = nil, _ body: () throws -> Value
    ) throws(TLSIdentityError) -> Value {
        do { return try body() } catch {
            guard FileManager.default.isReadableFile(atPath: file) else {
                throw TLSIdentityError(file: file, problem: "is not there, or not readable")
            }
            throw TLSIdentityError(file: file, problem: problem ?? "is not usable PEM: \(error)")
        }
    }
}
