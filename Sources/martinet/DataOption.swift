import ArgumentParser
import Basics
import Foundation
import Identity
import Store

/// `--data FOLDER`, and what the commands do with it.
struct DataOption: ParsableArguments {
    @Option(
        name: .customLong("data"),
        help: ArgumentHelp("The server's data folder; default $MARTINET_DATA, else ./data.", valueName: "folder"))
    var given: String?

    var folder: String {
        if let given { return given }
        let variable: String = ProcessInfo.processInfo.environment["MARTINET_DATA"] ?? ""
        return variable.isEmpty ? "data" : variable
    }

    func validate() throws {
        if given?.isEmpty == true { throw ValidationError("--data: must name a folder") }
    }

    /// The database of a folder that has one; nothing is made.
    func open() throws -> Database {
        guard FileManager.default.fileExists(atPath: "\(folder)/\(Database.fileName)") else {
            let there: Bool = FileManager.default.fileExists(atPath: folder)
            throw CommandFailure(
                "\(there ? "there is no database in the data folder \(folder)" : "there is no data folder \(folder)"); "
                    + "name the server's with --data or $MARTINET_DATA")
        }
        return try Database(folder: folder)
    }

    /// The database of a folder, made where the folder has none yet. A folder that is not there is a slip of the pen.
    func openOrMake() throws -> Database {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw CommandFailure(
                "there is no data folder \(folder); name the server's with --data, or make it first (mkdir \(folder))")
        }
        if !FileManager.default.fileExists(atPath: "\(folder)/\(Database.fileName)") {
            let names: [String] = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
                $0 != "lost+found"
            }
            guard names.isEmpty else {
                throw CommandFailure(
                    "the folder \(folder) has no database but holds other things (\(names[0]), …); name an empty one with --data"
                )
            }
        }
        return try Database(folder: folder)
    }
}

/// The time now, as the store and people count it.
func wallNow() -> WallTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return WallTime(microsecondsSinceEpoch: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
}

extension Directory {
    /// - Throws: ``CommandFailure`` naming the tenants there are.
    func tenant(named name: String) throws -> Tenant {
        if let tenant = tenants.first(where: { $0.name == name }) ?? tenant(owning: name) { return tenant }
        let names: String = tenants.map(\.name).joined(separator: ", ")
        throw CommandFailure(
            tenants.isEmpty
                ? "there is no tenant \"\(name)\"; make it with: martinet tenant add \(name) --domain DOMAIN"
                : "there is no tenant \"\(name)\"; there are: \(names)")
    }

    /// The tenant of this name, or all where none is named.
    func chosen(_ name: String?) throws -> [Tenant] {
        guard let name else { return tenants }
        return [try tenant(named: name)]
    }
}
