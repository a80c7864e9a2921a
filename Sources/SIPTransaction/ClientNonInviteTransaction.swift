package import Basics
package import SIPMessage

/// The client side of one request other than INVITE and ACK (RFC 3261 §17.1.2). The request itself is sent when it is made.
package struct ClientNonInviteTransaction: Equatable, Sendable {
    package enum Event: Equatable, Sendable {
        case response(SIPStatus)
        case transportFailed
        case deadlineReached
    }

    package enum Effect: Equatable, Sendable {
        case none
        case resend
        /// The response is for the user.
        case deliver
        case timedOut
        case transportFailed
    }

    package enum State: Equatable, Sendable {
        case trying(resend: Backoff?, giveUpAt: Moment)
        case proceeding(resendAt: Moment?, giveUpAt: Moment)
        case completed(until: Moment)
        case terminated
    }

    package private(set) var state: State
    private let isReliable: Bool

    package init(timers: SIPTimers, isReliable: Bool, sentAt: Moment) {
        self.isReliable = isReliable
        let resend: Backoff? = isReliable ? nil : Backoff(interval: timers.t1, from: sentAt)
        state = .trying(resend: resend, giveUpAt: sentAt.advanced(by: timers.timeout))
    }

    package var isTerminated: Bool { state == .terminated }

    package var nextDeadline: Moment? {
        switch state {
        case .trying(let resend, let giveUpAt): min(resend?.at ?? giveUpAt, giveUpAt)
        case .proceeding(let resendAt, let giveUpAt): min(resendAt ?? giveUpAt, giveUpAt)
        case .completed(let until): until
        case .terminated: nil
        }
    }

    package mutating func handle(_ event: Event, timers: SIPTimers, now: Moment) -> Effect {
        switch event {
        case .response(let status): return receive(status, timers: timers, now: now)
        case .transportFailed:
            switch state {
            case .trying, .proceeding:
                state = .terminated
                return .transportFailed
            case .completed, .terminated: return .none  // nothing is on its way
            }
        case .deadlineReached: return deadlineReached(timers: timers, now: now)
        }
    }

    private mutating func receive(_ status: SIPStatus, timers: SIPTimers, now: Moment) -> Effect {
        switch state {
        case .trying(let resend, let giveUpAt):
            if status.isProvisional {
                // The timer that runs is left to end; from then on it is T2 (RFC 3261 §17.1.2.2).
                state = .proceeding(resendAt: resend?.at, giveUpAt: giveUpAt)
                return .deliver
            }
            complete(timers: timers, now: now)
            return .deliver
        case .proceeding:
            if status.isFinal { complete(timers: timers, now: now) }
            return .deliver
        case .completed, .terminated: return .none  // a copy
        }
    }

    private mutating func complete(timers: SIPTimers, now: Moment) {
        state = isReliable ? .terminated : .completed(until: now.advanced(by: timers.t4))
    }

    private mutating func deadlineReached(timers: SIPTimers, now: Moment) -> Effect {
        switch state {
        case .trying(let resend, let giveUpAt):
            if now >= giveUpAt { break }
            guard var resend, now >= resend.at else { return .none }  // woken early
            resend.advance(now: now, limit: timers.t2)
            state = .trying(resend: resend, giveUpAt: giveUpAt)
            return .resend
        case .proceeding(let resendAt, let giveUpAt):
            if now >= giveUpAt { break }
            guard let resendAt, now >= resendAt else { return .none }
            state = .proceeding(resendAt: now.advanced(by: timers.t2), giveUpAt: giveUpAt)
            return .resend
        case .completed(let until):
            if now >= until { state = .terminated }
            return .none
        case .terminated: return .none
        }
        state = .terminated
        return .timedOut
    }
}
