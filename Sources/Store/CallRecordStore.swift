public import Basics
public import CallControl
import GRDB

/// The call records: what was called, when, and how it ended.
public struct CallRecordStore: Sendable {
    /// Which records of a tenant; every bound that is nil bounds nothing.
    public struct Filter: Sendable {
        /// Started at this time or later.
        public var from: WallTime?
        /// Started before this time.
        public var to: WallTime?
        /// Only calls this user made or was called by.
        public var user: UserID?
        public var onlyOpen: Bool = false
        public var newestFirst: Bool = false
        /// Reads what the audio was like, too.
        public var withQuality: Bool = false
        /// At most so many.
        public var limit: Int = .max

        public init() {}
    }

    let database: Database

    /// One tenant's records by the time they started.
    public func list(in tenant: TenantID, _ filter: Filter = Filter()) throws(StoreError) -> [CallRecord] {
        var records: [CallRecord] = []
        try forEach(in: tenant, filter) { records.append($0) }
        return records
    }

    /// Hands over one tenant's records by the time they started, one at a time, however many there are.
    public func forEach(
        in tenant: TenantID, _ filter: Filter = Filter(), _ body: (CallRecord) throws -> Void
    ) throws(StoreError) {
        try database.read { db in
            var conditions: [String] = ["tenant_id = ?"]
            var arguments: StatementArguments = [tenant.rawValue]
            if let from = filter.from {
                conditions.append("started_at >= ?")
                arguments += [from.microsecondsSinceEpoch]
            }
            if let to = filter.to {
                conditions.append("started_at < ?")
                arguments += [to.microsecondsSinceEpoch]
            }
            if let user = filter.user {
                conditions.append("(caller_user_id = ? OR callee_user_id = ?)")
                arguments += [user.rawValue, user.rawValue]
            }
            if filter.onlyOpen { conditions.append("outcome IS NULL") }
            let order: String = filter.newestFirst ? "DESC" : "ASC"
            arguments += [filter.limit]
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT \(CallRecordStore.columns) FROM call_records WHERE \(conditions.joined(separator: " AND "))
                    ORDER BY started_at \(order) LIMIT ?
                    """,
                arguments: arguments)
            while let row = try rows.next() {
                var record: CallRecord = try CallRecordStore.record(row)
                if filter.withQuality { record.quality = try CallRecordStore.quality(of: record.id, in: tenant, db) }
                try body(record)
            }
        }
    }

    /// One record of a tenant; nil where it has none of this identifier.
    public func find(_ id: CallID, in tenant: TenantID) throws(StoreError) -> CallRecord? {
        try database.read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT \(CallRecordStore.columns) FROM call_records
                    WHERE epoch = ? AND shard = ? AND number = ? AND tenant_id = ?
                    """,
                arguments: [Int64(id.epoch), Int64(id.shard.rawValue), Int64(id.number), tenant.rawValue]
            ).map(CallRecordStore.record)
        }
    }

    /// Server-wide, for the start: closes the records a crash left open, as ended at `wall`, since their true end is not known.
    /// - Returns: how many.
    @discardableResult
    public func closeOpenCallRecords(_ wall: WallTime) throws(StoreError) -> Int {
        try database.write { db in
            try db.execute(
                sql: """
                    UPDATE call_records SET outcome = ?, ended_at = max(?, started_at), hangup_by = 'server',
                        reason = 'the server stopped while the call was up; when it truly ended is not known'
                    WHERE outcome IS NULL
                    """,
                arguments: [CallOutcome.interrupted.name, wall.microsecondsSinceEpoch])
            return db.changesCount
        }
    }

    private static let columns: String = """
        epoch, shard, number, tenant_id, caller_user_id, caller_uri, caller_display, dialled, callee_user_id, callee_uri,
        started_at, ringing_at, answered_at, ended_at, outcome, hangup_by, sip_status, reason, media
        """

    private static let values: String = """
        (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
        """

    static let startSQL: String = "INSERT INTO call_records (\(columns)) VALUES \(values)"

    static let answerSQL: String = """
        UPDATE call_records SET callee_user_id = ?4, callee_uri = ?5, ringing_at = ?6, answered_at = ?7
        WHERE epoch = ?1 AND shard = ?2 AND number = ?3
        """

    /// Makes the record too, where its start could not be written.
    static let settleSQL: String = """
        INSERT INTO call_records (\(columns)) VALUES \(values)
        ON CONFLICT (epoch, shard, number) DO UPDATE SET
            caller_user_id = ?5, caller_uri = ?6, caller_display = ?7, dialled = ?8, callee_user_id = ?9, callee_uri = ?10,
            ringing_at = ?12, answered_at = ?13, ended_at = ?14, outcome = ?15, hangup_by = ?16, sip_status = ?17,
            reason = ?18, media = ?19
        """

    static func bind(_ record: CallRecord, to statement: RawStatement) {
        bind(record.id, to: statement)
        statement.bind(4, record.tenant.rawValue)
        statement.bind(5, record.callerUser?.rawValue)
        statement.bind(6, record.callerURI)
        statement.bind(7, record.callerDisplay)
        statement.bind(8, record.dialled)
        statement.bind(9, record.calleeUser?.rawValue)
        statement.bind(10, record.calleeURI)
        statement.bind(11, record.startedAt.microsecondsSinceEpoch)
        statement.bind(12, record.ringingAt?.microsecondsSinceEpoch)
        statement.bind(13, record.answeredAt?.microsecondsSinceEpoch)
        statement.bind(14, record.endedAt?.microsecondsSinceEpoch)
        statement.bind(15, record.outcome?.name)
        statement.bind(16, record.hangupBy?.rawValue)
        statement.bind(17, status(of: record).map { Int64($0) })
        statement.bind(18, record.reason)
        statement.bind(19, MediaJSON.encode(record.media))
    }

    static func bindAnswer(_ record: CallRecord, to statement: RawStatement) {
        bind(record.id, to: statement)
        statement.bind(4, record.calleeUser?.rawValue)
        statement.bind(5, record.calleeURI)
        statement.bind(6, record.ringingAt?.microsecondsSinceEpoch)
        statement.bind(7, record.answeredAt?.microsecondsSinceEpoch)
    }

    static func bind(_ id: CallID, to statement: RawStatement) {
        statement.bind(1, Int64(id.epoch))
        statement.bind(2, Int64(id.shard.rawValue))
        statement.bind(3, Int64(id.number))
    }

    private static func status(of record: CallRecord) -> Int? {
        if case .rejected(let status)? = record.outcome, record.sipStatus == nil { return status }
        return record.sipStatus
    }

    private static func record(_ row: Row) throws -> CallRecord {
        let id = CallID(
            epoch: UInt32(truncatingIfNeeded: row[0] as Int64),
            shard: ShardID(UInt8(truncatingIfNeeded: row[1] as Int64)),
            number: UInt32(truncatingIfNeeded: row[2] as Int64))
        func time(_ column: Int) -> WallTime? {
            (row[column] as Int64?).map { WallTime(microsecondsSinceEpoch: $0) }
        }
        var record = CallRecord(
            id: id, tenant: TenantID(row[3]), callerUser: (row[4] as Int64?).map { UserID($0) }, callerURI: row[5],
            callerDisplay: row[6], dialled: row[7], startedAt: WallTime(microsecondsSinceEpoch: row[10]))
        record.calleeUser = (row[8] as Int64?).map { UserID($0) }
        record.calleeURI = row[9]
        record.ringingAt = time(11)
        record.answeredAt = time(12)
        record.endedAt = time(13)
        record.sipStatus = row[16]
        if let name = row[14] as String? {
            guard let outcome = CallOutcome(name: name, status: record.sipStatus) else {
                throw StoreError(.unreadable, "call record \(id) has the outcome \"\(name)\"")
            }
            record.outcome = outcome
        }
        record.hangupBy = (row[15] as String?).flatMap(CallParty.init(rawValue:))
        record.reason = row[17]
        record.media = try MediaJSON.decode(row[18], of: id)
        return record
    }
}
