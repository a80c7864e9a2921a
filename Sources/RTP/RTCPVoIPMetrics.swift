/// What a receiver says of a voice stream it plays (RFC 3611 §4.7).
public struct RTCPVoIPMetrics: Hashable, Sendable {
    static let blockType: UInt8 = 7
    /// Without the block's head, in bytes.
    static let length: Int = 32
    /// What levels, echo loss, ratings and scores are where they are not known (RFC 3611 §4.7.3-4.7.5).
    public static let unavailable: UInt8 = 127

    /// The source the figures are about.
    public var ssrc: UInt32
    /// Lost in the network and discarded by the receiver since the start, in 256ths of what was expected (§4.7.1).
    public var lossRate: UInt8 = 0
    public var discardRate: UInt8 = 0
    /// Lost or discarded within bursts and outside of them, in 256ths (§4.7.2).
    public var burstDensity: UInt8 = 0
    public var gapDensity: UInt8 = 0
    /// Mean length of bursts and gaps, in ms (§4.7.2).
    public var burstDurationMs: UInt16 = 0
    public var gapDurationMs: UInt16 = 0
    /// Between the RTP ends, in ms; 0 is unknown (§4.7.3).
    public var roundTripMs: UInt16 = 0
    /// Of the end that reports, from arrival to the ear and from the mouth to sending, in ms; 0 is unknown (§4.7.3).
    public var endSystemDelayMs: UInt16 = 0
    /// Of the speech and of the pauses, in dBm0; two's complement (§4.7.4).
    public var signalLevel: UInt8 = unavailable
    public var noiseLevel: UInt8 = unavailable
    /// Residual echo return loss in dB (§4.7.4).
    public var residualEchoLoss: UInt8 = unavailable
    /// The least number of packets between two losses that ends a burst (§4.7.2).
    public var minimumGap: UInt8 = 16
    /// Ratings by the E-model, 0 ... 100: of the RTP segment, and of another segment (§4.7.5).
    public var rFactor: UInt8 = unavailable
    public var externalRFactor: UInt8 = unavailable
    /// Scores in tenths, 10 ... 50: of listening, and of conversation with its delay (§4.7.5).
    public var listeningMOS: UInt8 = unavailable
    public var conversationalMOS: UInt8 = unavailable
    /// Concealment, kind of jitter buffer and its rate (§4.7.6).
    public var receiverConfiguration: UInt8 = 0
    /// Delay of the jitter buffer, the most it has for a packet that comes in time, and the most it can have, in ms (§4.7.7).
    public var jitterBufferNominalMs: UInt16 = 0
    public var jitterBufferMaximumMs: UInt16 = 0
    public var jitterBufferAbsoluteMaximumMs: UInt16 = 0

    public init(ssrc: UInt32) { self.ssrc = ssrc }

    /// - Parameter offset: behind the block's head; ``length`` bytes follow.
    init(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        ssrc = load32(bytes, offset)
        (lossRate, discardRate) = (bytes[offset + 4], bytes[offset + 5])
        (burstDensity, gapDensity) = (bytes[offset + 6], bytes[offset + 7])
        (burstDurationMs, gapDurationMs) = (load16(bytes, offset + 8), load16(bytes, offset + 10))
        (roundTripMs, endSystemDelayMs) = (load16(bytes, offset + 12), load16(bytes, offset + 14))
        (signalLevel, noiseLevel) = (bytes[offset + 16], bytes[offset + 17])
        (residualEchoLoss, minimumGap) = (bytes[offset + 18], bytes[offset + 19])
        (rFactor, externalRFactor) = (bytes[offset + 20], bytes[offset + 21])
        (listeningMOS, conversationalMOS) = (bytes[offset + 22], bytes[offset + 23])
        receiverConfiguration = bytes[offset + 24]
        jitterBufferNominalMs = load16(bytes, offset + 26)
        jitterBufferMaximumMs = load16(bytes, offset + 28)
        jitterBufferAbsoluteMaximumMs = load16(bytes, offset + 30)
    }

    func write(_ bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
        store32(ssrc, bytes, offset)
        (bytes[offset + 4], bytes[offset + 5]) = (lossRate, discardRate)
        (bytes[offset + 6], bytes[offset + 7]) = (burstDensity, gapDensity)
        store16(burstDurationMs, bytes, offset + 8)
        store16(gapDurationMs, bytes, offset + 10)
        store16(roundTripMs, bytes, offset + 12)
        store16(endSystemDelayMs, bytes, offset + 14)
        (bytes[offset + 16], bytes[offset + 17]) = (signalLevel, noiseLevel)
        (bytes[offset + 18], bytes[offset + 19]) = (residualEchoLoss, minimumGap)
        (bytes[offset + 20], bytes[offset + 21]) = (rFactor, externalRFactor)
        (bytes[offset + 22], bytes[offset + 23]) = (listeningMOS, conversationalMOS)
        (bytes[offset + 24], bytes[offset + 25]) = (receiverConfiguration, 0)
        store16(jitterBufferNominalMs, bytes, offset + 26)
        store16(jitterBufferMaximumMs, bytes, offset + 28)
        store16(jitterBufferAbsoluteMaximumMs, bytes, offset + 30)
    }

    public enum Concealment: UInt8, Hashable, Sendable {
        case unspecified = 0
        /// Silence in place of what is lost.
        case disabled = 1
        case enhanced = 2
        case standard = 3
    }

    public enum JitterBuffer: UInt8, Hashable, Sendable {
        case unknown = 0
        case fixed = 2
        case adaptive = 3
    }

    /// - Parameter rate: how fast the buffer adapts, 0 ... 15; 0 where it is not known (§4.7.6).
    public static func configuration(_ concealment: Concealment, _ buffer: JitterBuffer, rate: UInt8 = 0) -> UInt8 {
        concealment.rawValue << 6 | buffer.rawValue << 4 | rate & 15
    }
}
