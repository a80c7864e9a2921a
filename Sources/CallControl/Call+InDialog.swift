internal import Basics
internal import SDP
internal import SIPDialog
internal import SIPMessage
internal import SIPTransaction

/// Requests the parties send within their dialogs.
extension Call {
    mutating func received(
        _ request: SIPMessage, on transaction: ServerTransactionID, over flow: SIPFlow, leg index: Int,
        in env: inout CallEnvironment
    ) {
        let source = flow.remote
        func refuse(
            _ status: SIPStatus, _ fields: [(SIPFieldName, String)] = [], _ call: inout Call,
            _ env: inout CallEnvironment
        ) {
            call.respond(status, to: request, on: transaction, source: source, leg: index, fields: fields, in: &env)
        }
        guard index < legs.count, let tag = request.fromTag, self[session: tag, of: index] != nil,
            request.callID == legs[index].sipCallID
        else { return refuse(.callTransactionDoesNotExist, [], &self, &env) }
        let verdict = self[session: tag, of: index]?.dialog.receive(request) ?? .terminated
        switch verdict {
        case .accept: break
        case .terminated: return refuse(.callTransactionDoesNotExist, [], &self, &env)
        case .outOfOrder: return refuse(.serverInternalError, [], &self, &env)
        case .malformedContact: return refuse(.badRequest, [], &self, &env)
        case .acknowledgement, .cancellation, .ignore: return
        }
        if request.method == .bye, legs[index].session?.dialog.id.remoteTag != tag {
            forkEnded(tag, of: index)
            return refuse(.ok, [], &self, &env)
        }
        moved(index, to: flow, in: &env)
        legs[index].learn(from: request)
        switch request.method {
        case .bye: byeReceived(request, on: transaction, source: source, leg: index, in: &env)
        case .prack where index == 0: prackReceived(request, on: transaction, source: source, in: &env)
        case .invite: sessionChange(request, on: transaction, source: source, leg: index, in: &env)
        case .update: sessionChange(request, on: transaction, source: source, leg: index, in: &env)
        case .info:
            guard !digitReceived(request, on: transaction, source: source, leg: index, in: &env) else { break }
            pass(request, on: transaction, source: source, leg: index, in: &env)
        case .message: pass(request, on: transaction, source: source, leg: index, in: &env)
        case .options: refuse(.ok, [(.accept, "application/sdp"), (.supported, OwnFields.supported)], &self, &env)
        default:
            // Known and not for here, or known to nobody (RFC 3261 §8.2.1, §21.5.2).
            let isKnown = SIPMethod.registered.contains(request.method)
            refuse(isKnown ? .methodNotAllowed : .notImplemented, [(.allow, OwnFields.allow)], &self, &env)
        }
        settleIfFinished(in: &env)
    }

    /// A party whose NAT gave it another port, or whose connection was replaced, is answered where it is now.
    private mutating func moved(_ index: Int, to flow: SIPFlow, in env: inout CallEnvironment) {
        guard case .flow(let known) = legs[index].target, known != flow else { return }
        legs[index].isFlowGone = false
        note("now reached over \(flow.transport.rawValue) \(flow.remote)", leg: index, in: &env)
        legs[index].target = .flow(flow)
    }

    // MARK: Passing INFO and MESSAGE

    private mutating func pass(
        _ request: SIPMessage, on transaction: ServerTransactionID, source: IPEndpoint, leg index: Int,
        in env: inout CallEnvironment
    ) {
        if let other = peer(of: UInt16(index)) { followParty(other, in: &env) }
        // A party whose 2xx may not have arrived yet knows of no dialog, and would say so.
        if let other = peer(of: UInt16(index)), legs[other].session?.answer != nil {
            return respond(
                .serverInternalError, to: request, on: transaction, source: source, leg: index,
                fields: [(.retryAfter, "1")], in: &env)
        }
        guard let other = peer(of: UInt16(index)), legs[other].stage == .up, exchanges.count < 32,
            var builder = legs[other].request(request.method, in: &env)
        else {
            return respond(
                .temporarilyUnavailable, to: request, on: transaction, source: source, leg: index, in: &env)
        }
        for name in [SIPFieldName.contentDisposition, SIPFieldName("Info-Package")] {
            builder.copy(name, from: request)
        }
        guard
            let message = seal(
                builder, body: Array(request.body), contentType: request.first(.contentType), leg: other, in: &env)
        else {
            return respond(.badRequest, to: request, on: transaction, source: source, leg: index, in: &env)
        }
        let passed = PassedRequest(from: UInt16(index), message: request, transaction: transaction, source: source)
        let exchange = openExchange(other, request.method, .passed(passed))
        env.effects.append(.request(message, legs[other].target, exchange, leg: UInt16(other)))
    }

    /// The other leg's answer to a passed request.
    mutating func passBack(
        _ response: SIPMessage, _ status: SIPStatus, _ passed: PassedRequest, leg index: Int,
        in env: inout CallEnvironment
    ) {
        judge(response, leg: index, in: &env)
        var builder = SIPMessageBuilder(
            responseTo: passed.message, status: status, source: passed.source, toTag: legs[Int(passed.from)].localTag)
        builder.add(.server, env.settings.serverName)
        let body = Array(response.body)
        if let message = seal(
            builder, body: body, contentType: body.isEmpty ? nil : response.first(.contentType), leg: Int(passed.from),
            in: &env)
        {
            env.effects.append(.respond(message, passed.transaction, leg: passed.from))
        }
    }

    /// A response that says the dialog is gone ends the call (RFC 5057).
    mutating func judge(_ response: SIPMessage, leg index: Int, in env: inout CallEnvironment) {
        switch legs[index].session?.dialog.receive(response: response) ?? .stray {
        case .failure(.dialog), .failure(.usage):
            note("the party says its dialog is over: \(response.status?.code ?? 0)", leg: index, in: &env)
            legs[index].session?.dialog.terminate()
            // No BYE to a party that knows of no call.
            if phase != .ending, legs[index].stage == .up {
                legs[index].stage = .over
                hangUp(
                    by: .server, outcome: nil, reason: "the other party lost the call",
                    status: .callTransactionDoesNotExist, in: &env)
            }
        case .failure(.transaction), .provisional, .success, .stray: break
        }
    }

    mutating func refuse(
        _ passed: PassedRequest, _ status: SIPStatus, fields: [(SIPFieldName, String)] = [],
        in env: inout CallEnvironment
    ) {
        if passed.message.method == .invite || passed.message.method == .update {
            legs[Int(passed.from)].session?.offers.failed(
                passed.message.method == .invite ? .invite : .update, by: .remote)
        }
        respond(
            status, to: passed.message, on: passed.transaction, source: passed.source, leg: Int(passed.from),
            fields: fields, in: &env)
    }

    /// The answer to our OPTIONS on a silent leg: 481, or nothing, ends the call.
    mutating func probeAnswered(_ status: SIPStatus, leg index: Int, in env: inout CallEnvironment) {
        guard status.code == 481 || status.code == 408 else {
            return note("silent, but answers OPTIONS with \(status.code)", leg: index, in: &env)
        }
        legs[index].session?.dialog.terminate()
        legs[index].stage = .over
        hangUp(
            by: .server, outcome: .mediaLost, reason: "no media, and the party knows of no call",
            status: .requestTimeout, in: &env)
    }
}
