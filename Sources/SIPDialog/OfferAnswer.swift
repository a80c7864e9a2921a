public import Basics

/// Who owes whom a session description in one INVITE dialog (RFC 3264, RFC 6337), glare included (RFC 3261 §14).
///
/// It is told of every message of the INVITE usage, with or without a description, in either direction:
/// ``received(_:sdp:random:)`` before it is acted on, ``sending(_:sdp:)`` before it is sent, and ``failed(_:by:)`` for
/// a final response other than 2xx or a timeout. Descriptions are opaque bytes. A forked INVITE's dialogs each take a
/// copy made after the INVITE was sent.
public struct OfferAnswer: Hashable, Sendable {
    /// The descriptions both sides hold to.
    public struct Agreement: Hashable, Sendable {
        public let local: [UInt8]
        public let remote: [UInt8]
        /// Who made the offer of this pair.
        public let offerer: SessionSide

        public init(local: [UInt8], remote: [UInt8], offerer: SessionSide) {
            (self.local, self.remote, self.offerer) = (local, remote, offerer)
        }
    }

    public enum Phase: Hashable, Sendable {
        case idle
        /// An offer waits for its answer. `from` made it, in `carrier`.
        case pending(from: SessionSide, carrier: SDPCarrier, sdp: [UInt8])
    }

    /// An INVITE transaction that has no final response yet.
    struct PendingInvite: Hashable, Sendable {
        /// An offer of this transaction was made, in the INVITE or a reliable 1xx; a 2xx then has none to make.
        var hasOffer: Bool
        /// What holds again if the INVITE is refused (RFC 3261 §14.1).
        var before: Agreement?
    }

    public internal(set) var phase: Phase = .idle
    /// What was agreed last; nil before the first answer.
    public internal(set) var agreed: Agreement?
    /// The description of an unreliable 1xx to our pending INVITE; nil once the answer has come.
    public internal(set) var preview: [UInt8]?
    var localInvite: PendingInvite?
    var remoteInvite: PendingInvite?
    /// The version of the description we sent last, or of the first one; see ``version(of:)``.
    private var localVersion: UInt64
    /// The description we sent last, with version 0.
    private var sentDescription: [UInt8]?

    /// - Parameter firstVersion: the `sess-version` of our first description; the RFCs ask for nothing but growth (RFC
    ///   8866 §5.2).
    public init(firstVersion: UInt64 = 1) { localVersion = firstVersion }

    /// The version for the `o=` line of a description of ours: one more than that of the last where anything changed,
    /// else the same (RFC 3264 §8).
    ///
    /// What is written and never sent takes no version: ``sending(_:sdp:)`` counts.
    /// - Parameter description: the description we are about to send, serialised with version 0.
    public func version(of description: [UInt8]) -> UInt64 {
        guard let sentDescription, sentDescription != description else { return localVersion }
        return localVersion + 1
    }

    /// A description of ours went out, or is about to.
    public mutating func sent(_ description: [UInt8]) {
        guard let (version, text) = OfferAnswer.unversioned(description),
            sentDescription == nil || version >= localVersion
        else { return }
        (localVersion, sentDescription) = (version, text)
    }

    /// The version in the o= line of a description, and the description with version 0.
    private static func unversioned(_ description: [UInt8]) -> (version: UInt64, text: [UInt8])? {
        var place = 0
        // o= follows v=, the first line.
        while place + 1 < description.count,
            description[place] != UInt8(ascii: "o") || description[place + 1] != UInt8(ascii: "=")
        {
            guard let end = description[place...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            place = end + 1
        }
        var blanks = 0
        while place < description.count, blanks < 2 {
            if description[place] == UInt8(ascii: " ") { blanks += 1 }
            place += 1
        }
        var end: Int = place
        var version: UInt64 = 0
        while end < description.count, (0x30...0x39).contains(description[end]) {
            version = version &* 10 &+ UInt64(description[end] - 0x30)
            end += 1
        }
        guard end > place else { return nil }
        return (version, description[..<place] + [UInt8(ascii: "0")] + description[end...])
    }

    /// Whether an INVITE of `side` has no final response yet.
    public func isInvitePending(by side: SessionSide) -> Bool {
        side == .local ? localInvite != nil : remoteInvite != nil
    }

    /// The side that has an offer open; nil when none is.
    public var pendingOfferer: SessionSide? {
        guard case .pending(let side, _, _) = phase else { return nil }
        return side
    }

    /// Whether a request of ours may be sent now: an INVITE with or without an offer, an UPDATE or PRACK with one (RFC
    /// 3264 §4, RFC 3261 §14.1, RFC 3311 §5.1). Anything else is never barred by offers.
    public func canOffer(in carrier: SDPCarrier) -> Bool {
        guard phase == .idle else { return false }
        if carrier == .invite { return localInvite == nil && remoteInvite == nil }
        if carrier == .prack { return true }
        // While an INVITE without offer waits for one, the other side may be sending it; and before the first agreement
        // UPDATE has nothing to build on (RFC 3311 §5.1).
        return carrier == .update && agreed != nil && localInvite?.hasOffer ?? true && remoteInvite?.hasOffer ?? true
    }

    /// How long to wait after a 491 to our re-INVITE or UPDATE before it may be tried again: 2.1-4 s for the owner of
    /// the Call-ID, 0-2 s else, in steps of 10 ms (RFC 3261 §14.1, RFC 3311 §5.3).
    public static func glareDelay(ownsCallID: Bool, random: inout AnyRandom) -> Duration {
        let steps: Int =
            ownsCallID ? Int.random(in: 210...400, using: &random) : Int.random(in: 0...200, using: &random)
        return .milliseconds(steps * 10)
    }
}
