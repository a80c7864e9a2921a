import API
import Basics
import Foundation
import Logging
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The server on a real loopback port.
@Suite struct HTTPServerTests {
    private static func start(
        at endpoint: IPEndpoint = IPEndpoint(.loopbackV4, 0), checks: [HealthCheck] = []
    ) async throws -> HTTPServer {
        var settings = HTTPServer.Settings()
        settings.endpoint = endpoint
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return try await HTTPServer.start(settings, logger: logger, readiness: { checks }, metrics: { "sip_calls 3\n" })
    }

    private static func get(_ server: HTTPServer, _ path: String) async throws -> (
        status: Int, type: String, body: String
    ) {
        let url = try #require(URL(string: "http://\(server.endpoint)\(path)"))
        let (data, response) = try await URLSession.shared.data(from: url)
        let answer = try #require(response as? HTTPURLResponse)
        return (
            answer.statusCode, answer.value(forHTTPHeaderField: "Content-Type") ?? "",
            String(decoding: data, as: UTF8.self)
        )
    }

    @Test("health and metrics answer with their status, type and text")
    func answers() async throws {
        let server = try await HTTPServerTests.start(checks: [HealthCheck("store", isPassed: true)])
        let live = try await HTTPServerTests.get(server, "/health/live")
        #expect(live == (200, "application/json", "{\"status\":\"live\"}\n"))
        let ready = try await HTTPServerTests.get(server, "/health/ready")
        #expect(
            ready == (
                200, "application/json", "{\"status\":\"ready\",\"checks\":[{\"name\":\"store\",\"passed\":true}]}\n"
            ))
        let metrics = try await HTTPServerTests.get(server, "/metrics")
        #expect(metrics == (200, "text/plain; version=0.0.4; charset=utf-8", "sip_calls 3\n"))
        let other = try await HTTPServerTests.get(server, "/")
        #expect(other.status == 404)
        await server.stop()
    }

    @Test("one check that fails makes the server not ready, and says why")
    func notReady() async throws {
        let checks = [
            HealthCheck("store", isPassed: true), HealthCheck("draining", isPassed: false, detail: "told to \"stop\""),
        ]
        let server = try await HTTPServerTests.start(checks: checks)
        let answer = try await HTTPServerTests.get(server, "/health/ready")
        #expect(answer.status == 503)
        #expect(
            answer.body
                == "{\"status\":\"not ready\",\"checks\":[{\"name\":\"store\",\"passed\":true},"
                + "{\"name\":\"draining\",\"passed\":false,\"detail\":\"told to \\\"stop\\\"\"}]}\n")
        await server.stop()
    }

    @Test("a port that is taken is refused with what, where and what to do")
    func busyPort() async throws {
        let first = try await HTTPServerTests.start()
        let error = await #expect(throws: HTTPServerError.self) {
            _ = try await HTTPServerTests.start(at: first.endpoint)
        }
        #expect(error?.kind == .portBusy)
        #expect(
            error?.description
                == "cannot listen for HTTP on \(first.endpoint): another program uses the port; stop it or choose another with --http-port"
        )
        await first.stop()
    }

    @Test("once stopped, the port is free again")
    func stopFreesThePort() async throws {
        let first = try await HTTPServerTests.start()
        _ = try await HTTPServerTests.get(first, "/health/live")
        await first.stop()
        let second = try await HTTPServerTests.start(at: first.endpoint)
        #expect(second.endpoint == first.endpoint)
        await second.stop()
    }
}
