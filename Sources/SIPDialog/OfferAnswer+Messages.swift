public import Basics

extension OfferAnswer {
    /// Takes a received message into account.
    ///
    /// After `.reject` nothing has changed: answer so, and don't call ``failed(_:by:)`` for it.
    /// - Parameters:
    ///   - sdp: its session description; nil without one.
    ///   - random: where the Retry-After of a 500 is drawn from.
    public mutating func received(_ carrier: SDPCarrier, sdp: [UInt8]?, random: inout AnyRandom) -> OfferAnswerVerdict {
        if let rejection = rejection(of: carrier, sdp: sdp, random: &random) { return .reject(rejection) }
        return pass(carrier, sdp: sdp, from: .remote)
    }

    /// Takes a message of ours into account, before it is sent.
    ///
    /// - Returns: what its description is to the peer; `.violation` when the message must not be sent so: nothing has
    ///   changed then.
    public mutating func sending(_ carrier: SDPCarrier, sdp: [UInt8]?) -> OfferAnswerVerdict {
        if carrier == .invite, !canOffer(in: .invite) { return .violation(.notNow) }
        if carrier == .prack || carrier == .update, sdp != nil, !canSend(offerOrAnswer: carrier) {
            return .violation(.notNow)
        }
        let before: OfferAnswer = self
        let verdict: OfferAnswerVerdict = pass(carrier, sdp: sdp, from: .local)
        switch verdict {
        case .violation: self = before
        case .offer, .answer, .preview: if let sdp { sent(sdp) }
        case .nothing, .reject: break
        }
        return verdict
    }

    /// A request got a final response other than 2xx, or none: an offer made in it, or in a response to it, is void,
    /// and after an INVITE the agreement made before it holds again (RFC 3261 §14.1, RFC 3311 §5.2).
    ///
    /// Not for messages judged `.reject`, and not for those that only cross the dialog, like BYE or INFO.
    public mutating func failed(_ carrier: SDPCarrier, by side: SessionSide) {
        switch carrier {
        case .invite:
            guard let invite = side == .local ? localInvite : remoteInvite else { return }
            setInvite(nil, of: side)
            agreed = invite.before
            if side == .local { preview = nil }
            // What hangs on the INVITE falls with it; an UPDATE has its own final response to come.
            if case .pending(_, let offered, _) = phase, offered != .update { phase = .idle }
        case .prack, .update:
            if case .pending(side, carrier, _) = phase { phase = .idle }
        // The answer to a reliable 1xx's offer may have gone with a refused PRACK; the INVITE can't succeed then,
        // so its own failure clears the rest.
        case .unreliableProvisional, .reliableProvisional, .inviteSuccess, .ack, .prackSuccess, .updateSuccess:
            return  // responses and ACK don't fail
        }
    }

    /// The answer to an open offer of the peer, or an offer where none is open.
    private func canSend(offerOrAnswer carrier: SDPCarrier) -> Bool {
        if carrier == .prack, case .pending(.remote, .reliableProvisional, _) = phase { return true }
        return canOffer(in: carrier)
    }

    private func rejection(
        of carrier: SDPCarrier, sdp: [UInt8]?, random: inout AnyRandom
    ) -> OfferAnswerRejection? {
        switch carrier {
        case .invite:
            if localInvite != nil || pendingOfferer == .local { return .requestPending }
            if remoteInvite != nil || pendingOfferer == .remote {
                return .retryLater(seconds: Int.random(in: 0...10, using: &random))
            }
        case .update, .prack:
            guard sdp != nil, case .pending(let offerer, let offered, _) = phase else { return nil }
            if carrier == .prack, offerer == .local, offered == .reliableProvisional { return nil }  // the answer
            if offerer == .local { return .requestPending }
            return .retryLater(seconds: Int.random(in: 0...10, using: &random))
        case .unreliableProvisional, .reliableProvisional, .inviteSuccess, .ack, .prackSuccess, .updateSuccess:
            break
        }
        return nil
    }

    /// One message on its way from `side` to the other: the same rules hold in both directions.
    private mutating func pass(_ carrier: SDPCarrier, sdp: [UInt8]?, from side: SessionSide) -> OfferAnswerVerdict {
        switch carrier {
        case .invite:
            setInvite(PendingInvite(hasOffer: sdp != nil, before: agreed), of: side)
            return sdp.map { offer($0, in: .invite, from: side) } ?? .nothing
        case .unreliableProvisional:
            guard let sdp, case .pending(side.other, .invite, _) = phase else { return .nothing }
            preview = sdp
            return .preview(sdp)
        case .reliableProvisional:
            guard let sdp else { return .nothing }
            return passInviteResponse(sdp, in: carrier, from: side)
        case .inviteSuccess:
            return passInviteSuccess(sdp, from: side)
        case .ack:
            return answerIfPending(.inviteSuccess, sdp: sdp, from: side)
        case .prack:
            if case .pending(side.other, .reliableProvisional, _) = phase {
                return answerIfPending(.reliableProvisional, sdp: sdp, from: side)
            }
            return sdp.map { offer($0, in: .prack, from: side) } ?? .nothing
        case .prackSuccess:
            return answerIfPending(.prack, sdp: sdp, from: side)
        case .update:
            return sdp.map { offer($0, in: .update, from: side) } ?? .nothing
        case .updateSuccess:
            return answerIfPending(.update, sdp: sdp, from: side)
        }
    }

    /// A description in a reliable 1xx or 2xx to INVITE: the answer, the first offer, or a repetition to be ignored.
    private mutating func passInviteResponse(
        _ sdp: [UInt8], in carrier: SDPCarrier, from side: SessionSide
    ) -> OfferAnswerVerdict {
        if case .pending(side.other, .invite, _) = phase { return answer(sdp, from: side) }
        guard var invite = side == .local ? remoteInvite : localInvite, !invite.hasOffer else { return .nothing }
        guard phase == .idle else { return .violation(.overlappingOffers) }
        invite.hasOffer = true
        setInvite(invite, of: side.other)
        return offer(sdp, in: carrier, from: side)
    }

    private mutating func passInviteSuccess(_ sdp: [UInt8]?, from side: SessionSide) -> OfferAnswerVerdict {
        let invite: PendingInvite? = side == .local ? remoteInvite : localInvite
        guard let invite else { return .nothing }  // a 2xx sent again, or of a fork that is being ended
        let verdict: OfferAnswerVerdict
        if case .pending(side.other, .invite, _) = phase {
            // Many phones describe the session in 183 alone: the preview was the answer.
            if let final = sdp ?? preview {
                verdict = answer(final, from: side)
            } else {
                phase = .idle
                verdict = .violation(.missingAnswer)
            }
        } else if let sdp {
            verdict = passInviteResponse(sdp, in: .inviteSuccess, from: side)
        } else {
            verdict = invite.hasOffer ? .nothing : .violation(.missingOffer)
        }
        setInvite(nil, of: side.other)
        preview = nil
        return verdict
    }

    private mutating func answerIfPending(
        _ carrier: SDPCarrier, sdp: [UInt8]?, from side: SessionSide
    ) -> OfferAnswerVerdict {
        guard case .pending(side.other, carrier, _) = phase else { return .nothing }
        guard let sdp else {
            phase = .idle
            return .violation(.missingAnswer)
        }
        return answer(sdp, from: side)
    }

    private mutating func offer(_ sdp: [UInt8], in carrier: SDPCarrier, from side: SessionSide) -> OfferAnswerVerdict {
        phase = .pending(from: side, carrier: carrier, sdp: sdp)
        return .offer(sdp)
    }

    private mutating func answer(_ sdp: [UInt8], from side: SessionSide) -> OfferAnswerVerdict {
        guard case .pending(let offerer, let carrier, let offered) = phase, offerer == side.other else {
            return .nothing
        }
        phase = .idle
        if carrier == .invite { preview = nil }
        agreed =
            side == .local
            ? Agreement(local: sdp, remote: offered, offerer: .remote)
            : Agreement(local: offered, remote: sdp, offerer: .local)
        // What an UPDATE agrees inside a pending INVITE has its own transaction and outlives a refusal of the INVITE.
        if carrier == .update {
            localInvite?.before = agreed
            remoteInvite?.before = agreed
        }
        return .answer(sdp)
    }

    private mutating func setInvite(_ invite: PendingInvite?, of side: SessionSide) {
        switch side {
        case .local: localInvite = invite
        case .remote: remoteInvite = invite
        }
    }
}
