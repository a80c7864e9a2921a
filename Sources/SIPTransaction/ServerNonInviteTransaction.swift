package import Basics
package import SIPMessage

/// The server side of one request other than INVITE and ACK until it is answered (RFC 3261 §17.2.2, RFC 4320).
///
/// What comes after the final response, the Completed state, is an ``AbsorbedResponse`` in the layer: much smaller.
package struct ServerNonInviteTransaction: Equatable, Sendable {
    package enum Event: Equatable, Sendable {
        /// A copy of the request.
        case copy
        /// The user answers.
        case respond(SIPStatus)
        case deadlineReached
    }

    package enum Effect: Equatable, Sendable {
        case none
        /// The response just given goes out.
        case send
        /// The last response goes out again.
        case resend
        /// The user took its time: a 100 is made and sent (RFC 4320 §4.1).
        case sendTrying
    }

    package enum State: Equatable, Sendable {
        case trying(tryingAt: Moment, giveUpAt: Moment)
        case proceeding(giveUpAt: Moment)
        /// Answered; silently where the answer was a 408, which is never sent (RFC 4320 §4.2).
        case completed
        /// The user took longer than the client waits; no answer is of use any more (RFC 4320 §4.2).
        case terminated
    }

    package private(set) var state: State
    private let isReliable: Bool

    package init(timers: SIPTimers, isReliable: Bool, receivedAt: Moment) {
        self.isReliable = isReliable
        state = .trying(
            tryingAt: receivedAt.advanced(by: timers.untilTimerEIsT2), giveUpAt: receivedAt.advanced(by: timers.timeout)
        )
    }

    package var isCompleted: Bool { state == .completed }
    package var isTerminated: Bool { state == .terminated }

    package var nextDeadline: Moment? {
        switch state {
        case .trying(let tryingAt, let giveUpAt): min(tryingAt, giveUpAt)
        case .proceeding(let giveUpAt): giveUpAt
        case .completed, .terminated: nil
        }
    }

    package mutating func handle(_ event: Event, now: Moment) -> Effect {
        switch event {
        case .copy:
            switch state {
            case .proceeding: return .resend
            case .trying, .completed, .terminated: return .none  // the user is at it, or it is over
            }
        case .respond(let status): return respond(status, now: now)
        case .deadlineReached: return deadlineReached(now: now)
        }
    }

    private mutating func respond(_ status: SIPStatus, now: Moment) -> Effect {
        switch state {
        case .trying(let tryingAt, let giveUpAt):
            if status.isProvisional {
                // Over UDP a 100 before timer E is T2 slows down the recovery of a lost final response (RFC 4320 §4.1).
                guard status == .trying, isReliable || now >= tryingAt else { return .none }
                state = .proceeding(giveUpAt: giveUpAt)
                return .send
            }
        case .proceeding:
            // No 101 ... 199 to a non-INVITE request (RFC 4320 §4.1).
            if status.isProvisional { return status == .trying ? .send : .none }
        case .completed, .terminated: return .none  // a second final response, or too late
        }
        state = .completed
        return status == .requestTimeout ? .none : .send
    }

    private mutating func deadlineReached(now: Moment) -> Effect {
        switch state {
        case .trying(let tryingAt, let giveUpAt):
            if now >= giveUpAt { break }
            guard now >= tryingAt else { return .none }
            state = .proceeding(giveUpAt: giveUpAt)
            return .sendTrying
        case .proceeding(let giveUpAt):
            guard now >= giveUpAt else { return .none }
        case .completed, .terminated: return .none
        }
        state = .terminated
        return .none
    }
}
