internal import Basics
internal import MediaSession
internal import SDP
internal import SIPTransaction

/// What the media plane measures of a call, gathered for its record.
extension Call {
    /// The figures of an interval of one stream; the first audio stream of a leg counts.
    mutating func qualityReported(
        _ quality: MediaQuality, of endpoint: MediaEndpointID, in env: inout CallEnvironment
    ) {
        let index = Int(endpoint.leg.index)
        guard index < legs.count, Int(endpoint.stream) == legs[index].audioStream else { return }
        let (from, to) = (sinceStart(quality.from), sinceStart(quality.to))
        let turn: String? = self.quality.add(quality, leg: endpoint.leg.index, fromMs: from, toMs: to)
        if let turn, connectedIndex != nil { note(turn, leg: index, in: &env) }
    }

    mutating func sourceLatched(_ source: IPEndpoint, on endpoint: MediaEndpointID, in env: inout CallEnvironment) {
        let index = Int(endpoint.leg.index)
        guard index < legs.count, Int(endpoint.stream) == legs[index].audioStream else { return }
        quality.latched(source, leg: endpoint.leg.index, atMs: sinceStart(env.now))
    }

    /// Takes over which legs are to be heard; after every event, as any may change it.
    mutating func noteExpectations(now: Moment) {
        // An ending call's streams are closed before their last figures come, which are still of the call.
        guard phase != .ending else { return }
        for index in legs.indices {
            var expected: UInt64 = 0
            for position in legs[index].streams.indices.prefix(64)
            where legs[index].streams[position]?.plan.expectsMedia ?? false {
                expected |= 1 << UInt64(position)
            }
            guard expected != legs[index].expectedStreams else { continue }
            legs[index].expectedStreams = expected
            let isExpected: Bool = expected & 1 << UInt64(min(legs[index].audioStream, 63)) != 0
            quality.expect(isExpected, leg: UInt16(index), atMs: sinceStart(now))
        }
    }

    /// What the record keeps; nil where nobody answered or nothing was measured.
    func settledQuality() -> CallQuality? {
        guard let answeredLeg, let answeredAt = record.answeredAt, let endedAt = record.endedAt else { return nil }
        let own: [LegQuality] = [0, answeredLeg].filter { !legs[Int($0)].isServer }.map {
            quality.quality(of: $0) ?? LegQuality(leg: $0)
        }
        guard own.contains(where: { !$0.spans.isEmpty }) else { return nil }
        let answered = UInt32(clamping: answeredAt.since(record.startedAt).wholeMilliseconds)
        let ended = UInt32(clamping: endedAt.since(record.startedAt).wholeMilliseconds)
        let parties: [QualityJudge.Party] = own.map {
            QualityJudge.Party(quality: $0, address: mediaAddress(of: Int($0.leg)))
        }
        let judge = QualityJudge(parties, answeredMs: answered, endedMs: ended)
        return CallQuality(legs: own, answeredMs: answered, endedMs: ended, findings: judge.findings)
    }

    /// Where a leg's media should come from; behind a NAT where its signalling comes from.
    private func mediaAddress(of index: Int) -> IPAddress? {
        guard index < legs.count else { return nil }
        let signalling: IPAddress = legs[index].target.remote.address
        let audio: Int = legs[index].audioStream
        guard let media = legs[index].remoteDescription?.media, audio < media.count,
            let named = media[audio].rtpEndpoint?.address, !named.isPrivate || signalling.isPrivate
        else { return signalling }
        return named
    }

    private func sinceStart(_ moment: Moment) -> UInt32 {
        UInt32(clamping: max(0, moment.since(startedAt).wholeMilliseconds))
    }
}

extension Leg {
    /// The place of the first audio stream.
    var audioStream: Int { remoteDescription?.media.firstIndex { $0.kind == .audio } ?? 0 }
}

extension CallRecord {
    /// Takes the quality over, and says of each party what was found where nothing graver is said yet.
    mutating func take(_ quality: CallQuality?) {
        guard let quality else { return }
        self.quality = quality
        for index in media.indices where media[index].verdict.isEmpty {
            let findings: [QualityFinding] = quality.findings.filter { $0.leg == media[index].leg }
            media[index].verdict = findings.map { $0.text(in: .english) }.joined(separator: "; ")
        }
    }
}
