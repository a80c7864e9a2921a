import Basics
import CallControl
import Fax
import Identity
import Store
import Testing

/// What is kept of a call's faxes.
@Suite("Faxes in call records")
struct FaxRecordTests {
    private static let full: LegFaxFacts = {
        var facts = LegFaxFacts(way: .gateway)
        (facts.result, facts.sends, facts.pages, facts.bitRate) = (.completed, true, 7, 9600)
        (facts.errorCorrection, facts.repeated, facts.refusedPages) = (true, 2, 1)
        (facts.trainingFailures, facts.packetsLost) = (3, 4)
        return facts
    }()

    @Test(
        "what came of a fax is said in words",
        arguments: [
            (LegFaxFacts(way: .passthrough), "fax as T.38 to T.38"), (LegFaxFacts(way: .sound), "fax as sound"),
            (LegFaxFacts(way: .gatewaySound), "fax as sound, made into T.38 for the other party: no fax came"),
            (
                full,
                "fax as T.38, made into sound for the other party: sent, 7 pages at 9600 bit/s with error correction, 3 trainings failed, 2 parts sent again, 1 pages refused, 4 packets lost"
            ),
            (
                changed(full) { ($0.result, $0.sends, $0.pages, $0.bitRate) = (.broken, false, 1, 0) },
                "fax as T.38, made into sound for the other party: receiving broken off, 1 page with error correction, 3 trainings failed, 2 parts sent again, 1 pages refused, 4 packets lost"
            ),
            (
                changed(LegFaxFacts(way: .gateway)) { $0.result = .running },
                "fax as T.38, made into sound for the other party: ended in the middle of a fax, 0 pages without error correction"
            ),
        ])
    func words(_ row: (LegFaxFacts, String)) { #expect(row.0.words == row.1) }

    private static func changed(_ facts: LegFaxFacts, _ body: (inout LegFaxFacts) -> Void) -> LegFaxFacts {
        var facts = facts
        body(&facts)
        return facts
    }

    @Test("the figures are in the exports")
    func exported() {
        var record = CallRecord(
            id: CallID(epoch: 1, shard: ShardID(0), number: 7), tenant: TenantID(1), callerUser: nil,
            callerURI: "sip:1001@a.example", dialled: "1002", startedAt: WallTime(microsecondsSinceEpoch: 0))
        var leg = LegMediaFacts(leg: 0)
        leg.fax = Self.full
        record.media = [leg]
        let text: String = CallRecordExport.json(record)
        #expect(
            text.contains(
                "\"fax\":{\"way\":\"gateway\",\"result\":\"completed\",\"sends\":true,\"pages\":7,\"bitRate\":9600,\"errorCorrection\":true,\"repeated\":2,\"refusedPages\":1,\"trainingFailures\":3,\"packetsLost\":4,\"words\":\"fax as T.38"
            ))
    }

    @Test("they are written with the call's end and read back", arguments: [full, LegFaxFacts(way: .passthrough)])
    func roundTrip(_ facts: LegFaxFacts) throws {
        let fixture = try Fixture()
        let writer = StoreWriter(fixture.database, clock: FixedClock(), done: { _, _, _ in })
        var record: CallRecord = CallQualityStoreTests.settled(fixture, 1, nil)
        var leg = LegMediaFacts(leg: 0)
        leg.fax = facts
        record.media = [leg, LegMediaFacts(leg: 1)]
        _ = writer.submit(.callRecord(.started(fixture.record(1))), token: nil)
        _ = writer.submit(.callRecord(.settled(record)), token: nil)
        writer.close()
        let found = try fixture.database.callRecords.find(record.id, in: fixture.tenant.id)
        #expect(found?.media.map(\.fax) == [facts, nil])
    }
}
