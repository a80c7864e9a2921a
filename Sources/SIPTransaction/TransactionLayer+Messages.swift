import Basics
public import SIPMessage

extension TransactionLayer {
    /// Where responses to a request go (RFC 3261 §18.2.2, RFC 3581 §4).
    ///
    /// Over UDP without `rport` that is the port the sender names; but where the address it names is not the one it sends from, it
    /// sits behind a NAT that lets nothing in but answers to the port it sent from. `maddr` is not followed: it would aim our
    /// answers at anybody.
    public func responseTarget(for request: SIPMessage, over flow: SIPFlow) -> SIPTarget {
        let via = request.topVia
        guard flow.transport == .udp, !via.parameters.contains("rport") else { return .flow(flow) }
        if let named = IPAddress(via.host), named != flow.remote.address { return .flow(flow) }
        let port: UInt16 = via.port ?? flow.transport.defaultPort
        guard port != 0, port != flow.remote.port else { return .flow(flow) }
        return .flow(
            SIPFlow(
                listener: flow.listener, transport: .udp, remote: IPEndpoint(flow.remote.address, port),
                connection: flow.connection))
    }

    /// The To tag of an answer without state: the same for every copy of the request (RFC 3261 §8.2.7).
    public static func statelessTag(for request: SIPMessage) -> String {
        let text: String =
            "\(request.callID)\u{0}\(request.fromTag ?? "")\u{0}\(request.cseq.number)\u{0}\(request.topVia.branch ?? "")"
        return "s" + String(stableHash(text), radix: 36)
    }

    func makeStatelessResponse(to request: SIPMessage, _ status: SIPStatus, over flow: SIPFlow, toTag: String? = nil)
        -> SIPMessage?
    {
        var builder = SIPMessageBuilder(
            responseTo: request, status: status, source: flow.remote,
            toTag: toTag ?? TransactionLayer.statelessTag(for: request))
        return try? builder.finish()
    }

    func makeTrying(to request: SIPMessage, over flow: SIPFlow) -> SIPMessage? {
        var builder = SIPMessageBuilder(responseTo: request, status: .trying, source: flow.remote, toTag: nil)
        return try? builder.finish()
    }

    /// The ACK to a refusal (RFC 3261 §17.1.1.3).
    func makeAcknowledgement(of invite: SIPMessage, to response: SIPMessage) -> SIPMessage? {
        makeCompanion(.ack, of: invite, toOf: response, reason: nil)
    }

    /// The CANCEL of an INVITE (RFC 3261 §9.1).
    func makeCancel(of invite: SIPMessage, reason: String?) -> SIPMessage? {
        // A reason that cannot be written is no reason to let the peer ring on.
        makeCompanion(.cancel, of: invite, toOf: invite, reason: reason)
            ?? makeCompanion(.cancel, of: invite, toOf: invite, reason: nil)
    }

    /// A request that shares its INVITE's URI, top Via, Route, From, Call-ID and CSeq number.
    private func makeCompanion(_ method: SIPMethod, of invite: SIPMessage, toOf source: SIPMessage, reason: String?)
        -> SIPMessage?
    {
        guard let uri = invite.requestURI, let cseq = try? CSeq(number: invite.cseq.number, method: method) else {
            return nil
        }
        var builder = SIPMessageBuilder(request: method, uri: uri)
        builder.add(invite.topVia)
        builder.addMaxForwards()
        builder.copy(.route, from: invite)
        builder.copy(.from, from: invite)
        builder.copy(.to, from: source)
        builder.addCallID(invite.callID)
        builder.add(cseq)
        if let reason { builder.add(.reason, reason) }
        return try? builder.finish()
    }
}

extension SIPLimits {
    /// For responses that were sent once already.
    static let ownResponse = SIPLimits(messageBytes: .max, headerBytes: .max, fieldCount: .max, uriBytes: .max)
}
