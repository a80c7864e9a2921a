import API
public import Basics
import CallControl
import Foundation
import Identity
public import Logging
import MediaSession
import MediaTransport
import NIOCore
import NIOPosix
import Registration
import SIPMessage
import SIPTransaction
import SIPTransport
import Store
import Synchronization
import Telemetry

/// A running server: everything built, wired and started from one configuration.
public final class Server: Sendable {
    /// One line for each address it listens on, for people.
    public let listening: [String]
    /// The PEM file of the authority phones have to trust; nil where a certificate was given.
    public let authorityFile: String?
    private let configuration: ServerConfiguration
    private let parts: Parts
    private let background: Mutex<[Task<Void, Never>]>
    private let isDraining = Mutex(false)
    private let stopped: AsyncStream<Void>
    private let stopSignal: AsyncStream<Void>.Continuation

    /// What has to be stopped again, in the reverse of the order it was started in.
    struct Parts: Sendable {
        let lock: DataFolderLock
        let database: Database
        let group: MultiThreadedEventLoopGroup
        let loops: [ShardLoop]
        let services: ServerServices
        let locations: LocationTable
        let tls: TLSIdentity?
        let http: HTTPServer
        let gate: AccessGate
        /// Of the directory the shards began with.
        let directoryVersion: Int64
    }

    private init(configuration: ServerConfiguration, parts: Parts, listening: [String]) {
        (self.configuration, self.parts, self.listening) = (configuration, parts, listening)
        authorityFile = parts.tls?.authorityFile
        background = Mutex([])
        (stopped, stopSignal) = AsyncStream.makeStream(of: Void.self)
    }

    /// Starts everything or nothing.
    public static func start(configuration: ServerConfiguration, logger: Logger) async throws(ServerError) -> Server {
        var starter = ServerStarter(configuration: configuration, logger: logger)
        let (parts, lines) = try await starter.start()
        let server = Server(configuration: configuration, parts: parts, listening: lines)
        server.watch()
        return server
    }

    /// Returns once ``drain()`` has ended.
    public func waitUntilStopped() async {
        for await _ in stopped { return }
    }

    /// No new calls; those that are up go on until they end or the drain time is over, then everything stops.
    public func drain() async {
        let isFirst = isDraining.withLock { draining in
            defer { draining = true }
            return !draining
        }
        guard isFirst else { return }
        let logger = parts.services.logger
        logger.notice("draining: no new calls", metadata: ["seconds": "\(configuration.drainSeconds)"])
        parts.services.beginDraining()
        for loop in parts.loops { loop.execute([.drain]) }
        let clock = parts.services.clock
        let deadline = clock.now.advanced(by: .seconds(configuration.drainSeconds))
        while clock.now < deadline, await callCount() > 0 { try? await Task.sleep(for: .milliseconds(50)) }
        for loop in parts.loops { loop.execute([.shutDown]) }
        let grace = clock.now.advanced(by: .seconds(2))
        while clock.now < grace, await callCount() > 0 { try? await Task.sleep(for: .milliseconds(20)) }
        await stopParts()
        logger.notice("stopped")
        stopSignal.yield(())
        stopSignal.finish()
    }

    private func stopParts() async {
        for task in background.withLock({ $0 }) { task.cancel() }
        await parts.http.stop()
        await parts.services.transport.stop()
        let services = parts.services
        let group = parts.group
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                services.media.stop()
                services.audio.stop()
                services.resolver.stop()
                services.writer.close()
                services.tracer?.close()
                continuation.resume()
            }
        }
        // Fails only where the threads have ended.
        try? await group.shutdownGracefully()
    }

    /// Reads the certificate and the tenants anew, as on SIGHUP.
    public func reload() async {
        reloadCertificate()
        reloadDirectory()
        parts.services.audio.reload()
    }

    private func callCount() async -> Int {
        await figures().reduce(0) { $0 + $1.calls }
    }

    func figures() async -> [ShardFigures] { await Server.figures(of: parts.loops) }

    static func figures(of loops: [ShardLoop]) async -> [ShardFigures] {
        var all: [ShardFigures] = []
        for loop in loops {
            // One that has ended has no figures.
            if let figures = try? await loop.eventLoop.submit({ loop.figures }).get() { all.append(figures) }
        }
        return all
    }

    // MARK: What changes on disk

    private func watch() {
        let directories = Task { [weak self] in
            guard var version = self?.parts.directoryVersion else { return }
            var isFailing = false
            while !Task.isCancelled {
                guard let self else { return }
                do {
                    let now = try parts.database.directoryVersion()
                    if now != version, reloadDirectory() {
                        parts.services.audio.reload()
                        version = now
                    }
                    isFailing = false
                } catch {
                    if !isFailing {
                        parts.services.logger.error(
                            "changes of tenants and users can't be looked for; those known stay",
                            metadata: ["error": "\(error)"])
                    }
                    isFailing = true
                }
                try? await Task.sleep(for: .seconds(1))
            }
        }
        let certificates = Task { [weak self] in
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(5))
                guard let self else { return }
                reloadCertificate()
            }
        }
        let audio = parts.services.audio
        let every: Int = configuration.audio.storageSeconds
        // Reading what the configuration brings takes a thread of its own for as long as it lasts.
        Thread.detachNewThread { audio.applyConfiguration() }
        let storage = Task {
            while !Task.isCancelled {
                audio.lookAtStorage()
                try? await Task.sleep(for: .seconds(every))
            }
        }
        background.withLock { $0 = [directories, certificates, storage] }
    }

    /// - Returns: false when it could not be read, and has to be tried again.
    @discardableResult
    private func reloadDirectory() -> Bool {
        do {
            let directory = try parts.database.loadDirectory()
            for loop in parts.loops { loop.execute([.directoryChanged(directory)]) }
            parts.services.logger.notice(
                "tenants and users read anew",
                metadata: ["tenants": "\(directory.tenants.count)", "users": "\(directory.users.count)"])
            return true
        } catch {
            parts.services.logger.error(
                "tenants and users could not be read; the old ones stay", metadata: ["error": "\(error)"])
            return false
        }
    }

    private func reloadCertificate() {
        guard let tls = parts.tls else { return }
        switch tls.reloadIfChanged(now: parts.services.clock.wallNow) {
        case .unchanged: break
        case .changed:
            parts.services.logger.notice("certificate read anew", metadata: ["file": "\(tls.certificateFile)"])
        case .refused(let error):
            parts.services.logger.warning("new certificate refused; the old one stays", metadata: ["error": "\(error)"])
        }
    }
}
