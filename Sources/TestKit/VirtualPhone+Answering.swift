internal import Basics
internal import SIPDialog
internal import SIPMessage
internal import SIPTransaction

/// Taking calls.
extension VirtualPhone {
    func serve(_ request: SIPMessage, _ transaction: ServerTransactionID) {
        guard let tag = request.toTag else {
            switch request.method {
            case .invite: incoming(request, transaction)
            case .options: respond(.ok, to: request, on: transaction, tag: mark + random.token(6))
            default: respond(.callTransactionDoesNotExist, to: request, on: transaction, tag: mark + random.token(6))
            }
            return
        }
        guard let call = callByTag[tag] else {
            return respond(.callTransactionDoesNotExist, to: request, on: transaction, tag: tag)
        }
        serve(request, transaction, in: call)
    }

    func respond(
        _ status: SIPStatus, to request: SIPMessage, on transaction: ServerTransactionID, tag: String,
        sdp: [UInt8]? = nil,
        _ add: (inout SIPMessageBuilder) -> Void = { _ in }
    ) {
        var builder = SIPMessageBuilder(responseTo: request, status: status, source: nil, toTag: tag)
        add(&builder)
        if let message = seal(builder, sdp: sdp) { respond(message, on: transaction) }
    }

    private func incoming(_ request: SIPMessage, _ transaction: ServerTransactionID) {
        let plan: CalleePlan = plans.isEmpty ? self.plan : plans.removeFirst()
        if plan.decision == .silence { return }
        let call = makeCall(request, transaction, plan)
        call.timer = sessionTimer(plan.timer)
        if case .tooSmall(let minimum)? = call.timer?.received(request) {
            call.finalStatus = .sessionIntervalTooSmall
            finish(call, "interval too small")
            return respond(.sessionIntervalTooSmall, to: request, on: transaction, tag: call.localTag) {
                $0.add(.minSE, String(minimum))
            }
        }
        let body: [UInt8]? = sdp(of: request, call)
        if case .reject = call.offers.received(.invite, sdp: body, random: &random) {
            fault("a fresh INVITE can't be judged", call)
        }
        if let body, !understands(body) { return reject(call, .notAcceptableHere) }
        if plan.isReliable, SupportedExtensions(of: request).contains(.reliableProvisionals) {
            call.sender = ReliableProvisionals.Sender(
                timers: .standard, invite: request.cseq.number, firstRSeq: UInt32.random(in: 1...1000, using: &random))
        }
        schedule(plan, call)
        if plan.forks { fork(call, request, transaction, body, plan) }
    }

    private func makeCall(_ request: SIPMessage, _ transaction: ServerTransactionID, _ plan: CalleePlan) -> PhoneCall {
        let call = PhoneCall(
            isCaller: false, callID: request.callID, localTag: mark + random.token(8), startedAt: world.now,
            sequence: 0,
            sdpSession: UInt64.random(in: 1...0xFFFF, using: &random), rtpPort: nextPort(), calleePlan: plan)
        call.invite = request
        call.inviteServer = transaction
        call.dialog = try? Dialog(
            answering: request, localTag: call.localTag, firstSequence: UInt32.random(in: 1...900, using: &random))
        if call.dialog == nil { fault("an INVITE that makes no dialog", call) }
        call.serverAllowsUpdate = SupportedExtensions(of: request).contains(.update)
        calls.append(call)
        live.append(call)
        callByTag[call.localTag] = call
        return call
    }

    /// Another phone behind this address rings too, and may answer as well.
    private func fork(
        _ call: PhoneCall, _ request: SIPMessage, _ transaction: ServerTransactionID, _ body: [UInt8]?,
        _ plan: CalleePlan
    ) {
        var second: CalleePlan = plan
        (second.forks, second.isReliable, second.actions) = (false, false, [])
        if !plan.answersTwice { second.decision = .none }
        if case .answer(let delay) = plan.decision, plan.answersTwice {
            second.decision = .answer(delay + .milliseconds(200))
        }
        let other = makeCall(request, transaction, second)
        _ = other.offers.received(.invite, sdp: body, random: &random)
        schedule(second, other)
    }

    private func schedule(_ plan: CalleePlan, _ call: PhoneCall) {
        if let delay = plan.ringsAfter { world.after(delay) { [unowned self] in ring(call, .ringing, withSDP: false) } }
        if let delay = plan.earlyMediaAfter {
            world.after(delay) { [unowned self] in ring(call, .sessionProgress, withSDP: true) }
            if let pause = plan.earlyUpdateAfter {
                world.after(delay + pause) { [unowned self] in
                    guard call.state == .setup else { return }
                    call.direction = "sendonly"
                    update(call, withOffer: true)
                }
            }
        }
        switch plan.decision {
        case .answer(let delay): world.after(delay) { [unowned self] in accept(call) }
        case .reject(let status, let delay): world.after(delay) { [unowned self] in reject(call, status) }
        case .redirect(let user, let delay):
            world.after(delay) { [unowned self] in
                reject(call, .movedTemporarily) {
                    if let diversion = plan.diversion { $0.add(.diversion, diversion) }
                    $0.addContact(NameAddress(uri: self.uri(user)))
                }
            }
        case .redirectOutside(let uri, let delay):
            world.after(delay) { [unowned self] in
                reject(call, .movedTemporarily) { $0.add(.contact, "<\(uri)>") }
            }
        // Nobody hears it ring for ever, even where the server is gone.
        case .none: world.after(.seconds(300)) { [unowned self] in reject(call, .temporarilyUnavailable) }
        case .silence: break
        }
    }

    // MARK: Provisional responses

    private func ring(_ call: PhoneCall, _ status: SIPStatus, withSDP: Bool) {
        guard !isDead, call.state == .setup else { return }
        guard call.sender != nil else {
            return sendProvisional(call, status, withSDP ? earlySDP(call, isReliable: false) : nil, rseq: nil)
        }
        drive(call, .provisional(.init(status: status, sdp: withSDP ? earlySDP(call, isReliable: true) : nil)))
        arm()
    }

    private func earlySDP(_ call: PhoneCall, isReliable: Bool) -> [UInt8]? {
        if case .pending(.remote, _, let offered) = call.offers.phase { return answer(offered, call) }
        // An INVITE without offer: a reliable response may make it.
        return isReliable && call.offers.agreed == nil && call.offers.phase == .idle ? offer(call) : nil
    }

    private func sendProvisional(_ call: PhoneCall, _ status: SIPStatus, _ sdp: [UInt8]?, rseq: UInt32?) {
        guard let request = call.invite, let transaction = call.inviteServer else { return }
        if case .violation(let what) = call.offers.sending(
            rseq == nil ? .unreliableProvisional : .reliableProvisional, sdp: sdp)
        {
            fault("the phone's own \(status): \(what)", call)
        }
        var builder = SIPMessageBuilder(
            responseTo: request, status: status, source: nil, toTag: call.localTag, dialogForming: true)
        builder.addContact(contact)
        if let rseq {
            builder.add(.require, "100rel")
            builder.add(.rseq, rseq)
        }
        addAbilities(of: call, to: &builder)
        guard let message = seal(builder, sdp: sdp) else { return }
        if let rseq { call.sentReliable[rseq] = message }
        respond(message, on: transaction)
    }

    /// Feeds the reliable responses and does what they ask.
    func drive(_ call: PhoneCall, _ event: ReliableProvisionals.Sender.Event) {
        for effect in call.sender?.handle(event, now: world.now) ?? [] { release(effect, call) }
    }

    func release(_ effect: ReliableProvisionals.Sender.Effect, _ call: PhoneCall) {
        switch effect {
        case .send(let item, let rseq): sendProvisional(call, item.status, item.sdp, rseq: rseq)
        case .resend(let rseq):
            if let message = call.sentReliable[rseq], let transaction = call.inviteServer {
                respond(message, on: transaction)
            }
        case .sendFinal:
            let held = call.heldAnswer
            call.heldAnswer = nil
            held?()
        case .acceptPrack, .rejectPrack: break
        case .giveUp: reject(call, .serverTimeout)
        }
    }

    // MARK: Final responses

    private func accept(_ call: PhoneCall) {
        guard !isDead, call.state == .setup, call.heldAnswer == nil else { return }
        guard call.sender != nil else { return sendAnswer(call) }
        call.heldAnswer = { [unowned self] in sendAnswer(call) }
        drive(call, .final(.ok))
        arm()
    }

    private func sendAnswer(_ call: PhoneCall) {
        guard let request = call.invite, let transaction = call.inviteServer,
            call.state == .setup || call.state == .cancelling
        else { return }
        var builder = SIPMessageBuilder(
            responseTo: request, status: .ok, source: nil, toTag: call.localTag, dialogForming: true)
        builder.addContact(contact)
        addAbilities(of: call, to: &builder)
        if case .accept(let fields)? = call.timer?.received(request) {
            fields.add(to: &builder)
            call.timer?.answered(with: fields, now: world.now)
        }
        var body: [UInt8]?
        if case .pending(.remote, _, let offered) = call.offers.phase { body = answer(offered, call) }
        if call.offers.phase == .idle, call.offers.agreed == nil { body = offer(call) }
        if call.calleePlan?.describesInProvisionalOnly == true, call.offers.preview != nil { body = nil }
        if case .violation(let what) = call.offers.sending(.inviteSuccess, sdp: body) {
            fault("the phone's own 200: \(what)", call)
        }
        guard let message = seal(builder, sdp: body) else { return }
        call.dialog?.confirm()
        (call.state, call.finalStatus) = (.up, .ok)
        call.answerMessage = message
        call.answer = AnswerRetransmitter(timers: .standard, sentAt: world.now)
        respond(message, on: transaction)
        endForks(of: call, isAnswer: true)
        answered(call)
    }

    /// The INVITE has its final response: what else rang for it stops, unless it answers too.
    private func endForks(of call: PhoneCall, isAnswer: Bool) {
        for other in live
        where other !== call && other.inviteServer == call.inviteServer && !other.isCaller && other.state != .up {
            if isAnswer, case .answer = other.calleePlan?.decision { continue }
            finish(other, "another branch answered")
        }
    }

    private func reject(_ call: PhoneCall, _ status: SIPStatus, _ add: (inout SIPMessageBuilder) -> Void = { _ in }) {
        guard !isDead, call.state == .setup || call.state == .cancelling, let request = call.invite,
            let transaction = call.inviteServer
        else { return }
        call.finalStatus = status
        _ = call.sender?.handle(.final(status), now: world.now)
        call.dialog?.terminate()
        call.offers.failed(.invite, by: .remote)
        finish(call, "refused with \(status)")
        endForks(of: call, isAnswer: false)
        respond(status, to: request, on: transaction, tag: call.localTag, add)
    }

    /// A CANCEL of the server.
    func cancelled(_ transaction: ServerTransactionID) {
        for call in live where call.inviteServer == transaction && call.state == .setup && !call.isCaller {
            call.state = .cancelling
            if call.calleePlan?.answersOnCancel == true {
                sendAnswer(call)
                // The server wanted no call: it has to end what this made (RFC 3261 §9.1).
                world.after(.seconds(90)) { [unowned self] in
                    guard call.state == .up, !call.isExcused, !isDead else { return }
                    fault("a 200 that crossed the CANCEL is never ended", call)
                }
            } else {
                reject(call, .requestTerminated)
            }
        }
    }

    func acknowledged(_ ack: SIPMessage) {
        guard let call = callByTag[ack.toTag ?? ""], case .acknowledgement(let number)? = call.dialog?.receive(ack),
            let pending = call.answerMessage, pending.cseq.number == number, call.answer != nil
        else { return }
        call.answer = nil
        switch call.offers.received(.ack, sdp: sdp(of: ack, call), random: &random) {
        case .answer(let answered): checkAnswer(answered, call)
        case .violation(let what):
            // Only where the call is being ended anyway.
            call.mustEndBy = (world.now.advanced(by: .seconds(40)), "an ACK: \(what)")
        case .nothing, .offer, .preview, .reject: break
        }
    }
}
