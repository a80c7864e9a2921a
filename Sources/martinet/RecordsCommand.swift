import ArgumentParser
import Basics
import CallControl
import Identity
import Server
import Store

struct RecordsCommand: ParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable { case csv, json }

    static let configuration = CommandConfiguration(
        commandName: "cdr",
        abstract: "Writes the records of calls that ended, tenant by tenant and by the time they began.",
        discussion: """
            csv has a line of column names; json is one object on each line. Times are in UTC.
            --since and --until take 2026-11-21, 2026-11-21T12:00, 2026-11-21T12:00:00Z, or an age: 30m, 12h, 7d.
            """)

    @Option(name: .customLong("format"), help: "csv or json.")
    var format: Format = .csv

    @Option(
        name: .customLong("since"), help: ArgumentHelp("Only calls that began then or later.", valueName: "time"),
        transform: { try RecordsCommand.time($0) })
    var since: WallTime?

    @Option(
        name: .customLong("until"), help: ArgumentHelp("Only calls that began before.", valueName: "time"),
        transform: { try RecordsCommand.time($0) })
    var until: WallTime?

    @Option(name: .customLong("tenant"), help: "Only of this tenant.")
    var tenant: String?

    @Option(
        name: .customLong("limit"), help: ArgumentHelp("Only so many of each tenant, the newest.", valueName: "count"),
        transform: { try AddressOptions.number($0, 1...1_000_000) })
    var limit: Int?

    @OptionGroup var data: DataOption

    func run() throws {
        let database: Database = try data.open()
        let tenants: [Tenant] = try database.loadDirectory().chosen(tenant)
        if format == .csv { Console.show(CallRecordExport.csvHeader) }
        var filter = CallRecordStore.Filter()
        (filter.from, filter.to, filter.newestFirst) = (since, until, limit != nil)
        filter.withQuality = true
        for tenant in tenants {
            if let limit {
                for record in try newest(limit, of: tenant, filter, database).reversed() { Console.show(line(record)) }
                continue
            }
            // Written in blocks: a year of calls need not fit the memory, nor take a system call each.
            var block: String = ""
            try database.callRecords.forEach(in: tenant.id, filter) { record in
                if record.isOpen { return }
                block += line(record)
                guard block.utf8.count > 65_536 else { return }
                Console.show(block)
                block = ""
            }
            Console.show(block)
        }
    }

    private func newest(_ limit: Int, of tenant: Tenant, _ filter: CallRecordStore.Filter, _ database: Database) throws
        -> [CallRecord]
    {
        var filter = filter
        // Calls that are still up have no record to give yet; they are read over.
        var open = filter
        open.onlyOpen = true
        open.newestFirst = false
        filter.limit = limit + (try database.callRecords.list(in: tenant.id, open).count)
        return Array(try database.callRecords.list(in: tenant.id, filter).filter { !$0.isOpen }.prefix(limit))
    }

    private func line(_ record: CallRecord) -> String {
        switch format {
        case .csv: CallRecordExport.csvLine(record)
        case .json: CallRecordExport.json(record) + "\n"
        }
    }

    static func time(_ text: String) throws -> WallTime {
        guard let time = TimeText.parse(text, now: wallNow()) else {
            throw ValidationError(
                "must be a time such as 2026-11-21 or 2026-11-21T12:00 (UTC), or an age such as 12h or 7d")
        }
        return time
    }
}
