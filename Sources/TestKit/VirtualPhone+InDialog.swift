internal import Basics
internal import SIPDialog
package import SIPMessage
internal import SIPTransaction

/// What a phone does, and is asked, in calls that are up.
extension VirtualPhone {
    /// The call is up on this side.
    func answered(_ call: PhoneCall) {
        for step in call.actions {
            world.after(step.after) { [unowned self] in perform(step.action, call) }
        }
        arm()
    }

    package func perform(_ action: MidCallAction, _ call: PhoneCall) {
        guard !isDead, call.state == .up else { return }
        switch action {
        case .hold(let kind):
            call.direction = kind == .inactive ? "inactive" : kind == .sendonly ? "sendonly" : "sendrecv"
            call.hasZeroAddress = kind == .zeroAddress
            reinvite(call, withOffer: true)
        case .resume:
            (call.direction, call.hasZeroAddress) = ("sendrecv", false)
            reinvite(call, withOffer: true)
        case .offerless: reinvite(call, withOffer: false)
        case .refresh: reinvite(call, withOffer: true)
        case .update(let withOffer): update(call, withOffer: withOffer)
        case .addVideo:
            call.hasVideo = true
            reinvite(call, withOffer: true)
        case .fax(let beside):
            guard fax == .speaks, !call.isChanging else { return }
            call.faxStream = beside ? 1 : 0
            reinvite(call, withOffer: true)
        case .speech:
            call.faxStream = nil
            reinvite(call, withOffer: true)
        case .rekey:
            renewSecrets(call)
            reinvite(call, withOffer: true)
        case .info: send(.info, call)
        case .key: world.server.media.press("5", by: address.address)
        case .message: send(.message, call)
        case .options: send(.options, call)
        case .bye: hangUp(call)
        case .die: die()
        case .reboot: reboot()
        case .cutConnection: cutConnection(reconnectAfter: .seconds(3))
        }
    }

    /// Puts a call on hold, by UPDATE or by re-INVITE.
    package func hold(_ call: PhoneCall, byUpdate: Bool) {
        call.direction = "sendonly"
        if byUpdate { update(call, withOffer: true) } else { reinvite(call, withOffer: true) }
    }

    private func send(_ method: SIPMethod, _ call: PhoneCall) {
        let type: String? = method == .options ? nil : method == .info ? "application/dtmf-relay" : "text/plain"
        send(method, type, method == .options ? "" : "Signal=5\r\n", call)
    }

    /// Sends a request with any content in a call.
    package func send(_ method: SIPMethod, _ type: String?, _ content: String, _ call: PhoneCall) {
        guard var builder = call.dialog?.request(method, via: via()) else { return }
        builder.add(.userAgent, "\(mark) phone")
        let text: [UInt8] = Array(content.utf8)
        guard let message = try? builder.finish(body: text, contentType: type) else {
            return fault("\(method) can't be written", call)
        }
        start(message, .other(call))
    }

    // MARK: Changes of the phone's own

    package func reinvite(_ call: PhoneCall, withOffer: Bool) {
        guard !isDead, call.state == .up, !call.isChanging, call.answer == nil, call.offers.canOffer(in: .invite) else {
            return
        }
        guard var builder = call.dialog?.request(.invite, via: via(), contact: contact) else { return }
        addAbilities(of: call, to: &builder)
        call.timer?.requestFields().add(to: &builder)
        let body: [UInt8]? = withOffer ? offer(call) : nil
        if case .violation(let what) = call.offers.sending(.invite, sdp: body) {
            fault("the phone's re-INVITE: \(what)", call)
        }
        guard let message = seal(builder, sdp: body) else { return }
        call.isChanging = true
        start(message, .reinvite(call))
    }

    func reinviteAnswered(_ response: SIPMessage, _ status: SIPStatus, _ call: PhoneCall) {
        guard status.isFinal else { return }
        if status.isSuccess {
            if let known = call.acknowledgements[response.cseq.number] { return put(known) }
            call.isChanging = false
            _ = call.dialog?.receive(response: response)
            call.timer?.confirmed(by: response, now: world.now)
            // The dialog may have ended meanwhile; the 2xx is acknowledged all the same.
            _ = settleAnswer(response, .invite, call)
            return
        }
        call.isChanging = false
        call.offers.failed(.invite, by: .local)
        changeRefused(status, call) { [unowned self] in reinvite(call, withOffer: true) }
    }

    package func update(_ call: PhoneCall, withOffer: Bool) {
        guard !isDead, call.state == .up || call.state == .setup, !call.isChanging, call.serverAllowsUpdate else {
            return
        }
        if withOffer, !call.offers.canOffer(in: .update) { return }
        guard var builder = call.dialog?.request(.update, via: via(), contact: contact) else { return }
        addAbilities(of: call, to: &builder)
        if call.state == .up { call.timer?.requestFields().add(to: &builder) }
        let body: [UInt8]? = withOffer ? offer(call) : nil
        if case .violation(let what) = call.offers.sending(.update, sdp: body) {
            fault("the phone's UPDATE: \(what)", call)
        }
        guard let message = seal(builder, sdp: body) else { return }
        call.isChanging = true
        start(message, .update(call))
    }

    func updateAnswered(_ response: SIPMessage, _ status: SIPStatus, _ call: PhoneCall) {
        call.isChanging = false
        guard status.isSuccess else {
            call.offers.failed(.update, by: .local)
            return changeRefused(status, call) { [unowned self] in update(call, withOffer: true) }
        }
        _ = call.dialog?.receive(response: response)
        call.timer?.confirmed(by: response, now: world.now)
        switch call.offers.received(.updateSuccess, sdp: sdp(of: response, call), random: &random) {
        case .answer(let answered): checkAnswer(answered, call)
        case .violation(let what): fault("a 2xx to UPDATE: \(what)", call)
        case .nothing, .offer, .preview, .reject: break
        }
    }

    private func changeRefused(_ status: SIPStatus, _ call: PhoneCall, again: @escaping () -> Void) {
        if status.code == 491 {
            let owns: Bool = call.dialog?.ownsCallID ?? false
            world.after(OfferAnswer.glareDelay(ownsCallID: owns, random: &random)) { if call.state == .up { again() } }
        }
        _ = call.timer?.handle(.refreshFailed(retryAfter: .seconds(5)), now: world.now)
        judge(status, call)
    }

    /// 481 and 408 end the dialog (RFC 5057).
    func judge(_ status: SIPStatus, _ call: PhoneCall) {
        guard status.code == 481 || status.code == 408, call.state == .up else { return }
        call.dialog?.terminate()
        finish(call, "the server says \(status)")
    }

    // MARK: Deadlines

    func deadlineReached(of call: PhoneCall, now: Moment) {
        if let due = call.sender?.nextDeadline, due <= now { drive(call, .deadlineReached) }
        for effect in call.answer?.handle(.deadlineReached, now: now) ?? [] {
            switch effect {
            case .resend: if let message = call.answerMessage { put(message) }
            case .giveUp:
                call.answer = nil
                hangUp(call)
            }
        }
        if let (limit, what) = call.mustEndBy, now >= limit {
            call.mustEndBy = nil
            fault(what, call)
        }
        guard call.state == .up, let due = call.timer?.nextDeadline, due <= now else { return }
        for effect in call.timer?.handle(.deadlineReached, now: now) ?? [] {
            switch effect {
            case .refresh(.update): update(call, withOffer: false)
            case .refresh: reinvite(call, withOffer: true)
            case .expired: hangUp(call)
            }
        }
        // A refresh that could not be sent now is tried again.
        if !call.isChanging { _ = call.timer?.handle(.refreshFailed(retryAfter: .seconds(3)), now: now) }
    }

    // MARK: Requests of the server

    func serve(_ request: SIPMessage, _ transaction: ServerTransactionID, in call: PhoneCall) {
        let verdict: DialogVerdict = call.dialog?.receive(request) ?? .terminated
        switch verdict {
        case .accept: break
        case .outOfOrder: return respond(.serverInternalError, to: request, on: transaction, tag: call.localTag)
        case .terminated, .ignore, .acknowledgement, .cancellation:
            return respond(.callTransactionDoesNotExist, to: request, on: transaction, tag: call.localTag)
        case .malformedContact:
            fault("a Contact that can't be read", call)
            return respond(.badRequest, to: request, on: transaction, tag: call.localTag)
        }
        guard call.state != .ended else {
            return respond(.callTransactionDoesNotExist, to: request, on: transaction, tag: call.localTag)
        }
        switch request.method {
        case .bye:
            respond(.ok, to: request, on: transaction, tag: call.localTag)
            call.dialog?.terminate()
            endSetup(call)
            finish(call, "the server hung up")
        case .prack: prackReceived(request, transaction, call)
        case .invite, .update: changeAsked(request, transaction, call)
        case .info where manners.refusesINFO:
            respond(.methodNotAllowed, to: request, on: transaction, tag: call.localTag)
        case .info, .message, .options: respond(.ok, to: request, on: transaction, tag: call.localTag)
        default: respond(.methodNotAllowed, to: request, on: transaction, tag: call.localTag)
        }
        arm()
    }

    /// A BYE before the final response: the INVITE still needs one.
    private func endSetup(_ call: PhoneCall) {
        guard !call.isCaller, call.state == .setup, let invite = call.invite, let transaction = call.inviteServer else {
            return
        }
        call.finalStatus = .requestTerminated
        respond(.requestTerminated, to: invite, on: transaction, tag: call.localTag)
    }

    private func prackReceived(_ request: SIPMessage, _ transaction: ServerTransactionID, _ call: PhoneCall) {
        guard let rack = (try? request.rack()) ?? nil, call.sender != nil else {
            fault("a PRACK for nothing", call)
            return respond(.badRequest, to: request, on: transaction, tag: call.localTag)
        }
        if manners.pracksRefused > 0 {
            manners.pracksRefused -= 1
            return respond(.serverInternalError, to: request, on: transaction, tag: call.localTag)
        }
        // The answer to the PRACK goes out before what the PRACK releases.
        var released: [ReliableProvisionals.Sender.Effect] = call.sender?.handle(.prack(rack), now: world.now) ?? []
        guard released.contains(.acceptPrack) else {
            return respond(.callTransactionDoesNotExist, to: request, on: transaction, tag: call.localTag)
        }
        released.removeAll { $0 == .acceptPrack }
        var own: [UInt8]?
        switch call.offers.received(.prack, sdp: sdp(of: request, call), random: &random) {
        case .offer(let offered):
            own = answer(offered, call)
            if let own { _ = call.offers.sending(.prackSuccess, sdp: own) }
        case .answer(let answered): checkAnswer(answered, call)
        case .violation(let what): fault("a PRACK: \(what)", call)
        case .nothing, .preview, .reject: break
        }
        respond(.ok, to: request, on: transaction, tag: call.localTag, sdp: own)
        for effect in released { release(effect, call) }
    }

    private func changeAsked(_ request: SIPMessage, _ transaction: ServerTransactionID, _ call: PhoneCall) {
        let isInvite: Bool = request.method == .invite
        if isInvite, call.state == .setup || call.state == .cancelling, !call.isCaller {
            fault("a re-INVITE before the final response to the first", call)
        }
        if let refusal = manners.refusesChanges {
            return respond(refusal, to: request, on: transaction, tag: call.localTag)
        }
        if case .tooSmall(let minimum)? = call.timer?.received(request) {
            return respond(.sessionIntervalTooSmall, to: request, on: transaction, tag: call.localTag) {
                $0.add(.minSE, String(minimum))
            }
        }
        if let body = sdp(of: request, call), !understands(body) {
            return respond(.notAcceptableHere, to: request, on: transaction, tag: call.localTag)
        }
        switch call.offers.received(isInvite ? .invite : .update, sdp: sdp(of: request, call), random: &random) {
        case .reject(.requestPending): return respond(.requestPending, to: request, on: transaction, tag: call.localTag)
        case .reject(.retryLater(let seconds)):
            return respond(.serverInternalError, to: request, on: transaction, tag: call.localTag) {
                $0.add(.retryAfter, String(seconds))
            }
        case .violation(let what): fault("\(request.method): \(what)", call)
        case .offer, .nothing, .answer, .preview: break
        }
        guard manners.changeDelay > .zero else { return takeChange(request, transaction, call) }
        world.after(manners.changeDelay) { [unowned self] in takeChange(request, transaction, call) }
    }

    private func takeChange(_ request: SIPMessage, _ transaction: ServerTransactionID, _ call: PhoneCall) {
        guard !isDead else { return }
        let isInvite: Bool = request.method == .invite
        guard call.state == .up || (!isInvite && call.state != .ended) else {
            call.offers.failed(isInvite ? .invite : .update, by: .remote)
            return respond(.requestTerminated, to: request, on: transaction, tag: call.localTag)
        }
        var body: [UInt8]?
        if case .pending(.remote, let carrier, let offered) = call.offers.phase,
            carrier == (isInvite ? .invite : .update)
        {
            body = answer(offered, call)
        } else if isInvite {
            body = offer(call)
        }
        if case .violation(let what) = call.offers.sending(isInvite ? .inviteSuccess : .updateSuccess, sdp: body) {
            fault("the phone's answer to \(request.method): \(what)", call)
        }
        var builder = SIPMessageBuilder(
            responseTo: request, status: .ok, source: nil, toTag: call.localTag, dialogForming: true)
        builder.addContact(contact)
        addAbilities(of: call, to: &builder)
        if case .accept(let fields)? = call.timer?.received(request) {
            fields.add(to: &builder)
            call.timer?.answered(with: fields, now: world.now)
        }
        if let text = manners.answersChangesWith { body = text.isEmpty ? nil : Array(text.utf8) }
        guard let message = seal(builder, sdp: body) else { return }
        if isInvite {
            call.answerMessage = message
            call.answer = AnswerRetransmitter(timers: .standard, sentAt: world.now)
        }
        respond(message, on: transaction)
        arm()
    }
}
