import Basics
import CallControl
import Identity
import MediaSession
import TestKit
import Testing

@Suite("The quality of a call, from the media plane's facts to its record")
struct CallQualityTests {
    /// Both parties' figures every 5 s for so long.
    static func talk(
        _ office: Office, seconds: Int, alice: (inout MediaQuality) -> Void = { _ in },
        bob: (inout MediaQuality) -> Void = { _ in }
    ) {
        for _ in 0..<(seconds / 5) {
            let from: Moment = office.world.now
            office.run(5)
            let (media, to) = (office.server.media, office.world.now)
            media.reportQuality(of: office.alice.address.address, from: from, to: to, alice)
            media.reportQuality(of: office.bob.address.address, from: from, to: to, bob)
            office.server.reportMedia()
        }
    }

    static func silence(_ quality: inout MediaQuality) {
        (quality.packetsReceived, quality.packetsExpected) = (0, 0)
        quality.silentMs = 5_000
        (quality.listeningMOS, quality.codec) = (nil, nil)
    }

    @Test("a call with a silent leg gets its verdict, in the record and for both parties")
    func silentLeg() throws {
        let office = Office()
        let (call, _) = office.talk()
        Self.talk(office, seconds: 10)
        Self.talk(office, seconds: 20, bob: Self.silence)
        office.alice.hangUp(call)
        office.run(2)
        let quality: CallQuality = try #require(office.record?.quality)
        #expect(quality.findings.map(\.cause) == [.stopped])
        #expect(quality.legs.map(\.leg) == [0, 1] && quality.legs.map { $0.codecs } == [["PCMA"], ["PCMA"]])
        // They had talked for 2 s before the first report.
        #expect(
            quality.verdict(in: .english)
                == "leg A heard nothing from 00:12: no packet arrived from leg B (\(office.bob.address.address))")
        #expect(office.record?.media.map(\.verdict) == ["", quality.verdict(in: .english)])
        #expect(office.server.notes.contains { $0.contains("no audio comes from here") })
        office.close()
    }

    @Test("a good call says so, with its score")
    func good() throws {
        let office = Office()
        let (call, _) = office.talk()
        Self.talk(office, seconds: 30)
        office.alice.hangUp(call)
        office.run(2)
        let quality: CallQuality = try #require(office.record?.quality)
        #expect(quality.verdict(in: .english) == "both heard each other well (MOS 4.4)" && quality.mos == 441)
        let counted: MediaCounters = office.server.shards.reduce(MediaCounters()) { $0 + $1.counters.media }
        #expect(counted.scores.counts == [0, 0, 0, 0, 0, 0, 0, 12] && counted.scores.thousandths == 12 * 4410)
        #expect(counted.jitters.counts.first == 12 && counted.packetsReceived == 100 && counted.packetsSent == 100)
        #expect(zip(QualityCause.allCases, counted.verdicts).filter { $1 > 0 }.map(\.0) == [.good])
        #expect(office.record?.media.map(\.verdict) == ["", ""])
        #expect(!office.server.notes.contains { $0.contains("audio") && $0.contains("bad") })
        office.close()
    }

    @Test("what was dropped is named in the call's trace, and counted by why")
    func drops() throws {
        let office = Office()
        let (call, _) = office.talk()
        office.server.media.count { figures in
            (figures.packetsDropped, figures.droppedWrongSource, figures.droppedPayloadType) = (20, 12, 5)
            (figures.droppedUnauthenticated, figures.droppedChecks) = (1, 1)
        }
        office.alice.hangUp(call)
        office.run(2)
        let notes: [String] = office.server.notes.filter { $0.contains("dropped") }
        #expect(
            notes.count == 2
                && notes.allSatisfy {
                    $0.hasSuffix(
                        ", 20 dropped (12 from another source, 5 of a payload type that was not agreed, 1 forged, replayed or not of the agreed keys, 1 of ICE checks that are not to be answered, 1 for other reasons)"
                    )
                })
        let counted: MediaCounters = office.server.shards.reduce(MediaCounters()) { $0 + $1.counters.media }
        let byKind = zip(PacketDrop.allCases, counted.packetsDropped).filter { $0.1 > 0 }
        #expect(byKind.map(\.0) == [.source, .type, .unauthentic, .check, .other])
        #expect(byKind.map(\.1) == [24, 10, 2, 2, 2])
        office.close()
    }

    @Test("a held party's silence is no fault, and hold and resumption are marked")
    func hold() throws {
        let office = Office()
        let (call, _) = office.talk()
        Self.talk(office, seconds: 10)
        office.alice.perform(.hold(.inactive), call)
        Self.talk(office, seconds: 30, alice: Self.silence, bob: Self.silence)
        office.alice.perform(.resume, call)
        Self.talk(office, seconds: 10)
        office.alice.hangUp(call)
        office.run(2)
        let quality: CallQuality = try #require(office.record?.quality)
        #expect(quality.findings.map(\.cause) == [.good])
        for leg in quality.legs {
            #expect(leg.marks.map(\.kind).filter { $0 != .codec } == [.hold, .resume])
            #expect(leg.totals.heardMs == leg.totals.expectedMs)
        }
        office.close()
    }

    @Test("loss is noted in the call's trace as it begins and ends")
    func turns() throws {
        let office = Office()
        let (call, _) = office.talk()
        Self.talk(office, seconds: 10)
        Self.talk(
            office, seconds: 10,
            alice: { quality in
                (quality.packetsLost, quality.packetsLostInBursts, quality.listeningMOS) = (50, 50, 210)
            })
        Self.talk(office, seconds: 10)
        office.alice.hangUp(call)
        office.run(2)
        let notes: [String] = office.server.notes.filter { $0.contains("audio from here") }
        #expect(notes.count == 2 && notes[0].contains("is bad (MOS 2.10): 50 of 250 packets lost"))
        #expect(notes.last?.contains("is good again (MOS 4.41)") == true)
        let quality: CallQuality = try #require(office.record?.quality)
        #expect(
            quality.verdict(in: .english).hasPrefix(
                "leg A lost 20 % of packets in bursts between 00:12 and 00:22: its network"))
        office.close()
    }

    @Test("phones that only rang, unanswered calls and calls without figures leave no quality")
    func none() throws {
        let office = Office([1, 2])
        office.phones[1][1].plan.decision = .answer(.seconds(30))
        let (call, _) = office.talk()
        office.alice.hangUp(call)
        office.run(2)
        #expect(office.record?.quality == nil)
        office.close()
    }
}
