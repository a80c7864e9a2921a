import Basics
import CallControl
import Codecs
import MediaSession

/// A leg's audio in 5 s intervals, written down interval by interval.
struct Line {
    var quality: LegQuality
    private var time: UInt32

    /// - Parameter answeredMs: up to there nothing is expected.
    init(_ leg: UInt16, answeredMs: UInt32 = 5_000) {
        quality = LegQuality(leg: leg)
        time = answeredMs
        quality.add(QualitySpan(.idle, fromMs: 0, toMs: answeredMs))
    }

    /// `seconds` of audio, as `change` makes each 5 s of it.
    mutating func heard(_ seconds: Int, _ change: (inout QualitySpan) -> Void = { _ in }) {
        interval(.heard, seconds) { span, share in
            span.packetsExpected = UInt32(share * 50)
            span.packetsReceived = span.packetsExpected
            (span.mos, span.worstMOS) = (441, 441)
            span.jitterMs = 2
            change(&span)
        }
    }

    mutating func lossy(_ seconds: Int, _ percent: UInt32, bursts: Bool = false, mos: UInt16 = 330) {
        heard(seconds) { span in
            span.packetsLost = span.packetsExpected * percent / 100
            span.packetsReceived -= span.packetsLost
            if bursts { span.packetsLostInBursts = span.packetsLost }
            (span.mos, span.worstMOS) = (mos, mos)
        }
    }

    mutating func silent(_ seconds: Int, _ change: (inout QualitySpan) -> Void = { _ in }) {
        var since: UInt32 = quality.spans.last.map { $0.state == .silent ? $0.silentMs : 0 } ?? 0
        interval(.silent, seconds) { span, share in
            since += UInt32(share) * 1000
            span.silentMs = since
            change(&span)
        }
    }

    mutating func held(_ seconds: Int) { interval(.idle, seconds) { span, _ in span.packetsSent = 0 } }

    private mutating func interval(_ state: QualitySpan.State, _ seconds: Int, _ fill: (inout QualitySpan, Int) -> Void)
    {
        var left: Int = seconds
        while left > 0 {
            let share: Int = min(left, 5)
            var span = QualitySpan(state, fromMs: time, toMs: time + UInt32(share) * 1000)
            span.packetsSent = UInt32(share * 50)
            fill(&span, share)
            quality.add(span)
            time += UInt32(share) * 1000
            left -= share
        }
    }
}

let leftAddress = IPAddress(v4: 0xC000_0207)  // 192.0.2.7
let rightAddress = IPAddress(v4: 0xC633_6409)  // 198.51.100.9

/// The verdict over two lines; the caller is at 192.0.2.7, who answered at 198.51.100.9.
func verdict(_ left: Line, _ right: Line, answeredMs: UInt32 = 5_000) -> CallQuality {
    let ended: UInt32 = [left, right].compactMap { $0.quality.spans.last?.toMs }.max() ?? answeredMs
    let judge = QualityJudge(
        [.init(quality: left.quality, address: leftAddress), .init(quality: right.quality, address: rightAddress)],
        answeredMs: answeredMs, endedMs: ended)
    return CallQuality(
        legs: [left.quality, right.quality], answeredMs: answeredMs, endedMs: ended, findings: judge.findings)
}
