public import Fax

/// What one leg's faxes came to; pages and errors are known where the server's gateway was between.
public struct LegFaxFacts: Hashable, Sendable {
    public enum Way: String, Hashable, Sendable, CaseIterable {
        /// T.38, passed through to the other party's.
        case passthrough
        /// T.38, made into sound for the other party.
        case gateway
        /// Sound, made into T.38 for the other party.
        case gatewaySound = "gateway-sound"
        /// Sound to sound, after a fax was heard that nobody took as T.38.
        case sound
    }

    public var way: Way
    /// Of the last fax; nil where no gateway saw it.
    public var result: FaxFigures.Result?
    /// The leg is the one the pages of the last fax came from.
    public var sends: Bool = false
    /// Pages that were confirmed, of all faxes of the call.
    public var pages: UInt32 = 0
    /// Of the last fax, in bit/s; 0 where it was never agreed.
    public var bitRate: UInt32 = 0
    /// The error correction mode of T.30 was used.
    public var errorCorrection: Bool = false
    /// Parts of pages that were sent again (PPR), pages that were refused (RTN), and trainings that failed (FTT).
    public var repeated: UInt32 = 0
    public var refusedPages: UInt32 = 0
    public var trainingFailures: UInt32 = 0
    /// Packets of T.38 from the leg that could not be made up for.
    public var packetsLost: UInt32 = 0

    public init(way: Way) { self.way = way }

    /// What came of it, in words.
    public var words: String {
        var text: String
        switch way {
        case .passthrough: return "fax as T.38 to T.38"
        case .sound: return "fax as sound"
        case .gateway: text = "fax as T.38, made into sound for the other party"
        case .gatewaySound: text = "fax as sound, made into T.38 for the other party"
        }
        guard let result else { return text + ": no fax came" }
        switch result {
        case .waiting: return text + ": no fax came"
        case .running: text += ": ended in the middle of a fax"
        case .completed: text += sends ? ": sent" : ": received"
        case .broken: text += sends ? ": sending broken off" : ": receiving broken off"
        }
        text += ", \(pages) \(pages == 1 ? "page" : "pages")"
        if bitRate > 0 { text += " at \(bitRate) bit/s" }
        text += errorCorrection ? " with error correction" : " without error correction"
        if trainingFailures > 0 { text += ", \(trainingFailures) trainings failed" }
        if repeated > 0 { text += ", \(repeated) parts sent again" }
        if refusedPages > 0 { text += ", \(refusedPages) pages refused" }
        if packetsLost > 0 { text += ", \(packetsLost) packets lost" }
        return text
    }
}
