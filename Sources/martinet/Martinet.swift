import ArgumentParser

/// The command `martinet`.
@main
struct Martinet: AsyncParsableCommand {
    static let version: String = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "martinet",
        abstract:
            "A SIP communications server: registrar, calls with media relay, call records and traces in one program.",
        discussion: """
            To try it out: martinet demo. For a server of your own: martinet serve --config FILE.
            The other commands work on a server's data folder, whether it runs or not.
            """,
        version: version,
        subcommands: [
            DemoCommand.self, ServeCommand.self, CheckCommand.self, TenantCommand.self, UserCommand.self,
            ServiceCommand.self, PromptCommand.self,
            RegistrationsCommand.self, CallsCommand.self, RecordsCommand.self, TraceCommand.self,
        ])
}
