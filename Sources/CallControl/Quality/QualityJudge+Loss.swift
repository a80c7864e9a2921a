internal import Basics

extension QualityJudge {
    /// A part of a call in which packets were lost.
    private struct Lossy {
        var fromMs: UInt32
        var toMs: UInt32
        var expected: UInt64 = 0
        var lost: UInt64 = 0
        var inBursts: UInt64 = 0

        var rate: Double { expected == 0 ? 0 : Double(lost) / Double(expected) }
        var length: UInt32 { toMs - fromMs }
    }

    func loss() -> [QualityFinding] {
        let from: [Lossy?] = (0..<2).map { worst(of: $0, by: arrivalLoss) }
        if let one = from[0], let other = from[1], areOne(one, other) {
            let finding = QualityFinding(
                .lossOfBoth, fromMs: sinceAnswer(min(one.fromMs, other.fromMs)),
                toMs: sinceAnswer(max(one.toMs, other.toMs)), value: permille(max(one.rate, other.rate)),
                isBursty: isBursty(one) && isBursty(other))
            return [throughout(finding, one.length, leg: 0)]
        }
        var found: [QualityFinding] = []
        for leg in 0..<2 {
            if let lossy = from[leg] { found.append(finding(.lossFrom, leg, lossy)) }
            if let lossy = worst(of: leg, by: reportedLoss) { found.append(finding(.lossTo, leg, lossy)) }
        }
        return found
    }

    private func finding(_ cause: QualityCause, _ leg: Int, _ lossy: Lossy) -> QualityFinding {
        let finding = QualityFinding(
            cause, leg: number(leg), fromMs: sinceAnswer(lossy.fromMs), toMs: sinceAnswer(lossy.toMs),
            value: permille(lossy.rate), isBursty: cause == .lossFrom && isBursty(lossy), address: address(of: leg))
        return throughout(finding, lossy.length, leg: leg)
    }

    /// Without times where it held for nearly all of the conversation.
    private func throughout(_ finding: QualityFinding, _ length: UInt32, leg: Int) -> QualityFinding {
        var finding = finding
        if UInt64(length) * 10 >= LegQuality.totals(of: spans[leg][...]).heardMs * 8 {
            (finding.fromMs, finding.toMs) = (nil, nil)
        }
        return finding
    }

    private func permille(_ rate: Double) -> UInt32 { UInt32(max(0, min(1000, (rate * 1000).rounded()))) }
    private func isBursty(_ lossy: Lossy) -> Bool { lossy.inBursts * 10 >= lossy.lost * 6 }

    /// Both at much the same time and rate: nobody's line, but what they share.
    private func areOne(_ one: Lossy, _ other: Lossy) -> Bool {
        let (begin, end) = (max(one.fromMs, other.fromMs), min(one.toMs, other.toMs))
        guard end > begin, (end - begin) * 2 >= min(one.length, other.length) else { return false }
        guard max(one.length, other.length) <= 3 * min(one.length, other.length) else { return false }
        return max(one.rate, other.rate) <= 2.5 * min(one.rate, other.rate)
    }

    /// The part of a leg's time that lost most; bad spans with no more than 10 s between belong together.
    private func worst(
        of leg: Int, by figures: (Int, QualitySpan) -> (expected: UInt64, lost: UInt64, inBursts: UInt64)
    ) -> Lossy? {
        var best: Lossy?
        var current: Lossy?
        func close() {
            guard let lossy = current else { return }
            current = nil
            if lossy.lost >= 10, lossy.rate >= QualityJudge.minimumLoss, lossy.lost > best?.lost ?? 0 { best = lossy }
        }
        for span in spans[leg] where span.state == .heard {
            let figure = figures(leg, span)
            guard figure.expected > 0, Double(figure.lost) >= QualityJudge.minimumLoss * Double(figure.expected) else {
                continue
            }
            if let lossy = current, span.fromMs > lossy.toMs + 10_000 { close() }
            var lossy = current ?? Lossy(fromMs: span.fromMs, toMs: span.toMs)
            lossy.toMs = span.toMs
            lossy.expected += figure.expected
            lossy.lost += figure.lost
            lossy.inBursts += figure.inBursts
            current = lossy
        }
        close()
        return best
    }

    private func arrivalLoss(_ leg: Int, _ span: QualitySpan) -> (expected: UInt64, lost: UInt64, inBursts: UInt64) {
        // What was lost in a gap is told as a gap.
        guard span.gapMs < QualityJudge.minimumGap else { return (0, 0, 0) }
        return (UInt64(span.packetsExpected), UInt64(span.packetsLost), UInt64(span.packetsLostInBursts))
    }

    /// What a leg reports of its reception beyond what had been lost before it was sent there.
    private func reportedLoss(_ leg: Int, _ span: QualitySpan) -> (expected: UInt64, lost: UInt64, inBursts: UInt64) {
        guard let reported = span.reportedLoss, span.packetsSent > 0 else { return (0, 0, 0) }
        // The report may be about the time just before the span, too.
        let begin: UInt32 = span.fromMs > 7_500 ? span.fromMs - 7_500 : 0
        var before = 0.0
        for other in spans[1 - leg] where other.toMs > begin && other.fromMs < span.toMs {
            before = max(before, other.lossRate)
        }
        let rate: Double = Double(reported) / 256 - before
        let sent = UInt64(span.packetsSent)
        return (sent, rate > 0 ? UInt64(rate * Double(sent)) : 0, 0)
    }
}
