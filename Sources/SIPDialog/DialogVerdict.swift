/// What a dialog says to a request received within it (RFC 3261 §12.2.2).
public enum DialogVerdict: Hashable, Sendable {
    /// In order: the remote sequence number and, for a target refresh request, the remote target are updated.
    case accept
    /// An ACK to a 2xx of ours; its CSeq number is that of the INVITE it acknowledges. Never answered.
    case acknowledgement(invite: UInt32)
    /// A CANCEL: it concerns a transaction, not the dialog, and changes nothing here (RFC 3261 §9).
    case cancellation
    /// A CSeq number below the last one: answer 500 (RFC 3261 §12.2.2).
    case outOfOrder
    /// The Contact of a target refresh request can't be read: answer 400.
    case malformedContact
    /// The dialog is over: answer 481.
    case terminated
    /// An ACK that belongs to no INVITE of this dialog, or one to a dialog that is over: drop it, an ACK has no answer.
    case ignore
}

/// Why a message can't make a dialog.
public enum DialogFault: Error, Hashable, Sendable {
    /// The request has no Contact, or one that is no single address (RFC 3261 §8.1.1.8, §12.1.1): answer 400.
    case missingContact
    /// The Contact or Record-Route of the message can't be read: answer 400.
    case malformedField
    /// A request of this method, or a response of this status, makes no dialog.
    case notDialogForming
}

/// How far a failed request reaches beyond its own transaction (RFC 5057 §5.1).
public enum FailureScope: Hashable, Sendable {
    /// Only the request failed.
    case transaction
    /// The usage it belongs to (the session, the subscription) is over.
    case usage
    /// The dialog and all its usages are over.
    case dialog
}

/// What a response within a dialog means to it (RFC 3261 §12.2.1.2).
public enum DialogResponse: Hashable, Sendable {
    case provisional
    case success
    case failure(FailureScope)
    /// It answers no request of this dialog.
    case stray
}
