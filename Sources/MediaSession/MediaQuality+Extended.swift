public import Codecs
public import RTP

extension MediaQuality {
    /// The figures as VoIP metrics of an extended report (RFC 3611 §4.7): those since the start, rated.
    ///
    /// - Parameters:
    ///   - ssrc: of the stream they are about.
    ///   - jitterBufferMs: the delay of the buffer it is played through; nil where it is played elsewhere.
    public func voipMetrics(
        ssrc: UInt32, codec: AudioCodec?, packetTimeMs: UInt8, jitterBufferMs: UInt32? = nil
    ) -> RTCPVoIPMetrics {
        var metrics = RTCPVoIPMetrics(ssrc: ssrc)
        let bad: UInt32 = packetsLost &+ packetsDiscarded
        metrics.lossRate = Self.fraction(packetsLost, packetsExpected)
        metrics.discardRate = Self.fraction(packetsDiscarded, packetsExpected)
        metrics.burstDensity = Self.fraction(packetsLostInBursts, packetsInBursts)
        let inGaps: UInt32 = packetsExpected > packetsInBursts ? packetsExpected - packetsInBursts : 0
        metrics.gapDensity = Self.fraction(bad > packetsLostInBursts ? bad - packetsLostInBursts : 0, inGaps)
        let length = UInt64(packetTimeMs)
        if bursts > 0 {
            metrics.burstDurationMs = UInt16(clamping: UInt64(packetsInBursts) * length / UInt64(bursts))
        }
        metrics.gapDurationMs = UInt16(clamping: UInt64(inGaps) * length / UInt64(max(bursts, 1)))
        metrics.roundTripMs = UInt16(clamping: (roundTripMicroseconds ?? 0) / 1000)
        if let jitterBufferMs {
            metrics.receiverConfiguration = RTCPVoIPMetrics.configuration(.standard, .adaptive)
            metrics.jitterBufferNominalMs = UInt16(clamping: jitterBufferMs)
            metrics.jitterBufferMaximumMs = UInt16(clamping: jitterBufferMs)
            metrics.endSystemDelayMs = UInt16(clamping: jitterBufferMs + 2 * UInt32(packetTimeMs))
        }
        guard let codec, packetsExpected > 0 else { return metrics }
        let coding = EModel.Coding(codec)
        let rating: Double = (coding.band.best - equipmentImpairment(coding)) / coding.band.scale
        metrics.rFactor = UInt8(min(max(rating.rounded(), 0), 100))
        var rated: MediaQuality = self
        rated.rate(codec: codec, packetTimeMs: packetTimeMs, jitterBufferMs: jitterBufferMs)
        if let score = rated.listeningMOS { metrics.listeningMOS = UInt8((score + 5) / 10) }
        if let score = rated.conversationalMOS { metrics.conversationalMOS = UInt8((score + 5) / 10) }
        return metrics
    }

    private static func fraction(_ part: UInt32, _ whole: UInt32) -> UInt8 {
        whole == 0 ? 0 : UInt8(clamping: UInt64(part) << 8 / UInt64(whole))
    }
}
