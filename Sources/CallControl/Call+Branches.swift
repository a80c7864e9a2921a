internal import Basics
internal import Identity
internal import MediaNegotiation
internal import SDP
internal import SIPDialog
internal import SIPMessage
internal import SIPTransaction

/// Responses to our INVITEs, until one terminal has the call.
extension Call {
    mutating func received(_ response: SIPMessage, to exchangeID: ExchangeID, in env: inout CallEnvironment) {
        guard let exchange = exchanges[exchangeID], let status = response.status else { return }
        let leg = Int(exchange.leg)
        if status.code >= 200 {
            // A forked INVITE may be answered 2xx several times: the exchange ends with the transaction layer's say.
            exchanges[exchangeID] = nil
            if change == exchangeID { change = nil }
        }
        switch exchange.purpose {
        case .invite: inviteAnswered(response, status, leg: leg, in: &env)
        case .bye: break  // Whatever it says, the dialog is over.
        case .prack(let prack): if status.code >= 200 { prackAnswered(response, status, prack, leg: leg, in: &env) }
        case .refresh: if status.code >= 200 { refreshAnswered(response, status, exchange, in: &env) }
        case .probe: if status.code >= 200 { probeAnswered(status, leg: leg, in: &env) }
        case .digit(let digit): if status.code >= 200 { digitAnswered(response, status, digit, leg: leg, in: &env) }
        case .resync: if status.code >= 200 { resyncAnswered(response, status, exchange, in: &env) }
        case .narrow: if status.code >= 200 { narrowAnswered(response, status, exchange, in: &env) }
        case .faxSound: if status.code >= 200 { faxSoundAnswered(response, status, exchange, in: &env) }
        case .faxOffer: if status.code >= 200 { faxOfferAnswered(response, status, exchange, in: &env) }
        case .faxSpeech: if status.code >= 200 { faxSpeechAnswered(response, status, exchange, in: &env) }
        case .change(let passed): changeAnswered(response, status, passed, exchange, in: &env)
        case .passed(let passed): if status.code >= 200 { passBack(response, status, passed, leg: leg, in: &env) }
        }
        settleIfFinished(in: &env)
    }

    mutating func failed(_ exchangeID: ExchangeID, _ failure: TransactionFailure, in env: inout CallEnvironment) {
        guard let exchange = exchanges.removeValue(forKey: exchangeID) else { return }
        if change == exchangeID { change = nil }
        let leg = Int(exchange.leg)
        let status: SIPStatus = failure == .timeout ? .requestTimeout : .serviceUnavailable
        note(
            "\(exchange.method) got no answer (\(failure == .timeout ? "timeout" : "transport error"))", leg: leg,
            in: &env)
        switch exchange.purpose {
        case .invite: inviteUnanswered(leg, status, in: &env)
        case .bye: break
        // A digit is not worth a call: whether the party is gone others will find out.
        case .digit: break
        case .prack: branchFailed(leg, status: status, in: &env)
        case .refresh, .resync, .narrow, .faxSound, .faxOffer, .faxSpeech:
            legs[leg].session?.offers.failed(exchange.method == .update ? .update : .invite, by: .local)
            partyLost(leg, reason: "a session refresh was not answered", in: &env)
        case .probe: partyLost(leg, reason: "no media and no answer to OPTIONS", outcome: .mediaLost, in: &env)
        case .change(let passed):
            legs[leg].session?.offers.failed(exchange.method == .update ? .update : .invite, by: .local)
            refuse(passed, status, in: &env)
            partyLost(leg, reason: "a session change was not answered", in: &env)
        case .passed(let passed): refuse(passed, status, in: &env)
        }
        settleIfFinished(in: &env)
    }

    // MARK: INVITE

    private mutating func inviteAnswered(
        _ response: SIPMessage, _ status: SIPStatus, leg index: Int, in env: inout CallEnvironment
    ) {
        legs[index].learn(from: response)
        switch status.code {
        case 100: break
        case 101..<200: provisional(response, status, leg: index, in: &env)
        case 200..<300: accepted(response, leg: index, in: &env)
        case 300..<400: redirected(response, status, leg: index, in: &env)
        case 422: intervalRefused(response, leg: index, in: &env)
        case 415, 488, 606:
            if !retriesWithoutFax(index, status, in: &env) {
                branchFailed(index, status: status, response: response, in: &env)
            }
        case 430: inviteUnanswered(index, status, in: &env)  // Flow Failed (RFC 5626 §11.5)
        case 503 where legs[index].isLocated: inviteUnanswered(index, status, in: &env)  // RFC 3263 §4.3
        default: branchFailed(index, status: status, response: response, in: &env)
        }
    }

    /// No final response, or a flow that failed: another way to the same terminal is tried before the leg fails.
    mutating func inviteUnanswered(_ index: Int, _ status: SIPStatus, in env: inout CallEnvironment) {
        guard legs[index].stage == .calling, legs[index].session == nil, !legs[index].alternatives.isEmpty else {
            return branchFailed(index, status: status, in: &env)
        }
        tryNext(index, in: &env)
        sendInvite(index, in: &env)
    }

    private mutating func provisional(
        _ response: SIPMessage, _ status: SIPStatus, leg index: Int, in env: inout CallEnvironment
    ) {
        guard phase == .ringing, legs[index].stage == .calling else { return }
        guard let fork = fork(for: response, leg: index, in: &env) else {
            return alert(status, sdp: nil, in: &env)  // No To tag: nothing but the news.
        }
        let body = Call.sdpBytes(of: response)
        var verdict: OfferAnswerVerdict = .nothing
        if response.hasOption("100rel", in: .require), let rseq = (try? response.rseq()) ?? nil {
            var receiver = self[session: fork, of: index]?.received ?? ReliableProvisionals.Receiver()
            let judged = receiver.receive(rseq: rseq, cseq: response.cseq)
            self[session: fork, of: index]?.received = receiver
            guard case .acknowledge(let rack) = judged else { return }
            verdict =
                self[session: fork, of: index]?.offers.received(.reliableProvisional, sdp: body, random: &env.random)
                ?? .nothing
            if case .offer(let offer) = verdict { return earlyOffer(offer, rack, status, fork, leg: index, in: &env) }
            sendPrack(rack, sdp: nil, fork: fork, leg: index, in: &env)
        } else {
            verdict =
                self[session: fork, of: index]?.offers.received(.unreliableProvisional, sdp: body, random: &env.random)
                ?? .nothing
        }
        switch verdict {
        case .preview(let sdp), .answer(let sdp): earlyMedia(sdp, status, leg: index, in: &env)
        case .nothing, .offer, .reject, .violation: alert(status, sdp: nil, in: &env)
        }
    }

    static func sdpBytes(of message: SIPMessage) -> [UInt8]? {
        guard !message.body.isEmpty, let type = try? message.contentType(), type.type == "application",
            type.subtype == "sdp"
        else {
            return nil
        }
        return Array(message.body)
    }

    /// The first terminal that describes its media early is heard by the caller.
    private mutating func earlyMedia(_ sdp: [UInt8], _ status: SIPStatus, leg index: Int, in env: inout CallEnvironment)
    {
        guard earlyLeg == nil || earlyLeg == UInt16(index), let description = try? SessionDescription.parse(sdp),
            description.media.count == caller.remoteDescription?.media.count, legs[index].faxInvite != .sound
        else { return alert(status, sdp: nil, in: &env) }
        // A description that went in a reliable response was the answer: there is no second one (RFC 3262 §5).
        guard caller.session?.offers.agreed == nil else { return alert(status, sdp: nil, in: &env) }
        guard let offer = caller.remoteDescription,
            let own = try? answer(description, from: index, to: 0, offer: offer, in: &env)
        else { return alert(status, sdp: nil, in: &env) }
        let isNew = earlyLeg == nil
        earlyLeg = UInt16(index)
        apply(description, from: index, own: ownDescription(of: index), isFinal: false, in: &env)
        apply(offer, from: 0, own: own.description, isFinal: false, in: &env)
        if isNew {
            join(0, index, in: &env)
            note("early media", leg: index, in: &env)
        }
        alert(status, sdp: own.bytes, in: &env)
    }

    private mutating func redirected(
        _ response: SIPMessage, _ status: SIPStatus, leg index: Int, in env: inout CallEnvironment
    ) {
        legs[index].stage = .over
        closeMedia(of: index, in: &env)
        let chain: [Redirection] =
            legs[index].redirections + [
                Redirection(
                    by: legs[index].shownUser ?? "", response, status: status, hadRung: legs[index].session != nil)
            ]
        legs[index].failure = status
        guard phase == .ringing, legs[index].settings.redirects != .none,
            chain.count <= tenant.settings.maxRedirects,
            case .list(let contacts)? = (try? response.contacts()) ?? nil
        else {
            note("redirected (\(status.code)), not followed", leg: index, in: &env)
            return concludeIfAllFailed(in: &env)
        }
        let before = legs.count
        for contact in contacts.sorted(by: { ($0.qThousandths ?? 1000) > ($1.qThousandths ?? 1000) }) {
            follow(contact.uri, chain, leg: index, in: &env)
        }
        // What becomes of the call is now for those it was sent on to.
        if legs.count > before { legs[index].failure = nil }
        concludeIfAllFailed(in: &env)
    }

    private mutating func follow(_ uri: SIPURI, _ chain: [Redirection], leg index: Int, in env: inout CallEnvironment) {
        guard legs.count <= env.settings.maximumBranches else { return }
        let isOurs =
            env.directory.tenant(owning: uri.host).map { $0.id == tenant.id }
            ?? uri.hostAddress.map { env.addresses.isOwn($0, port: uri.port) } ?? env.addresses.isOwn(host: uri.host)
        guard isOurs else {
            guard legs[index].settings.redirects == .anywhere, uri.isSIP else {
                // Another host is not dialled on a phone's word: any phone could place calls at the operator's cost.
                return note("redirection to \(uri.host) is outside of the tenant: not followed", leg: index, in: &env)
            }
            note("redirected to \(uri.addressOfRecord)", leg: index, in: &env)
            return offer(outside: uri, redirections: chain, in: &env)
        }
        guard let user = uri.user else { return }
        guard let next = env.directory.user(in: tenant.id, extension: user), next.isEnabled else {
            return note("redirection to \(user): no such extension", leg: index, in: &env)
        }
        let hasRung = legs.dropFirst().contains { $0.user == next.id && $0.redirections.count < chain.count }
        guard !hasRung, !chain.contains(where: { $0.user == next.extension }) else {
            return note("redirection back to \(user): a loop, not followed", leg: index, in: &env)
        }
        note("redirected to \(user)", leg: index, in: &env)
        offer(to: next, redirections: chain, in: &env)
    }

    /// 422: the same INVITE again with the interval the peer insists on (RFC 4028 §7.3).
    private mutating func intervalRefused(_ response: SIPMessage, leg index: Int, in env: inout CallEnvironment) {
        guard phase == .ringing, legs[index].stage == .calling, let minimum = (try? response.minSE()) ?? nil,
            minimum > legs[index].minimumSession, minimum <= 86_400, legs[index].inviteSequence < 4
        else { return branchFailed(index, status: .sessionIntervalTooSmall, in: &env) }
        legs[index].minimumSession = minimum
        legs[index].inviteSequence += 1
        (legs[index].session, legs[index].forks) = (nil, [])
        sendInvite(index, in: &env)
    }

    /// The leg's INVITE has failed for good.
    mutating func branchFailed(
        _ index: Int, status: SIPStatus, response: SIPMessage? = nil, in env: inout CallEnvironment
    ) {
        guard legs[index].stage != .over else { return }
        let wasCancelling = legs[index].stage == .cancelling
        legs[index].stage = .over
        legs[index].failure = status
        legs[index].session?.dialog.terminate()
        closeMedia(of: index, in: &env)
        if earlyLeg == UInt16(index) { earlyLeg = nil }
        prackRetries.removeAll { $0.leg == UInt16(index) }
        refuseHeldUpdate(of: index, in: &env)
        if let exchange = legs[index].inviteExchange, exchanges[exchange] != nil {
            exchanges[exchange] = nil
            env.effects.append(.abandon(exchange))
        }
        if !wasCancelling { note("failed: \(status.code) \(status.defaultReason)", leg: index, in: &env) }
        guard phase == .ringing else { return settleIfFinished(in: &env) }
        if status.code >= 600 {
            note("a global failure ends the search (RFC 3261 §16.7)", leg: index, in: &env)
            let outcome: CallOutcome = status == .busyEverywhere ? .busy : .rejected(status: status.code)
            return refuseCaller(status, outcome: outcome, reason: "declined everywhere", by: .callee, in: &env)
        }
        concludeIfAllFailed(in: &env)
    }

    /// Once no terminal is left, the caller gets the best of their answers (RFC 3261 §16.7 step 6).
    mutating func concludeIfAllFailed(in env: inout CallEnvironment) {
        guard phase == .ringing, !isAddingLegs, legs.dropFirst().allSatisfy({ $0.stage == .over }) else { return }
        let failures = legs.dropFirst().compactMap(\.failure)
        guard let best = failures.min(by: { Call.rank($0) < Call.rank($1) }) else {
            return refuseCaller(
                .temporarilyUnavailable, outcome: .unreachable, reason: "no terminal is registered", by: .server,
                cause: Reason.q850(20, text: "Subscriber absent"), in: &env)
        }
        switch best.code {
        case 486, 600:
            refuseCaller(
                .busyHere, outcome: .busy, reason: "busy", by: .callee, cause: .q850(17, text: "User busy"), in: &env)
        case 408, 503, 430:
            refuseCaller(
                .temporarilyUnavailable, outcome: .unreachable, reason: "no terminal answered", by: .server,
                cause: .q850(18, text: "No user responding"), in: &env)
        case 488:
            let isOurs: Bool = legs.dropFirst().contains { $0.incompatibility != nil || $0.insecurity != nil }
            let isInsecure: Bool = legs.dropFirst().contains { $0.insecurity != nil }
            refuseCaller(
                .notAcceptableHere, outcome: .rejected(status: 488),
                reason: isInsecure
                    ? Call.encryptionReason : isOurs ? "no common codec" : "the callee refuses the media",
                by: isOurs ? .server : .callee,
                fields: mediaWarning.map { [(.warning, $0)] } ?? [], in: &env)
        default:
            let status = Call.shown(best)
            refuseCaller(
                status, outcome: .rejected(status: status.code), reason: "refused by the callee", by: .callee, in: &env)
        }
    }

    /// What the caller offers, and what the callee would take.
    private var mediaWarning: String? {
        let legs = self.legs.dropFirst()
        if let why = legs.lazy.compactMap(\.incompatibility).first {
            return Call.warning(why.lists(offerer: Call.party(0), answerer: Call.party(1)))
        }
        if let why = legs.lazy.compactMap(\.insecurity).first { return Call.warning(why, of: Call.party(1)) }
        guard let own = caller.remoteDescription, let refused = legs.first(where: { $0.failure == .notAcceptableHere }),
            let told = refused.invite.flatMap({ try? SessionDescription.parse($0.body) })
        else { return nil }
        let (offered, asked) = (MediaNegotiation.codecs(in: own), MediaNegotiation.codecs(in: told))
        var text: String =
            "\(Call.party(0)) offers \(offered.joined(separator: ", ")), \(Call.party(1)) takes none of \(asked.joined(separator: ", "))"
        if let secure = told.media.first(where: { MediaNegotiation.isEncrypted($0) && !$0.isRejected }) {
            text += ", or no encrypted media: its settings require them, as \(secure.transportProtocol)"
        }
        return Call.warning(text)
    }

    /// Lower is better: what tells the caller most comes first.
    private static func rank(_ status: SIPStatus) -> Int {
        switch status.code {
        case 600...699: 0
        case 486: 1
        case 480: 2
        case 488, 415, 606: 3
        case 400...499 where status.code != 408 && status.code != 481: 4
        case 300...399: 5
        case 408, 430, 481: 6
        default: 7
        }
    }

    /// What the caller is told where a terminal's own status would mislead it.
    private static func shown(_ status: SIPStatus) -> SIPStatus {
        switch status.code {
        case 300...399, 401, 407, 422, 481, 487, 491: .temporarilyUnavailable
        case 503: .serverInternalError  // 503 would stop the caller from using us at all (RFC 3261 §16.7).
        default: status
        }
    }
}
