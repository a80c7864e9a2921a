import Basics
import CallControl
import Testing

@Suite("Verdicts on a call's audio")
struct QualityJudgeTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let left: @Sendable (inout Line) -> Void
        let right: @Sendable (inout Line) -> Void
        let causes: [QualityCause]
        let words: String
    }

    static func row(
        _ description: String, _ left: @escaping @Sendable (inout Line) -> Void,
        _ right: @escaping @Sendable (inout Line) -> Void, _ causes: [QualityCause], _ words: String
    ) -> Row {
        Row(testDescription: description, left: left, right: right, causes: causes, words: words)
    }

    static let silences: [Row] = [
        row("all well", { $0.heard(120) }, { $0.heard(120) }, [.good], "both heard each other well (MOS 4.4)"),
        row(
            "the caller falls silent",
            {
                $0.heard(12)
                $0.silent(48)
            }, { $0.heard(60) }, [.stopped],
            "leg B heard nothing from 00:12: no packet arrived from leg A (192.0.2.7)"),
        row(
            "the callee was never heard", { $0.heard(60) }, { $0.silent(60) }, [.nothing],
            "leg A heard nothing: no packet arrived from leg B (198.51.100.9)"),
        row(
            "nobody was heard", { $0.silent(60) }, { $0.silent(60) }, [.nothingFromBoth],
            "neither leg heard the other: no packet arrived from either"),
        row(
            "its packets came from elsewhere", { $0.heard(60) },
            { line in
                line.quality.elsewhere = IPEndpoint("203.0.113.9:4000")
                line.silent(60) { $0.packetsFromElsewhere = 250 }
            }, [.otherSource],
            "leg A heard nothing: packets for leg B (198.51.100.9) came from 203.0.113.9:4000 and were dropped; a router in"
                + " between rewrites addresses (NAT or SIP ALG): switch its SIP ALG off, or set latch-any-source=on for that phone"
        ),
        row(
            "nobody heard, one of them from elsewhere", { $0.silent(60) },
            { line in
                line.quality.elsewhere = IPEndpoint("203.0.113.9:4000")
                line.silent(60) { $0.packetsFromElsewhere = 250 }
            }, [.otherSource, .nothing], ""),
        row(
            "a few strays are no sign of an ALG", { $0.heard(60) },
            { line in
                line.quality.elsewhere = IPEndpoint("203.0.113.9:4000")
                line.silent(60) { $0.packetsFromElsewhere = 0 }
            }, [.nothing], "leg A heard nothing: no packet arrived from leg B (198.51.100.9)"),
        row(
            "a codec nobody agreed to", { $0.silent(60) { $0.packetsOfUnknownType = 250 } }, { $0.heard(60) },
            [.otherCoding], "leg B heard nothing: leg A (192.0.2.7) sends audio of a type that was not agreed"),
        row(
            "the description names no address", { $0.heard(60) { $0.packetsSent = 0 } }, { $0.heard(60) },
            [.unreachable],
            "leg A was sent nothing: where its media is to go is not known"),
        row(
            "on hold is not silence",
            {
                $0.heard(20)
                $0.held(60)
                $0.heard(20)
            },
            {
                $0.heard(20)
                $0.held(60)
                $0.heard(20)
            }, [.good], "both heard each other well (MOS 4.4)"),
        row(
            "on hold throughout", { $0.held(60) }, { $0.held(60) }, [.held],
            "on hold from the answer to the end: nothing was to be heard"),
        row(
            "silent up to a hold",
            {
                $0.heard(20)
                $0.silent(15)
                $0.held(30)
            },
            {
                $0.heard(35)
                $0.held(30)
            }, [.stopped],
            "leg B heard nothing from 00:20 to 00:35: no packet arrived from leg A (192.0.2.7)"),
        row(
            "a sender's pause is not silence",
            {
                $0.heard(20)
                $0.silent(15)
                $0.heard(20) { $0.pauseMs = 15_000 }
            },
            { $0.heard(55) }, [.good], "both heard each other well (MOS 4.4)"),
        row(
            "one who pauses and hangs up muted is not accused",
            {
                $0.heard(20)
                $0.silent(10)
                $0.heard(20) { $0.pauseMs = 10_000 }
                $0.silent(20)
            }, { $0.heard(70) },
            [.good], "both heard each other well (MOS 4.4)"),
        row(
            "a gap in the middle",
            {
                $0.heard(20)
                $0.silent(10)
                $0.heard(30)
            }, { $0.heard(60) }, [.gap],
            "leg B heard nothing for 10 s at 00:20: no packet arrived from leg A (192.0.2.7)"),
        row(
            "an outage is told once, not as loss too",
            { line in
                line.heard(20)
                line.silent(10)
                line.heard(5) { ($0.gapMs, $0.packetsExpected, $0.packetsLost) = (12_400, 870, 620) }
                line.heard(30)
            }, { $0.heard(65) }, [.gap],
            "leg B heard nothing for 12 s at 00:20: no packet arrived from leg A (192.0.2.7)"),
        row(
            "a gap within an interval", { $0.heard(60) },
            {
                $0.heard(20)
                $0.heard(5) { $0.gapMs = 2_600 }
                $0.heard(35)
            },
            [.gap], "leg A heard nothing for 3 s at 00:20: no packet arrived from leg B (198.51.100.9)"),
        row(
            "the last second before hanging up is nothing", { $0.heard(60) { $0.silentMs = 900 } }, { $0.heard(60) },
            [.good],
            "both heard each other well (MOS 4.4)"),
        row("three seconds of talk on hold", { $0.held(3) }, { $0.held(3) }, [.held], ""),
        row("nothing measured", { _ in }, { _ in }, [], "too little was measured to judge"),
    ]

    static let losses: [Row] = [
        row(
            "loss in bursts for half a minute",
            {
                $0.heard(70)
                $0.lossy(30, 8, bursts: true)
                $0.heard(20)
            }, { $0.heard(120) }, [.lossFrom],
            "leg A lost 8 % of packets in bursts between 01:10 and 01:40: its network (192.0.2.7)"),
        row(
            "loss throughout", { $0.heard(60) }, { $0.lossy(60, 5) }, [.lossFrom],
            "leg B lost 4.8 % of packets: its network (198.51.100.9)"),
        row(
            "one per cent is not worth a word", { $0.lossy(60, 1, mos: 425) }, { $0.heard(60) }, [.good],
            "both heard each other well (MOS 4.3)"),
        row(
            "both at once is nobody's line",
            {
                $0.heard(40)
                $0.lossy(20, 10)
                $0.heard(30)
            },
            {
                $0.heard(40)
                $0.lossy(20, 8)
                $0.heard(30)
            }, [.lossOfBoth],
            "both legs lost 10 % of packets between 00:40 and 01:00: not one leg's line, but what they share: this server or"
                + " its network"),
        row(
            "both, but at other times",
            {
                $0.lossy(20, 10)
                $0.heard(60)
            },
            {
                $0.heard(60)
                $0.lossy(20, 10)
            },
            [.lossFrom, .lossFrom], ""),
        row(
            "lost on the way to a leg", { $0.heard(60) }, { $0.heard(60) { $0.reportedLoss = 26 } }, [.lossTo],
            "leg B missed 10 % of what it was sent: its network (198.51.100.9)"),
        row(
            "what a leg misses because the other's network lost it is laid to the other",
            { $0.lossy(60, 10) }, { $0.heard(60) { $0.reportedLoss = 26 } }, [.lossFrom],
            "leg A lost 10 % of packets: its network (192.0.2.7)"),
        row(
            "more than that is its own", { $0.lossy(60, 5) }, { $0.heard(60) { $0.reportedLoss = 51 } },
            [.lossFrom, .lossTo], ""),
        row(
            "uneven packets", { $0.heard(60) },
            {
                $0.heard(30)
                $0.heard(10) { $0.variationMs = 90 }
                $0.heard(20)
            },
            [.jitter], "packets of leg B came up to 90 ms late between 00:30 and 00:40: its network (198.51.100.9)"),
        row(
            "delay of both", { $0.heard(60) { $0.roundTripMs = 300 } }, { $0.heard(60) { $0.roundTripMs = 340 } },
            [.delay], "delay 380 ms both ways"),
        row(
            "delay of one", { $0.heard(60) { $0.roundTripMs = 20 } }, { $0.heard(60) { $0.roundTripMs = 620 } },
            [.delay],
            "delay 380 ms both ways, most of it on leg B"),
        row(
            "a delay nobody minds", { $0.heard(60) { $0.roundTripMs = 100 } },
            { $0.heard(60) { $0.roundTripMs = 100 } },
            [.good], "both heard each other well (MOS 4.4)"),
        row(
            "a codec that is no better", { $0.heard(60) { $0.mos = 380 } }, { $0.heard(60) }, [.fair],
            "the legs heard each other fairly (MOS 3.8)"),
        row(
            "poor for no reason found", { $0.heard(60) { $0.mos = 280 } }, { $0.heard(60) }, [.poor],
            "the legs heard each other poorly (MOS 2.8)"),
        row(
            "the gravest comes first",
            {
                $0.lossy(30, 10)
                $0.silent(30)
            }, { $0.heard(60) { $0.roundTripMs = 700 } }, [.stopped, .lossFrom, .delay],
            ""),
    ]

    @Test("each scenario has its verdict, and no other", arguments: silences + losses)
    func verdicts(_ row: Row) {
        var (left, right) = (Line(0), Line(1))
        row.left(&left)
        row.right(&right)
        let quality = verdict(left, right)
        #expect(quality.findings.map(\.cause) == row.causes)
        if !row.words.isEmpty { #expect(quality.verdict(in: .english) == row.words) }
    }

    @Test("every cause has words of its own in both languages", arguments: QualityCause.allCases)
    func words(_ cause: QualityCause) {
        let finding = QualityFinding(
            cause, leg: 1, fromMs: 70_000, toMs: 3_725_000, value: 83, isBursty: true, address: "192.0.2.7",
            elsewhere: "203.0.113.9:4000")
        let texts: [String] = QualityLanguage.allCases.map { finding.text(in: $0) }
        #expect(Set(texts).count == 2 && texts.allSatisfy { $0.count > 20 })
        let others: [QualityCause] = QualityCause.allCases.filter { $0 != cause }
        for other in others {
            var changed = finding
            changed.cause = other
            // Stopped and never heard differ by their time alone.
            if [cause, other].allSatisfy({ $0 == .stopped || $0 == .nothing }) { continue }
            #expect(changed.text(in: .english) != texts[0] && changed.text(in: .french) != texts[1])
        }
    }

    @Test("French says the same")
    func french() {
        var (left, right) = (Line(0), Line(3))
        left.heard(12)
        left.silent(48)
        right.lossy(60, 8, bursts: true)
        let quality = verdict(left, right)
        #expect(
            quality.verdict(in: .french)
                == "le poste B n’a rien entendu à partir de 00:12 : aucun paquet reçu du poste A (192.0.2.7); le poste B a"
                + " perdu 8 % des paquets par rafales : son réseau (198.51.100.9)")
        #expect(
            quality.verdict(of: 3, in: .english) == "leg B lost 8 % of packets in bursts: its network (198.51.100.9)")
        #expect(quality.verdict(of: 0, in: .english)?.hasPrefix("leg B heard nothing from 00:12") == true)
        #expect(quality.verdict(of: 7, in: .english) == nil)
    }

    @Test("times beyond an hour have hours, rates below ten a tenth")
    func numbers() {
        let finding = QualityFinding(.lossFrom, leg: 0, fromMs: 3_599_499, toMs: 3_723_000, value: 25)
        #expect(finding.text(in: .english) == "leg A lost 2.5 % of packets between 59:59 and 1:02:03: its network")
        #expect(finding.text(in: .french).contains("2,5 %"))
    }
}
