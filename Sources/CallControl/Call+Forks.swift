internal import Basics
internal import Identity
internal import SIPDialog
internal import SIPMessage
internal import SIPTransaction

/// The dialogs a forked INVITE of ours makes: one per To tag.
extension Call {
    /// One of a leg's dialogs, by the peer's tag.
    subscript(session tag: String, of index: Int) -> Session? {
        get {
            if legs[index].session?.dialog.id.remoteTag == tag { return legs[index].session }
            return legs[index].forks.first { $0.dialog.id.remoteTag == tag }
        }
        _modify {
            if legs[index].session?.dialog.id.remoteTag == tag {
                yield &legs[index].session
            } else if let position = legs[index].forks.firstIndex(where: { $0.dialog.id.remoteTag == tag }) {
                var fork: Session? = legs[index].forks[position]
                yield &fork
                if let fork { legs[index].forks[position] = fork }
            } else {
                var none: Session?
                yield &none
            }
        }
    }

    /// The dialog a response belongs to, made where it is the first with its tag; nil for a response that makes none.
    mutating func fork(for response: SIPMessage, leg index: Int, in env: inout CallEnvironment) -> String? {
        guard let invite = legs[index].invite, response.toTag != nil || response.status?.code ?? 0 >= 200 else {
            return nil
        }
        let tag = response.toTag ?? ""
        if self[session: tag, of: index] != nil { return tag }
        guard legs[index].forks.count < 16 else { return nil }
        do {
            let dialog = try Dialog(sent: invite, received: response)
            var offers = legs[index].versions
            _ = offers.sending(.invite, sdp: Call.sdpBytes(of: invite))
            var session = Session(dialog: dialog, offers: offers)
            session.timer = legs[index].inviteTimer(of: tenant.settings)
            if legs[index].session == nil {
                legs[index].session = session
            } else {
                legs[index].forks.append(session)
                legs[index].mayAnswerAgain = true
            }
            return tag
        } catch {
            note("a response made no dialog: \(error)", leg: index, in: &env)
            return nil
        }
    }

    /// Makes an early dialog the one that counts for now: what is written to the leg is written to it.
    mutating func prefer(_ tag: String, of index: Int) {
        guard let position = legs[index].forks.firstIndex(where: { $0.dialog.id.remoteTag == tag }),
            let first = legs[index].session
        else { return }
        legs[index].session = legs[index].forks[position]
        legs[index].forks[position] = first
    }

    /// Makes the dialog with this tag the leg's own; the others are kept for their late answers alone.
    mutating func choose(_ tag: String, of index: Int) {
        if let position = legs[index].forks.firstIndex(where: { $0.dialog.id.remoteTag == tag }) {
            let chosen: Session = legs[index].forks.remove(at: position)
            if let first = legs[index].session { legs[index].others.append(first) }
            legs[index].session = chosen
        }
        legs[index].others += legs[index].forks
        legs[index].forks = []
    }

    /// A branch behind the peer ends its early dialog; the others ring on.
    mutating func forkEnded(_ tag: String, of index: Int) {
        legs[index].forks.removeAll { $0.dialog.id.remoteTag == tag }
    }

    mutating func sendPrack(
        _ rack: RAck, sdp: [UInt8]?, fork tag: String, leg index: Int, in env: inout CallEnvironment
    ) {
        _ = self[session: tag, of: index]?.offers.sending(.prack, sdp: sdp)
        send(SentPrack(rack: rack, sdp: sdp, fork: tag, attempt: 1), leg: index, in: &env)
    }

    /// A PRACK, or the same again under a new number.
    private mutating func send(_ prack: SentPrack, leg index: Int, in env: inout CallEnvironment) {
        guard let via = legs[index].via(in: &env), var session = self[session: prack.fork, of: index] else { return }
        var builder = session.dialog.request(.prack, via: via)
        self[session: prack.fork, of: index] = session
        builder.add(.rack, prack.rack.description)
        builder.add(.userAgent, env.settings.serverName)
        guard let message = seal(builder, sdp: prack.sdp, leg: index, in: &env) else { return }
        let exchange = openExchange(index, .prack, .prack(prack))
        env.effects.append(.request(message, legs[index].target, exchange, leg: UInt16(index)))
    }

    /// The answer to a PRACK of ours. A 5xx, as where another request overtook it, is no verdict on the response it acknowledges: it
    /// is sent again under a new number, or the peer would repeat that response until it gives the call up (RFC 3262 §3, §4).
    mutating func prackAnswered(
        _ response: SIPMessage, _ status: SIPStatus, _ prack: SentPrack, leg index: Int, in env: inout CallEnvironment
    ) {
        guard status.code >= 300 else { return }
        note("PRACK was refused: \(status.code)", leg: index, in: &env)
        // 481 and the like: the final response crossed it, or comes with what is wrong.
        guard phase == .ringing, legs[index].stage == .calling, (500...599).contains(status.code) else { return }
        guard prack.attempt < Call.prackAttempts else { return branchFailed(index, status: status, in: &env) }
        let asked: Int64 = ((try? response.retryAfter()) ?? nil).map { Int64($0.interval) } ?? 0
        let pause: Duration = max(env.settings.timers.t1, .seconds(min(asked, 10)))
        prackRetries.append(
            PrackRetry(
                at: env.now.advanced(by: pause), leg: UInt16(index),
                prack: SentPrack(rack: prack.rack, sdp: prack.sdp, fork: prack.fork, attempt: prack.attempt + 1)))
    }

    /// How often one response is acknowledged before its leg is given up.
    private static let prackAttempts: Int = 4

    /// Sends again the PRACKs that are due.
    mutating func repeatPracks(in env: inout CallEnvironment) {
        let due: [PrackRetry] = prackRetries.filter { $0.at <= env.now }
        guard !due.isEmpty else { return }
        prackRetries.removeAll { $0.at <= env.now }
        for retry in due where phase == .ringing && legs[Int(retry.leg)].stage == .calling {
            send(retry.prack, leg: Int(retry.leg), in: &env)
        }
    }
}
