internal import Basics
internal import SDP
internal import SIPDialog
internal import SIPMessage
internal import SIPTransaction

/// A terminal answers; and whoever answers too late.
extension Call {
    /// The first 2xx of a leg's INVITE.
    mutating func accepted(_ response: SIPMessage, leg index: Int, in env: inout CallEnvironment) {
        guard let tag = fork(for: response, leg: index, in: &env) else {
            return branchFailed(index, status: .badGateway, in: &env)
        }
        choose(tag, of: index)
        do { try legs[index].session?.dialog.confirm(with: response) } catch {
            note("the 2xx has no usable Contact or Record-Route: \(error)", leg: index, in: &env)
        }
        legs[index].session?.timer?.confirmed(by: response, now: env.now)
        guard phase == .ringing, legs[index].stage == .calling else {
            // Too late: cancelled, or another terminal has the call.
            note("answered too late", leg: index, in: &env)
            return dismiss(index, reason: lateReason, in: &env)
        }
        let body = Call.sdpBytes(of: response)
        switch legs[index].session?.offers.received(.inviteSuccess, sdp: body, random: &env.random)
            ?? .violation(.missingAnswer)
        {
        case .answer(let sdp): connect(index, answer: sdp, in: &env)
        case .nothing, .preview:
            if let agreed = legs[index].session?.offers.agreed { connect(index, answer: agreed.remote, in: &env) }
        case .offer(let offer): connect(index, offer: offer, in: &env)
        case .reject, .violation:
            note("the 2xx has no session description where one is due", leg: index, in: &env)
            dismiss(index, reason: Reason.sip(.notAcceptableHere), in: &env)
            legs[index].failure = .notAcceptableHere
            concludeIfAllFailed(in: &env)
        }
    }

    private var lateReason: Reason {
        record.answeredAt != nil ? Reason.sip(.ok, text: "Call completed elsewhere") : Reason.sip(.requestTerminated)
    }

    /// A 2xx after the first one of a leg.
    mutating func answeredAgain(_ response: SIPMessage, leg index: Int, in env: inout CallEnvironment) {
        let tag = response.toTag ?? ""
        if let session = legs[index].session, session.dialog.id.remoteTag == tag {
            // Ours, sent again: the ACK was lost, or waits for the caller's answer.
            if let ack = session.acknowledgement, ack.cseq.number == response.cseq.number {
                env.effects.append(.send(ack, legs[index].target, leg: UInt16(index)))
            }
            return
        }
        // Another branch behind the peer answered too (RFC 3261 §13.2.2.4): acknowledge it, then end it.
        if let ack = legs[index].dismissed[tag] {
            return env.effects.append(.send(ack, legs[index].target, leg: UInt16(index)))
        }
        guard let invite = legs[index].invite, invite.cseq.number == response.cseq.number,
            var other = lateSession(tag, of: index, invite, response)
        else { return }
        note("a second branch answered: ended", leg: index, in: &env)
        let kept = legs[index].session
        try? other.dialog.confirm(with: response)
        legs[index].session = other
        acknowledge(index, sdp: nil, in: &env)
        if legs[index].dismissed.count < 16 { legs[index].dismissed[tag] = legs[index].session?.acknowledgement }
        send(.bye, on: index, as: .bye, reason: Reason.sip(.ok, text: "Call completed elsewhere"), in: &env)
        legs[index].session = kept
    }

    /// The dialog of a further branch: its early one, whose sequence numbers go on, or a new one.
    private mutating func lateSession(_ tag: String, of index: Int, _ invite: SIPMessage, _ response: SIPMessage)
        -> Session?
    {
        if let position = legs[index].others.firstIndex(where: { $0.dialog.id.remoteTag == tag }) {
            return legs[index].others.remove(at: position)
        }
        return (try? Dialog(sent: invite, received: response)).map { Session(dialog: $0, offers: OfferAnswer()) }
    }

    /// ACK, then BYE: for a 2xx that can't be used.
    private mutating func dismiss(_ index: Int, reason: Reason, in env: inout CallEnvironment) {
        legs[index].mayAnswerAgain = true
        acknowledge(index, sdp: nil, in: &env)
        legs[index].stage = .up
        endDialog(index, reason: reason, in: &env)
    }

    // MARK: Connecting

    /// The callee answered our offer.
    private mutating func connect(_ index: Int, answer: [UInt8], in env: inout CallEnvironment) {
        acknowledge(index, sdp: nil, in: &env)
        let before: OfferAnswer? = caller.session?.offers
        guard let description = try? SessionDescription.parse(answer), let offer = caller.remoteDescription,
            let own = fittingAnswer(description, from: index, to: offer, in: &env)
        else {
            note("the answer does not fit the offer", leg: index, in: &env)
            legs[index].stage = .up
            legs[index].failure = .notAcceptableHere
            endDialog(index, reason: Reason.sip(.notAcceptableHere), in: &env)
            return concludeIfAllFailed(in: &env)
        }
        take(index, in: &env)
        apply(description, from: index, own: ownDescription(of: index), isFinal: true, in: &env)
        apply(offer, from: 0, own: own.description, isFinal: true, in: &env)
        closeRejected(by: description, of: 0, in: &env)
        if legs[index].faxInvite == .sound { bridgeCaller(to: index, in: &env) } else { join(0, index, in: &env) }
        answerCaller(sdp: own.bytes, before: before, in: &env)
    }

    /// The caller's answer; nil where there is none, as when every stream is refused.
    private mutating func fittingAnswer(
        _ description: SessionDescription, from index: Int, to offer: SessionDescription,
        in env: inout CallEnvironment
    ) -> Written? {
        guard description.media.count == offer.media.count else { return nil }
        if legs[index].faxInvite == .sound { return faxAnswer(to: offer, after: description, in: &env) }
        do throws(MediaRefusal) {
            let own = try answer(description, from: index, to: 0, offer: offer, in: &env)
            let isEmpty: Bool = description.media.allSatisfy(\.isRejected) && !offer.media.allSatisfy(\.isRejected)
            return isEmpty ? nil : own
        } catch {
            if case .incompatible(let why) = error { legs[index].incompatibility = why }
            return nil
        }
    }

    /// The callee offers, as our INVITE had no offer: the caller's ACK will bring the answer.
    private mutating func connect(_ index: Int, offer: [UInt8], in env: inout CallEnvironment) {
        guard let description = try? SessionDescription.parse(offer),
            (try? answerTransports(to: description, of: index, in: &env)) != nil,
            let own = try? self.offer(description, from: index, to: 0, in: &env)
        else {
            note("the offer can't be passed on", leg: index, in: &env)
            dismiss(index, reason: Reason.sip(.notAcceptableHere), in: &env)
            legs[index].failure = .notAcceptableHere
            return concludeIfAllFailed(in: &env)
        }
        take(index, in: &env)
        ensureStreams(for: description, leg: index, in: &env)
        apply(description, from: index, own: nil, isFinal: true, in: &env)
        join(0, index, in: &env)
        delayedAcknowledgement = DelayedAcknowledgement(to: UInt16(index), from: 0)
        answerCaller(sdp: own.bytes, in: &env)
    }

    /// The leg has the call: the others stop ringing.
    private mutating func take(_ index: Int, in env: inout CallEnvironment) {
        phase = .connected(UInt16(index))
        legs[index].stage = .up
        noAnswerAt = nil
        record.answeredAt = env.wall
        answeredLeg = UInt16(index)
        record.calleeUser = legs[index].user ?? record.calleeUser
        record.calleeURI = legs[index].destination
        note("answered", leg: index, in: &env)
        for other in legs.indices.dropFirst() where other != index {
            cancelBranch(other, reason: Reason.sip(.ok, text: "Call completed elsewhere"), in: &env)
        }
        env.effects.append(.record(.answered(record)))
    }

    /// Sends the ACK to the 2xx of a leg, and keeps it to be sent again.
    mutating func acknowledge(_ index: Int, sdp: [UInt8]?, in env: inout CallEnvironment) {
        guard let builder = legs[index].request(.ack, in: &env) else { return }
        _ = legs[index].session?.offers.sending(.ack, sdp: sdp)
        guard let message = seal(builder, sdp: sdp, leg: index, in: &env) else { return }
        legs[index].session?.acknowledgement = message
        env.effects.append(.send(message, legs[index].target, leg: UInt16(index)))
    }

    /// An ACK of a peer to a 2xx of ours.
    mutating func acknowledged(_ ack: SIPMessage, leg index: Int, in env: inout CallEnvironment) {
        guard case .acknowledgement(let invite)? = legs[index].session?.dialog.receive(ack) else { return }
        guard let pending = legs[index].session?.answer, pending.message.cseq.number == invite else { return }
        legs[index].session?.answer = nil
        let body = Call.sdpBytes(of: ack)
        switch legs[index].session?.offers.received(.ack, sdp: body, random: &env.random) ?? .nothing {
        case .answer(let sdp) where attendance != nil: serverOfferAnswered(sdp, in: &env)
        case .answer(let sdp): lateAnswer(sdp, from: index, in: &env)
        case .violation:
            note("the ACK has no answer to our offer", leg: index, in: &env)
            releaseDelayedAcknowledgement(in: &env)
            hangUp(by: .server, outcome: nil, reason: "no answer in the ACK", status: .notAcceptableHere, in: &env)
        case .nothing, .offer, .preview, .reject: break
        }
        if phase == .ending { return endDialog(index, reason: nil, in: &env) }
        if index == 0, needsResync { resync(in: &env) }
        settleIfFinished(in: &env)
    }

    /// The answer that came in an ACK goes into the ACK of the leg that offered.
    private mutating func lateAnswer(_ sdp: [UInt8], from index: Int, in env: inout CallEnvironment) {
        guard let delayed = delayedAcknowledgement, delayed.from == UInt16(index) else { return }
        delayedAcknowledgement = nil
        let other = Int(delayed.to)
        let isFirst: Bool = legs[other].session?.offers.agreed == nil
        guard let offer = legs[other].remoteDescription,
            let description = (try? SessionDescription.parse(sdp))?.answering(offer.media.count),
            let own = try? answer(description, from: index, to: other, offer: offer, in: &env)
        else {
            acknowledge(other, sdp: nil, in: &env)
            return hangUp(
                by: .server, outcome: nil, reason: "the answer can't be read", status: .notAcceptableHere, in: &env)
        }
        apply(description, from: index, own: ownDescription(of: index), isFinal: true, in: &env)
        agree(other, own: own.description, remote: offer, in: &env)
        closeRejected(by: description, of: other, in: &env)
        join(index, other, in: &env)
        acknowledge(other, sdp: own.bytes, in: &env)
        if isFirst, own.description.media.allSatisfy(\.isRejected) {
            hangUp(by: .server, outcome: .failed, reason: "no common codec", status: .notAcceptableHere, in: &env)
        }
    }

    /// No answer will come: the 2xx that waits for its ACK gets one all the same, before the BYE.
    mutating func releaseDelayedAcknowledgement(in env: inout CallEnvironment) {
        guard let delayed = delayedAcknowledgement else { return }
        delayedAcknowledgement = nil
        acknowledge(Int(delayed.to), sdp: nil, in: &env)
    }
}
