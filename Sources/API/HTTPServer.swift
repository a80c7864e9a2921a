public import Basics
import Hummingbird
public import Logging
public import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// What machines ask over HTTP: `GET /health/live`, `GET /health/ready` and `GET /metrics`.
public final class HTTPServer: Sendable {
    public struct Settings: Sendable {
        /// Port 0 takes any free one; see ``HTTPServer/endpoint``.
        public var endpoint = IPEndpoint(.loopbackV4, 8080)
        /// A connection that asks nothing for so long is closed.
        public var idleLimit: Duration = .seconds(60)

        public init() {}
    }

    /// Where it listens, with the port it really has.
    public let endpoint: IPEndpoint
    private let channel: any Channel
    private let running: Task<Void, any Error>

    private init(endpoint: IPEndpoint, channel: any Channel, running: Task<Void, any Error>) {
        (self.endpoint, self.channel, self.running) = (endpoint, channel, running)
    }

    /// Starts the server; returns once it listens.
    /// - Parameters:
    ///   - readiness: asked for every `/health/ready`; the answer is 200 when all checks are passed, else 503.
    ///   - metrics: the page for `/metrics`, in the Prometheus text format.
    ///   - group: runs the server; nil takes the process's shared one.
    public static func start(
        _ settings: Settings = Settings(), group: (any EventLoopGroup)? = nil, logger: Logger,
        readiness: @escaping @Sendable () -> [HealthCheck], metrics: @escaping @Sendable () async -> String
    ) async throws(HTTPServerError) -> HTTPServer {
        let (started, report) = AsyncStream.makeStream(of: Result<any Channel, any Error>.self)
        let application = Application(
            router: router(readiness: readiness, metrics: metrics),
            server: .http1(configuration: .init(idleTimeout: .nanoseconds(settings.idleLimit.wholeNanoseconds))),
            configuration: ApplicationConfiguration(
                address: .hostname(settings.endpoint.address.description, port: Int(settings.endpoint.port))),
            onServerRunning: { channel in report.yield(.success(channel)) },
            eventLoopGroupProvider: group.map { .shared($0) } ?? .singleton, logger: logger)
        let running = Task {
            do {
                try await application.run()
            } catch {
                report.yield(.failure(error))
                throw error
            }
        }
        var reports = started.makeAsyncIterator()
        switch await reports.next() {
        case .success(let channel)?:
            let port = UInt16(clamping: channel.localAddress?.port ?? Int(settings.endpoint.port))
            return HTTPServer(endpoint: IPEndpoint(settings.endpoint.address, port), channel: channel, running: running)
        case .failure(let error)?:
            throw failure(error, at: settings.endpoint)
        case nil:
            throw HTTPServerError(.other, at: settings.endpoint, reason: "the start was cancelled")
        }
    }

    /// Takes no new connections, lets answers under way finish for `grace`, then closes every connection; returns when all is closed.
    public func stop(grace: Duration = .milliseconds(500)) async {
        try? await channel.close()  // fails only where it is closed already
        let running = running
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = await running.result }
            group.addTask {
                try? await Task.sleep(for: grace)  // cancelled where all is closed before
                running.cancel()
            }
            await group.next()
            group.cancelAll()
        }
        _ = await running.result
    }

    private static func router(
        readiness: @escaping @Sendable () -> [HealthCheck], metrics: @escaping @Sendable () async -> String
    ) -> Router<BasicRequestContext> {
        let router = Router()
        router.get("/health/live") { _, _ in page(.ok, "application/json", HealthPage.live) }
        router.get("/health/ready") { _, _ in
            let (isReady, body) = HealthPage.ready(readiness())
            return page(isReady ? .ok : .serviceUnavailable, "application/json", body)
        }
        router.get("/metrics") { _, _ in
            page(.ok, "text/plain; version=0.0.4; charset=utf-8", await metrics())
        }
        return router
    }

    private static func page(_ status: HTTPResponse.Status, _ contentType: String, _ body: String) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = contentType
        headers[.cacheControl] = "no-store"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
    }

    private static func failure(_ error: any Error, at endpoint: IPEndpoint) -> HTTPServerError {
        guard let error = error as? IOError else { return HTTPServerError(.other, at: endpoint, reason: "\(error)") }
        let kind: HTTPServerError.Kind =
            switch error.errnoCode {
            case EADDRINUSE: .portBusy
            case EADDRNOTAVAIL: .noSuchAddress
            case EACCES, EPERM: .forbidden
            default: .other
            }
        return HTTPServerError(kind, at: endpoint, reason: error.localizedDescription)
    }
}
