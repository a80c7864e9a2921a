import ArgumentParser
import Server

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Runs a server by a configuration file.",
        discussion: """
            SIGTERM and Ctrl-C let calls that are up end first (drain-seconds); a second one ends at once. SIGHUP reads the
            certificate and the users anew. Examples/martinet.yaml explains every key; martinet check looks for obstacles.
            """)

    @Option(name: .customLong("config"), help: ArgumentHelp("The configuration, in YAML.", valueName: "file"))
    var file: String

    func run() async throws {
        let configuration: ServerConfiguration = try ConfigurationFile.read(file)
        guard !DataFolderState.isInUse(configuration.dataFolder) else {
            throw CommandFailure(
                "another server is running on the data folder \(configuration.dataFolder); stop it, or give this one a folder of its own (key data)"
            )
        }
        let complaints: [String] = ServerCheck.portComplaints(configuration, usesFlags: false)
        guard complaints.isEmpty else { throw CommandFailure(complaints.joined(separator: "\n")) }
        try await ServerRunner.run(configuration) { server in
            Console.showLine("Martinet \(Martinet.version) is running.")
            for line in server.listening { Console.showLine("  \(line)") }
            if let authority = server.authorityFile, configuration.tls.isOwn {
                Console.showLine("  TLS: the certificate is the server's own; phones trust it by \(authority)")
            }
        }
    }
}
