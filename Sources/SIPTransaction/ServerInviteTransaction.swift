package import Basics
package import SIPMessage

/// The server side of one INVITE (RFC 3261 §17.2.1, RFC 6026 §7.1).
///
/// An error of the transport changes nothing: copies of the INVITE, timers G, H and L, or the user end the transaction.
package struct ServerInviteTransaction: Equatable, Sendable {
    package enum Event: Equatable, Sendable {
        /// A copy of the INVITE.
        case copy
        /// The user answers.
        case respond(SIPStatus)
        case acknowledged
        case deadlineReached
    }

    package enum Effect: Equatable, Sendable {
        case none
        /// The response just given goes out.
        case send
        /// The last response goes out again.
        case resend
        /// The user took its time: a 100 is made and sent.
        case sendTrying
        /// The ACK to a 2xx: the user's (RFC 6026 §7.1).
        case deliverAcknowledgement
        case unacknowledged
    }

    package enum State: Equatable, Sendable {
        case proceeding(tryingAt: Moment?, hasResponse: Bool)
        case completed(resend: Backoff?, giveUpAt: Moment)
        case confirmed(until: Moment)
        case accepted(until: Moment)
        case terminated
    }

    package private(set) var state: State
    private let isReliable: Bool

    package init(timers: SIPTimers, isReliable: Bool, receivedAt: Moment) {
        self.isReliable = isReliable
        state = .proceeding(tryingAt: receivedAt.advanced(by: timers.tryingAfter), hasResponse: false)
    }

    package var isTerminated: Bool { state == .terminated }
    /// No final response yet.
    package var isPending: Bool {
        if case .proceeding = state { true } else { false }
    }
    package var isAccepted: Bool {
        if case .accepted = state { true } else { false }
    }

    package var nextDeadline: Moment? {
        switch state {
        case .proceeding(let tryingAt, _): tryingAt
        case .completed(let resend, let giveUpAt): min(resend?.at ?? giveUpAt, giveUpAt)
        case .confirmed(let until), .accepted(let until): until
        case .terminated: nil
        }
    }

    package mutating func handle(_ event: Event, timers: SIPTimers, now: Moment) -> Effect {
        switch event {
        case .copy: return receiveCopy()
        case .respond(let status): return respond(status, timers: timers, now: now)
        case .acknowledged: return receiveAcknowledgement(timers: timers, now: now)
        case .deadlineReached: return deadlineReached(timers: timers, now: now)
        }
    }

    private mutating func receiveCopy() -> Effect {
        switch state {
        case .proceeding(_, let hasResponse):
            guard !hasResponse else { return .resend }
            // The peer is past its T1: the 100 is overdue whatever the setting.
            state = .proceeding(tryingAt: nil, hasResponse: true)
            return .sendTrying
        case .completed: return .resend
        case .confirmed, .accepted, .terminated:
            return .none  // answered; the user sends its 2xx again
        }
    }

    private mutating func respond(_ status: SIPStatus, timers: SIPTimers, now: Moment) -> Effect {
        switch state {
        case .proceeding:
            if status.isProvisional {
                state = .proceeding(tryingAt: nil, hasResponse: true)
            } else if status.isSuccess {
                state = .accepted(until: now.advanced(by: timers.timeout))
            } else {
                state = .completed(
                    resend: isReliable ? nil : Backoff(interval: timers.t1, from: now),
                    giveUpAt: now.advanced(by: timers.timeout))
            }
            return .send
        case .accepted: return status.isSuccess ? .send : .none  // copies of its 2xx; the rest is late
        case .completed, .confirmed, .terminated: return .none  // a second final response, too late
        }
    }

    private mutating func receiveAcknowledgement(timers: SIPTimers, now: Moment) -> Effect {
        switch state {
        case .completed:
            state = isReliable ? .terminated : .confirmed(until: now.advanced(by: timers.t4))
            return .none
        case .accepted: return .deliverAcknowledgement
        case .proceeding, .confirmed, .terminated: return .none  // nothing to acknowledge yet, or a copy
        }
    }

    private mutating func deadlineReached(timers: SIPTimers, now: Moment) -> Effect {
        switch state {
        case .proceeding(let tryingAt, _):
            guard let tryingAt, now >= tryingAt else { return .none }  // woken early
            state = .proceeding(tryingAt: nil, hasResponse: true)
            return .sendTrying
        case .completed(let resend, let giveUpAt):
            if now >= giveUpAt {
                state = .terminated
                return .unacknowledged
            }
            guard var resend, now >= resend.at else { return .none }
            resend.advance(now: now, limit: timers.t2)
            state = .completed(resend: resend, giveUpAt: giveUpAt)
            return .resend
        case .confirmed(let until), .accepted(let until):
            if now >= until { state = .terminated }
            return .none
        case .terminated: return .none
        }
    }
}
