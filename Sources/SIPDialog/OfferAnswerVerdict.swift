/// The messages of an INVITE session that may carry a session description, and the ends of their transactions (RFC 6337
/// §2).
public enum SDPCarrier: Hashable, Sendable, CaseIterable {
    case invite
    /// A 101-199 to INVITE sent without RSeq.
    case unreliableProvisional
    /// A 101-199 to INVITE with RSeq (RFC 3262); once per RSeq, retransmissions left out.
    case reliableProvisional
    case inviteSuccess
    /// The ACK to a 2xx.
    case ack
    case prack
    case prackSuccess
    case update
    case updateSuccess
}

/// One of the two ends of a session.
public enum SessionSide: Hashable, Sendable {
    case local, remote

    public var other: SessionSide { self == .local ? .remote : .local }
}

/// What a session description, or its absence, means where it was found.
public enum OfferAnswerVerdict: Hashable, Sendable {
    /// Nothing to act on: no description, or one to be ignored, as when a 2xx repeats the answer (RFC 6337 §3.1).
    case nothing
    /// An offer; the other side owes the answer.
    case offer([UInt8])
    /// The answer to the pending offer; ``OfferAnswer/agreed`` is updated.
    case answer([UInt8])
    /// What the answer is going to be, seen in an unreliable 1xx: media may start, the offer stays open (RFC 6337
    /// §3.1.1).
    case preview([UInt8])
    /// An offer or INVITE that comes at the wrong time: answer so; nothing has changed.
    case reject(OfferAnswerRejection)
    /// The peer broke the order of offers and answers in a message that can't be refused: end the session (ACK, then
    /// BYE).
    case violation(OfferAnswerViolation)
}

public enum OfferAnswerRejection: Hashable, Sendable {
    /// 491 Request Pending: an offer or INVITE of ours is still open (RFC 3261 §14.2, RFC 3311 §5.2).
    case requestPending
    /// 500 with Retry-After of so many seconds, 0 ... 10: the peer's own previous one is still open (same sections).
    case retryLater(seconds: Int)
}

public enum OfferAnswerViolation: Error, Hashable, Sendable {
    /// A message that must carry the answer has none.
    case missingAnswer
    /// A 2xx to an INVITE without offer has none either (RFC 3261 §13.2.1).
    case missingOffer
    /// A response makes an offer while another is open.
    case overlappingOffers
    /// For messages of ours only: this message can't carry a description now, or can't be sent now.
    case notNow
}
