public import Basics
public import MediaSession
public import SIPMessage
public import SIPTransaction

/// One request of ours on a leg and what comes of it; numbered within its call.
struct ExchangeID: Hashable, Sendable {
    let rawValue: UInt16
}

/// What happens to a call.
enum CallEvent: Sendable {
    /// A response to a request of the call.
    case response(SIPMessage, ExchangeID)
    /// A 2xx to an INVITE of ours whose exchange has ended: sent again by the peer, or of another branch behind it.
    case repeatedAnswer(SIPMessage, leg: UInt16)
    /// A request of the call got no final response.
    case failed(ExchangeID, TransactionFailure)
    /// A peer's request within the dialog of a leg.
    case request(SIPMessage, ServerTransactionID, SIPFlow, leg: UInt16)
    /// An ACK to a 2xx of ours.
    case acknowledged(SIPMessage, leg: UInt16)
    /// No ACK came to a final response other than 2xx: of no consequence to the call, which is over or unchanged.
    case unacknowledged(ServerTransactionID)
    /// A CANCEL of an INVITE without a final response; the CANCEL is already answered.
    case cancelled(SIPMessage, ServerTransactionID)
    case media(MediaFact)
    /// A connection is gone.
    case flowClosed(SIPFlow)
    /// Where a leg's destination may be reached.
    case located(LocationOutcome, leg: UInt16)
    case deadlineReached
    /// The server stops: end the call now.
    case shutDown
}

/// What a call asks for; performed in order by its shard.
enum CallEffect: Sendable {
    case respond(SIPMessage, ServerTransactionID, leg: UInt16)
    /// Start a client transaction whose outcome comes back under `exchange`.
    case request(SIPMessage, SIPTarget, ExchangeID, leg: UInt16)
    /// CANCEL the INVITE of an exchange.
    case cancel(ExchangeID, reason: String?)
    /// Nothing of this exchange matters any more.
    case abandon(ExchangeID)
    /// Send without a transaction: ACK to a 2xx, a 2xx again.
    case send(SIPMessage, SIPTarget, leg: UInt16)
    case media(MediaCommand)
    /// Find where a URI leads (RFC 3263); answered by ``CallEvent/located(_:leg:)``.
    case locate(SIPURI, leg: UInt16)
    case record(CallRecordChange)
    /// Requests with this To tag belong to the leg.
    case claim(tag: String, leg: UInt16)
    /// A decision, in words, for the call's trace.
    case note(String, leg: UInt16?)
}
