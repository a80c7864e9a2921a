package import Basics
package import SIPMessage

/// The client side of one INVITE (RFC 3261 §17.1.1, RFC 6026 §7.2). The INVITE itself is sent when it is made.
package struct ClientInviteTransaction: Equatable, Sendable {
    package enum Event: Equatable, Sendable {
        case response(SIPStatus)
        case transportFailed
        /// A CANCEL was sent: the final response has 64×T1 left (RFC 3261 §9.1).
        case cancelSent
        case deadlineReached
    }

    /// One effect per event: what would be a list never has more than one entry, and a list would be allocated.
    package enum Effect: Equatable, Sendable {
        case none
        case resend
        /// The response is for the user.
        case deliver
        /// The response is for the user, and is acknowledged here (RFC 3261 §17.1.1.3).
        case deliverAndAcknowledge
        /// A copy of the refusal: the ACK was lost.
        case acknowledge
        /// A 2xx after a refusal: some fork accepted all the same.
        case deliverStray
        case timedOut
        case transportFailed
    }

    package enum State: Equatable, Sendable {
        case calling(resend: Backoff?, giveUpAt: Moment)
        case proceeding(giveUpAt: Moment?)
        case completed(until: Moment)
        case accepted(until: Moment)
        case terminated
    }

    package private(set) var state: State
    private let isReliable: Bool

    package init(timers: SIPTimers, isReliable: Bool, sentAt: Moment) {
        self.isReliable = isReliable
        let resend: Backoff? = isReliable ? nil : Backoff(interval: timers.t1, from: sentAt)
        state = .calling(resend: resend, giveUpAt: sentAt.advanced(by: timers.timeout))
    }

    package var isTerminated: Bool { state == .terminated }
    /// No response came yet: no CANCEL may be sent (RFC 3261 §9.1).
    package var isCalling: Bool {
        if case .calling = state { true } else { false }
    }
    package var isProceeding: Bool {
        if case .proceeding = state { true } else { false }
    }

    package var nextDeadline: Moment? {
        switch state {
        case .calling(let resend, let giveUpAt): min(resend?.at ?? giveUpAt, giveUpAt)
        case .proceeding(let giveUpAt): giveUpAt
        case .completed(let until), .accepted(let until): until
        case .terminated: nil
        }
    }

    package mutating func handle(_ event: Event, timers: SIPTimers, now: Moment) -> Effect {
        switch event {
        case .response(let status): return receive(status, timers: timers, now: now)
        case .transportFailed: return transportFailed()
        case .cancelSent:
            if case .proceeding = state { state = .proceeding(giveUpAt: now.advanced(by: timers.timeout)) }
            return .none
        case .deadlineReached: return deadlineReached(now: now)
        }
    }

    private mutating func receive(_ status: SIPStatus, timers: SIPTimers, now: Moment) -> Effect {
        switch state {
        case .calling, .proceeding:
            if status.isProvisional {
                if isCalling { state = .proceeding(giveUpAt: nil) }
                return .deliver
            }
            if status.isSuccess {
                state = .accepted(until: now.advanced(by: timers.timeout))
                return .deliver
            }
            state = isReliable ? .terminated : .completed(until: now.advanced(by: timers.timerD))
            return .deliverAndAcknowledge
        case .completed:
            if status.isProvisional { return .none }  // overtaken on the way
            return status.isSuccess ? .deliverStray : .acknowledge
        case .accepted:
            // Every 2xx is the user's, whose ACK may be lost or who has another fork to end. The rest was overtaken.
            return status.isSuccess ? .deliver : .none
        case .terminated: return status.isSuccess ? .deliverStray : .none
        }
    }

    private mutating func transportFailed() -> Effect {
        switch state {
        case .calling, .completed:
            state = .terminated
            return .transportFailed
        case .proceeding, .accepted, .terminated:
            return .none  // nothing of this transaction is on its way: a CANCEL or an ACK to a 2xx has its own
        }
    }

    private mutating func deadlineReached(now: Moment) -> Effect {
        switch state {
        case .calling(let resend, let giveUpAt):
            if now >= giveUpAt {
                state = .terminated
                return .timedOut
            }
            guard var resend, now >= resend.at else { return .none }  // woken early
            resend.advance(now: now, limit: nil)
            state = .calling(resend: resend, giveUpAt: giveUpAt)
            return .resend
        case .proceeding(let giveUpAt):
            guard let giveUpAt, now >= giveUpAt else { return .none }
            state = .terminated
            return .timedOut
        case .completed(let until), .accepted(let until):
            if now >= until { state = .terminated }
            return .none
        case .terminated: return .none
        }
    }
}

/// When something is sent again, and after how long once more.
package struct Backoff: Equatable, Sendable {
    package private(set) var interval: Duration
    package private(set) var at: Moment

    package init(interval: Duration, from now: Moment) { (self.interval, at) = (interval, now.advanced(by: interval)) }

    /// Doubles the interval, up to `limit`.
    mutating func advance(now: Moment, limit: Duration?) {
        interval = interval * 2
        if let limit, interval > limit { interval = limit }
        at = now.advanced(by: interval)
    }
}
