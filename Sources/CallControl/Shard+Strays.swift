internal import Basics
internal import SIPMessage
internal import SIPTransaction

/// Answers to INVITEs of calls that are over.
extension Shard {
    /// ACK, then BYE, for a 2xx to an INVITE of a call that is forgotten: a further branch behind a forking peer answered when all else
    /// was over (RFC 3261 §13.2.2.4).
    ///
    /// Only while the INVITE's transaction lasts: what comes without one may come from anybody.
    mutating func dismissStray(_ answer: SIPMessage, over flow: SIPFlow, into pending: inout [TransactionEffect]) {
        guard answer.method == .invite, answer.status?.isSuccess == true, let tag = answer.toTag else { return }
        // One BYE for all copies of the answer. Its number is above all the call may have used, should it be an answer whose ACK was
        // lost before the call's own BYE.
        let digits: String = String(stableHash("\(answer.callID) \(tag)"), radix: 36)
        guard !transactions.hasClient(branch: "z9hG4bKbye" + digits),
            let ack = strayRequest(.ack, answer, number: answer.cseq.number, branch: "z9hG4bKack" + digits, over: flow),
            let bye = strayRequest(
                .bye, answer, number: min(answer.cseq.number + 10_000, 0x7FFF_FFFF), branch: "z9hG4bKbye" + digits,
                over: flow)
        else { return }
        transmit(ack, to: .flow(flow))
        _ = transactions.send(bye, to: .flow(flow), now: environment.now, into: &pending)
    }

    private func strayRequest(
        _ method: SIPMethod, _ answer: SIPMessage, number: UInt32, branch: String, over flow: SIPFlow
    ) -> SIPMessage? {
        let own = environment.addresses.signalling(flow.listener, towards: flow.remote.address)
        guard let contact = (try? answer.contact()) ?? nil, let routes = try? answer.recordRoutes(),
            let via = try? Via(
                transport: flow.transport.rawValue, host: own.address.uriHost, port: own.port, branch: branch)
        else { return nil }
        var builder = SIPMessageBuilder(request: method, uri: contact.uri.asRequestURI)
        builder.add(via)
        for route in routes.reversed() { builder.addRoute(route) }
        builder.addMaxForwards(70)
        builder.addFrom(answer.from)
        builder.addTo(answer.to)
        builder.addCallID(answer.callID)
        builder.add(.cseq, "\(number) \(method)")
        builder.add(.userAgent, settings.calls.serverName)
        return try? builder.finish()
    }
}
