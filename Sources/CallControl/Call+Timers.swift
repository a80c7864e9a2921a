internal import Basics
internal import SIPDialog
internal import SIPMessage
internal import SIPTransaction

extension Call {
    mutating func deadlineReached(in env: inout CallEnvironment) {
        if let forgetAt, env.now >= forgetAt { return forget(in: &env) }
        if let noAnswerAt, env.now >= noAnswerAt, phase == .ringing {
            refuseCaller(
                .temporarilyUnavailable, outcome: .noAnswer, reason: "no answer", by: .server,
                cause: .q850(19, text: "No answer from the user"), in: &env)
        }
        if let at = resyncAt, env.now >= at {
            resyncAt = nil
            if needsResync { resync(in: &env) }
        }
        faxDeadline(in: &env)
        repeatPracks(in: &env)
        serviceDeadline(in: &env)
        releaseHeldDigits(in: &env)
        for index in legs.indices { legDeadline(index, in: &env) }
        settleIfFinished(in: &env)
    }

    private mutating func legDeadline(_ index: Int, in env: inout CallEnvironment) {
        endInsecure(index, in: &env)
        if legs[index].stage == .cancelling, let until = legs[index].cancelUntil, env.now >= until {
            legs[index].cancelUntil = nil
            note("gave no final response to CANCEL", leg: index, in: &env)
            branchFailed(index, status: .requestTimeout, in: &env)
        }
        if let due = legs[index].session?.provisionals?.nextDeadline, env.now >= due {
            drive(.deadlineReached, in: &env)
        }
        if let due = legs[index].session?.answer?.retransmitter.nextDeadline, env.now >= due {
            repeatAnswer(index, in: &env)
        }
        guard legs[index].stage == .up, let due = legs[index].session?.timer?.nextDeadline, env.now >= due else {
            return
        }
        for effect in legs[index].session?.timer?.handle(.deadlineReached, now: env.now) ?? [] {
            switch effect {
            case .refresh(let method): refresh(index, method, in: &env)
            case .expired:
                note("the session expired without a refresh", leg: index, in: &env)
                partyLost(index, reason: "session expired", in: &env)
            }
        }
    }

    private mutating func repeatAnswer(_ index: Int, in env: inout CallEnvironment) {
        for effect in legs[index].session?.answer?.retransmitter.handle(.deadlineReached, now: env.now) ?? [] {
            switch effect {
            case .resend:
                if let message = legs[index].session?.answer?.message {
                    env.effects.append(.send(message, legs[index].target, leg: UInt16(index)))
                }
            case .giveUp:
                note("no ACK came to our 200", leg: index, in: &env)
                legs[index].session?.answer = nil
                releaseDelayedAcknowledgement(in: &env)
                if phase == .ending {
                    endDialog(index, reason: nil, in: &env)
                } else {
                    partyLost(index, reason: "no ACK from the party", outcome: .failed, in: &env)
                }
            }
        }
    }

    /// The 200 to the caller leaves only now, as its record had to be on disk first: so long as for any other is its ACK waited for.
    mutating func answerLeft(in env: CallEnvironment) {
        guard let pending = caller.session?.answer else { return }
        caller.session?.answer = Session.PendingAnswer(
            retransmitter: AnswerRetransmitter(timers: env.settings.timers, sentAt: env.now), message: pending.message)
    }

    /// Whatever is still out is given up: nothing of a call outlives this.
    private mutating func forget(in env: inout CallEnvironment) {
        for id in exchanges.keys.sorted(by: { $0.rawValue < $1.rawValue }) { env.effects.append(.abandon(id)) }
        exchanges = [:]
        openEndpoints = []
        for index in legs.indices {
            legs[index].session?.answer = nil
            legs[index].stage = .over
        }
        forgetAt = nil
        settleIfFinished(in: &env)
    }
}
