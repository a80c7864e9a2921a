import Basics
import CallControl
import Foundation
import GRDB
import Identity
import SIPMessage
import Store
import Testing

@Suite struct MigrationTests {
    /// A released migration is never edited: this table only grows.
    private static let released: [(name: String, hash: UInt64)] = [
        ("0001-first-call", 2_053_819_765_903_221_670), ("0002-phone-states", 1773484456709478750),
        ("0003-binding-listeners", 18310345117263278568),
        ("0004-registered-host", 1_526_093_237_409_826_291),
        ("0005-call-quality", 17_531_162_270_612_826_158),
        ("0006-prompts", 7_943_397_084_121_582_812),
        ("0007-service-numbers", 4_842_029_783_652_584_998),
    ]

    @Test("migrations count from 1 without gaps, are named by their number, and the released ones are unchanged")
    func numbering() {
        for (index, migration) in Schema.migrations.enumerated() {
            #expect(migration.number == index + 1)
            #expect(migration.name.hasPrefix(padded(index + 1, 4) + "-"))
        }
        #expect(Schema.migrations.count == MigrationTests.released.count)
        for (migration, released) in zip(Schema.migrations, MigrationTests.released) {
            #expect(migration.name == released.name)
            #expect(stableHash(migration.sql) == released.hash)
        }
    }

    @Test("a database made by schema 1, with data, opens with all of it readable")
    func oldData() throws {
        let folder = TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let queue = try DatabaseQueue(path: folder.path + "/" + Store.Database.fileName)
        try queue.write { db in
            try db.execute(sql: Schema.migrations[0].sql)
            try db.execute(sql: MigrationTests.dataOfSchema1)
            try db.execute(sql: "PRAGMA user_version = 1")
        }
        try queue.close()
        let database = try Store.Database(folder: folder.path)
        let directory = try database.loadDirectory()
        #expect(directory.tenants.map(\.domains) == [["old.example"]])
        #expect(directory.tenants.first?.settings.noAnswerSeconds == 33)
        #expect(directory.terminals.first?.secrets.md5 == "0123456789abcdef0123456789abcdef")
        let bindings = try database.bindings.load(
            listeners: Fixture.listeners, now: .zero, wall: WallTime(secondsSinceEpoch: 0))
        #expect(bindings.unreadable == 0)
        #expect(bindings.bindings.map(\.1.contact.description) == ["sip:100@192.0.2.1:5060"])
        #expect(bindings.bindings.map(\.1.registeredHost) == [nil])
        let records = try database.callRecords.list(in: TenantID(1))
        #expect(records.map(\.outcome) == [.rejected(status: 486), nil])
    }

    @Test("a database of a newer version is refused and left as it is")
    func newerSchema() throws {
        let folder = TemporaryFolder()
        let path = try Store.Database(folder: folder.path).path
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA user_version = 999") }
        let error = #expect(throws: StoreError.self) { try Store.Database(folder: folder.path) }
        #expect(error?.kind == .newerSchema)
        #expect(try queue.read { db in try Int.fetchOne(db, sql: "PRAGMA user_version") } == 999)
    }

    private static let dataOfSchema1: String = """
        INSERT INTO tenants (id, name, settings) VALUES (1, 'old', '{"no-answer":33,"gone-by-now":[{}]}');
        INSERT INTO tenant_domains (domain, tenant_id, position) VALUES ('old.example', 1, 0);
        INSERT INTO users (id, tenant_id, extension, display_name) VALUES (1, 1, '100', 'Old User');
        INSERT INTO terminals (id, tenant_id, user_id, name, auth_username, secret_md5)
            VALUES (1, 1, 1, 'desk', '100', '0123456789abcdef0123456789abcdef');
        INSERT INTO bindings
            (version, tenant_id, user_id, key, is_removed, terminal_id, contact, contact_parameters, q, call_id, cseq, expires_at,
             path, listener, transport, remote, is_behind_nat, listens_at_contact_port, registered_at, updated_at, gruu_seed)
            VALUES (1, 1, 1, 'k', 0, 1, 'sip:100@192.0.2.1:5060', '', 1000, 'c', 1, 1000000, '', 0, 'UDP', '192.0.2.1:5060', 0, 0, 1, 1, 0);
        INSERT INTO call_records
            (epoch, shard, number, tenant_id, caller_uri, caller_display, dialled, callee_uri, started_at, ended_at, outcome, sip_status,
             reason, media)
            VALUES (1, 0, 1, 1, 'sip:100@old.example', '', '101', '', 10, 20, 'rejected', 486, '', '[]'),
                (1, 0, 2, 1, 'sip:100@old.example', '', '102', '', 30, NULL, NULL, NULL, '', '[]');
        """
}
