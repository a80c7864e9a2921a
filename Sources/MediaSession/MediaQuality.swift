public import Basics
public import Codecs

/// A tone by which a machine makes itself known.
public enum MachineTone: String, Hashable, Sendable, CaseIterable {
    /// 1100 Hz of a calling fax (ITU-T T.30 §4).
    case faxCalling = "CNG"
    /// 2100 Hz of an answering fax or modem (T.30 §4, V.25).
    case answering = "CED"
    /// 2100 Hz with phase reversals: a modem that wants echo cancellers off (V.25, V.8 ANSam).
    case answeringReversed = "ANSam"
    /// Flags of V.21 at 300 bit/s: a fax that begins to say what it can (T.30 §5.3.1).
    case faxPreamble = "V.21"
}

/// What one leg's media was like over an interval, 5 s or less at the end.
public struct MediaQuality: Hashable, Sendable {
    public var from: Moment
    public var to: Moment
    /// Of the stream that comes from the peer.
    public var packetsExpected: UInt32 = 0
    public var packetsReceived: UInt32 = 0
    public var packetsLost: UInt32 = 0
    /// Packets that came too late to be played, where they are played here.
    public var packetsDiscarded: UInt32 = 0
    /// The longest run of lost packets.
    public var longestLoss: UInt16 = 0
    /// Lost or discarded within bursts (RFC 3611 §4.7.2 with Gmin 16).
    public var packetsLostInBursts: UInt32 = 0
    /// All packets within bursts, and how many bursts there were.
    public var packetsInBursts: UInt32 = 0
    public var bursts: UInt32 = 0
    /// Runs of lost or discarded packets without one that came between.
    public var lossRuns: UInt32 = 0
    public var packetsDuplicated: UInt32 = 0
    /// Came after a packet that was sent later.
    public var packetsReordered: UInt32 = 0
    /// The longest time without a packet, in ms, above 150; one that lasts on counts from the last packet.
    public var longestGapMs: UInt32 = 0
    /// How long nothing had come when the interval ended, in ms; 0 below 150.
    public var silentMs: UInt32 = 0
    /// The longest such time that ended here and that the sender's numbers and timestamps account for (comfort noise, DTX).
    public var longestPauseMs: UInt32 = 0
    /// Interarrival jitter (RFC 3550 §6.4.1) at the interval's end.
    public var jitterMicroseconds: UInt32 = 0
    /// Delay above the least one seen: of half of the packets, and of 95 in 100, at most.
    public var delayVariationMicroseconds: UInt32 = 0
    public var highDelayVariationMicroseconds: UInt32 = 0
    /// By the peer's reports; nil while none came.
    public var roundTripMicroseconds: UInt32?
    /// Audio made up in place of what was lost, where it is played here.
    public var concealedMs: UInt32 = 0
    /// What was sent to the peer meanwhile.
    public var packetsSent: UInt32 = 0
    /// Dropped as they came from a source that may not send here, and such a source.
    public var packetsFromElsewhere: UInt32 = 0
    public var elsewhere: IPEndpoint?
    /// Dropped as their payload type is none that was agreed.
    public var packetsOfUnknownType: UInt32 = 0
    /// What the peer's audio is coded by; nil where it is no audio or not known.
    public var codec: AudioCodec?
    /// What the peer reports of what it hears: loss in 1/256, jitter; nil while none came.
    public var reportedLossFraction: UInt8?
    public var reportedJitterMicroseconds: UInt32?
    /// By the E-model (ITU-T G.107), in hundredths: 100 ... 500. `listening` of what comes from the peer.
    public var listeningMOS: UInt16?
    /// With the delay (MOS-CQ), where it is known.
    public var conversationalMOS: UInt16?

    public init(from: Moment, to: Moment) { (self.from, self.to) = (from, to) }
}
