internal import Basics
internal import SDP
internal import SIPDialog
internal import SIPMessage
internal import SIPTransaction

/// Session changes: re-INVITE and UPDATE of one leg, passed to the other as a change of its own session.
extension Call {
    mutating func sessionChange(
        _ request: SIPMessage, on transaction: ServerTransactionID, source: IPEndpoint, leg index: Int,
        in env: inout CallEnvironment
    ) {
        let passed = PassedRequest(from: UInt16(index), message: request, transaction: transaction, source: source)
        let isInvite = request.method == .invite
        guard let timer = timerFields(for: passed, leg: index, in: &env) else { return }
        let description: SessionDescription?
        do { description = try Call.description(in: request) } catch {
            return respond(
                error.status, to: request, on: transaction, source: source, leg: index, fields: error.fields, in: &env)
        }
        let body = description == nil ? nil : Array(request.body)
        let tag = request.fromTag ?? ""
        let verdict =
            self[session: tag, of: index]?.offers.received(isInvite ? .invite : .update, sdp: body, random: &env.random)
            ?? .nothing
        switch verdict {
        case .reject(.requestPending):
            return respond(.requestPending, to: request, on: transaction, source: source, leg: index, in: &env)
        case .reject(.retryLater(let seconds)):
            return respond(
                .serverInternalError, to: request, on: transaction, source: source, leg: index,
                fields: [(.retryAfter, String(seconds))],
                in: &env)
        case .offer, .nothing, .answer, .preview, .violation: break
        }
        if attendance != nil { return serverChange(passed, description, timer: timer, in: &env) }
        guard let description else {
            if isInvite { return passOfferless(passed, leg: index, in: &env) }
            return acceptRefresh(passed, timer: timer, sdp: nil, leg: index, in: &env)
        }
        if let known = legs[index].remoteDescription, known == description {
            // What a gateway joins, no answer can be made of: what was said is said again.
            if fax == nil, let own = ownAnswer(to: description, of: index, in: &env) {
                apply(description, from: index, own: own.description, isFinal: phase != .ringing, in: &env)
                return acceptRefresh(passed, timer: timer, sdp: own.bytes, leg: index, in: &env)
            }
            if let own = repeated(to: index, answering: description, in: &env) {
                return acceptRefresh(passed, timer: timer, sdp: own, leg: index, in: &env)
            }
        }
        if let own = absorbed(description, leg: index, in: &env) {
            note("changes its codecs: answered without the other party", leg: index, in: &env)
            apply(description, from: index, own: own.description, isFinal: true, in: &env)
            return answerChange(passed, timer: timer, sdp: own.bytes, in: &env)
        }
        switch faxRoute(of: description, leg: index) {
        case .pass: passOffer(passed, description, leg: index, in: &env)
        case .refuse:
            note("T.38 is switched off", leg: index, in: &env)
            refuse(passed, .notAcceptableHere, in: &env)
        case .gateway:
            if !answerFax(passed, description, in: &env) { refuse(passed, .notAcceptableHere, in: &env) }
        }
    }

    /// The session timer fields of the 2xx; nil when the request was refused for them.
    private mutating func timerFields(for passed: PassedRequest, leg index: Int, in env: inout CallEnvironment)
        -> SessionTimerFields?
    {
        guard let verdict = legs[index].session?.timer?.received(passed.message) else { return SessionTimerFields() }
        switch verdict {
        case .accept(let fields): return fields
        case .tooSmall(let minimum):
            respond(
                .sessionIntervalTooSmall, to: passed.message, on: passed.transaction, source: passed.source, leg: index,
                fields: [(.minSE, String(minimum))], in: &env)
        case .malformed:
            respond(
                .badRequest, to: passed.message, on: passed.transaction, source: passed.source, leg: index, in: &env)
        }
        return nil
    }

    /// Nothing changes: a session refresh, or a new Contact. The other leg need not know.
    private mutating func acceptRefresh(
        _ passed: PassedRequest, timer: SessionTimerFields, sdp: [UInt8]?, leg index: Int, in env: inout CallEnvironment
    ) {
        note("session refresh", leg: index, in: &env)
        answerChange(passed, timer: timer, sdp: sdp, in: &env)
    }

    /// 200 to a session change of a leg.
    mutating func answerChange(
        _ passed: PassedRequest, timer: SessionTimerFields, sdp: [UInt8]?, in env: inout CallEnvironment
    ) {
        let index = Int(passed.from)
        let isInvite = passed.message.method == .invite
        let verdict =
            legs[index].session?.offers.sending(isInvite ? .inviteSuccess : .updateSuccess, sdp: sdp) ?? .nothing
        if case .violation = verdict {
            return refuse(passed, .serverInternalError, in: &env)
        }
        var builder = SIPMessageBuilder(
            responseTo: passed.message, status: .ok, source: passed.source, toTag: legs[index].localTag,
            dialogForming: true)
        builder.add(.server, env.settings.serverName)
        builder.addContact(legs[index].contact(in: env))
        builder.add(.allow, OwnFields.allow)
        legs[index].addSupported(to: &builder)
        // The session's time runs from the 2xx to its INVITE; an UPDATE before that refreshes nothing (RFC 4028 §7.4).
        let isUp: Bool = legs[index].stage == .up
        if isUp { timer.add(to: &builder) }
        guard let message = seal(builder, sdp: sdp, leg: index, in: &env) else {
            return refuse(passed, .serverInternalError, in: &env)
        }
        if isUp { legs[index].session?.timer?.answered(with: timer, now: env.now) }
        if isInvite {
            legs[index].session?.answer = Session.PendingAnswer(
                retransmitter: AnswerRetransmitter(timers: env.settings.timers, sentAt: env.now), message: message)
        }
        env.effects.append(.respond(message, passed.transaction, leg: passed.from))
    }

    // MARK: Passing on

    /// The leg a change is passed to and by which method; nil when it can't be now, and the request is refused.
    private mutating func carrier(for passed: PassedRequest, leg index: Int, in env: inout CallEnvironment) -> (
        leg: Int, method: SIPMethod
    )? {
        let other: Int?
        if phase == .ringing {
            other = index == 0 ? earlyLeg.map { Int($0) } : (earlyLeg == UInt16(index) ? 0 : nil)
        } else {
            other = peer(of: UInt16(index))
        }
        guard let other, legs[other].session != nil else {
            refuse(passed, .serverInternalError, fields: [(.retryAfter, "2")], in: &env)
            return nil
        }
        let isUp = legs[other].stage == .up && legs[other].session?.dialog.state == .confirmed
        let wantsUpdate = passed.message.method == .update || !isUp
        let method: SIPMethod = wantsUpdate && legs[other].supports.contains(.update) ? .update : .invite
        guard method == .update || isUp else {
            // The callee still rings and knows no UPDATE: nobody can answer this offer (RFC 3311 §5.2).
            refuse(passed, .serverTimeout, in: &env)
            return nil
        }
        let isFree =
            change == nil && legs[other].session?.answer == nil && delayedAcknowledgement == nil
            && !owesPrack(to: other)
        guard isFree, legs[other].session?.offers.canOffer(in: method == .invite ? .invite : .update) ?? false else {
            refuse(passed, .requestPending, in: &env)
            return nil
        }
        return (other, method)
    }

    /// A PRACK of ours is out: what overtakes it would have it refused, and with it the answer it may carry.
    func owesPrack(to index: Int) -> Bool {
        prackRetries.contains { $0.leg == UInt16(index) }
            || exchanges.values.contains { $0.leg == UInt16(index) && $0.method == .prack }
    }

    private mutating func passOffer(
        _ passed: PassedRequest, _ description: SessionDescription, leg index: Int, in env: inout CallEnvironment
    ) {
        if mustWaitForPrack(passed, leg: index) { return hold(passed, in: &env) }
        guard let (other, method) = carrier(for: passed, leg: index, in: &env) else { return }
        // Both legs' ports at once: when the other party has agreed, nothing may fail any more for want of one.
        let own: Written
        do throws(MediaRefusal) {
            try answerTransports(to: description, of: index, in: &env)
            guard ensureStreams(for: description, leg: index, in: &env) else { throw MediaRefusal.noPort }
            own = try offer(description, from: index, to: other, in: &env)
        } catch {
            closeUnagreed(of: index, in: &env)
            closeUnagreed(of: other, in: &env)
            let fields = error.fields(offerer: Call.party(index), answerer: Call.party(other))
            return refuse(passed, error.status, fields: fields, in: &env)
        }
        note(description.isOnHold ? "puts the call on hold" : "offers a session change", leg: index, in: &env)
        sendChange(method, sdp: own.bytes, on: other, purpose: .change(passed), in: &env)
    }

    /// The caller has the answer in a reliable response that it has not acknowledged: until its PRACK is here no UPDATE with an
    /// offer may be sent to it (RFC 3311 §5.1, RFC 6337 §3.2).
    private func mustWaitForPrack(_ passed: PassedRequest, leg index: Int) -> Bool {
        guard index != 0, phase == .ringing, passed.message.method == .update else { return false }
        return caller.session?.provisionals?.nextDeadline != nil
    }

    /// Keeps an early UPDATE of the callee until the caller's PRACK; a second one can't come before it is answered.
    private mutating func hold(_ passed: PassedRequest, in env: inout CallEnvironment) {
        note("an UPDATE waits for the caller's PRACK", leg: Int(passed.from), in: &env)
        heldUpdate = passed
    }

    /// The PRACK is here: the UPDATE that waited for it goes on, or is refused where it has no sense any more.
    mutating func releaseHeldUpdate(in env: inout CallEnvironment) {
        guard let passed = heldUpdate, caller.session?.provisionals?.nextDeadline == nil || phase != .ringing else {
            return
        }
        heldUpdate = nil
        guard phase != .ending, let description = try? SessionDescription.parse(passed.message.body) else {
            return refuse(passed, .requestTerminated, in: &env)
        }
        passOffer(passed, description, leg: Int(passed.from), in: &env)
    }

    private mutating func passOfferless(_ passed: PassedRequest, leg index: Int, in env: inout CallEnvironment) {
        guard let (other, _) = carrier(for: passed, leg: index, in: &env) else { return }
        guard legs[other].session?.dialog.state == .confirmed else { return refuse(passed, .serverTimeout, in: &env) }
        note("asks for an offer", leg: index, in: &env)
        sendChange(.invite, sdp: nil, on: other, purpose: .change(passed), in: &env)
    }

    /// A re-INVITE or UPDATE of ours.
    mutating func sendChange(
        _ method: SIPMethod, sdp: [UInt8]?, on index: Int, purpose: Exchange.Purpose, in env: inout CallEnvironment
    ) {
        followParty(index, in: &env)
        guard var builder = legs[index].request(method, in: &env) else { return }
        if legs[index].stage == .up { legs[index].session?.timer?.requestFields().add(to: &builder) }
        _ = legs[index].session?.offers.sending(method == .invite ? .invite : .update, sdp: sdp)
        guard let message = seal(builder, sdp: sdp, leg: index, in: &env) else { return }
        let exchange = openExchange(index, method, purpose)
        change = exchange
        env.effects.append(.request(message, legs[index].target, exchange, leg: UInt16(index)))
    }

    // MARK: Answers

    /// The other leg's response to a change that was passed to it.
    mutating func changeAnswered(
        _ response: SIPMessage, _ status: SIPStatus, _ passed: PassedRequest, _ exchange: Exchange,
        in env: inout CallEnvironment
    ) {
        guard status.code >= 200 else { return }
        let other = Int(exchange.leg)
        let isInvite = exchange.method == .invite
        legs[other].learn(from: response)
        guard status.code < 300 else {
            legs[other].session?.offers.failed(isInvite ? .invite : .update, by: .local)
            closeUnagreed(of: other, in: &env)
            closeUnagreed(of: Int(passed.from), in: &env)
            note("refuses the change: \(status.code)", leg: other, in: &env)
            if !acceptAlone(passed, after: status, in: &env) { refuse(passed, Call.changeRefusal(status), in: &env) }
            return judge(response, leg: other, in: &env)
        }
        _ = legs[other].session?.dialog.receive(response: response)
        if legs[other].stage == .up { legs[other].session?.timer?.confirmed(by: response, now: env.now) }
        let body = Call.sdpBytes(of: response)
        switch legs[other].session?.offers.received(
            isInvite ? .inviteSuccess : .updateSuccess, sdp: body, random: &env.random) ?? .nothing
        {
        case .answer(let sdp): changeAccepted(sdp, passed, other, isInvite: isInvite, in: &env)
        case .offer(let sdp): changeOffered(sdp, passed, other, in: &env)
        case .nothing, .preview, .reject, .violation:
            if isInvite { acknowledge(other, sdp: nil, in: &env) }
            closeUnagreed(of: Int(passed.from), in: &env)
            refuse(passed, .serverInternalError, in: &env)
        }
    }

    /// The other party does not take the new codecs: what it has is made into them.
    /// - Returns: false where the change is refused.
    private mutating func acceptAlone(
        _ passed: PassedRequest, after status: SIPStatus, in env: inout CallEnvironment
    ) -> Bool {
        let from = Int(passed.from)
        let offer: SessionDescription? = try? SessionDescription.parse(passed.message.body)
        if let offer, Call.isFaxRefusal(status), mayBridgeFax(offer, leg: from) {
            return answerFax(passed, offer, in: &env)
        }
        guard status == .notAcceptableHere, let offer,
            let own = answeredAlone(offer, leg: from, in: &env)
        else { return false }
        apply(offer, from: from, own: own.description, isFinal: true, in: &env)
        answerChange(passed, timer: acceptedTimer(for: passed, leg: from), sdp: own.bytes, in: &env)
        return true
    }

    private mutating func changeAccepted(
        _ sdp: [UInt8], _ passed: PassedRequest, _ other: Int, isInvite: Bool, in env: inout CallEnvironment
    ) {
        if isInvite { acknowledge(other, sdp: nil, in: &env) }
        let from = Int(passed.from)
        guard let offer = try? SessionDescription.parse(passed.message.body),
            let answer = (try? SessionDescription.parse(sdp))?.answering(offer.media.count)
        else {
            return takeBack(passed, other, in: &env)
        }
        if Call.leavesFax(answer, offer), mayBridgeFax(offer, leg: from) {
            // It took the change and no fax: nothing is left of its sound, which is asked for again.
            apply(answer, from: other, own: ownDescription(of: other), isFinal: true, in: &env)
            closeRejected(by: answer, of: other, in: &env)
            if !answerFax(passed, offer, in: &env) { refuse(passed, .notAcceptableHere, in: &env) }
            return
        }
        guard let own = try? self.answer(answer, from: other, to: from, offer: offer, in: &env) else {
            return takeBack(passed, other, in: &env)
        }
        let isFinal = phase != .ringing
        apply(answer, from: other, own: ownDescription(of: other), isFinal: isFinal, in: &env)
        apply(offer, from: from, own: own.description, isFinal: isFinal, in: &env)
        for leg in [from, other] {
            closeRejected(by: answer, of: leg, in: &env)
            closeRejected(by: offer, of: leg, in: &env)
        }
        fax = nil
        join(from, other, in: &env)
        let timer = acceptedTimer(for: passed, leg: from)
        answerChange(passed, timer: timer, sdp: own.bytes, in: &env)
    }

    /// What one party agreed to can't be told the other one.
    private mutating func takeBack(_ passed: PassedRequest, _ other: Int, in env: inout CallEnvironment) {
        closeUnagreed(of: Int(passed.from), in: &env)
        refuse(passed, .notAcceptableHere, in: &env)
        restore(other, in: &env)
    }

    /// A party agreed to a change that did not come about: it is offered again what the other one still holds to.
    private mutating func restore(_ index: Int, in env: inout CallEnvironment) {
        guard phase != .ending, let other = peer(of: UInt16(index)), let held = legs[other].remoteDescription,
            change == nil, legs[index].session?.offers.canOffer(in: .invite) ?? false,
            let own = try? offer(held, from: other, to: index, in: &env)
        else { return }
        note("the change did not come about: offered the session as it was", leg: index, in: &env)
        sendChange(.invite, sdp: own.bytes, on: index, purpose: .refresh, in: &env)
    }

    /// The other leg offers, as it was asked to: the 2xx carries it on, the ACK brings the answer back.
    private mutating func changeOffered(
        _ sdp: [UInt8], _ passed: PassedRequest, _ other: Int, in env: inout CallEnvironment
    ) {
        let from = Int(passed.from)
        let offer: SessionDescription? = try? SessionDescription.parse(sdp)
        let refusal: MediaRefusal
        do throws(MediaRefusal) {
            guard let offer else { throw MediaRefusal.unwritable }
            try answerTransports(to: offer, of: other, in: &env)
            guard ensureStreams(for: offer, leg: other, in: &env) else { throw MediaRefusal.noPort }
            let own = try self.offer(offer, from: other, to: from, in: &env)
            apply(offer, from: other, own: nil, isFinal: true, in: &env)
            delayedAcknowledgement = DelayedAcknowledgement(to: UInt16(other), from: passed.from)
            return answerChange(passed, timer: acceptedTimer(for: passed, leg: from), sdp: own.bytes, in: &env)
        } catch { refusal = error }
        // The peer is owed an answer: all stays as it was.
        let own: Written? = offer.flatMap { ownAnswer(to: $0, of: other, in: &env) }
        if let own, let offer {
            apply(offer, from: other, own: own.description, isFinal: true, in: &env)
            closeRejected(by: own.description, of: other, in: &env)
        }
        var answer: [UInt8]? = own?.bytes
        if answer == nil, let offer { answer = repeated(to: other, answering: offer, in: &env) }
        acknowledge(other, sdp: answer, in: &env)
        closeUnagreed(of: other, in: &env)
        closeUnagreed(of: from, in: &env)
        guard offer != nil else { return refuse(passed, .notAcceptableHere, in: &env) }
        let fields = refusal.fields(offerer: Call.party(other), answerer: Call.party(from))
        refuse(passed, refusal.status, fields: fields, in: &env)
    }

    mutating func acceptedTimer(for passed: PassedRequest, leg index: Int) -> SessionTimerFields {
        guard case .accept(let fields)? = legs[index].session?.timer?.received(passed.message) else {
            return SessionTimerFields()
        }
        return fields
    }

    /// What the asking leg is told where the other leg's status would mean something else to it.
    private static func changeRefusal(_ status: SIPStatus) -> SIPStatus {
        switch status.code {
        case 401, 407, 408, 422, 481, 503: .notAcceptableHere
        case 300...399: .notAcceptableHere
        default: status
        }
    }
}
