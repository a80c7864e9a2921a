public import Basics

/// Finds out what was wrong with a call's audio, and where.
///
/// A pure function over both legs' spans. It blames nobody without a sign of it: time on hold is not judged, pauses that a sender
/// leaves itself are no silence, what a listener lost is laid to its leg only as far as it had not been lost before, and losses
/// of both legs at once to neither.
public struct QualityJudge: Sendable {
    /// What is known of a party beside its media.
    public struct Party: Sendable {
        public var quality: LegQuality
        /// Where its media should come from: by its description, else where its signalling comes from.
        public var address: IPAddress?
        public init(quality: LegQuality, address: IPAddress?) { (self.quality, self.address) = (quality, address) }
    }

    /// Less than this is not judged.
    static let minimumTalk: UInt32 = 2_000
    /// Silence up to the end of a call is told from here; of a sender that left pauses before, from there.
    static let minimumSilence: UInt32 = 6_000
    static let minimumSilenceOfPauser: UInt32 = 60_000
    static let minimumGap: UInt32 = 2_000
    static let minimumLoss: Double = 0.02

    let parties: [Party]
    let answeredMs: UInt32
    let endedMs: UInt32
    /// The spans of the conversation.
    let spans: [[QualitySpan]]

    /// - Parameter parties: the caller, then who answered.
    public init(_ parties: [Party], answeredMs: UInt32, endedMs: UInt32) {
        (self.parties, self.answeredMs, self.endedMs) = (parties, answeredMs, endedMs)
        spans = parties.map { party in party.quality.spans.filter { $0.toMs > answeredMs } }
    }

    /// The findings, the gravest first; empty where there is too little to judge.
    public var findings: [QualityFinding] {
        guard parties.count == 2, endedMs >= answeredMs, endedMs - answeredMs >= QualityJudge.minimumTalk,
            spans.contains(where: { !$0.isEmpty })
        else { return [] }
        let expected: [UInt64] = spans.map { LegQuality.totals(of: $0[...]).expectedMs }
        guard expected.contains(where: { $0 >= UInt64(QualityJudge.minimumTalk) }) else {
            let isHeld: Bool = spans.allSatisfy { $0.allSatisfy { $0.state == .idle } }
            return isHeld ? [QualityFinding(.held)] : []
        }
        var found: [QualityFinding] = silence()
        found += loss()
        for leg in 0..<2 {
            if let jitter = jitter(of: leg) { found.append(jitter) }
        }
        if let delay { found.append(delay) }
        if found.isEmpty, let score { found.append(score) }
        let order: [QualityCause] = QualityCause.allCases
        return found.enumerated().sorted { one, other in
            let (first, second) = (order.firstIndex(of: one.element.cause), order.firstIndex(of: other.element.cause))
            return (first ?? 0, one.offset) < (second ?? 0, other.offset)
        }.map(\.element)
    }

    func number(_ leg: Int) -> UInt16 { parties[leg].quality.leg }
    /// Since the answer.
    func sinceAnswer(_ ms: UInt32) -> UInt32 { ms > answeredMs ? ms - answeredMs : 0 }

    // MARK: Jitter, delay, score

    private func jitter(of leg: Int) -> QualityFinding? {
        let uneven: [QualitySpan] = spans[leg].filter {
            $0.state == .heard && ($0.jitterMs >= 30 || $0.variationMs >= 60)
        }
        let length: UInt64 = uneven.reduce(0) { $0 + UInt64($1.lengthMs) }
        guard length >= 5_000, let first = uneven.first, let last = uneven.last else { return nil }
        let most: UInt16 = uneven.map { max($0.variationMs, $0.jitterMs) }.max() ?? 0
        let isThroughout: Bool = length * 5 >= LegQuality.totals(of: spans[leg][...]).heardMs * 4
        return QualityFinding(
            .jitter, leg: number(leg), fromMs: isThroughout ? nil : sinceAnswer(first.fromMs),
            toMs: isThroughout ? nil : sinceAnswer(last.toMs), value: UInt32(most), address: address(of: leg))
    }

    /// Half of both round trips, and 60 ms for a packet at each end and the listener's buffer.
    private var delay: QualityFinding? {
        let trips: [UInt16?] = spans.map { LegQuality.totals(of: $0[...]).roundTripMs }
        let known: UInt32 = trips.reduce(0) { $0 + UInt32($1 ?? 0) }
        let oneWay: UInt32 = known / 2 + 60
        guard oneWay >= 250 else { return nil }
        // Most of it on one leg names that leg.
        var leg: UInt16?
        for index in 0..<2 where UInt32(trips[index] ?? 0) * 10 >= known * 7 { leg = number(index) }
        return QualityFinding(.delay, leg: leg, value: oneWay)
    }

    private var score: QualityFinding? {
        let scores: [UInt16] = spans.compactMap { LegQuality.totals(of: $0[...]).mos }
        guard let worse = scores.min() else { return nil }
        let cause: QualityCause = worse >= 400 ? .good : worse >= 310 ? .fair : .poor
        return QualityFinding(cause, value: UInt32(worse))
    }

    func address(of leg: Int) -> String? {
        parties[leg].quality.source.map { $0.address.description } ?? parties[leg].address.map(\.description)
    }
}
