import Basics
import CallControl
import MediaSession
import Telemetry
import Testing

@Suite("A call's audio as a timeline")
struct QualityTimelineTests {
    /// A call of two minutes, answered after 6 s: loss on leg A, a hold, and silence of leg B at the end.
    static var quality: CallQuality {
        var caller = LegQuality(leg: 0)
        caller.codecs = ["PCMA"]
        caller.source = IPEndpoint("192.0.2.7:4000")
        func heard(_ from: UInt32, _ to: UInt32, mos: UInt16 = 441, lost: UInt32 = 0) -> QualitySpan {
            var span = QualitySpan(.heard, fromMs: from, toMs: to)
            span.packetsExpected = (to - from) / 20
            (span.packetsReceived, span.packetsLost) = (span.packetsExpected - lost, lost)
            (span.mos, span.worstMOS, span.codec, span.jitterMs) = (mos, mos, 0, 3)
            return span
        }
        caller.spans = [
            QualitySpan(.idle, fromMs: 0, toMs: 6_000), heard(6_000, 36_000), heard(36_000, 41_000, mos: 310, lost: 20),
            heard(41_000, 46_000, mos: 180, lost: 75), heard(46_000, 66_000),
            QualitySpan(.idle, fromMs: 66_000, toMs: 86_000),
            heard(86_000, 126_000),
        ]
        caller.spans[1].roundTripMs = 40
        caller.marks = [
            QualityMark(kind: .codec, atMs: 6_000, text: "PCMA"),
            QualityMark(kind: .latch, atMs: 4_000, text: "192.0.2.7:4000"),
            QualityMark(kind: .hold, atMs: 66_000, text: ""), QualityMark(kind: .resume, atMs: 86_000, text: ""),
        ]
        var callee = LegQuality(leg: 1)
        callee.codecs = ["PCMA"]
        callee.spans = [
            QualitySpan(.idle, fromMs: 0, toMs: 6_000), heard(6_000, 66_000),
            QualitySpan(.idle, fromMs: 66_000, toMs: 86_000),
            heard(86_000, 101_000), QualitySpan(.silent, fromMs: 101_000, toMs: 126_000),
        ]
        return CallQuality(
            legs: [caller, callee], answeredMs: 6_000, endedMs: 126_000,
            findings: [
                QualityFinding(.stopped, leg: 1, fromMs: 95_000, address: "198.51.100.9"),
                QualityFinding(
                    .lossFrom, leg: 0, fromMs: 30_000, toMs: 40_000, value: 190, isBursty: true, address: "192.0.2.7"),
            ])
    }

    @Test("scores, losses, marks and the verdict are drawn in blocks")
    func blocks() {
        #expect(
            QualityTimeline(Self.quality).text == """
                Audio from the answer on; a column is 5 s. MOS ▁ 1 to █ 4.4, loss ▁ 1 % to █ 30 %; · silent, ═ on hold.

                        00:00       01:00
                leg A   ██████▅▃████════████████
                  loss        ▅█
                  marks *           H   R
                        MOS 4.21 (worst 1.80), PCMA, 1.9 % lost, jitter up to 3 ms, round trip 40 ms, 10 s of 100 s bad
                        before the answer latched to 192.0.2.7:4000, 01:00 held, 01:20 resumed

                leg B   ████████████════███·····
                        MOS 4.41, PCMA, 0.0 % lost, jitter up to 3 ms, 25 s of 100 s bad

                Verdict: leg A heard nothing from 01:35: no packet arrived from leg B (198.51.100.9); leg A lost 19 % of packets in
                         bursts between 00:30 and 00:40: its network (192.0.2.7)

                """)
    }

    @Test("without UTF-8 it is drawn in digits, and the verdict may be French")
    func ascii() {
        let text = QualityTimeline(Self.quality, style: .ascii, language: .french).text
        let lines: [Substring] = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[3] == "leg A   444444324444====44444444")
        #expect(lines[4] == "  loss        8#")
        #expect(lines[9] == "leg B   444444444444====444!!!!!")
        #expect(lines.dropFirst(1).prefix(11).allSatisfy { $0.allSatisfy(\.isASCII) })
        #expect(text.contains("Verdict: le poste A n’a rien entendu à partir de 01:35"))
    }

    @Test("a call of ten hours fits the page, and a bad moment in it is seen")
    func long() {
        var quality = Self.quality
        quality.endedMs = 36_006_000
        quality.legs[0].spans[6].toMs = 36_006_000
        let text = QualityTimeline(quality).text
        let lines: [Substring] = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.allSatisfy { $0.count <= 120 })
        #expect(lines[0].contains("a column is 10 min"))
        #expect(lines[3].hasPrefix("leg A   ▃███"))
    }

    @Test("a call of a moment, and legs without anything, are drawn too")
    func empty() {
        let quality = CallQuality(legs: [LegQuality(leg: 0)], answeredMs: 9, endedMs: 9, findings: [])
        let text = QualityTimeline(quality).text
        #expect(text.contains("nothing came from this leg") && text.contains("too little was measured to judge"))
    }
}

@Suite("Metrics of media")
struct MediaMetricsTests {
    @Test("counters without figures of the packet threads, and with them")
    func page() {
        var page = MetricsPage()
        MediaMetrics.add(MediaCounters(), nil, to: &page)
        #expect(page.text.contains("martinet_media_packets_dropped_total{kind=\"source\"} 0\n"))
        #expect(page.text.contains("martinet_media_mos_bucket{le=\"4.34\"} 0\n"))
        #expect(page.text.contains("martinet_media_jitter_seconds_bucket{le=\"0.02\"} 0\n"))
        #expect(page.text.contains("martinet_media_verdicts_total{verdict=\"loss-from\"} 0\n"))
        #expect(!page.text.contains("martinet_media_rooms"))
        var figures = MediaPlaneFigures()
        (figures.rooms, figures.players, figures.packetsSent) = (2, 3, 4)
        page = MetricsPage()
        MediaMetrics.add(MediaCounters(), figures + figures, to: &page)
        #expect(page.text.contains("martinet_media_rooms 4\n") && page.text.contains("martinet_media_players 6\n"))
        #expect(page.text.contains("martinet_media_relay_sent_total 8\n"))
    }
}
