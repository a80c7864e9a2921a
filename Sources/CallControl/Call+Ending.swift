internal import Basics
internal import SIPDialog
internal import SIPMessage
internal import SIPTransaction

/// How calls end: whoever ends them, both dialogs are ended, the media closed and the record settled.
extension Call {
    /// A CANCEL; the transaction layer has answered it.
    mutating func cancelled(_ cancel: SIPMessage, _ transaction: ServerTransactionID, in env: inout CallEnvironment) {
        if transaction == inviteTransaction { return callerCancelled(Call.reason(of: cancel), in: &env) }
        // Of a re-INVITE that was passed on: its own answer, 487 or a 2xx that crossed, goes back (RFC 3261 §9.2).
        for (id, exchange) in exchanges {
            guard case .change(let passed) = exchange.purpose, passed.transaction == transaction else { continue }
            env.effects.append(.cancel(id, reason: nil))
        }
    }

    /// Why a party ended the call, as another one may be told: its own words stay behind (ADR 9).
    static func reason(of request: SIPMessage) -> Reason? {
        ((try? request.reasons()) ?? []).lazy.compactMap(\.standardised).first
    }

    private mutating func callerCancelled(_ reason: Reason?, in env: inout CallEnvironment) {
        guard !isInviteAnswered else { return }  // It crossed our final response (RFC 3261 §9.2).
        note("cancelled by the caller", leg: 0, in: &env)
        if case .connected(let index) = phase {
            // Answered, but the 2xx waits for a PRACK: the callee has to be hung up.
            refuseCaller(
                .requestTerminated, outcome: .cancelled, reason: "cancelled by the caller", by: .caller, in: &env)
            return endDialog(Int(index), reason: reason ?? Reason.sip(.requestTerminated), in: &env)
        }
        refuseCaller(
            .requestTerminated, outcome: .cancelled, reason: "cancelled by the caller", by: .caller, told: reason,
            in: &env)
    }

    /// A party's BYE.
    mutating func byeReceived(
        _ request: SIPMessage, on transaction: ServerTransactionID, source: IPEndpoint, leg index: Int,
        in env: inout CallEnvironment
    ) {
        respond(.ok, to: request, on: transaction, source: source, leg: index, in: &env)
        note("BYE", leg: index, in: &env)
        // Its 2xx is owed an ACK all the same, which a dialog that has ended can't write any more.
        if delayedAcknowledgement?.to == UInt16(index) { releaseDelayedAcknowledgement(in: &env) }
        legs[index].session?.dialog.terminate()
        legs[index].session?.answer = nil
        _ = legs[index].session?.timer?.handle(.sessionEnded, now: env.now)
        let reason = Call.reason(of: request)
        if index == 0, !isInviteAnswered {
            return refuseCaller(
                .requestTerminated, outcome: .cancelled, reason: "ended by the caller", by: .caller, in: &env)
        }
        legs[index].stage = .over
        guard let other = peer(of: UInt16(index)) else {
            // A terminal that ended its early dialog.
            if phase == .ringing, index > 0 { branchFailed(index, status: .temporarilyUnavailable, in: &env) }
            return settleIfFinished(in: &env)
        }
        beginEnding(outcome: .answered, by: index == 0 ? .caller : .callee, reason: "hung up", status: nil, in: &env)
        failPassedRequests(from: index, in: &env)
        releaseDelayedAcknowledgement(in: &env)
        endDialog(other, reason: reason, in: &env)
        if !isInviteAnswered { refuseUnansweredCaller(in: &env) }
        settleIfFinished(in: &env)
    }

    /// The callee hung up while the caller's 200 still waited for a PRACK.
    private mutating func refuseUnansweredCaller(in env: inout CallEnvironment) {
        isInviteAnswered = true
        heldAnswer = nil
        caller.stage = .over
        if let message = seal(callerResponse(.temporarilyUnavailable, in: env), leg: 0, in: &env) {
            env.effects.append(.respond(message, inviteTransaction, leg: 0))
        }
    }

    /// Requests this leg passed to the other one can't be answered any more.
    mutating func failPassedRequests(from index: Int, in env: inout CallEnvironment) {
        for (id, exchange) in exchanges {
            switch exchange.purpose {
            case .change(let passed), .passed(let passed):
                guard Int(passed.from) == index || Int(exchange.leg) == index else { continue }
                refuse(passed, .requestTerminated, in: &env)
                exchanges[id] = nil
                env.effects.append(.abandon(id))
                if change == id { change = nil }
            case .invite, .bye, .prack, .refresh, .probe, .digit, .resync, .narrow, .faxSound, .faxOffer, .faxSpeech:
                continue
            }
        }
        if let held = heldUpdate, index == 0 || Int(held.from) == index {
            refuseHeldUpdate(of: Int(held.from), in: &env)
        }
    }

    /// The UPDATE of this leg that waits for the caller's PRACK has nobody to go to any more.
    mutating func refuseHeldUpdate(of index: Int, in env: inout CallEnvironment) {
        guard let held = heldUpdate, Int(held.from) == index else { return }
        heldUpdate = nil
        refuse(held, .requestTerminated, in: &env)
    }

    /// Ends the call from our side: whatever stands of it.
    /// - Parameter outcome: nil where it follows from how far the call had come.
    mutating func hangUp(
        by party: CallParty, outcome: CallOutcome?, reason: String, status: SIPStatus, in env: inout CallEnvironment
    ) {
        guard phase != .ending else { return }
        let connected = connectedIndex
        if !isInviteAnswered {
            refuseCaller(status, outcome: outcome ?? .failed, reason: reason, by: party, in: &env)
        } else {
            beginEnding(outcome: outcome ?? .answered, by: party, reason: reason, status: nil, in: &env)
            failPassedRequests(from: 0, in: &env)
            releaseDelayedAcknowledgement(in: &env)
            endDialog(0, reason: Reason.sip(status, text: reason), in: &env)
        }
        if let connected {
            releaseDelayedAcknowledgement(in: &env)
            endDialog(connected, reason: Reason.sip(status, text: reason), in: &env)
        }
        settleIfFinished(in: &env)
    }

    /// A party of a connected call is gone: no BYE reaches it, the other one is told.
    mutating func partyLost(_ index: Int, reason: String, outcome: CallOutcome? = nil, in env: inout CallEnvironment) {
        guard phase != .ending, legs[index].stage == .up else { return }
        hangUp(by: .server, outcome: outcome, reason: reason, status: .requestTimeout, in: &env)
    }

    /// BYE on a leg that is up; while its ACK is due it waits for that (RFC 3261 §15).
    mutating func endDialog(_ index: Int, reason: Reason?, in env: inout CallEnvironment) {
        // No answer will come for a 2xx that waits for its ACK: it gets one all the same, before the BYE.
        if delayedAcknowledgement?.to == UInt16(index) { releaseDelayedAcknowledgement(in: &env) }
        guard legs[index].stage == .up, let session = legs[index].session else { return }
        if session.answer != nil {
            legs[index].pendingReason = reason
            return  // acknowledged(_:) or the retransmitter's end comes back here.
        }
        legs[index].stage = .over
        send(.bye, on: index, as: .bye, reason: reason ?? legs[index].pendingReason, in: &env)
        legs[index].session?.dialog.terminate()
        _ = legs[index].session?.timer?.handle(.sessionEnded, now: env.now)
    }

    /// Stops a terminal that has not answered.
    mutating func cancelBranch(_ index: Int, reason: Reason?, in env: inout CallEnvironment) {
        switch legs[index].stage {
        case .locating:
            legs[index].stage = .over
        case .calling:
            guard let exchange = legs[index].inviteExchange, exchanges[exchange] != nil else {
                legs[index].stage = .over
                return
            }
            legs[index].stage = .cancelling
            closeMedia(of: index, in: &env)
            env.effects.append(.cancel(exchange, reason: reason?.description))
            let limit = env.now.advanced(by: env.settings.timers.t1 * 64)
            legs[index].cancelUntil = limit
        case .cancelling, .up, .over: break
        }
    }

    /// The call is over for both: no more features, the record gets its end, the media stops.
    mutating func beginEnding(
        outcome: CallOutcome, by party: CallParty, reason: String, status: SIPStatus?, in env: inout CallEnvironment
    ) {
        guard phase != .ending else { return }
        phase = .ending
        noAnswerAt = nil
        resyncAt = nil
        prackRetries = []
        heldDigits = []
        record.endedAt = env.wall
        record.outcome = outcome
        record.hangupBy = party
        record.reason = reason
        record.sipStatus = status?.code ?? 200
        // Timers of retransmission and CANCEL end within 64×T1; the media plane answers long before.
        forgetAt = env.now.advanced(by: env.settings.timers.t1 * 64 + env.settings.mediaClosingGrace)
        endService(in: &env)
        endMusic(in: &env)
        for index in legs.indices where legs[index].stage != .cancelling { closeMedia(of: index, in: &env) }
    }

    /// Settles the record once everything is in.
    mutating func settleIfFinished(in env: inout CallEnvironment) {
        guard phase == .ending, !isSettled, openEndpoints.isEmpty else { return }
        isSettled = true
        record.judgeMedia(answered: answeredLeg, wasExpected: expectedMedia)
        record.take(settledQuality())
        env.effects.append(.record(.settled(record)))
    }

    /// A request of ours within a leg's dialog, without a body.
    mutating func send(
        _ method: SIPMethod, on index: Int, as purpose: Exchange.Purpose, reason: Reason? = nil,
        in env: inout CallEnvironment
    ) {
        followParty(index, in: &env)
        guard var builder = legs[index].request(method, in: &env) else { return }
        if let reason { builder.add(.reason, reason.description) }
        guard let message = seal(builder, leg: index, in: &env) else { return }
        let exchange = openExchange(index, method, purpose)
        env.effects.append(.request(message, legs[index].target, exchange, leg: UInt16(index)))
    }
}
