import Basics
import CallControl
import Foundation
import Identity
import Registration
import SIPMessage
import Store
import Testing

@Suite struct DatabaseTests {
    @Test("a directory is loaded as it was made, by whichever process")
    func directory() throws {
        let fixture = try Fixture()
        let other = try Database(folder: fixture.folder.path)
        let directory = try other.loadDirectory()
        #expect(directory.tenants == [fixture.tenant])
        #expect(directory.users == fixture.users)
        #expect(directory.defaultTenant == fixture.tenant)
        let terminal = try #require(directory.terminal(in: fixture.tenant.id, authUsername: "101"))
        #expect(terminal.user == fixture.users[1].id)
        #expect(terminal.secrets == DigestSecrets(username: "101", realm: "acme.example", password: "quite-secret"))
        #expect(terminal.settings.isEmpty)
    }

    @Test("settings of tenants and terminals are kept; the default tenant can be chosen")
    func settings() throws {
        let fixture = try Fixture()
        let second = try fixture.database.tenants.create(NewTenant(name: "other", domains: ["other.example"]))
        #expect(try fixture.database.loadDirectory().defaultTenant == nil)
        try fixture.database.settings.setDefaultTenant(second.id)
        let general = try SettingAssignments(["no-answer=45", "digest-algorithms=SHA-256,MD5"], scope: .tenant)
        let change = try #require(try fixture.database.tenants.change(general, of: second.id)).get()
        #expect(change.before.isEmpty && change.after.keys == ["digest-algorithms", "no-answer"])
        let terminal = try #require(try fixture.database.loadDirectory().terminals.first)
        let own = try SettingAssignments(["latch-any-source=on"], scope: .terminal)
        #expect(try fixture.database.users.change(own, of: [terminal.id], in: fixture.tenant.id) != nil)
        let directory = try fixture.database.loadDirectory()
        #expect(directory.defaultTenant?.id == second.id)
        var expected = TenantSettings()
        (expected.noAnswerSeconds, expected.digestAlgorithms) = (45, [.sha256, .md5])
        #expect(directory.tenant(second.id)?.settings == expected)
        #expect(directory.terminal(terminal.id)?.settings == ["latch-any-source": .flag(true)])
        let back = try SettingAssignments(["latch-any-source=default"], scope: .terminal)
        _ = try fixture.database.users.change(back, of: [terminal.id], in: fixture.tenant.id)
        #expect(try fixture.database.loadDirectory().terminal(terminal.id)?.settings.isEmpty == true)
    }

    @Test("no tenant reads or changes what is another's")
    func tenantsAreApart() throws {
        let fixture = try Fixture()
        let writer = StoreWriter(fixture.database, clock: FixedClock(), done: { _, _, _ in })
        _ = writer.submit(.callRecord(.started(fixture.record(1))), token: nil)
        _ = writer.submit(.bindings([.put(fixture.aor(0), try fixture.binding(0))]), token: nil)
        writer.close()
        let second = try fixture.database.tenants.create(NewTenant(name: "other", domains: ["other.example"]))
        let user = fixture.users[0].id
        let terminal = try #require(try fixture.database.loadDirectory().terminals.first).id
        #expect(try fixture.database.callRecords.list(in: second.id).isEmpty)
        #expect(try fixture.database.bindings.list(in: second.id, wall: WallTime(secondsSinceEpoch: 0)).isEmpty)
        #expect(try !fixture.database.users.delete(user, in: second.id))
        #expect(try !fixture.database.users.setEnabled(false, user, in: second.id))
        #expect(try !fixture.database.users.setSecrets(DigestSecrets(), of: terminal, in: second.id))
        let settings = try SettingAssignments(["keep-alive=20"], scope: .terminal)
        #expect(try fixture.database.users.change(settings, of: [terminal], in: second.id) == nil)
        #expect(
            try fixture.database.bindings.list(in: fixture.tenant.id, wall: WallTime(secondsSinceEpoch: 0)).count == 1)
    }

    @Test("what exists already is refused and nothing of the request is kept")
    func uniqueNames() throws {
        let fixture = try Fixture()
        let error = #expect(throws: StoreError.self) {
            try fixture.database.users.create(
                [
                    NewUser(extension: "200", password: "quite-secret"),
                    NewUser(extension: "101", password: "quite-secret"),
                ],
                in: fixture.tenant)
        }
        #expect(error?.kind == .constraint)
        #expect(try fixture.database.loadDirectory().users.count == 2)
        #expect(throws: StoreError.self) {
            try fixture.database.tenants.create(NewTenant(name: "third", domains: ["new.example", "acme.example"]))
        }
        #expect(try fixture.database.tenants.named("third") == nil)
    }

    @Test("the directory's version rises with every change of it, and with nothing else")
    func directoryVersion() throws {
        let fixture = try Fixture()
        let first = try fixture.database.directoryVersion()
        let writer = StoreWriter(fixture.database, clock: FixedClock(), done: { _, _, _ in })
        _ = writer.submit(.bindings([.put(fixture.aor(0), try fixture.binding(0))]), token: nil)
        writer.close()
        #expect(try fixture.database.directoryVersion() == first)
        let other = try Database(folder: fixture.folder.path)
        #expect(try other.users.setEnabled(false, fixture.users[0].id, in: fixture.tenant.id))
        let second = try fixture.database.directoryVersion()
        #expect(second > first)
        #expect(try other.users.delete(fixture.users[0].id, in: fixture.tenant.id))
        #expect(try fixture.database.directoryVersion() > second)
    }

    @Test("epochs never repeat, and the nonce key stays the same")
    func serverSettings() throws {
        let fixture = try Fixture()
        #expect(try fixture.database.settings.nextEpoch() == 1)
        #expect(try Database(folder: fixture.folder.path).settings.nextEpoch() == 2)
        var random = AnyRandom(SeededRandom(seed: 1))
        let key = try fixture.database.settings.nonceKey(random: &random)
        #expect(key.count == 32)
        #expect(try fixture.database.settings.nonceKey(random: &random) == key)
    }

    @Test("deleting a user takes its terminals and bindings along and leaves its call records")
    func deletion() throws {
        let fixture = try Fixture()
        let writer = StoreWriter(fixture.database, clock: FixedClock(), done: { _, _, _ in })
        _ = writer.submit(.bindings([.put(fixture.aor(0), try fixture.binding(0))]), token: nil)
        _ = writer.submit(.callRecord(.started(fixture.record(1))), token: nil)
        writer.close()
        #expect(try fixture.database.users.delete(fixture.users[0].id, in: fixture.tenant.id))
        #expect(try fixture.database.loadDirectory().terminals.count == 1)
        #expect(
            try fixture.database.bindings.load(
                listeners: Fixture.listeners, now: .zero, wall: WallTime(secondsSinceEpoch: 0)
            ).bindings.isEmpty)
        #expect(try fixture.database.callRecords.list(in: fixture.tenant.id).count == 1)
    }

    @Test("records are listed by time, user, openness and number")
    func filters() throws {
        let fixture = try Fixture()
        let writer = StoreWriter(fixture.database, clock: FixedClock(), done: { _, _, _ in })
        for number in 1...5 {
            var record = fixture.record(UInt32(number), startedAt: Int64(number * 100))
            if number == 3 { record.calleeUser = fixture.users[1].id }
            if number > 1 { (record.outcome, record.endedAt) = (.busy, WallTime(secondsSinceEpoch: 9_000)) }
            _ = writer.submit(.callRecord(number > 1 ? .settled(record) : .started(record)), token: nil)
        }
        writer.close()
        func numbers(_ change: (inout CallRecordStore.Filter) -> Void) throws -> [UInt32] {
            var filter = CallRecordStore.Filter()
            change(&filter)
            return try fixture.database.callRecords.list(in: fixture.tenant.id, filter).map(\.id.number)
        }
        #expect(try numbers { _ in } == [1, 2, 3, 4, 5])
        #expect(
            try numbers {
                $0.from = WallTime(secondsSinceEpoch: 200)
                $0.to = WallTime(secondsSinceEpoch: 400)
            } == [2, 3])
        #expect(
            try numbers {
                $0.newestFirst = true
                $0.limit = 2
            } == [5, 4])
        #expect(try numbers { $0.onlyOpen = true } == [1])
        #expect(try numbers { $0.user = fixture.users[1].id } == [3])
    }

    @Test("the file and its folder are for the server's account alone")
    func permissions() throws {
        let fixture = try Fixture()
        let file = try FileManager.default.attributesOfItem(atPath: fixture.database.path)[.posixPermissions] as? Int
        let folder = try FileManager.default.attributesOfItem(atPath: fixture.folder.path)[.posixPermissions] as? Int
        #expect(file == 0o600)
        #expect(folder == 0o700)
    }

    @Test("a folder that can't be used is named with the reason")
    func badFolder() {
        let error = #expect(throws: StoreError.self) { try Database(folder: "/proc/nowhere") }
        #expect(error?.kind == .cannotOpen)
        #expect(error?.description.contains("/proc/nowhere/martinet.sqlite") == true)
    }
}
