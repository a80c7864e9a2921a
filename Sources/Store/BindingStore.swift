public import Basics
import GRDB
public import Registration
import SIPMessage
import SIPTransaction

/// The registrations, as the next start of the server and the command line read them.
public struct BindingStore: Sendable {
    let database: Database

    /// Server-wide, for the start: every binding that has not ended at `wall`; those over a connection are marked as cut.
    ///
    /// - Parameter now: the moment that is `wall`, from which the deadlines are counted.
    /// - Returns: the bindings, and how many rows this version could not read.
    public func load(now: Moment, wall: WallTime) throws(StoreError) -> (
        bindings: [(AddressOfRecord, Binding)], unreadable: Int
    ) {
        try database.read { db in
            try BindingStore.fetch(db, "expires_at > ?", [wall.microsecondsSinceEpoch], now: now, wall: wall)
        }
    }

    /// One tenant's bindings that have not ended at `wall`, by user and key, for people; their deadlines are counted from zero.
    public func list(in tenant: TenantID, wall: WallTime) throws(StoreError) -> [(AddressOfRecord, Binding)] {
        try database.read { db in
            try BindingStore.fetch(
                db, "tenant_id = ? AND expires_at > ?", [tenant.rawValue, wall.microsecondsSinceEpoch], now: .zero,
                wall: wall
            ).bindings
        }
    }

    /// Server-wide: rows in the log, dead ones included.
    public func storedVersions() throws(StoreError) -> Int {
        try database.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM bindings") ?? 0 }
    }

    static let putSQL: String = """
        INSERT INTO bindings
            (tenant_id, user_id, key, terminal_id, contact, contact_parameters, q, call_id, cseq, expires_at, instance, reg_id,
             path, listener, transport, remote, user_agent, is_behind_nat, listens_at_contact_port, suspected_alg,
             registered_at, updated_at, gruu_seed, version, registered_host, is_removed)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, 0)
        """

    static let removeSQL: String = """
        INSERT INTO bindings
            (version, tenant_id, user_id, key, is_removed, contact, contact_parameters, q, call_id, cseq, expires_at, path, listener,
             transport, remote, is_behind_nat, listens_at_contact_port, registered_at, updated_at, gruu_seed)
        VALUES (?1, ?2, ?3, ?4, 1, '', '', 0, '', 0, 0, '', 0, 'UDP', '', 0, 0, 0, 0, 0)
        """

    /// The names of all rows from the oldest on: for the writer, which keeps count of what is dead.
    static let keysSQL: String =
        "SELECT version, tenant_id, user_id, key, is_removed, expires_at FROM bindings ORDER BY version LIMIT ?1"

    /// Writes a row again under a new version.
    static let renewSQL: String = """
        INSERT INTO bindings
            (version, tenant_id, user_id, key, is_removed, terminal_id, contact, contact_parameters, q, call_id, cseq, expires_at,
             instance, reg_id, path, listener, transport, remote, user_agent, is_behind_nat, listens_at_contact_port, suspected_alg,
             registered_at, updated_at, gruu_seed, registered_host)
        SELECT ?2, tenant_id, user_id, key, is_removed, terminal_id, contact, contact_parameters, q, call_id, cseq, expires_at,
             instance, reg_id, path, listener, transport, remote, user_agent, is_behind_nat, listens_at_contact_port, suspected_alg,
             registered_at, updated_at, gruu_seed, registered_host
        FROM bindings WHERE version = ?1
        """

    static let phoneSQL: String = """
        INSERT INTO phone_states (tenant_id, user_id, key, is_reachable, round_trip_us, noted_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT DO UPDATE SET
            is_reachable = ?4, round_trip_us = coalesce(?5, round_trip_us), noted_at = ?6
        """

    static func bind(_ state: PhoneState, to statement: RawStatement) {
        statement.bind(1, state.ref.aor.tenant.rawValue)
        statement.bind(2, state.ref.aor.user.rawValue)
        statement.bind(3, state.ref.key)
        statement.bind(4, state.isReachable)
        statement.bind(5, state.roundTrip.map { $0.wholeNanoseconds / 1000 })
        statement.bind(6, state.at.microsecondsSinceEpoch)
    }

    static let dropSQL: String = "DELETE FROM bindings WHERE version <= ?1"

    static func bind(_ aor: AddressOfRecord, _ binding: Binding, version: Int64, to statement: RawStatement) {
        statement.bind(1, aor.tenant.rawValue)
        statement.bind(2, aor.user.rawValue)
        statement.bind(3, binding.key)
        statement.bind(4, binding.terminal.rawValue)
        statement.bind(5, binding.contact.description)
        statement.bind(6, binding.contactParameters)
        statement.bind(7, Int64(binding.q))
        statement.bind(8, binding.callID)
        statement.bind(9, Int64(binding.cseq))
        statement.bind(10, binding.expiresAt.microsecondsSinceEpoch)
        statement.bind(11, binding.instance)
        statement.bind(12, binding.regID.map { Int64($0) })
        statement.bind(13, binding.path.isEmpty ? "" : binding.path.joined(separator: "\n"))
        statement.bind(14, Int64(binding.flow.listener.rawValue))
        statement.bind(15, binding.flow.transport.rawValue)
        statement.bind(16, binding.flow.remote.description)
        statement.bind(17, binding.userAgent)
        statement.bind(18, binding.isBehindNAT)
        statement.bind(19, binding.listensAtContactPort)
        statement.bind(20, binding.suspectedALG?.rawValue)
        statement.bind(21, binding.registeredAt.microsecondsSinceEpoch)
        statement.bind(22, binding.updatedAt.microsecondsSinceEpoch)
        statement.bind(23, Int64(bitPattern: binding.gruuSeed))
        statement.bind(24, version)
        statement.bind(25, binding.registeredHost)
    }

    private static func fetch(
        _ db: SQLDatabase, _ condition: String, _ arguments: StatementArguments, now: Moment, wall: WallTime
    ) throws -> (bindings: [(AddressOfRecord, Binding)], unreadable: Int) {
        var bindings: [(AddressOfRecord, Binding)] = []
        var unreadable: Int = 0
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT tenant_id, user_id, key, terminal_id, contact, contact_parameters, q, call_id, cseq, expires_at, instance,
                    reg_id, path, listener, transport, remote, user_agent, is_behind_nat, listens_at_contact_port, suspected_alg,
                    registered_at, updated_at, gruu_seed, is_reachable, round_trip_us, noted_at,
                    registered_host
                FROM bindings LEFT JOIN phone_states USING (tenant_id, user_id, key)
                WHERE version IN (SELECT max(version) FROM bindings GROUP BY tenant_id, user_id, key)
                    AND is_removed = 0 AND \(condition)
                ORDER BY tenant_id, user_id, key
                """,
            arguments: arguments)
        while let row = try rows.next() {
            let aor = AddressOfRecord(tenant: TenantID(row[0]), user: UserID(row[1]))
            if let binding = binding(row, now: now, wall: wall) {
                bindings.append((aor, binding))
            } else {
                unreadable += 1
            }
        }
        return (bindings, unreadable)
    }

    /// nil for a row that is not legal (any more): its phone registers anew soon.
    private static func binding(_ row: Row, now: Moment, wall: WallTime) -> Binding? {
        guard let contact = try? SIPURI(row[4] as String), let transport = SIPTransportKind(rawValue: row[14]),
            let remote = IPEndpoint(row[15] as String), let q = UInt16(exactly: row[6] as Int64),
            let cseq = UInt32(exactly: row[8] as Int64), let listener = UInt8(exactly: row[13] as Int64)
        else { return nil }
        let expiresAt = WallTime(microsecondsSinceEpoch: row[9])
        var binding = Binding(
            key: row[2], contact: contact, contactParameters: row[5], callID: row[7], cseq: cseq, expiresAt: expiresAt,
            deadline: now.advanced(by: expiresAt.since(wall)),
            flow: SIPFlow(listener: ListenerID(listener), transport: transport, remote: remote),
            terminal: TerminalID(row[3]),
            registeredAt: WallTime(microsecondsSinceEpoch: row[20]),
            updatedAt: WallTime(microsecondsSinceEpoch: row[21]))
        binding.q = q
        binding.instance = row[10]
        binding.regID = (row[11] as Int64?).flatMap { UInt32(exactly: $0) }
        binding.path = (row[12] as String).split(separator: "\n").map(String.init)
        binding.flowAlive = !transport.isReliable
        binding.userAgent = row[16]
        binding.isBehindNAT = row[17]
        binding.listensAtContactPort = row[18]
        binding.suspectedALG = (row[19] as String?).flatMap(ALGSign.init(rawValue:))
        binding.gruuSeed = UInt64(bitPattern: row[22] as Int64)
        binding.registeredHost = row[26]
        // What was noted before the phone registered last says nothing of it now.
        if let notedAt = row[25] as Int64?, notedAt >= binding.updatedAt.microsecondsSinceEpoch {
            binding.isReachable = row[23]
        }
        binding.roundTrip = (row[24] as Int64?).map { .microseconds($0) }
        return binding
    }
}
