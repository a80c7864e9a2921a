public import Basics
public import CallControl
import GRDB

extension CallRecordStore {
    /// What the audio of one of a tenant's calls was like; nil where nothing was measured, or the call is still up.
    public func quality(of id: CallID, in tenant: TenantID) throws(StoreError) -> CallQuality? {
        try database.read { db in try CallRecordStore.quality(of: id, in: tenant, db) }
    }

    static func quality(of id: CallID, in tenant: TenantID, _ db: SQLDatabase) throws -> CallQuality? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT answered_ms, ended_ms, findings, legs FROM call_quality
                WHERE epoch = ? AND shard = ? AND number = ? AND tenant_id = ?
                """)
        let arguments: StatementArguments = [
            Int64(id.epoch), Int64(id.shard.rawValue), Int64(id.number), tenant.rawValue,
        ]
        return try Row.fetchOne(statement, arguments: arguments).map { row in
            CallQuality(
                legs: try QualityJSON.legs(row[3], of: id), answeredMs: UInt32(clamping: row[0] as Int64),
                endedMs: UInt32(clamping: row[1] as Int64), findings: try QualityJSON.findings(row[2], of: id))
        }
    }

    static let qualitySQL: String = """
        INSERT OR REPLACE INTO call_quality
            (epoch, shard, number, tenant_id, mos, worst_mos, verdict, answered_ms, ended_ms, findings, legs)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
        """

    static func bind(_ quality: CallQuality, of record: CallRecord, to statement: RawStatement) {
        bind(record.id, to: statement)
        statement.bind(4, record.tenant.rawValue)
        statement.bind(5, quality.mos.map { Int64($0) })
        statement.bind(6, quality.worstMOS.map { Int64($0) })
        statement.bind(7, quality.findings.first?.cause.rawValue ?? "")
        statement.bind(8, Int64(quality.answeredMs))
        statement.bind(9, Int64(quality.endedMs))
        statement.bind(10, QualityJSON.encode(quality.findings))
        statement.bind(11, QualityJSON.encode(quality.legs))
    }
}

extension CallRecordChange {
    /// The quality that is written with the change.
    var qualityToKeep: CallQuality? {
        if case .settled(let record) = self { return record.quality }
        return nil
    }
}
