public import Basics

/// What a call's audio was like, and what was wrong with it.
public struct CallQuality: Hashable, Sendable {
    /// The two parties: the caller, then who answered.
    public var legs: [LegQuality]
    /// The answer, and the end of the call, since its beginning.
    public var answeredMs: UInt32
    public var endedMs: UInt32
    /// What was found, the gravest first; empty where there was too little to judge.
    public var findings: [QualityFinding]

    public init(legs: [LegQuality], answeredMs: UInt32, endedMs: UInt32, findings: [QualityFinding]) {
        (self.legs, self.answeredMs, self.endedMs, self.findings) = (legs, answeredMs, endedMs, findings)
    }

    /// The letter of a leg in verdicts: A is the caller.
    public static func letter(_ leg: UInt16) -> String { leg == 0 ? "A" : "B" }

    /// The worse of both parties' mean scores, in hundredths.
    public var mos: UInt16? { legs.compactMap(\.totals.mos).min() }
    public var worstMOS: UInt16? { legs.compactMap(\.totals.worstMOS).min() }
}

/// One thing found out about a call's audio; ``text(in:)`` says it in words.
public struct QualityFinding: Hashable, Sendable {
    public var cause: QualityCause
    /// The leg whose media it is about; nil where it is about both.
    public var leg: UInt16?
    /// From the answer on; nil where it held throughout.
    public var fromMs: UInt32?
    public var toMs: UInt32?
    /// What ``QualityCause`` says: a rate in thousandths, a score in hundredths, or milliseconds.
    public var value: UInt32?
    /// Loss came in bursts.
    public var isBursty: Bool
    /// Where the party is, or where its packets came from instead.
    public var address: String?
    public var elsewhere: String?

    public init(
        _ cause: QualityCause, leg: UInt16? = nil, fromMs: UInt32? = nil, toMs: UInt32? = nil, value: UInt32? = nil,
        isBursty: Bool = false, address: String? = nil, elsewhere: String? = nil
    ) {
        (self.cause, self.leg, self.fromMs, self.toMs, self.value) = (cause, leg, fromMs, toMs, value)
        (self.isBursty, self.address, self.elsewhere) = (isBursty, address, elsewhere)
    }
}

/// What may be said of a call's audio; the gravest first.
public enum QualityCause: String, Hashable, Sendable, CaseIterable {
    /// No packet came from either party.
    case nothingFromBoth = "nothing-from-both"
    /// The leg's packets came from another address than those that may send, and were dropped.
    case otherSource = "other-source"
    /// The leg sends audio of a type that was not agreed.
    case otherCoding = "other-coding"
    /// No packet came from the leg.
    case nothing
    /// Nothing came from the leg any more.
    case stopped
    /// Nothing could be sent to the leg: where its media goes is not known.
    case unreachable
    /// Nothing came from the leg for a while; the value is for how long.
    case gap
    /// Both legs lost packets at the same time: the value is a rate.
    case lossOfBoth = "loss-of-both"
    /// Packets were lost on their way from the leg, and to it.
    case lossFrom = "loss-from"
    case lossTo = "loss-to"
    /// Packets from the leg came unevenly; the value is by how much.
    case jitter
    /// The value is the delay one way, from party to party.
    case delay
    /// Nothing was to be heard: on hold from the answer to the end.
    case held
    /// Nothing else was found, and the value is the worse party's score.
    case poor, fair, good
}
