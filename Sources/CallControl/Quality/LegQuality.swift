public import Basics

/// What one party's audio was like, from the call's beginning to its end.
///
/// Bounded: alike intervals that follow one another are told as one, and bad ones stay as they were while there are no more than
/// ``maximumSpans``; then the least different neighbours are told as one too.
public struct LegQuality: Hashable, Sendable {
    public static let maximumSpans: Int = 120
    public static let maximumMarks: Int = 40

    /// ``LegID/index``; 0 is the caller.
    public let leg: UInt16
    /// Codecs by name in the order they were heard, at most 8.
    public var codecs: [String] = []
    public var spans: [QualitySpan] = []
    public var marks: [QualityMark] = []
    /// Where the party's media was taken from last.
    public var source: IPEndpoint?
    /// A source whose packets were dropped, as it may not send here.
    public var elsewhere: IPEndpoint?

    public init(leg: UInt16) { self.leg = leg }

    /// Sums and extremes over all spans.
    public struct Totals: Hashable, Sendable {
        public var packetsExpected: UInt64 = 0
        public var packetsLost: UInt64 = 0
        public var packetsReceived: UInt64 = 0
        public var packetsSent: UInt64 = 0
        public var packetsFromElsewhere: UInt64 = 0
        public var packetsOfUnknownType: UInt64 = 0
        /// In the mean over the time that was scored, and the worst, in hundredths.
        public var mos: UInt16?
        public var worstMOS: UInt16?
        public var jitterMs: UInt16 = 0
        public var variationMs: UInt16 = 0
        /// In the mean over the time it was known.
        public var roundTripMs: UInt16?
        /// How long media was expected, was heard, and was heard or missing in a way a listener notices.
        public var expectedMs: UInt64 = 0
        public var heardMs: UInt64 = 0
        public var badMs: UInt64 = 0

        /// 0 ... 1.
        public var lossRate: Double { packetsExpected == 0 ? 0 : Double(packetsLost) / Double(packetsExpected) }
    }

    public var totals: Totals { LegQuality.totals(of: spans[...]) }

    static func totals(of spans: ArraySlice<QualitySpan>) -> Totals {
        var totals = Totals()
        var (scored, scores, known, trips): (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        for span in spans {
            let length = UInt64(span.lengthMs)
            totals.packetsExpected += UInt64(span.packetsExpected)
            totals.packetsLost += UInt64(span.packetsLost)
            totals.packetsReceived += UInt64(span.packetsReceived)
            totals.packetsSent += UInt64(span.packetsSent)
            totals.packetsFromElsewhere += UInt64(span.packetsFromElsewhere)
            totals.packetsOfUnknownType += UInt64(span.packetsOfUnknownType)
            totals.jitterMs = max(totals.jitterMs, span.jitterMs)
            totals.variationMs = max(totals.variationMs, span.variationMs)
            if let trip = span.roundTripMs {
                known += length
                trips += UInt64(trip) * length
            }
            guard span.state != .idle else { continue }
            totals.expectedMs += length
            if span.state == .heard { totals.heardMs += length }
            if !span.isGood { totals.badMs += length }
            guard let mos = span.mos else { continue }
            scored += length
            scores += UInt64(mos) * length
            totals.worstMOS = min(totals.worstMOS ?? .max, span.worstMOS ?? mos)
        }
        if scored > 0 { totals.mos = UInt16(clamping: scores / scored) }
        if known > 0 { totals.roundTripMs = UInt16(clamping: trips / known) }
        return totals
    }

    // MARK: Growing

    /// Takes the next span in; it begins where the last one ended.
    public mutating func add(_ span: QualitySpan) {
        guard span.toMs > span.fromMs else { return }
        if let last = spans.indices.last, spans[last].isLike(span) {
            spans[last].merge(span)
            return
        }
        spans.append(span)
        if spans.count > LegQuality.maximumSpans { coarsen() }
    }

    /// Tells the two neighbours as one that differ least.
    private mutating func coarsen() {
        var (place, least): (Int, UInt64) = (0, .max)
        for index in 0..<(spans.count - 1) {
            let distance: UInt64 = spans[index].distance(spans[index + 1])
            if distance < least { (place, least) = (index, distance) }
        }
        spans[place].merge(spans[place + 1])
        spans.remove(at: place + 1)
    }

    public mutating func mark(_ kind: QualityMark.Kind, _ text: String, atMs: UInt32) {
        guard marks.count < LegQuality.maximumMarks else { return }
        marks.append(QualityMark(kind: kind, atMs: atMs, text: text))
    }

    /// The place of a codec, which is marked where it is another than the one before.
    mutating func place(of codec: String, atMs: UInt32) -> UInt8? {
        let before: UInt8? = spans.last?.codec
        let place: Int
        if let known = codecs.firstIndex(of: codec) {
            place = known
        } else {
            guard codecs.count < 8 else { return nil }
            codecs.append(codec)
            place = codecs.count - 1
        }
        if before != UInt8(place) { mark(.codec, codec, atMs: atMs) }
        return UInt8(place)
    }
}

/// Something that happened on a leg, to be shown beside its quality.
public struct QualityMark: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Media is taken from this source.
        case latch
        /// The party's audio is coded by this codec from here on.
        case codec
        /// Media is no longer expected both ways, or is again.
        case hold, resume
    }

    public var kind: Kind
    /// Since the call began.
    public var atMs: UInt32
    public var text: String

    public init(kind: Kind, atMs: UInt32, text: String) { (self.kind, self.atMs, self.text) = (kind, atMs, text) }
}
