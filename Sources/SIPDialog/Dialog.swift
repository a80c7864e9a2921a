public import SIPMessage

/// One end of a peer-to-peer relation: what a user agent must remember to send and to judge requests (RFC 3261 §12).
///
/// A forked INVITE gives one dialog per To tag; each is made from the request and the first response with that tag.
public struct Dialog: Hashable, Sendable {
    /// Which side sent the request that made the dialog.
    public enum Role: Hashable, Sendable { case uac, uas }
    public enum State: Hashable, Sendable { case early, confirmed, terminated }

    public let id: DialogID
    public let role: Role
    public internal(set) var state: State
    /// True where the dialog was made with a SIPS URI; its requests must use one too (RFC 3261 §12.1.1).
    public let isSecure: Bool
    /// Our address, with our tag: the From of the requests we send.
    public let localURI: NameAddress
    /// The peer's address, with its tag: the To of the requests we send.
    public let remoteURI: NameAddress
    /// In the order in which our requests visit it.
    public internal(set) var routeSet: [NameAddress]
    /// The peer's contact: the Request-URI of our requests when the route is loose or empty.
    public internal(set) var remoteTarget: SIPURI
    /// CSeq number of our last request other than ACK; nil before the first.
    public internal(set) var localSequence: UInt32?
    /// CSeq number of the peer's last accepted request; nil before the first.
    public internal(set) var remoteSequence: UInt32?
    /// CSeq number of our last INVITE, which its ACK repeats (RFC 3261 §13.2.2.4).
    public internal(set) var localInviteSequence: UInt32?
    /// CSeq number of the peer's last accepted INVITE.
    public internal(set) var remoteInviteSequence: UInt32?
    /// The CSeq number our first request takes where we have sent none.
    let firstSequence: UInt32

    /// Makes the answering side's dialog, early until ``confirm()`` (RFC 3261 §12.1.1).
    ///
    /// - Parameters:
    ///   - request: the INVITE, SUBSCRIBE, REFER or other dialog-forming request, without a To tag.
    ///   - localTag: the tag our responses carry.
    ///   - firstSequence: where our own CSeq numbers start, drawn at random by the caller; its two high bits are
    ///     dropped.
    /// - Throws: ``DialogFault`` when the request has no single Contact or its Record-Route is illegible.
    public init(answering request: SIPMessage, localTag: String, firstSequence: UInt32) throws(DialogFault) {
        guard request.isRequest, Dialog.forms(request.method) else { throw .notDialogForming }
        guard let target = try Dialog.singleContact(of: request) else { throw .missingContact }
        id = DialogID(callID: request.callID, localTag: localTag, remoteTag: request.fromTag ?? "")
        role = .uas
        state = .early
        isSecure = request.requestURI?.scheme == .sips
        localURI = Dialog.address(request.to, tag: localTag)
        remoteURI = Dialog.address(request.from, tag: request.fromTag)
        routeSet = try Dialog.recordRoutes(of: request)
        remoteTarget = target.uri
        localSequence = nil
        localInviteSequence = nil
        remoteSequence = request.cseq.number
        remoteInviteSequence = request.method == .invite ? request.cseq.number : nil
        self.firstSequence = max(1, firstSequence & 0x3FFF_FFFF)
    }

    /// Makes the asking side's dialog: early from a 101-199 with a To tag, confirmed from a 2xx (RFC 3261 §12.1.2).
    ///
    /// A response without Contact breaks the RFC but is met in the field: the Request-URI of the request then serves as
    /// the remote target until a later message names a better one.
    /// - Throws: ``DialogFault`` when the response makes no dialog or its Contact or Record-Route is illegible.
    public init(sent request: SIPMessage, received response: SIPMessage) throws(DialogFault) {
        guard let status = response.status, let asked = request.requestURI, Dialog.forms(request.method),
            status.code > 100, status.code < 300, response.toTag != nil || status.code >= 200
        else { throw .notDialogForming }
        id = DialogID(callID: request.callID, localTag: request.fromTag ?? "", remoteTag: response.toTag ?? "")
        role = .uac
        state = status.code < 200 ? .early : .confirmed
        isSecure = asked.scheme == .sips
        localURI = Dialog.address(request.from, tag: request.fromTag)
        remoteURI = Dialog.address(request.to, tag: response.toTag)
        routeSet = try Dialog.recordRoutes(of: response).reversed()
        remoteTarget = try Dialog.singleContact(of: response)?.uri ?? asked
        localSequence = request.cseq.number
        localInviteSequence = request.method == .invite ? request.cseq.number : nil
        remoteSequence = nil
        remoteInviteSequence = nil
        firstSequence = max(1, request.cseq.number)
    }

    /// Makes the asking side's dialog from a NOTIFY that came before the 2xx to our SUBSCRIBE or REFER (RFC 6665
    /// §4.1.2.4, §4.4.1).
    ///
    /// - Throws: ``DialogFault`` when the NOTIFY has no single Contact or its Record-Route is illegible.
    public init(sent request: SIPMessage, notified notify: SIPMessage) throws(DialogFault) {
        guard notify.isRequest, notify.method == .notify, notify.callID == request.callID,
            notify.toTag == request.fromTag
        else { throw .notDialogForming }
        guard let target = try Dialog.singleContact(of: notify) else { throw .missingContact }
        id = DialogID(callID: request.callID, localTag: request.fromTag ?? "", remoteTag: notify.fromTag ?? "")
        role = .uac
        state = .confirmed
        isSecure = request.requestURI?.scheme == .sips
        localURI = Dialog.address(request.from, tag: request.fromTag)
        remoteURI = Dialog.address(notify.from, tag: notify.fromTag)
        routeSet = try Dialog.recordRoutes(of: notify)
        remoteTarget = target.uri
        localSequence = request.cseq.number
        localInviteSequence = nil
        remoteSequence = nil  // the caller feeds the NOTIFY to receive(_:) like any other
        remoteInviteSequence = nil
        firstSequence = max(1, request.cseq.number)
    }

    /// We sent a 2xx to the request that made the dialog.
    public mutating func confirm() {
        if state == .early { state = .confirmed }
    }

    /// A 2xx with this dialog's tag came: the route set and the target are taken anew from it (RFC 3261 §13.2.2.4).
    ///
    /// On a dialog that is confirmed already only the target changes, since the route set is then fixed (RFC 3261
    /// §12.2.1.2).
    /// - Throws: ``DialogFault`` when its Contact or Record-Route is illegible; the dialog is confirmed with what it
    ///   had.
    public mutating func confirm(with response: SIPMessage) throws(DialogFault) {
        guard state != .terminated else { return }
        let wasEarly: Bool = state == .early
        state = .confirmed
        let contact: NameAddress? = try Dialog.singleContact(of: response)
        if wasEarly, role == .uac { routeSet = try Dialog.recordRoutes(of: response).reversed() }
        if let contact { remoteTarget = contact.uri }
    }

    /// The dialog is over: BYE sent or received, the INVITE refused, or the relation found dead.
    public mutating func terminate() { state = .terminated }

    /// Our requests' Call-ID was made by us: who owns it waits longer after a 491 (RFC 3261 §14.1).
    public var ownsCallID: Bool { role == .uac }
}

// MARK: Reading the messages that make or refresh a dialog

extension Dialog {
    /// INVITE (RFC 3261), SUBSCRIBE (RFC 6665), REFER (RFC 3515).
    static func forms(_ method: SIPMethod) -> Bool {
        method == .invite || method == .subscribe || method == .refer
    }

    /// Requests whose Contact replaces the peer's target (RFC 3261 §12.2, RFC 3311 §5.1, RFC 5057 §3.1, RFC 6665 §3).
    static func refreshesTarget(_ method: SIPMethod) -> Bool {
        method == .invite || method == .update || method == .subscribe || method == .notify || method == .refer
    }

    /// The one Contact of `message`; nil without any, or where it names none or several.
    static func singleContact(of message: SIPMessage) throws(DialogFault) -> NameAddress? {
        do {
            guard case .list(let contacts)? = try message.contacts(), contacts.count == 1 else { return nil }
            return contacts.first
        } catch { throw .malformedField }
    }

    static func recordRoutes(of message: SIPMessage) throws(DialogFault) -> [NameAddress] {
        do { return try message.recordRoutes() } catch { throw .malformedField }
    }

    /// `address` with `tag` in place of any tag it had and of all its other header parameters.
    static func address(_ address: NameAddress, tag: String?) -> NameAddress {
        NameAddress(displayName: address.displayName, uri: address.uri).withTag(tag)
    }
}
