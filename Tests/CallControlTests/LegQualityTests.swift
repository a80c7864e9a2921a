import Basics
import CallControl
import Testing

@Suite("A leg's audio, kept")
struct LegQualityTests {
    @Test("ten hours of good audio are one span, and a bad minute within stays as it was")
    func merged() {
        var line = Line(0)
        line.heard(18_000)
        line.lossy(60, 10)
        line.heard(18_000)
        #expect(line.quality.spans.count == 15)
        #expect(line.quality.spans.map(\.state) == [.idle] + [QualitySpan.State](repeating: .heard, count: 14))
        #expect(line.quality.spans.dropFirst(2).prefix(12).allSatisfy { $0.lengthMs == 5000 && $0.packetsLost == 25 })
        #expect(line.quality.spans.last?.lengthMs == 18_000_000)
        let totals = line.quality.totals
        #expect(totals.packetsExpected == 36_060 * 50 && totals.packetsLost == 300)
        #expect(totals.badMs == 60_000 && totals.heardMs == 36_060_000 && totals.expectedMs == 36_060_000)
        #expect(totals.mos == 440 && totals.worstMOS == 330)
    }

    @Test("silence and hold are told as one each")
    func states() {
        var line = Line(0)
        line.heard(20)
        line.held(300)
        line.heard(20)
        line.silent(300)
        #expect(line.quality.spans.map(\.state) == [.idle, .heard, .idle, .heard, .silent])
        #expect(line.quality.totals.expectedMs == 340_000 && line.quality.totals.heardMs == 40_000)
        #expect(line.quality.totals.badMs == 300_000)
    }

    @Test("ten bad hours stay within the bound, with the same sums and the worst parts the least touched")
    func bounded() {
        var random = SeededRandom(seed: 2)
        var line = Line(0)
        for index in 0..<7200 {
            if index == 5000 {
                line.silent(5)
            } else {
                line.lossy(5, UInt32(2 + random.next() % 20), mos: UInt16(200 + random.next() % 200))
            }
        }
        #expect(line.quality.spans.count <= LegQuality.maximumSpans)
        #expect(line.quality.totals.packetsExpected == 7199 * 250)
        #expect(line.quality.totals.badMs == 36_000_000 && line.quality.totals.worstMOS ?? 0 < 210)
        #expect(line.quality.spans.contains { $0.state == .silent && $0.fromMs == 25_005_000 })
        #expect(zip(line.quality.spans, line.quality.spans.dropFirst()).allSatisfy { $0.toMs == $1.fromMs })
        // A call's whole quality is small.
        #expect(MemoryLayout<QualitySpan>.stride * LegQuality.maximumSpans < 12_000)
    }

    @Test(
        "a packet that strayed in spoils nothing, a stream of them does",
        arguments: [(1, true), (12, true), (13, false)])
    func strays(count: UInt32, isGood: Bool) {
        var line = Line(0)
        line.heard(5) { $0.packetsFromElsewhere = count }
        #expect(line.quality.spans.last?.isGood == isGood)
        line.heard(5) { $0.packetsOfUnknownType = count }
        #expect(line.quality.spans.last?.isGood == isGood)
    }

    @Test("scores and round trips are means over time")
    func means() {
        var line = Line(0)
        line.heard(30) { ($0.mos, $0.roundTripMs) = (420, 40) }
        line.heard(10) { ($0.mos, $0.roundTripMs) = (300, 80) }
        line.heard(10) { ($0.mos, $0.worstMOS, $0.roundTripMs) = (nil, nil, nil) }
        #expect(line.quality.totals.mos == 390 && line.quality.totals.roundTripMs == 50)
        #expect(LegQuality(leg: 0).totals.mos == nil && LegQuality(leg: 0).totals.lossRate == 0)
    }
}
