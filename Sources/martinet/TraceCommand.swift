import ArgumentParser
import Basics
import CallControl
import Foundation
import Identity
import SIPTransaction
import Server
import Store
import Telemetry

struct TraceCommand: ParsableCommand {
    enum Language: String, ExpressibleByArgument, CaseIterable {
        case en, fr
        var spoken: QualityLanguage { self == .fr ? .french : .english }
    }

    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Shows what went over the wire in a call, both legs as one ladder, and what its audio was like.",
        discussion: """
            martinet calls and martinet cdr show the identifiers of calls; the beginning of one is enough, and a phone's Call-ID
            will do. Passwords, keys, digits and the text of messages are blanked before a trace is kept. Old calls go when the trace is
            full (section trace of the configuration). Below the ladder of a call that ended: what was heard of each leg, and a verdict.
            """)

    @Argument(help: ArgumentHelp("The call's identifier or its beginning, or a Call-ID.", valueName: "call"))
    var call: String

    @Option(
        name: .customLong("pcap"),
        help: ArgumentHelp("Writes the messages to a capture file for Wireshark instead.", valueName: "file"))
    var capture: String?

    @Flag(name: .customLong("messages"), help: "Shows every message in full below the ladder.")
    var showsMessages: Bool = false

    @Option(name: .customLong("language"), help: "Of the verdict: en or fr.")
    var language: Language = .en

    @Flag(name: .customLong("ascii"), help: "Draws without block characters; always so where the locale is not UTF-8.")
    var isASCII: Bool = false

    @OptionGroup var data: DataOption

    func run() throws {
        let database: Database = try data.open()
        let folder: String = ServerConfiguration.traceFolder(of: data.folder)
        guard FileManager.default.fileExists(atPath: folder) else {
            throw CommandFailure(
                "there is no trace of the call \"\(call)\": no server with tracing has run on \(data.folder) yet")
        }
        let reader = TraceReader(folder: folder)
        let found: CallID = try find(reader)
        let records: [TraceRecord] = try reader.records(of: found)
        if let capture {
            let messages: Int = records.count { if case .sip = $0.content { true } else { false } }
            do {
                try Data(Pcap.file(records)).write(to: URL(fileURLWithPath: capture), options: .atomic)
            } catch {
                throw CommandFailure("\(capture) can't be written: \(error.localizedDescription)")
            }
            Console.showLine("\(messages) messages of call \(found) are in \(capture).")
            return
        }
        Console.show(Ladder(records).text)
        if let quality = try quality(of: found, database) {
            let style: QualityTimeline.Style = isASCII || !Console.showsUTF8 ? .ascii : .blocks
            Console.show("\n" + QualityTimeline(quality, style: style, language: language.spoken).text)
        }
        for line in try faxes(of: found, database) { Console.showLine(line) }
        if showsMessages { for record in records { show(record) } }
    }

    /// The trace does not say whose call it was.
    private func quality(of call: CallID, _ database: Database) throws -> CallQuality? {
        for tenant in try database.loadDirectory().tenants {
            if let quality = try database.callRecords.quality(of: call, in: tenant.id) { return quality }
        }
        return nil
    }

    /// What the legs' faxes came to, a line each.
    private func faxes(of call: CallID, _ database: Database) throws -> [String] {
        for tenant in try database.loadDirectory().tenants {
            guard let record = try database.callRecords.find(call, in: tenant.id) else { continue }
            return record.media.compactMap { leg in
                leg.fax.map { "Fax of leg \(CallQuality.letter(leg.leg)): \($0.words)" }
            }
        }
        return []
    }

    private func find(_ reader: TraceReader) throws -> CallID {
        var calls: [CallID] = try reader.calls(matching: call)
        if calls.isEmpty { calls = try callsOf(callID: call, reader) }
        guard let first = calls.first else {
            throw CommandFailure(
                "there is no trace of the call \"\(call)\" in \(data.folder); martinet calls and martinet cdr show which calls there are. "
                    + "Old ones go when the trace is full")
        }
        guard calls.count == 1 else {
            let some: String = calls.suffix(10).map(\.description).joined(separator: ", ")
            throw CommandFailure("\(calls.count) calls begin with \"\(call)\"; give more of it. The last ones: \(some)")
        }
        return first
    }

    /// The calls with a message of this Call-ID.
    private func callsOf(callID: String, _ reader: TraceReader) throws -> [CallID] {
        let wanted = Array(callID.utf8)
        var calls: [CallID] = []
        try reader.forEach { record in
            guard let call = record.call, !calls.contains(call), case .sip(_, _, _, _, let bytes) = record.content
            else { return }
            if TraceCommand.callID(in: bytes) == wanted { calls.append(call) }
        }
        return calls
    }

    /// The value of the Call-ID field in a message; nil where it has none.
    private static func callID(in message: [UInt8]) -> [UInt8]? {
        for line in message.split(separator: 0x0A, omittingEmptySubsequences: false) {
            if line.isEmpty || line.elementsEqual([0x0D]) { return nil }
            guard let colon = line.firstIndex(of: 0x3A) else { continue }
            let name: String = String(decoding: line[..<colon], as: UTF8.self).lowercased().trimmingCharacters(
                in: .whitespaces)
            guard name == "call-id" || name == "i" else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == 0x20 || $0 == 0x09 }
            return Array(value.prefix { $0 > 0x20 })
        }
        return nil
    }

    private func show(_ record: TraceRecord) {
        guard case .sip(let direction, let transport, let local, let remote, let bytes) = record.content else { return }
        let way: String = direction == .received ? "\(remote) -> \(local)" : "\(local) -> \(remote)"
        let leg: String = record.leg.map { "leg \($0)" } ?? "no leg"
        Console.showLine("\n---- \(record.at.iso8601)  \(leg)  \(transport.rawValue) \(way)")
        var scalars = String.UnicodeScalarView()
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars where scalar != "\r" {
            let isControl: Bool =
                scalar.value < 0x20 && scalar != "\n" && scalar != "\t" || (0x7F...0x9F).contains(scalar.value)
            scalars.append(isControl ? "?" : scalar)
        }
        Console.showLine(String(scalars))
    }
}
