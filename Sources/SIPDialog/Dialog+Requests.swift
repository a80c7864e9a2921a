public import SIPMessage

extension Dialog {
    /// Where our next request is sent: the first route, or the peer's target (RFC 3261 §12.2.1.1, §8.1.2).
    public var nextHop: SIPURI { routeSet.first?.uri ?? remoteTarget }

    /// Builds the next request of this dialog: Request-URI, Via, Route, Max-Forwards, From, To, Call-ID, CSeq and
    /// Contact, in this order; the caller adds the rest and finishes it (RFC 3261 §12.2.1.1).
    ///
    /// Every call takes the next CSeq number, so a request built and not sent leaves a gap, which is legal. ACK repeats
    /// the number of our last INVITE; an ACK to an earlier one is the bytes kept from the first time.
    /// - Parameters:
    ///   - method: anything but CANCEL, which copies the request it cancels (RFC 3261 §9.1) and is made from that.
    ///   - contact: where the peer is to send its requests; of no effect on methods that refresh no target.
    ///   - maxForwards: 0 ... 255.
    public mutating func request(
        _ method: SIPMethod, via: Via, contact: NameAddress? = nil, maxForwards: Int = 70
    ) -> SIPMessageBuilder {
        let number: UInt32 = takeSequence(for: method)
        let route: (uri: SIPURI, routes: [NameAddress]) = routing()
        var builder = SIPMessageBuilder(request: method, uri: route.uri)
        builder.add(via)
        for entry in route.routes { builder.addRoute(entry) }
        builder.add(.maxForwards, String(maxForwards))
        builder.addFrom(localURI)
        builder.addTo(remoteURI)
        builder.add(.callID, id.callID)
        builder.add(.cseq, "\(number) \(method)")
        if let contact { builder.addContact(contact) }
        return builder
    }

    private mutating func takeSequence(for method: SIPMethod) -> UInt32 {
        if method == .ack { return localInviteSequence ?? localSequence ?? firstSequence }
        // 2³¹−1 is the last legal number; a dialog that gets there (never, at one request a second for 34 years)
        // repeats it.
        let number: UInt32 = localSequence.map { min($0 + 1, 0x7FFF_FFFF) } ?? firstSequence
        localSequence = number
        if method == .invite { localInviteSequence = number }
        return number
    }

    /// The Request-URI and the Route fields: as they are where the first route is loose, rotated where it is strict.
    private func routing() -> (uri: SIPURI, routes: [NameAddress]) {
        guard let first = routeSet.first else { return (remoteTarget.asRequestURI, []) }
        if first.uri.isLooseRouter { return (remoteTarget.asRequestURI, routeSet) }
        return (first.uri.asRequestURI, Array(routeSet.dropFirst()) + [NameAddress(uri: remoteTarget)])
    }

    /// Judges a request that names this dialog, and takes it into account when it is in order (RFC 3261 §12.2.2).
    ///
    /// The transaction layer has absorbed retransmissions before. The request's own meaning is judged elsewhere:
    /// ``OfferAnswer`` for session descriptions, ``SessionTimer`` for Session-Expires.
    public mutating func receive(_ request: SIPMessage) -> DialogVerdict {
        let number: UInt32 = request.cseq.number
        if request.method == .ack {
            guard state != .terminated, let invite = remoteInviteSequence, number <= invite else { return .ignore }
            return .acknowledgement(invite: number)
        }
        if request.method == .cancel { return .cancellation }
        guard state != .terminated else { return .terminated }
        if let last = remoteSequence, number < last { return .outOfOrder }
        var contact: NameAddress?
        if Dialog.refreshesTarget(request.method) {
            do throws(DialogFault) { contact = try Dialog.singleContact(of: request) } catch {
                return .malformedContact
            }
        }
        remoteSequence = number
        if request.method == .invite { remoteInviteSequence = number }
        if let contact { remoteTarget = contact.uri }
        return .accept
    }

    /// Takes a response to a request of ours within this dialog into account (RFC 3261 §12.2.1.2, RFC 5057 §5.1).
    ///
    /// A 2xx to a target refresh request moves the target; one whose Contact can't be read leaves it. A failure that
    /// ends the dialog terminates it here. Responses to the INVITE that made the dialog go to `init` and
    /// ``confirm(with:)`` instead.
    public mutating func receive(response: SIPMessage) -> DialogResponse {
        guard let status = response.status, let sent = localSequence, response.cseq.number <= sent,
            response.fromTag ?? "" == id.localTag
        else { return .stray }
        if status.code < 200 { return .provisional }
        if status.code < 300 {
            if Dialog.refreshesTarget(response.method), state != .terminated,
                let contact = try? Dialog.singleContact(of: response)
            {
                remoteTarget = contact.uri
            }
            return .success
        }
        let scope: FailureScope = FailureScope(of: status, to: response.method)
        if scope == .dialog { state = .terminated }
        return .failure(scope)
    }
}

extension FailureScope {
    /// What a final response of `status` to a request of `method` within a dialog ends (RFC 5057 §5.1).
    ///
    /// A transaction that timed out counts as 408, one whose transport failed as 503.
    public init(of status: SIPStatus, to method: SIPMethod) {
        switch status.code {
        case 404, 410, 416, 482, 483, 484, 485, 502, 604: self = .dialog
        // 405 and 501 end the usage the method belongs to, which only the methods that made it do: an INFO or MESSAGE
        // not understood leaves the call standing.
        case 405, 501:
            self =
                method == .invite || method == .subscribe || method == .notify || method == .bye ? .usage : .transaction
        case 408, 480, 481, 489: self = .usage
        default: self = .transaction
        }
    }
}
