import ArgumentParser
import Basics
import Logging
import Server

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Makes a tenant with users in an empty folder and runs a server on it, to try Martinet out.",
        discussion: """
            In a folder made by the demo before, the same users are there again. The passwords are in demo-credentials.csv there.
            Ctrl-C lets calls that are up end first; pressed again, it ends at once.
            """)

    @OptionGroup var data: DataOption
    @OptionGroup var addresses: AddressOptions

    @Option(
        name: .customLong("users"),
        help: ArgumentHelp("How many users to make in an empty folder; default 10.", valueName: "count"),
        transform: { try AddressOptions.number($0, 1...100_000) })
    var users: Int?

    @Option(
        name: .customLong("first-extension"),
        help: ArgumentHelp("The first one's number; default 1001.", valueName: "number"))
    var firstExtension: String = "1001"

    @Option(
        name: .customLong("log-level"),
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical; default notice.", valueName: "level"),
        transform: { text in
            guard let level = Logger.Level(rawValue: text.lowercased()) else {
                throw ValidationError("must be one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return level
        })
    var logLevel: Logger.Level = .notice

    func run() async throws {
        var configuration: ServerConfiguration = try addresses.configuration(dataFolder: data.folder)
        configuration.logLevel = logLevel
        var options = Demo.Options(domain: Demo.domain(of: configuration))
        options.users = users ?? options.users
        options.firstExtension = firstExtension
        // Whatever can stop the start is looked at before anything is made.
        _ = try Demo.check(folder: data.folder, options: options)
        guard !DataFolderState.isInUse(data.folder) else {
            throw CommandFailure(
                "another server is running on the data folder \(data.folder); stop it, or choose another folder with --data"
            )
        }
        let complaints: [String] = ServerCheck.portComplaints(configuration, usesFlags: true)
        guard complaints.isEmpty else { throw CommandFailure(complaints.joined(separator: "\n")) }
        var random = AnyRandom.system
        let demo: Demo = try Demo.prepare(folder: data.folder, options: options, random: &random)
        if !demo.isNew, let users, users != demo.userCount {
            Console.showLine(
                "The folder has \(demo.userCount) users from before; --users \(users) counts in an empty folder only.")
        }
        try await ServerRunner.run(configuration) { server in
            Console.show(
                DemoScreen(demo: demo, configuration: configuration, domain: options.domain, dataFolder: data.folder)
                    .text(server))
        }
    }
}
