/// How a fax goes, or went, for the call's record.
public struct FaxFigures: Hashable, Sendable {
    public enum Result: String, Hashable, Sendable, CaseIterable {
        /// No fax was heard yet.
        case waiting
        /// The terminals talk to each other.
        case running
        /// All pages were confirmed by the receiver.
        case completed
        /// One terminal ended it (DCN) before all pages were confirmed.
        case broken
    }

    public var result: Result = .waiting
    /// Pages the receiver confirmed.
    public var pages: UInt32 = 0
    /// Of the pages, in bit/s; 0 before it is agreed.
    public var bitRate: UInt32 = 0
    /// The error correction mode of T.30 is used.
    public var errorCorrectionMode: Bool = false
    /// The pages come from the T.38 end.
    public var isFromT38: Bool = false
    /// What sender and receiver call themselves (TSI, CSI): up to 20 digits and signs each.
    public var sender: String?
    public var receiver: String?
    /// Trainings the receiver refused (FTT).
    public var trainingFailures: UInt32 = 0
    /// Pages, or parts of them, that were asked for again (PPR), and pages that were refused (RTN).
    public var repetitions: UInt32 = 0
    public var refusedPages: UInt32 = 0
    /// Of the packets of the T.38 end.
    public var packets = UDPTLReceiver.Figures()
    /// Frames of 20 ms that the other end's audio lacked.
    public var missingFrames: UInt64 = 0

    public init() {}
}
