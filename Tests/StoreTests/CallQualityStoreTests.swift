import Basics
import CallControl
import GRDB
import Identity
import Store
import Testing

@Suite("The quality of calls, kept")
struct CallQualityStoreTests {
    static func span(_ change: (inout QualitySpan) -> Void = { _ in }) -> QualitySpan {
        var span = QualitySpan(.heard, fromMs: 5_000, toMs: 65_000)
        (span.mos, span.worstMOS, span.codec) = (430, 395, 0)
        (span.packetsExpected, span.packetsLost, span.packetsLostInBursts) = (3_000, 20, 12)
        (span.packetsReceived, span.packetsSent, span.jitterMs, span.variationMs) = (2_980, 2_999, 4, 31)
        (span.roundTripMs, span.reportedLoss) = (44, 3)
        (span.gapMs, span.silentMs, span.pauseMs) = (300, 160, 900)
        (span.packetsFromElsewhere, span.packetsOfUnknownType) = (7000, 8)
        change(&span)
        return span
    }

    static var quality: CallQuality {
        var caller = LegQuality(leg: 0)
        caller.codecs = ["PCMA", "opus"]
        caller.source = IPEndpoint("192.0.2.7:4000")
        caller.elsewhere = IPEndpoint("[2001:db8::9]:5000")
        caller.spans = [QualitySpan(.idle, fromMs: 0, toMs: 5_000), span()]
        caller.marks = [
            QualityMark(kind: .latch, atMs: 4_100, text: "192.0.2.7:4000"),
            QualityMark(kind: .hold, atMs: 9_000, text: ""),
        ]
        var callee = LegQuality(leg: 3)
        callee.spans = [QualitySpan(.silent, fromMs: 5_000, toMs: 65_000)]
        return CallQuality(
            legs: [caller, callee], answeredMs: 5_000, endedMs: 65_000,
            findings: [
                QualityFinding(.stopped, leg: 3, fromMs: 12_000, address: "198.51.100.9"),
                QualityFinding(.lossFrom, leg: 0, fromMs: 1, toMs: 2, value: 80, isBursty: true, elsewhere: "a \"b\""),
            ])
    }

    static func settled(_ fixture: Fixture, _ number: UInt32, _ quality: CallQuality?) -> CallRecord {
        var record = fixture.record(number)
        (record.answeredAt, record.endedAt) = (WallTime(secondsSinceEpoch: 1_005), WallTime(secondsSinceEpoch: 1_065))
        (record.outcome, record.hangupBy, record.sipStatus) = (.answered, .callee, 200)
        record.quality = quality
        return record
    }

    @Test("it is written with the call's end and read back whole, by its own tenant alone")
    func roundTrip() throws {
        let fixture = try Fixture()
        let writer = StoreWriter(fixture.database, clock: FixedClock(), done: { _, _, _ in })
        let record = Self.settled(fixture, 1, Self.quality)
        _ = writer.submit(.callRecord(.started(fixture.record(1))), token: nil)
        _ = writer.submit(.callRecord(.settled(record)), token: nil)
        _ = writer.submit(.callRecord(.settled(Self.settled(fixture, 2, nil))), token: nil)
        writer.close()
        let records = fixture.database.callRecords
        #expect(try records.quality(of: record.id, in: fixture.tenant.id) == Self.quality)
        #expect(try records.quality(of: record.id, in: TenantID(99)) == nil)
        #expect(try records.quality(of: CallID(epoch: 1, shard: ShardID(0), number: 2), in: fixture.tenant.id) == nil)
        var filter = CallRecordStore.Filter()
        #expect(try records.list(in: fixture.tenant.id, filter).map { $0.quality == nil } == [true, true])
        filter.withQuality = true
        #expect(try records.list(in: fixture.tenant.id, filter).map(\.quality) == [Self.quality, nil])
        let columns = try fixture.rows("SELECT mos, worst_mos, verdict FROM call_quality")
        #expect(columns == ["430|395|stopped"])
    }

    @Test("a quality the schema refuses leaves the record as it was: all or nothing")
    func refused() throws {
        let fixture = try Fixture()
        let answers = Answers()
        let writer = StoreWriter(fixture.database, clock: FixedClock(), done: answers.done)
        var quality = Self.quality
        quality.legs[0].spans[1].mos = 50
        _ = writer.submit(.callRecord(.started(fixture.record(1))), token: nil)
        _ = writer.submit(
            .callRecord(.settled(Self.settled(fixture, 1, quality))), token: StoreToken(shard: ShardID(0), number: 5))
        _ = writer.submit(.callRecord(.started(fixture.record(2))), token: nil)
        writer.close()
        #expect(answers.kind(of: 5) == .some(.constraint))
        let records = try fixture.database.callRecords.list(in: fixture.tenant.id)
        #expect(records.map(\.isOpen) == [true, true])
        #expect(try fixture.rows("SELECT count(*) FROM call_quality") == ["0"])
    }

    @Test("the worst a call can leave behind stays small")
    func size() throws {
        let fixture = try Fixture()
        let writer = StoreWriter(fixture.database, clock: FixedClock(), done: { _, _, _ in })
        var quality = Self.quality
        for index in 0..<2 {
            quality.legs[index].spans = (0..<LegQuality.maximumSpans).map { _ in
                Self.span { ($0.packetsExpected, $0.packetsReceived, $0.packetsSent) = (.max, .max, .max) }
            }
        }
        _ = writer.submit(.callRecord(.settled(Self.settled(fixture, 1, quality))), token: nil)
        writer.close()
        let length = try #require(Int(try fixture.rows("SELECT length(legs) FROM call_quality").first ?? ""))
        #expect(length < 30_000)
        #expect(try fixture.database.callRecords.quality(of: fixture.record(1).id, in: fixture.tenant.id) == quality)
    }

    @Test("what is damaged is unreadable; a finding of a newer version is left out")
    func damaged() throws {
        let fixture = try Fixture()
        let writer = StoreWriter(fixture.database, clock: FixedClock(), done: { _, _, _ in })
        _ = writer.submit(.callRecord(.settled(Self.settled(fixture, 1, Self.quality))), token: nil)
        writer.close()
        let id = fixture.record(1).id
        try fixture.execute(
            "UPDATE call_quality SET findings = '[{\"cause\":\"of-tomorrow\",\"leg\":0},{\"cause\":\"delay\",\"value\":300}]'"
        )
        #expect(
            try fixture.database.callRecords.quality(of: id, in: fixture.tenant.id)?.findings
                == [QualityFinding(.delay, value: 300)])
        try fixture.execute(
            "UPDATE call_quality SET legs = '[{\"leg\":0,\"codecs\":[],\"spans\":[[1,2]],\"marks\":[]}]'")
        let error = #expect(throws: StoreError.self) {
            try fixture.database.callRecords.quality(of: id, in: fixture.tenant.id)
        }
        #expect(error?.kind == .unreadable)
    }

    @Test("exports tell the score and the verdict")
    func export() throws {
        let fixture = try Fixture()
        let record = Self.settled(fixture, 1, Self.quality)
        let row = try #require(try CSV.read(Array(CallRecordExport.csvLine(record).utf8)).first)
        #expect(row.fields.suffix(2).first?.text == "4.30")
        #expect(row.fields.last?.text.hasPrefix("leg A heard nothing from 00:12: no packet arrived from leg B") == true)
        let json = CallRecordExport.json(record)
        #expect(json.contains("\"mos\":4.30,\"verdict\":\"leg A heard nothing from 00:12"))
        #expect(
            json.hasSuffix(
                "\"quality\":[{\"leg\":0,\"codec\":\"opus\",\"mos\":4.30,\"worstMos\":3.95,\"lossPermille\":7,\"jitterMs\":4,"
                    + "\"roundTripMs\":44,\"badSeconds\":60},{\"leg\":3,\"lossPermille\":0,\"jitterMs\":0,\"badSeconds\":60}]}"
            ))
    }
}

extension Fixture {
    /// Rows of a query, their columns joined by `|`.
    func rows(_ sql: String) throws -> [String] {
        try open().read { db in
            try Row.fetchAll(db, sql: sql).map { row in
                row.databaseValues.map {
                    String.fromDatabaseValue($0) ?? Int64.fromDatabaseValue($0).map(String.init) ?? ""
                }
                .joined(separator: "|")
            }
        }
    }

    func execute(_ sql: String) throws {
        try open().write { db in try db.execute(sql: sql) }
    }

    /// A connection of its own that waits for others, as every program beside a server has to.
    private func open() throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        return try DatabaseQueue(path: database.path, configuration: configuration)
    }
}
