import Dispatch
import Glibc
import Logging
import Server

/// Runs a server in the foreground until a signal ends it.
enum ServerRunner {
    private enum Signal: Sendable { case stop, reload }

    /// Returns after a drain; SIGTERM and SIGINT begin one, a second SIGINT or SIGTERM ends the process at once, SIGHUP reloads.
    /// - Parameter started: called once everything listens.
    static func run(_ configuration: ServerConfiguration, started: (Server) -> Void) async throws {
        let level: Logger.Level = configuration.logLevel
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        // A peer that closes a pipe or a socket is no reason to die.
        signal(SIGPIPE, SIG_IGN)
        let (signals, sources) = watchSignals()
        defer { for source in sources { source.cancel() } }
        let server: Server = try await Server.start(configuration: configuration, logger: Logger(label: "martinet"))
        started(server)
        let listener = Task {
            var isDraining = false
            for await signal in signals {
                switch signal {
                case .reload: await server.reload()
                case .stop where isDraining: exit(1)
                case .stop:
                    isDraining = true
                    Task { await server.drain() }
                }
            }
        }
        await server.waitUntilStopped()
        listener.cancel()
    }

    private static func watchSignals() -> (AsyncStream<Signal>, [any DispatchSourceSignal]) {
        let (signals, continuation) = AsyncStream.makeStream(of: Signal.self)
        var sources: [any DispatchSourceSignal] = []
        for (number, meaning) in [(SIGTERM, Signal.stop), (SIGINT, .stop), (SIGHUP, .reload)] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield(meaning) }
            source.resume()
            sources.append(source)
        }
        return (signals, sources)
    }
}
