import Basics
import Foundation
import GRDB
public import Prompts

/// Which recordings stand in for prompts and music.
public struct PromptStore: PromptRecords {
    let database: Database

    public func replacements() throws(PromptRefusal) -> [PromptReplacement] {
        try told { () throws(StoreError) in
            try database.read { db in
                try Row.fetchAll(db, sql: "SELECT * FROM prompts").map(PromptStore.replacement).sorted {
                    $0.key < $1.key
                }
            }
        }
    }

    public func put(_ replacement: PromptReplacement) throws(PromptRefusal) {
        let (key, sound) = (replacement.key, replacement.sound)
        try told { () throws(StoreError) in
            try database.write { db in
                try PromptStore.delete(key, replacement.origin, db)
                try db.execute(
                    sql: """
                        INSERT INTO prompts (tenant_id, name, language, origin, file, bytes, seconds, loudness_before, loudness,
                            source, original_name, changed_by, changed_at)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        key.tenant?.rawValue, key.id.rawValue, key.language ?? "", replacement.origin.rawValue,
                        sound.file,
                        sound.bytes, sound.duration.inSeconds, sound.loudnessBefore, sound.loudness, sound.source,
                        replacement.originalName, replacement.changedBy, replacement.changedAt.microsecondsSinceEpoch,
                    ])
            }
        }
    }

    public func remove(
        _ key: PromptKey, origin: PromptReplacement.Origin
    ) throws(PromptRefusal) -> PromptReplacement? {
        try told { () throws(StoreError) in
            try database.write { db in
                let row = try Row.fetchOne(
                    db,
                    sql: "SELECT * FROM prompts WHERE tenant_id IS ? AND name = ? AND language = ? AND origin = ?",
                    arguments: [key.tenant?.rawValue, key.id.rawValue, key.language ?? "", origin.rawValue])
                guard let row else { return nil }
                try PromptStore.delete(key, origin, db)
                return PromptStore.replacement(row)
            }
        }
    }

    public func studioLink() throws(PromptRefusal) -> String? {
        let link = try told { () throws(StoreError) in
            try database.read { db in try SettingStore.text(db, .studioLink) }
        }
        return link?.isEmpty == false ? link : nil
    }

    public func setStudioLink(_ link: String?) throws(PromptRefusal) {
        try told { () throws(StoreError) in
            try database.write { db in try SettingStore.set(db, .studioLink, Array((link ?? "").utf8)) }
        }
    }

    private static func delete(_ key: PromptKey, _ origin: PromptReplacement.Origin, _ db: SQLDatabase) throws {
        try db.execute(
            sql: "DELETE FROM prompts WHERE tenant_id IS ? AND name = ? AND language = ? AND origin = ?",
            arguments: [key.tenant?.rawValue, key.id.rawValue, key.language ?? "", origin.rawValue])
    }

    private static func replacement(_ row: Row) -> PromptReplacement {
        let (tenant, language): (Int64?, String) = (row["tenant_id"], row["language"])
        let (bytes, seconds): (Int64, Double) = (row["bytes"], row["seconds"])
        return PromptReplacement(
            key: PromptKey(
                stored: row["name"], tenant: tenant.map { TenantID($0) }, language: language.isEmpty ? nil : language),
            origin: PromptReplacement.Origin(rawValue: row["origin"]) ?? .upload,
            sound: KeptSound(
                file: row["file"], bytes: Int(bytes), duration: .milliseconds((seconds * 1000).rounded()),
                loudnessBefore: row["loudness_before"], loudness: row["loudness"], source: row["source"]),
            originalName: row["original_name"], changedBy: row["changed_by"],
            changedAt: WallTime(microsecondsSinceEpoch: row["changed_at"]))
    }

    private func told<Value>(_ body: () throws(StoreError) -> Value) throws(PromptRefusal) -> Value {
        do throws(StoreError) { return try body() } catch { throw PromptRefusal(.notKept(error.description)) }
    }
}
