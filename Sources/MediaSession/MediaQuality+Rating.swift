public import Codecs

extension MediaQuality {
    /// Lost and discarded of what was expected, 0 ... 1.
    public var lossRate: Double {
        guard packetsExpected > 0 else { return 0 }
        return Double(packetsLost &+ packetsDiscarded) / Double(packetsExpected)
    }

    /// Sets both scores by the E-model: of what the peer sends, as it arrives here.
    ///
    /// The conversational score is of this leg alone, with half of its round trip, and only where that is known: what the parties of
    /// a call find depends on both legs.
    /// - Parameters:
    ///   - codec: nil leaves the scores open.
    ///   - jitterBufferMs: the delay of the buffer it is played through; nil where it is played elsewhere, and a buffer that holds
    ///     19 packets of 20 in time is assumed.
    public mutating func rate(codec: AudioCodec?, packetTimeMs: UInt8, jitterBufferMs: UInt32? = nil) {
        self.codec = codec
        guard let codec, packetsExpected > 0 else {
            (listeningMOS, conversationalMOS) = (nil, nil)
            return
        }
        let coding = EModel.Coding(codec)
        let listening: Double = coding.band.best - equipmentImpairment(coding)
        listeningMOS = Self.hundredths(listening, coding.band)
        guard let trip = roundTripMicroseconds else {
            conversationalMOS = nil
            return
        }
        let buffer: Double = jitterBufferMs.map { Double($0) } ?? Self.assumedBuffer(highDelayVariationMicroseconds)
        let delay: Double = Double(trip) / 2000 + Double(packetTimeMs) + codec.lookAheadMs + buffer
        conversationalMOS = Self.hundredths(listening - EModel.delayImpairment(delay), coding.band)
    }

    /// Ie,eff of the interval.
    func equipmentImpairment(_ coding: EModel.Coding) -> Double {
        let loss: Double = lossRate
        let ratio: Double = EModel.burstRatio(loss: loss, lost: packetsLost &+ packetsDiscarded, runs: lossRuns)
        return EModel.impairment(coding, loss: loss, burstRatio: ratio)
    }

    /// A receiver's buffer that takes in the variation of 95 packets in 100, 20 ms at least, in ms.
    static func assumedBuffer(_ variationMicroseconds: UInt32) -> Double {
        max(20, Double(variationMicroseconds) / 1000)
    }

    static func hundredths(_ rating: Double, _ band: EModel.Band) -> UInt16 {
        UInt16((EModel.score(rating, band: band) * 100).rounded())
    }
}
