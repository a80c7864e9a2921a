public import MediaSession

/// What came from one party over a part of a call: one interval of the media plane, or several that were alike.
public struct QualitySpan: Hashable, Sendable {
    public enum State: UInt8, Hashable, Sendable {
        case heard = 0
        /// Media was expected and nothing came.
        case silent = 1
        /// Nothing was expected: on hold, before the answer, or without a stream both ways.
        case idle = 2
    }

    public var state: State
    /// Since the call began.
    public var fromMs: UInt32
    public var toMs: UInt32
    /// Listening scores by the E-model in hundredths, the mean and the worst; nil where nothing was scored.
    public var mos: UInt16?
    public var worstMOS: UInt16?
    public var packetsExpected: UInt32 = 0
    /// Lost, or discarded here.
    public var packetsLost: UInt32 = 0
    public var packetsLostInBursts: UInt32 = 0
    public var packetsReceived: UInt32 = 0
    /// To the party.
    public var packetsSent: UInt32 = 0
    /// The highest interarrival jitter, and the highest delay variation of 95 packets in 100.
    public var jitterMs: UInt16 = 0
    public var variationMs: UInt16 = 0
    /// Between us and the party, in the mean; nil while unknown.
    public var roundTripMs: UInt16?
    /// The highest loss it reported of what it was sent, in 256ths; nil where it reported none.
    public var reportedLoss: UInt8?
    /// The longest time without a packet that ended here and was no pause of the sender.
    public var gapMs: UInt32 = 0
    /// How long nothing had come at its end.
    public var silentMs: UInt32 = 0
    /// The longest pause of the sender (comfort noise, DTX) that ended here.
    public var pauseMs: UInt32 = 0
    /// Dropped for their source, and for their payload type.
    public var packetsFromElsewhere: UInt32 = 0
    public var packetsOfUnknownType: UInt32 = 0
    /// Place in ``LegQuality/codecs``; nil where the codec is not known.
    public var codec: UInt8?

    public init(_ state: State, fromMs: UInt32, toMs: UInt32) {
        (self.state, self.fromMs, self.toMs) = (state, fromMs, toMs)
    }

    init(_ quality: MediaQuality, isExpected: Bool, fromMs: UInt32, toMs: UInt32, codec: UInt8?) {
        self.init(
            isExpected ? (quality.packetsReceived > 0 ? .heard : .silent) : .idle, fromMs: fromMs, toMs: toMs)
        (mos, worstMOS) = (quality.listeningMOS, quality.listeningMOS)
        packetsExpected = quality.packetsExpected
        packetsLost = quality.packetsLost &+ quality.packetsDiscarded
        packetsLostInBursts = quality.packetsLostInBursts
        packetsReceived = quality.packetsReceived
        packetsSent = quality.packetsSent
        jitterMs = UInt16(clamping: (quality.jitterMicroseconds &+ 500) / 1000)
        variationMs = UInt16(clamping: (quality.highDelayVariationMicroseconds &+ 500) / 1000)
        roundTripMs = quality.roundTripMicroseconds.map { UInt16(clamping: ($0 &+ 500) / 1000) }
        reportedLoss = quality.reportedLossFraction
        silentMs = quality.silentMs
        gapMs = quality.longestGapMs > quality.silentMs ? quality.longestGapMs : 0
        pauseMs = quality.longestPauseMs
        packetsFromElsewhere = quality.packetsFromElsewhere
        packetsOfUnknownType = quality.packetsOfUnknownType
        self.codec = codec
    }

    public var lengthMs: UInt32 { toMs > fromMs ? toMs - fromMs : 0 }
    /// 0 ... 1.
    public var lossRate: Double { packetsExpected == 0 ? 0 : Double(packetsLost) / Double(packetsExpected) }

    /// Whether a listener would find anything wrong with it.
    public var isGood: Bool {
        switch state {
        case .idle: true
        case .silent: false
        case .heard:
            packetsLost &* 100 <= packetsExpected && (mos ?? 441) >= 400 && jitterMs < 30 && variationMs < 60
                && gapMs < 1000 && silentMs < 1000 && (reportedLoss ?? 0) < 5
                // One that strayed in, as the first of a phone may before its address is known, spoils nothing.
                && packetsFromElsewhere &* 20 <= packetsExpected && packetsOfUnknownType &* 20 <= packetsExpected
        }
    }

    /// Whether nothing is lost by telling both as one.
    func isLike(_ next: QualitySpan) -> Bool {
        guard state == next.state, toMs == next.fromMs, codec == next.codec else { return false }
        switch state {
        case .idle: return true
        case .silent:
            return (packetsFromElsewhere > 0) == (next.packetsFromElsewhere > 0)
                && (packetsOfUnknownType > 0) == (next.packetsOfUnknownType > 0)
        case .heard:
            guard isGood, next.isGood else { return false }
            return abs(Int(mos ?? 0) - Int(next.mos ?? 0)) <= 10 && (pauseMs > 0) == (next.pauseMs > 0)
        }
    }

    /// Takes the next one in.
    mutating func merge(_ next: QualitySpan) {
        let (before, after) = (UInt64(lengthMs), UInt64(next.lengthMs))
        func mean(_ one: UInt16?, _ other: UInt16?) -> UInt16? {
            guard let one, let other else { return one ?? other }
            return UInt16(clamping: (UInt64(one) * before + UInt64(other) * after) / max(before + after, 1))
        }
        mos = mean(mos, next.mos)
        roundTripMs = mean(roundTripMs, next.roundTripMs)
        worstMOS = [worstMOS, next.worstMOS].compactMap(\.self).min()
        reportedLoss = [reportedLoss, next.reportedLoss].compactMap(\.self).max()
        packetsExpected &+= next.packetsExpected
        packetsLost &+= next.packetsLost
        packetsLostInBursts &+= next.packetsLostInBursts
        packetsReceived &+= next.packetsReceived
        packetsSent &+= next.packetsSent
        packetsFromElsewhere &+= next.packetsFromElsewhere
        packetsOfUnknownType &+= next.packetsOfUnknownType
        jitterMs = max(jitterMs, next.jitterMs)
        variationMs = max(variationMs, next.variationMs)
        gapMs = max(gapMs, next.gapMs)
        pauseMs = max(pauseMs, next.pauseMs)
        silentMs = next.silentMs
        if state != next.state { state = .heard }
        codec = next.codec ?? codec
        toMs = next.toMs
    }

    /// How much would be lost by telling both as one; least where they are alike and short.
    func distance(_ next: QualitySpan) -> UInt64 {
        let scores = UInt64(abs(Int(mos ?? 100) - Int(next.mos ?? 100)))
        let states: UInt64 = state == next.state ? 0 : 10_000
        let codecs: UInt64 = codec == next.codec ? 0 : 1000
        return (1 + scores + states + codecs) * UInt64(min(lengthMs, next.lengthMs) / 100 + 1)
    }
}
