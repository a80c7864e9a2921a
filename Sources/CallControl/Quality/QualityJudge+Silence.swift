internal import Basics

extension QualityJudge {
    /// Parties that were not heard, at all or for a time.
    func silence() -> [QualityFinding] {
        var found: [QualityFinding] = []
        let totals: [LegQuality.Totals] = spans.map { LegQuality.totals(of: $0[...]) }
        let isMute: [Bool] = (0..<2).map { leg in
            let expected: [QualitySpan] = spans[leg].filter { $0.state != .idle }
            return totals[leg].expectedMs >= UInt64(QualityJudge.minimumTalk)
                && expected.allSatisfy { $0.packetsReceived == 0 }
        }
        let why: [QualityFinding?] = (0..<2).map { isMute[$0] ? reason(of: $0, totals[$0]) : nil }
        if isMute[0], isMute[1], why.allSatisfy({ $0?.cause == .nothing }) {
            return [QualityFinding(.nothingFromBoth)]
        }
        for leg in 0..<2 {
            if let finding = why[leg] {
                found.append(finding)
            } else {
                found += stretches(of: leg)
            }
            let other: Int = 1 - leg
            // Relayed both ways or not at all, so long as both were expected.
            if !isMute[other], totals[leg].packetsSent == 0, totals[other].packetsReceived >= 100,
                totals[leg].expectedMs >= 5_000
            {
                found.append(QualityFinding(.unreachable, leg: number(leg), address: address(of: leg)))
            }
        }
        return found
    }

    /// Why a leg was never heard.
    private func reason(of leg: Int, _ totals: LegQuality.Totals) -> QualityFinding {
        if totals.packetsFromElsewhere >= 10, let elsewhere = parties[leg].quality.elsewhere {
            return QualityFinding(
                .otherSource, leg: number(leg), address: address(of: leg), elsewhere: elsewhere.description)
        }
        if totals.packetsOfUnknownType >= 10 {
            return QualityFinding(.otherCoding, leg: number(leg), address: address(of: leg))
        }
        return QualityFinding(.nothing, leg: number(leg), address: address(of: leg))
    }

    /// Times in which a leg that was heard before or after was silent.
    private func stretches(of leg: Int) -> [QualityFinding] {
        var found: [QualityFinding] = []
        var hasPaused = false
        /// The span whose gap is told with the silence before it.
        var gapTold = -1
        var index = 0
        let own: [QualitySpan] = spans[leg]
        while index < own.count {
            let span: QualitySpan = own[index]
            hasPaused = hasPaused || span.pauseMs >= 1000
            if span.state == .heard, span.gapMs >= QualityJudge.minimumGap, index != gapTold {
                found.append(
                    QualityFinding(
                        .gap, leg: number(leg), fromMs: sinceAnswer(span.fromMs), toMs: sinceAnswer(span.toMs),
                        value: span.gapMs, address: address(of: leg)))
            }
            guard span.state == .silent || (span.state == .heard && span.silentMs >= QualityJudge.minimumGap) else {
                index += 1
                continue
            }
            // Where it began, then all silence that follows.
            let told: UInt32 = span.toMs > span.silentMs ? span.toMs - span.silentMs : 0
            let begin: UInt32 = max(answeredMs, span.state == .silent ? min(told, span.fromMs) : told)
            var last: Int = index
            while last + 1 < own.count, own[last + 1].state == .silent { last += 1 }
            let next: QualitySpan? = last + 1 < own.count ? own[last + 1] : nil
            let part = own[index...last]
            index = last + 1
            gapTold = index
            if let finding = stretch(leg, part, from: begin, next: next, hasPaused: hasPaused) { found.append(finding) }
        }
        return found.count > 3 ? Array(found.sorted { ($0.value ?? .max) > ($1.value ?? .max) }.prefix(3)) : found
    }

    private func stretch(
        _ leg: Int, _ part: ArraySlice<QualitySpan>, from begin: UInt32, next: QualitySpan?, hasPaused: Bool
    ) -> QualityFinding? {
        guard let end = part.last?.toMs, end > begin else { return nil }
        let totals: LegQuality.Totals = LegQuality.totals(of: part)
        let length: UInt32 = end - begin
        if let next, next.state == .heard {
            // Unless the sender's own numbers say that it left a pause.
            guard next.pauseMs < length / 2, length >= QualityJudge.minimumGap else { return nil }
            return QualityFinding(
                .gap, leg: number(leg), fromMs: sinceAnswer(begin), toMs: sinceAnswer(max(end, begin + next.gapMs)),
                value: max(length, next.gapMs), address: address(of: leg))
        }
        guard length >= (hasPaused ? QualityJudge.minimumSilenceOfPauser : QualityJudge.minimumSilence) else {
            return nil
        }
        var finding = reason(of: leg, totals)
        if finding.cause == .nothing { finding.cause = .stopped }
        finding.fromMs = sinceAnswer(begin)
        // On hold afterwards: it ended with that, not with the call.
        if next != nil { finding.toMs = sinceAnswer(end) }
        return finding
    }
}
