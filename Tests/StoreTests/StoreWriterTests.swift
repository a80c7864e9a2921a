import Basics
import CallControl
import Foundation
import Identity
import Registration
import SIPTransaction
import Store
import Testing

@Suite struct StoreWriterTests {
    private func token(_ number: UInt64) -> StoreToken { StoreToken(shard: ShardID(3), number: number) }

    @Test("bindings come back after a restart: the newest version of each, none that was removed or has ended")
    func bindingsSurvive() throws {
        let fixture = try Fixture()
        let answers = Answers()
        let writer = StoreWriter(fixture.database, clock: FixedClock(), done: answers.done)
        var kept = try fixture.binding(0, cseq: 1)
        kept.instance = "<urn:uuid:1>"
        kept.regID = 1
        kept.path = ["<sip:edge.example;lr>", "<sip:edge2.example;lr>"]
        kept.userAgent = "phone, \u{1F426}"
        kept.q = 500
        kept.isBehindNAT = true
        kept.suspectedALG = .viaRewritten
        kept.gruuSeed = .max
        kept.registeredHost = "192.0.2.1:5062"
        var old = kept
        old.cseq = 0
        #expect(writer.submit(.bindings([.put(fixture.aor(0), old)]), token: token(1)))
        #expect(
            writer.submit(
                .bindings([.put(fixture.aor(0), kept), .put(fixture.aor(0), try fixture.binding(0, key: "two"))]),
                token: token(2)))
        #expect(writer.submit(.bindings([.remove(BindingRef(aor: fixture.aor(0), key: "two"))]), token: token(3)))
        #expect(
            writer.submit(
                .bindings([.put(fixture.aor(1), try fixture.binding(1, key: "ended", expiresAt: 2_000))]),
                token: token(4)))
        let cut = try fixture.binding(1, key: "cut", transport: .tcp)
        #expect(writer.submit(.bindings([.put(fixture.aor(1), cut)]), token: token(5)))
        writer.close()
        #expect(answers.count == 5)

        let reopened = try Database(folder: fixture.folder.path)
        let now = Moment(nanoseconds: 7_000_000_000)
        let loaded = try reopened.bindings.load(
            listeners: Fixture.listeners, now: now, wall: WallTime(secondsSinceEpoch: 2_000))
        let found = loaded.bindings
        #expect(loaded.unreadable == 0)
        #expect(found.map(\.0) == [fixture.aor(0), fixture.aor(1)])
        var expected = kept
        expected.deadline = now.advanced(by: .seconds(3_000))
        expected.flow = .init(listener: kept.flow.listener, transport: .udp, remote: kept.flow.remote)
        #expect(found.first?.1 == expected)
        #expect(found.last?.1.key == "cut")
        #expect(found.last?.1.flowAlive == false)
    }

    @Test("a write that breaks a rule of the schema fails alone and whole; its neighbours are written")
    func refusalIsAlone() throws {
        let fixture = try Fixture()
        let answers = Answers()
        let writer = StoreWriter(fixture.database, clock: FixedClock(), done: answers.done)
        let stranger = AddressOfRecord(tenant: fixture.tenant.id, user: UserID(999))
        _ = writer.submit(.bindings([.put(fixture.aor(0), try fixture.binding(0, key: "a"))]), token: token(1))
        _ = writer.submit(
            .bindings([
                .put(fixture.aor(0), try fixture.binding(0, key: "half")), .put(stranger, try fixture.binding(0)),
            ]), token: token(2))
        _ = writer.submit(.bindings([.put(stranger, try fixture.binding(0))]), token: token(3))
        _ = writer.submit(.bindings([.put(fixture.aor(1), try fixture.binding(1, key: "b"))]), token: token(4))
        writer.close()
        #expect(answers.kind(of: 1) == .some(nil))
        #expect(answers.kind(of: 2) == .constraint)
        #expect(answers.kind(of: 3) == .constraint)
        #expect(answers.kind(of: 4) == .some(nil))
        let found = try fixture.database.bindings.load(
            listeners: Fixture.listeners, now: .zero, wall: WallTime(secondsSinceEpoch: 0)
        ).bindings
        #expect(found.map(\.1.key) == ["a", "b"])
    }

    @Test("the log of bindings stays bounded however often phones refresh, and loses none that is quiet")
    func logIsBounded() throws {
        let fixture = try Fixture(users: 3)
        var settings = StoreWriterSettings()
        settings.safety = .normal
        let writer = StoreWriter(fixture.database, settings: settings, clock: FixedClock(), done: { _, _, _ in })
        _ = writer.submit(.bindings([.put(fixture.aor(0), try fixture.binding(0, key: "quiet"))]), token: nil)
        _ = writer.submit(
            .bindings([.put(fixture.aor(2), try fixture.binding(2, key: "ended", expiresAt: 900))]), token: nil)
        writer.flush()
        let busy = try fixture.binding(1, key: "busy")
        for round in 0..<25 {
            for index in 0..<1_000 {
                var refresh = busy
                refresh.cseq = UInt32(round * 1_000 + index)
                _ = writer.submit(.bindings([.put(fixture.aor(1), refresh)]), token: nil)
            }
            writer.flush()
        }
        _ = writer.submit(.bindings([.remove(BindingRef(aor: fixture.aor(2), key: "ended"))]), token: nil)
        writer.close()
        #expect(writer.statistics.failures == 0)
        let found = try fixture.database.bindings.load(
            listeners: Fixture.listeners, now: .zero, wall: WallTime(secondsSinceEpoch: 0)
        ).bindings
        #expect(found.map(\.1.key) == ["quiet", "busy"])
        #expect(found.last?.1.cseq == 24_999)
        #expect(try fixture.database.bindings.storedVersions() < 13_000)
    }

    @Test("a call record is found as it was settled, through start and answer")
    func callRecord() throws {
        let fixture = try Fixture()
        let writer = StoreWriter(fixture.database, clock: FixedClock(), done: { _, _, _ in })
        var record = fixture.record(1)
        _ = writer.submit(.callRecord(.started(record)), token: nil)
        writer.flush()
        #expect(try fixture.database.callRecords.find(record.id, in: fixture.tenant.id) == record)
        record.ringingAt = WallTime(secondsSinceEpoch: 1_002)
        record.answeredAt = WallTime(secondsSinceEpoch: 1_005)
        record.calleeUser = fixture.users[1].id
        record.calleeURI = "sip:101@acme.example"
        _ = writer.submit(.callRecord(.answered(record)), token: nil)
        writer.flush()
        #expect(try fixture.database.callRecords.find(record.id, in: fixture.tenant.id) == record)
        record.endedAt = WallTime(secondsSinceEpoch: 1_065)
        (record.outcome, record.hangupBy, record.sipStatus) = (.answered, .callee, 200)
        record.media = [
            LegMediaFacts(
                leg: 0, packetsIn: 3_000, packetsOut: 2_999, packetsLost: 1, jitterMicroseconds: 250,
                roundTripMicroseconds: 9_000),
            LegMediaFacts(
                leg: 1, codec: "opus/48000", isTranscoded: true, encryption: .sdes,
                verdict: "the callee was \"not\" heard"),
        ]
        _ = writer.submit(.callRecord(.settled(record)), token: nil)
        writer.close()
        #expect(try fixture.database.callRecords.find(record.id, in: fixture.tenant.id) == record)
        #expect(try fixture.database.callRecords.find(record.id, in: TenantID(99)) == nil)
    }

    @Test("a restart closes the records a crash left open and no other; one settled without a start is there")
    func openRecordsAreClosed() throws {
        let fixture = try Fixture()
        let writer = StoreWriter(fixture.database, clock: FixedClock(), done: { _, _, _ in })
        var settled = fixture.record(1)
        (settled.outcome, settled.endedAt, settled.sipStatus) = (
            .rejected(status: 404), WallTime(secondsSinceEpoch: 1_001), 404
        )
        _ = writer.submit(.callRecord(.settled(settled)), token: nil)
        _ = writer.submit(.callRecord(.started(fixture.record(2))), token: nil)
        writer.close()
        #expect(try fixture.database.callRecords.closeOpenCallRecords(WallTime(secondsSinceEpoch: 4_000)) == 1)
        let records = try fixture.database.callRecords.list(in: fixture.tenant.id)
        #expect(records.first == settled)
        #expect(records.last?.outcome == .interrupted)
        #expect(records.last?.endedAt == WallTime(secondsSinceEpoch: 4_000))
        #expect(records.last?.hangupBy == .server)
        #expect(try fixture.database.callRecords.closeOpenCallRecords(WallTime(secondsSinceEpoch: 5_000)) == 0)
    }

    @Test("a full queue refuses at once; a closed writer too")
    func boundedQueue() throws {
        let fixture = try Fixture()
        var settings = StoreWriterSettings()
        settings.queueLimit = 1
        (settings.shortestGather, settings.longestGather) = (.seconds(5), .seconds(5))
        let writer = StoreWriter(fixture.database, settings: settings, clock: FixedClock(), done: { _, _, _ in })
        #expect(writer.submit(.callRecord(.started(fixture.record(1))), token: nil))
        #expect(!writer.submit(.callRecord(.started(fixture.record(2))), token: nil))
        writer.close()
        #expect(!writer.submit(.callRecord(.started(fixture.record(3))), token: nil))
        #expect(writer.statistics.refusals == 2)
        #expect(try fixture.database.callRecords.list(in: fixture.tenant.id).map(\.id.number) == [1])
    }

    @Test("while another process holds the lock writes wait; past the bound they fail, and later ones go through")
    func lockedByAnother() throws {
        let fixture = try Fixture()
        let answers = Answers()
        var settings = StoreWriterSettings()
        settings.giveUpAfter = .milliseconds(300)
        let writer = StoreWriter(fixture.database, settings: settings, clock: FixedClock(), done: answers.done)
        let other = try Database(folder: fixture.folder.path)
        try other.holdingWriteLock {
            _ = writer.submit(.callRecord(.started(fixture.record(1))), token: token(1))
            writer.flush()
        }
        #expect(answers.kind(of: 1) == .busy)
        #expect(writer.statistics.retries > 0)
        _ = writer.submit(.callRecord(.started(fixture.record(2))), token: token(2))
        writer.close()
        #expect(answers.kind(of: 2) == .some(nil))
        #expect(try fixture.database.callRecords.list(in: fixture.tenant.id).map(\.id.number) == [2])
    }
}
