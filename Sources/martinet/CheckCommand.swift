import ArgumentParser
import Server

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Looks for what would be in a server's way: configuration, ports, certificate, limits, NAT.",
        discussion:
            "Changes nothing. Checks a configuration file, or without one what martinet demo would do with the same flags. Ends with 1 if anything fails."
    )

    @Option(name: .customLong("config"), help: ArgumentHelp("The configuration, in YAML.", valueName: "file"))
    var file: String?

    @OptionGroup var data: DataOption
    @OptionGroup var addresses: AddressOptions

    func run() throws {
        let configuration: ServerConfiguration
        if let file {
            configuration = try ConfigurationFile.read(file)
            Console.showLine(CheckFinding.configuration("\(file) is in order").description)
        } else {
            configuration = try addresses.configuration(dataFolder: data.folder)
        }
        let findings: [CheckFinding] = ServerCheck.run(configuration, now: wallNow(), usesFlags: file == nil)
        for finding in findings { Console.showLine(finding.description) }
        let failures: Int = findings.count { $0.verdict == .fail }
        let warnings: Int = findings.count { $0.verdict == .warn }
        if failures > 0 {
            Console.showLine(
                "\nThe server would not start well: \(failures) to be put right\(warnings > 0 ? ", \(warnings) to be looked at" : "")."
            )
            throw ExitCode.failure
        }
        Console.showLine(warnings > 0 ? "\nThe server can start; \(warnings) to be looked at." : "\nAll is well.")
    }
}
