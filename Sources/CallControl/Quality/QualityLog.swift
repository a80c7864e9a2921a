internal import Basics
internal import Codecs
internal import MediaSession

/// Gathers what the media plane tells of a call's legs, until the call is settled.
struct QualityLog: Sendable {
    /// One leg's audio and what is expected of it.
    struct Entry: Sendable {
        var quality: LegQuality
        var expectsMedia = false
        /// Since when, of the call.
        var expectedSinceMs: UInt32 = 0
        /// It was expected before.
        var wasExpected = false
        /// Its last span was good; nil before the first that counts.
        var isGood: Bool?
        /// Notes written about turns for the worse or the better.
        var turns: Int = 0
    }

    private static let maximumTurns: Int = 12
    private(set) var entries: [Entry] = []

    private mutating func place(of leg: UInt16) -> Int {
        if let known = entries.firstIndex(where: { $0.quality.leg == leg }) { return known }
        entries.append(Entry(quality: LegQuality(leg: leg)))
        return entries.count - 1
    }

    func quality(of leg: UInt16) -> LegQuality? { entries.first { $0.quality.leg == leg }?.quality }

    /// Whether audio both ways is agreed on the leg, from this moment on.
    mutating func expect(_ expectsMedia: Bool, leg: UInt16, atMs: UInt32) {
        guard expectsMedia || entries.contains(where: { $0.quality.leg == leg }) else { return }
        let place: Int = place(of: leg)
        guard entries[place].expectsMedia != expectsMedia else { return }
        entries[place].expectsMedia = expectsMedia
        if expectsMedia {
            entries[place].expectedSinceMs = atMs
            if entries[place].wasExpected { entries[place].quality.mark(.resume, "", atMs: atMs) }
            entries[place].wasExpected = true
        } else {
            entries[place].quality.mark(.hold, "", atMs: atMs)
        }
    }

    mutating func latched(_ source: IPEndpoint, leg: UInt16, atMs: UInt32) {
        let place: Int = place(of: leg)
        guard entries[place].quality.source != source else { return }
        entries[place].quality.source = source
        entries[place].quality.mark(.latch, source.description, atMs: atMs)
    }

    /// Takes the figures of an interval in.
    /// - Returns: words for the call's trace where the leg's audio took a turn.
    mutating func add(_ quality: MediaQuality, leg: UInt16, fromMs: UInt32, toMs: UInt32) -> String? {
        let place: Int = place(of: leg)
        if let elsewhere = quality.elsewhere { entries[place].quality.elsewhere = elsewhere }
        let since: UInt32 = entries[place].expectedSinceMs
        let isExpected: Bool = entries[place].expectsMedia && since < toMs
        let codec: UInt8? = quality.codec.flatMap {
            entries[place].quality.place(of: $0.name, atMs: max(fromMs, isExpected ? since : 0))
        }
        var span = QualitySpan(quality, isExpected: isExpected, fromMs: fromMs, toMs: toMs, codec: codec)
        if isExpected, since > fromMs {
            // Expected for the last part of it alone; before, nobody was to be heard.
            entries[place].quality.add(QualitySpan(.idle, fromMs: fromMs, toMs: since))
            span.fromMs = since
        }
        // What lies before it was expected is nobody's silence.
        span.silentMs = min(span.silentMs, toMs - min(since, toMs))
        span.gapMs = min(span.gapMs, toMs - min(since, toMs))
        entries[place].quality.add(span)
        return isExpected ? turn(place, span) : nil
    }

    private mutating func turn(_ place: Int, _ span: QualitySpan) -> String? {
        let before: Bool? = entries[place].isGood
        entries[place].isGood = span.isGood
        guard before != span.isGood, before != nil || !span.isGood, entries[place].turns < QualityLog.maximumTurns
        else { return nil }
        entries[place].turns += 1
        if span.isGood { return "audio from here is good again\(QualityLog.score(span.mos))" }
        if span.state == .silent { return "no audio comes from here: nothing for \(span.silentMs / 1000) s" }
        var text = "audio from here is bad\(QualityLog.score(span.mos)):"
        text += " \(span.packetsLost) of \(span.packetsExpected) packets lost, jitter \(span.jitterMs) ms"
        if span.gapMs >= 1000 { text += ", nothing for \(span.gapMs) ms" }
        if let reported = span.reportedLoss, reported >= 5 {
            text += "; it reports \(UInt32(reported) * 100 / 256) % lost of what it is sent"
        }
        if span.packetsFromElsewhere > 0 { text += "; \(span.packetsFromElsewhere) packets from elsewhere dropped" }
        if span.packetsOfUnknownType > 0 { text += "; \(span.packetsOfUnknownType) packets of no agreed type" }
        return text
    }

    private static func score(_ mos: UInt16?) -> String {
        guard let mos else { return "" }
        return " (MOS \(mos / 100).\(mos % 100 < 10 ? "0" : "")\(mos % 100))"
    }
}
