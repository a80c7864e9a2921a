import ArgumentParser
import Basics
import CallControl
import Identity
import Server
import Store

struct CallsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calls", abstract: "Shows the calls that are up or being set up.")

    @Option(name: .customLong("tenant"), help: "Only of this tenant.")
    var tenant: String?

    @OptionGroup var data: DataOption

    func run() throws {
        let database: Database = try data.open()
        let directory: Directory = try database.loadDirectory()
        let tenants: [Tenant] = try directory.chosen(tenant)
        let now: WallTime = wallNow()
        var filter = CallRecordStore.Filter()
        filter.onlyOpen = true
        var table = TextTable(["CALL", "TENANT", "FROM", "DIALLED", "TO", "STATE", "SINCE"])
        var count: Int = 0
        for tenant in tenants {
            try database.callRecords.forEach(in: tenant.id, filter) { record in
                let caller: String = record.callerUser.flatMap(directory.user)?.extension ?? record.callerURI
                let callee: String = record.calleeUser.flatMap(directory.user)?.extension ?? record.calleeURI
                let since: Duration = now.since(record.answeredAt ?? record.startedAt)
                table.add([
                    record.id.description, directory.tenants.count > 1 ? tenant.name : "", caller, record.dialled,
                    callee == record.dialled ? "" : callee, record.answeredAt == nil ? "not answered" : "talking",
                    "\(max(0, since.wholeSeconds)) s",
                ])
                count += 1
            }
        }
        guard count > 0 else {
            Console.showLine("No call is up.")
            return
        }
        Console.show(table.text)
        if !DataFolderState.isInUse(data.folder) {
            Console.showLine(
                "\nNo server runs on \(data.folder): these were cut when it stopped, and are closed at its next start.")
        }
    }
}
