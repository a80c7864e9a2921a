internal import Basics
internal import Identity
internal import SDP
internal import SIPDialog
internal import SIPMessage
internal import SIPTransaction

/// What the caller is told of its INVITE.
extension Call {
    /// A provisional response to the caller, if it is news.
    mutating func alert(_ status: SIPStatus, sdp: [UInt8]?, in env: inout CallEnvironment) {
        guard phase == .ringing, !isInviteAnswered else { return }
        // One early dialog however many terminals ring: the same status is told once, and none goes back.
        guard
            sdp != nil || (status.code > provisionalSent && [180, 181, 182, 183].contains(status.code))
                || (status == .ringing && !hasRung)
        else { return }
        if status == .ringing {
            hasRung = true
            if record.ringingAt == nil { record.ringingAt = env.wall }
        }
        provisionalSent = max(provisionalSent, status.code)
        let mustBeReliable = SupportedExtensions.required(by: invite).contains(.reliableProvisionals)
        if caller.session?.provisionals != nil, sdp != nil || mustBeReliable {
            drive(.provisional(.init(status: status, sdp: sdp)), in: &env)
        } else {
            sendProvisional(status, sdp: sdp, rseq: nil, in: &env)
        }
    }

    private mutating func sendProvisional(
        _ status: SIPStatus, sdp: [UInt8]?, rseq: UInt32?, in env: inout CallEnvironment
    ) {
        let carrier: SDPCarrier = rseq == nil ? .unreliableProvisional : .reliableProvisional
        var body = sdp
        if let sdp {
            let verdict = caller.session?.offers.sending(carrier, sdp: sdp) ?? .nothing
            switch verdict {
            case .violation: body = nil
            case .nothing: if rseq != nil { body = nil }  // Answered while this one was queued.
            case .offer, .answer, .preview, .reject: break
            }
        }
        var builder = callerResponse(status, in: env)
        if let rseq {
            builder.add(.require, "100rel")
            builder.add(.rseq, rseq)
        }
        guard let message = seal(builder, sdp: body, leg: 0, in: &env) else { return }
        if let rseq { reliableSent[rseq] = message }
        env.effects.append(.respond(message, inviteTransaction, leg: 0))
    }

    /// The fields every dialog-forming response to the caller has.
    func callerResponse(_ status: SIPStatus, in env: CallEnvironment) -> SIPMessageBuilder {
        var builder = SIPMessageBuilder(
            responseTo: invite, status: status, source: inviteSource, toTag: caller.localTag,
            dialogForming: status.code < 300)
        builder.add(.server, env.settings.serverName)
        if status.code < 300 {
            builder.addContact(caller.contact(in: env))
            builder.add(.allow, OwnFields.allow)
            caller.addSupported(to: &builder)
        }
        return builder
    }

    /// Feeds the caller's reliable provisional responses and does what they ask.
    mutating func drive(_ event: ReliableProvisionals.Sender.Event, in env: inout CallEnvironment) {
        guard let effects = caller.session?.provisionals?.handle(event, now: env.now) else { return }
        for effect in effects {
            switch effect {
            case .send(let item, let rseq): sendProvisional(item.status, sdp: item.sdp, rseq: rseq, in: &env)
            case .resend(let rseq):
                if let message = reliableSent[rseq] { env.effects.append(.respond(message, inviteTransaction, leg: 0)) }
            case .sendFinal: sendHeldAnswer(in: &env)
            case .acceptPrack, .rejectPrack: break  // Answered where the PRACK came in.
            case .giveUp:
                note("the caller never acknowledged a reliable provisional response", leg: 0, in: &env)
                hangUp(
                    by: .server, outcome: .failed, reason: "no PRACK from the caller", status: .serverTimeout, in: &env)
            }
        }
    }

    // MARK: Offers in reliable responses, for an INVITE without one

    /// The callee offers in a reliable 1xx: passed on where the caller can answer in time, by its own PRACK.
    mutating func earlyOffer(
        _ offer: [UInt8], _ rack: RAck, _ status: SIPStatus, _ fork: String, leg index: Int,
        in env: inout CallEnvironment
    ) {
        guard caller.session?.provisionals != nil, earlyLeg == nil,
            let description = try? SessionDescription.parse(offer),
            (try? answerTransports(to: description, of: index, in: &env)) != nil,
            let own = try? self.offer(description, from: index, to: 0, in: &env)
        else {
            note("an early offer could not be passed on", leg: index, in: &env)
            return branchFailed(index, status: .notAcceptableHere, in: &env)
        }
        earlyLeg = UInt16(index)
        prefer(fork, of: index)
        delayedPrack = DelayedPrack(rack: rack, fork: fork, leg: UInt16(index))
        ensureStreams(for: description, leg: index, in: &env)
        apply(description, from: index, own: nil, isFinal: false, in: &env)
        join(0, index, in: &env)
        alert(status, sdp: own.bytes, in: &env)
    }

    /// A PRACK of the caller.
    mutating func prackReceived(
        _ request: SIPMessage, on transaction: ServerTransactionID, source: IPEndpoint, in env: inout CallEnvironment
    ) {
        guard let rack = (try? request.rack()) ?? nil else {
            return respond(.badRequest, to: request, on: transaction, source: source, leg: 0, in: &env)
        }
        let effects = caller.session?.provisionals?.handle(.prack(rack), now: env.now) ?? [.rejectPrack]
        guard effects.contains(.acceptPrack) else {
            return respond(.callTransactionDoesNotExist, to: request, on: transaction, source: source, leg: 0, in: &env)
        }
        let body = Call.sdpBytes(of: request)
        var answer: [UInt8]?
        switch caller.session?.offers.received(.prack, sdp: body, random: &env.random) ?? .nothing {
        case .answer(let sdp): passEarlyAnswer(sdp, in: &env)
        case .offer:
            // A new offer inside PRACK while the callee still rings: the agreement stands, which is a legal answer (RFC 3262 §5).
            answer = caller.session?.offers.agreed?.local
            if let answer { _ = caller.session?.offers.sending(.prackSuccess, sdp: answer) }
        case .nothing, .preview, .reject, .violation: break
        }
        respond(.ok, to: request, on: transaction, source: source, leg: 0, sdp: answer, in: &env)
        for effect in effects {
            switch effect {
            case .send(let item, let rseq): sendProvisional(item.status, sdp: item.sdp, rseq: rseq, in: &env)
            case .sendFinal: sendHeldAnswer(in: &env)
            case .resend, .acceptPrack, .rejectPrack, .giveUp: break
            }
        }
        releaseHeldUpdate(in: &env)
    }

    private mutating func passEarlyAnswer(_ sdp: [UInt8], in env: inout CallEnvironment) {
        guard let delayed = delayedPrack, let description = try? SessionDescription.parse(sdp) else { return }
        delayedPrack = nil
        let index = Int(delayed.leg)
        apply(description, from: 0, own: ownDescription(of: 0), isFinal: false, in: &env)
        guard let offer = legs[index].remoteDescription,
            let own = try? answer(description, from: 0, to: index, offer: offer, in: &env)
        else { return branchFailed(index, status: .serviceUnavailable, in: &env) }
        agree(index, own: own.description, remote: offer, in: &env)
        sendPrack(delayed.rack, sdp: own.bytes, fork: delayed.fork, leg: index, in: &env)
    }

    // MARK: Final responses

    /// Answers the caller's INVITE with 200 and `sdp`, now or once its PRACK is here.
    /// - Parameter before: the caller's offers before `sdp` was written: a description that is not sent takes no version.
    mutating func answerCaller(sdp: [UInt8]?, before: OfferAnswer? = nil, in env: inout CallEnvironment) {
        guard !isInviteAnswered, heldAnswer == nil else { return }
        var builder = callerResponse(.ok, in: env)
        callerTimerFields.add(to: &builder)
        var body = sdp
        let verdict = caller.session?.offers.sending(.inviteSuccess, sdp: sdp) ?? .nothing
        if verdict == .nothing, let sdp {
            // The answer went in a reliable 1xx already; the caller must not be given another (RFC 3262 §5).
            needsResync = caller.session?.offers.agreed.map { !Call.sameMedia($0.local, sdp) } ?? false
            body = nil
            if var unwritten = before {
                _ = unwritten.sending(.inviteSuccess, sdp: sdp)
                caller.session?.offers = unwritten
            }
        }
        guard let message = seal(builder, sdp: body, leg: 0, in: &env) else {
            return hangUp(
                by: .server, outcome: .failed, reason: "the answer could not be written", status: .serverInternalError,
                in: &env)
        }
        heldAnswer = message
        if caller.session?.provisionals == nil { sendHeldAnswer(in: &env) } else { drive(.final(.ok), in: &env) }
    }

    mutating func sendHeldAnswer(in env: inout CallEnvironment) {
        guard let message = heldAnswer, !isInviteAnswered else { return }
        heldAnswer = nil
        isInviteAnswered = true
        caller.stage = .up
        caller.session?.dialog.confirm()
        let fields = callerTimerFields
        caller.session?.timer?.answered(with: fields, now: env.now)
        caller.session?.answer = Session.PendingAnswer(
            retransmitter: AnswerRetransmitter(timers: env.settings.timers, sentAt: env.now), message: message)
        env.effects.append(.respond(message, inviteTransaction, leg: 0))
    }

    /// Whether two descriptions of ours agree in all but their version.
    static func sameMedia(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        guard var first = try? SessionDescription.parse(one), let second = try? SessionDescription.parse(other) else {
            return false
        }
        first.origin = second.origin
        return first == second
    }

    /// Refuses the caller's INVITE and ends the call.
    /// - Parameter told: what the CANCEL to the terminals says; nil says the status.
    mutating func refuseCaller(
        _ status: SIPStatus, outcome: CallOutcome, reason: String, by party: CallParty, cause: Reason? = nil,
        fields: [(SIPFieldName, String)] = [], told: Reason? = nil, in env: inout CallEnvironment
    ) {
        guard !isInviteAnswered else { return }
        isInviteAnswered = true
        heldAnswer = nil
        // An early UPDATE of either side that waits for the other's answer: what came of it would open media again.
        failPassedRequests(from: 0, in: &env)
        _ = caller.session?.provisionals?.handle(.final(status), now: env.now)
        var builder = callerResponse(status, in: env)
        if let cause { builder.add(.reason, cause.description) }
        for (name, value) in fields { builder.add(name, value) }
        caller.session?.dialog.terminate()
        caller.stage = .over
        if let message = seal(builder, leg: 0, in: &env) {
            env.effects.append(.respond(message, inviteTransaction, leg: 0))
        }
        note("\(status.code) to the caller: \(reason)", leg: 0, in: &env)
        beginEnding(outcome: outcome, by: party, reason: reason, status: status, in: &env)
        for index in legs.indices.dropFirst() { cancelBranch(index, reason: told ?? Reason.sip(status), in: &env) }
        settleIfFinished(in: &env)
    }

    /// A response within a leg's dialog.
    mutating func respond(
        _ status: SIPStatus, to request: SIPMessage, on transaction: ServerTransactionID, source: IPEndpoint,
        leg index: Int,
        sdp: [UInt8]? = nil, fields: [(SIPFieldName, String)] = [], in env: inout CallEnvironment
    ) {
        var builder = SIPMessageBuilder(
            responseTo: request, status: status, source: source, toTag: legs[index].localTag)
        builder.add(.server, env.settings.serverName)
        if status == .methodNotAllowed || request.method == .options { builder.add(.allow, OwnFields.allow) }
        for (name, value) in fields { builder.add(name, value) }
        guard let message = seal(builder, sdp: sdp, leg: index, in: &env) else { return }
        env.effects.append(.respond(message, transaction, leg: UInt16(index)))
    }
}
