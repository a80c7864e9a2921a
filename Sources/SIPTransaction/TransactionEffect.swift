public import SIPMessage

/// A client transaction of one ``TransactionLayer``; never given twice.
public struct ClientTransactionID: Hashable, Sendable {
    let key: TransactionKey
    let serial: UInt64
}

/// A server transaction of one ``TransactionLayer``; never given twice.
public struct ServerTransactionID: Hashable, Sendable {
    let key: TransactionKey
    let serial: UInt64
}

/// Why a client transaction ended without a final response.
public enum TransactionFailure: Hashable, Sendable {
    /// Nothing came for 64×T1: to be treated as a 408 (RFC 3261 §8.1.3.1).
    case timeout
    /// The request could not be sent: to be treated as a 503 (RFC 3261 §8.1.3.1).
    case transport
}

/// What the driver of a ``TransactionLayer`` is to do, in order.
public enum TransactionEffect: Equatable, Sendable {
    case send(SIPMessage, SIPTarget)
    /// A new request for the user. Never an ACK; never a CANCEL.
    case request(SIPMessage, ServerTransactionID, SIPFlow)
    /// The peer cancels this INVITE, which has no final response yet; the message is the CANCEL, already answered.
    /// The user is to answer the INVITE, with 487 (RFC 3261 §9.2).
    case cancelled(ServerTransactionID, SIPMessage)
    /// An ACK that ends no transaction: that of a 2xx.
    case acknowledged(SIPMessage, SIPFlow)
    /// A response to a request of ours: each provisional one, each 2xx to an INVITE, copies included, else the first final one.
    case response(SIPMessage, ClientTransactionID, SIPFlow)
    /// A 2xx to an INVITE whose transaction is gone or had another end: to be acknowledged, and its dialog ended.
    case strayResponse(SIPMessage, SIPFlow)
    /// The transaction ended without a final response.
    case failed(ClientTransactionID, TransactionFailure)
    /// No ACK came for the final response, which was not a 2xx (timer H).
    case unacknowledged(ServerTransactionID)
    /// No room for this request: answer 503 without state.
    case overloaded(SIPMessage, SIPFlow)
}
