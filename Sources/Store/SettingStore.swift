public import Basics
import Foundation
import GRDB

/// What the server keeps for itself, by name.
public struct SettingStore: Sendable {
    enum Name: String {
        case defaultTenant = "default-tenant", epoch, nonceKey = "nonce-key", studioLink = "studio-link"
    }

    let database: Database

    /// A number for this start of the process that no start of this database had before; 1 ... 2³²-1. See ``CallID``.
    public func nextEpoch() throws(StoreError) -> UInt32 {
        try database.write { db in
            let last: UInt32 = try SettingStore.text(db, .epoch).flatMap(UInt32.init) ?? 0
            let next: UInt32 = last == .max ? 1 : last + 1
            try SettingStore.set(db, .epoch, Array(String(next).utf8))
            return next
        }
    }

    /// The 32 secret bytes digest nonces are signed with; drawn from `random` the first time, the same ever after.
    public func nonceKey(random: inout AnyRandom) throws(StoreError) -> [UInt8] {
        var drawn: [UInt8] = []
        for _ in 0..<4 {
            let word: UInt64 = random.next()
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                drawn.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        return try database.write { db in
            if let key = try SettingStore.bytes(db, .nonceKey), key.count == 32 { return key }
            try SettingStore.set(db, .nonceKey, drawn)
            return drawn
        }
    }

    /// Makes `tenant` serve hosts no tenant owns.
    public func setDefaultTenant(_ tenant: TenantID) throws(StoreError) {
        try database.write { db in try SettingStore.set(db, .defaultTenant, Array(tenant.description.utf8)) }
    }

    static func bytes(_ db: SQLDatabase, _ name: Name) throws -> [UInt8]? {
        let data = try Data.fetchOne(
            db, sql: "SELECT value FROM server_settings WHERE name = ?", arguments: [name.rawValue])
        return data.map { [UInt8]($0) }
    }

    static func text(_ db: SQLDatabase, _ name: Name) throws -> String? {
        try bytes(db, name).map { String(decoding: $0, as: UTF8.self) }
    }

    static func set(_ db: SQLDatabase, _ name: Name, _ value: [UInt8]) throws {
        try db.execute(
            sql:
                "INSERT INTO server_settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            arguments: [name.rawValue, Data(value)])
    }
}
