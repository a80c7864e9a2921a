internal import Basics
internal import SIPDialog
internal import SIPMessage
internal import SIPTransaction

/// Placing calls.
extension VirtualPhone {
    /// Calls a number of the tenant.
    @discardableResult
    package func call(_ number: String, _ plan: CallerPlan = CallerPlan()) -> PhoneCall {
        let call = PhoneCall(
            isCaller: true, callID: mark + random.token(12), localTag: mark + random.token(8), startedAt: world.now,
            sequence: UInt32.random(in: 1...900, using: &random),
            sdpSession: UInt64.random(in: 1...0xFFFF, using: &random),
            rtpPort: nextPort(), callerPlan: plan)
        call.direction = nextDirection
        calls.append(call)
        live.append(call)
        callByTag[call.localTag] = call
        call.timer = sessionTimer(plan.timer)
        sendInvite(call, to: number, credentials: nil)
        if let cancelAfter = plan.cancelAfter { world.after(cancelAfter) { [unowned self] in cancel(call) } }
        return call
    }

    func nextPort() -> UInt16 { 20_000 + 8 * UInt16(calls.count % 4000) }

    func sessionTimer(_ plan: TimerPlan) -> SessionTimer? {
        switch plan {
        case .none: nil
        case .supported:
            SessionTimer(policy: SessionTimerPolicy(preferred: 3600, minimum: minimumSession, insists: false))
        case .asks(let interval, let refresherIsSelf):
            SessionTimer(
                policy: SessionTimerPolicy(
                    preferred: interval, minimum: minimumSession, refresher: refresherIsSelf ? .local : .remote))
        }
    }

    private func sendInvite(_ call: PhoneCall, to number: String, credentials: String?) {
        guard let plan = call.callerPlan else { return }
        let target: SIPURI = plan.target.flatMap { try? SIPURI($0) } ?? uri(number)
        var builder = SIPMessageBuilder(request: .invite, uri: target)
        builder.add(via())
        builder.addMaxForwards(plan.maxForwards)
        builder.addFrom(NameAddress(displayName: mark, uri: uri(account.extension)).withTag(call.localTag))
        builder.addTo(NameAddress(uri: target))
        builder.addCallID(call.callID)
        builder.add(.cseq, "\(call.sequence) INVITE")
        builder.addContact(contact)
        builder.add(.subject, "simulation")
        if plan.wantsPrivacy { builder.add(.privacy, "id") }
        for line in plan.fields {
            let parts = line.split(separator: ":", maxSplits: 1)
            builder.add(SIPFieldName(String(parts[0])), parts[1].drop { $0 == " " }.description)
        }
        addAbilities(of: call, to: &builder, asksReliable: plan.reliability)
        if case .asks = plan.timer { call.timer?.requestFields().add(to: &builder) }
        if let credentials { builder.add(.authorization, credentials) }
        let sdp: [UInt8]? = plan.hasOffer ? offer(call) : nil
        if case .violation(let what) = call.offers.sending(.invite, sdp: sdp) {
            fault("the phone's own offer: \(what)", call)
        }
        guard let message = plan.strangeBody.flatMap({ strange($0, builder) }) ?? seal(builder, sdp: sdp) else {
            return
        }
        call.invite = message
        start(message, .invite(call))
    }

    private func strange(_ body: [String], _ builder: SIPMessageBuilder) -> SIPMessage? {
        var builder = builder
        builder.add(.userAgent, "\(mark) phone")
        builder.add(.contentDisposition, body[1])
        return try? builder.finish(body: Array("something".utf8), contentType: body[0])
    }

    func addAbilities(
        of call: PhoneCall, to builder: inout SIPMessageBuilder, asksReliable: CallerPlan.Reliability = .none
    ) {
        let update: String = call.allowsUpdate ? ", UPDATE" : ""
        builder.add(.allow, "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, INFO, MESSAGE\(update)")
        var options: [String] = call.timer == nil ? [] : ["timer"]
        if asksReliable == .supported { options.append("100rel") }
        if asksReliable == .required { builder.add(.require, "100rel") }
        if !options.isEmpty { builder.add(.supported, options.joined(separator: ", ")) }
    }

    /// Gives up a call that is not answered.
    package func cancel(_ call: PhoneCall) {
        guard !isDead, call.isCaller, call.state == .setup, let client = call.inviteClient else { return }
        call.state = .cancelling
        drive { $0.cancel(client, reason: self.manners.reason, now: self.world.now, into: &$1) }
    }

    // MARK: Responses

    func responded(_ response: SIPMessage, _ transaction: ClientTransactionID) {
        guard let purpose = purposes[transaction], let status = response.status else { return }
        if status.isFinal, !(response.method == .invite && status.isSuccess) { purposes[transaction] = nil }
        switch purpose {
        case .register(let isBackup): if status.isFinal { registered(response, isBackup: isBackup) }
        case .invite(let call): inviteAnswered(response, status, call)
        case .reinvite(let call): reinviteAnswered(response, status, call)
        case .update(let call): if status.isFinal { updateAnswered(response, status, call) }
        case .prack(let call): if status.isFinal { prackAnswered(response, status, call) }
        case .bye(let call): if status.isFinal { finish(call, "BYE answered") }
        case .other(let call): if status.isFinal, let call { judge(status, call) }
        }
        arm()
    }

    func failed(_ transaction: ClientTransactionID) {
        guard let purpose = purposes.removeValue(forKey: transaction) else { return }
        switch purpose {
        case .register(let isBackup): registered(nil, isBackup: isBackup)
        case .invite(let call):
            call.finalStatus = call.finalStatus ?? .requestTimeout
            finish(call, "no answer to INVITE")
        case .reinvite(let call):
            call.isChanging = false
            call.offers.failed(.invite, by: .local)
            hangUp(call)
        case .update(let call):
            call.isChanging = false
            call.offers.failed(.update, by: .local)
            hangUp(call)
        case .prack(let call): hangUp(call)
        case .bye(let call): finish(call, "BYE unanswered")
        case .other: break
        }
        arm()
    }

    private func inviteAnswered(_ response: SIPMessage, _ status: SIPStatus, _ call: PhoneCall) {
        guard status.code != 401 || call.isAuthorised else { return authorise(call, response) }
        call.statuses.append(status)
        noteTag(of: response, call)
        switch status.code {
        case 100: break
        case 101..<200: provisional(response, call)
        case 200..<300: accepted(response, call)
        default:
            if let final = call.finalStatus, final != status { fault("\(status) after \(final)", call) }
            call.finalStatus = status
            call.offers.failed(.invite, by: .local)
            finish(call, "refused: \(status)")
        }
    }

    private func authorise(_ call: PhoneCall, _ response: SIPMessage) {
        guard let target = call.invite?.requestURI else { return }
        call.isAuthorised = true
        call.offers.failed(.invite, by: .local)
        guard call.state == .setup, let answer = credentials(for: response, .invite, digestURI(target)) else {
            call.finalStatus = .unauthorized
            return finish(call, "not authorised")
        }
        call.sequence += 1
        sendInvite(call, to: target.user ?? "", credentials: answer)
    }

    /// However many terminals ring behind the server, it opens one dialog towards the caller.
    private func noteTag(of response: SIPMessage, _ call: PhoneCall) {
        guard let tag = response.toTag, let status = response.status, status.code > 100 else { return }
        if status.isSuccess || status.isProvisional {
            call.remoteTags.insert(tag)
            if call.remoteTags.count > 1 { fault("the server opened a second dialog", call) }
        }
        call.serverAllowsUpdate = call.serverAllowsUpdate || SupportedExtensions(of: response).contains(.update)
    }

    private func provisional(_ response: SIPMessage, _ call: PhoneCall) {
        guard call.state == .setup || call.state == .cancelling, call.finalStatus == nil, let invite = call.invite
        else { return }
        if call.dialog == nil { call.dialog = try? Dialog(sent: invite, received: response) }
        let body: [UInt8]? = sdp(of: response, call)
        guard response.hasOption("100rel", in: .require), let rseq = (try? response.rseq()) ?? nil else {
            if call.callerPlan?.reliability == .required, response.status?.code != 100 {
                fault("an unreliable \(response.status?.code ?? 0)", call)
            }
            _ = call.offers.received(.unreliableProvisional, sdp: body, random: &random)
            return
        }
        if call.callerPlan?.reliability == CallerPlan.Reliability.none {
            fault("a reliable response nobody asked for", call)
        }
        guard case .acknowledge(let rack) = call.receiver.receive(rseq: rseq, cseq: response.cseq) else { return }
        var own: [UInt8]?
        switch call.offers.received(.reliableProvisional, sdp: body, random: &random) {
        case .offer(let offered): own = answer(offered, call)
        case .answer(let answered): checkAnswer(answered, call)
        case .violation(let what): fault("a reliable response: \(what)", call)
        case .nothing, .preview, .reject: break
        }
        let delay: Duration = call.callerPlan?.prackDelay ?? .zero
        if delay > .zero {
            world.after(delay) { [unowned self] in sendPrack(rack, sdp: own, call) }
        } else {
            sendPrack(rack, sdp: own, call)
        }
        if let delay = call.callerPlan?.earlyUpdateAfter, call.offers.agreed != nil, call.serverAllowsUpdate {
            world.after(delay) { [unowned self] in
                guard call.state == .setup else { return }
                // Something has to change, or the other party need not hear of it.
                call.direction = "sendonly"
                update(call, withOffer: true)
            }
        }
    }

    private func digestURI(_ target: SIPURI) -> String {
        guard let digestHost, let uri = try? SIPURI(user: target.user, host: digestHost) else {
            return target.description
        }
        return uri.description
    }

    private func sendPrack(_ rack: RAck, sdp: [UInt8]?, _ call: PhoneCall) {
        guard var builder = call.dialog?.request(.prack, via: via()) else { return }
        builder.add(.rack, rack.description)
        if case .violation(let what) = call.offers.sending(.prack, sdp: sdp) {
            fault("the phone's PRACK: \(what)", call)
        }
        if let message = seal(builder, sdp: sdp) { start(message, .prack(call)) }
    }

    private func prackAnswered(_ response: SIPMessage, _ status: SIPStatus, _ call: PhoneCall) {
        // 481: the final response crossed it, or the call is over. 500: an UPDATE overtook it.
        guard !status.isSuccess, status.code != 481, status.code != 500, call.state == .setup else { return }
        fault("PRACK refused with \(status)", call)
    }

    private func accepted(_ response: SIPMessage, _ call: PhoneCall) {
        if let known = call.acknowledgements[response.cseq.number] { return put(known) }
        guard let invite = call.invite, !isDead else { return }
        if call.dialog == nil { call.dialog = try? Dialog(sent: invite, received: response) }
        try? call.dialog?.confirm(with: response)
        let wasCancelling: Bool = call.state == .cancelling
        call.finalStatus = response.status
        call.state = .up
        checkTimerFields(response, call)
        call.timer?.confirmed(by: response, now: world.now)
        let isComplete: Bool = settleAnswer(response, .invite, call)
        if wasCancelling || !isComplete { return hangUp(call) }
        answered(call)
    }

    private func checkTimerFields(_ response: SIPMessage, _ call: PhoneCall) {
        guard let fields = (try? response.sessionExpires()) ?? nil else { return }
        if fields.refresher == nil { fault("Session-Expires in a 2xx without a refresher", call) }
        if call.timer == nil, fields.refresher == .uac { fault("a phone without timers is to refresh", call) }
    }

    /// Takes the description of a 2xx and acknowledges it; false when it can't be used.
    func settleAnswer(_ response: SIPMessage, _ carrier: SDPCarrier, _ call: PhoneCall) -> Bool {
        var own: [UInt8]?
        var isComplete = true
        switch call.offers.received(.inviteSuccess, sdp: sdp(of: response, call), random: &random) {
        case .offer(let offered): own = answer(offered, call)
        case .answer(let answered): checkAnswer(answered, call)
        case .violation(let what):
            fault("a 2xx to INVITE: \(what)", call)
            isComplete = false
        case .nothing, .preview, .reject: break
        }
        guard let builder = call.dialog?.request(.ack, via: via()) else { return false }
        _ = call.offers.sending(.ack, sdp: own)
        guard let message = seal(builder, sdp: own) else { return false }
        call.acknowledgements[response.cseq.number] = message
        put(message)
        return isComplete
    }

    func answeredAgain(_ response: SIPMessage) {
        guard let call = callByTag[response.fromTag ?? ""], let known = call.acknowledgements[response.cseq.number]
        else { return }
        put(known)
    }

    // MARK: The end

    /// BYE, once it may be sent.
    package func hangUp(_ call: PhoneCall) {
        guard !isDead, call.state == .up || (call.state == .setup && call.dialog != nil && call.isCaller) else {
            return
        }
        if call.answer != nil {
            // The callee waits for its ACK (RFC 3261 §15).
            return world.after(.milliseconds(500)) { [unowned self] in hangUp(call) }
        }
        guard var builder = call.dialog?.request(.bye, via: via()) else { return }
        if let reason = manners.reason { builder.add(.reason, reason) }
        guard let message = seal(builder) else { return }
        finish(call, "hung up")
        start(message, .bye(call))
    }

    func finish(_ call: PhoneCall, _ why: String) {
        guard call.state != .ended else { return }
        call.state = .ended
        call.endedAt = world.now
        call.ending = why
        call.mustEndBy = nil
        call.answer = nil
        _ = call.timer?.handle(.sessionEnded, now: world.now)
        live.removeAll { $0 === call }
    }
}
