public import SIPMessage

/// What names a dialog at one of its ends (RFC 3261 §12).
public struct DialogID: Hashable, Sendable {
    /// The value of the Call-ID header field, compared byte by byte.
    public let callID: String
    public let localTag: String
    /// Empty where the peer gives none, as RFC 2543 allowed (RFC 3261 §12.1.1).
    public let remoteTag: String

    public init(callID: String, localTag: String, remoteTag: String) {
        (self.callID, self.localTag, self.remoteTag) = (callID, localTag, remoteTag)
    }

    /// The dialog a received request names; nil when it has no To tag and so stands outside of any dialog (RFC 3261
    /// §12.2.2).
    public init?(ofReceivedRequest request: SIPMessage) {
        guard let localTag = request.toTag else { return nil }
        self.init(callID: request.callID, localTag: localTag, remoteTag: request.fromTag ?? "")
    }

    /// The dialog a received response names; nil without a From tag, which is always ours.
    public init?(ofReceivedResponse response: SIPMessage) {
        guard let localTag = response.fromTag else { return nil }
        self.init(callID: response.callID, localTag: localTag, remoteTag: response.toTag ?? "")
    }
}
