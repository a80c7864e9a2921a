import Basics
import Foundation
import GRDB
public import Identity
import Registration

typealias SQLDatabase = GRDB.Database

/// The embedded database in a data folder: SQLite in write-ahead mode, brought to the newest schema when opened.
///
/// Several processes may have it open: a running server, and the command line beside it. Its methods block on the disk, so
/// they are not for event loops; what a call or a registration writes goes through ``StoreWriter``.
public final class Database: Sendable {
    /// The file's name within the data folder.
    public static let fileName: String = "martinet.sqlite"

    /// The file's whole path.
    public let path: String
    let pool: DatabasePool

    /// Opens the database of `folder`, making both where they are missing.
    /// - Throws: ``StoreError`` of kind cannotOpen, newerSchema, busy, full or disk.
    public init(folder: String) throws(StoreError) {
        path = "\(folder)/\(Database.fileName)"
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            var configuration = Configuration()
            configuration.busyMode = .timeout(5)
            configuration.maximumReaderCount = 2
            configuration.prepareDatabase { db in
                try db.execute(sql: "PRAGMA synchronous = FULL")
            }
            pool = try DatabasePool(path: path, configuration: configuration)
            // Password hashes and addresses are inside: for the server's own account alone.
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        } catch {
            throw StoreError(.cannotOpen, "\(path): \(StoreError(error).detail)")
        }
        try migrate()
    }

    public var tenants: TenantStore { TenantStore(database: self) }
    public var users: UserStore { UserStore(database: self) }
    public var bindings: BindingStore { BindingStore(database: self) }
    public var callRecords: CallRecordStore { CallRecordStore(database: self) }
    public var prompts: PromptStore { PromptStore(database: self) }
    public var services: ServiceNumberStore { ServiceNumberStore(database: self) }
    public var settings: SettingStore { SettingStore(database: self) }

    /// All tenants, users and terminals as one snapshot; the default tenant is the one set, else the only one there is.
    public func loadDirectory() throws(StoreError) -> Directory {
        try read { db in
            let tenants = try TenantStore.all(db)
            let chosen = try SettingStore.text(db, .defaultTenant).flatMap(Int64.init).map { TenantID($0) }
            let only: TenantID? = tenants.count == 1 ? tenants[0].id : nil
            let found: TenantID? = tenants.contains { $0.id == chosen } ? chosen : only
            return Directory(
                tenants: tenants, users: try UserStore.allUsers(db), terminals: try UserStore.allTerminals(db),
                services: try ServiceNumberStore.all(db), defaultTenant: found)
        }
    }

    /// Rises with every committed change of a tenant, user, terminal, service number or prompt, by whichever process: poll it and load the directory anew.
    public func directoryVersion() throws(StoreError) -> Int64 {
        try read { db in try Int64.fetchOne(db, sql: "SELECT version FROM directory_version") ?? 0 }
    }

    /// Keeps every other writer of the file waiting while `body` runs.
    package func holdingWriteLock(_ body: () throws -> Void) throws(StoreError) { try write { _ in try body() } }

    func read<Value>(_ body: (SQLDatabase) throws -> Value) throws(StoreError) -> Value {
        do { return try pool.read(body) } catch { throw StoreError(error) }
    }

    /// One immediate transaction, undone whole when `body` throws.
    func write<Value>(_ body: (SQLDatabase) throws -> Value) throws(StoreError) -> Value {
        do { return try pool.write(body) } catch { throw StoreError(error) }
    }

    /// All missing steps in one transaction, so that of two processes starting together one migrates and the other waits.
    private func migrate() throws(StoreError) {
        let newest: Int = Schema.migrations.count
        let current: Int = try read { db in try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0 }
        guard current != newest else { return }
        try write { db in
            let current: Int = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
            guard current <= newest else {
                throw StoreError(
                    .newerSchema,
                    "\(path) was made by a newer version of Martinet (schema \(current); this version knows \(newest)): "
                        + "install that version again, or use another data folder")
            }
            for migration in Schema.migrations.dropFirst(current) { try db.execute(sql: migration.sql) }
            try db.execute(sql: "PRAGMA user_version = \(newest)")
        }
    }
}
