public import Basics
public import SIPTransaction

/// Repeats a 2xx to INVITE until its ACK arrives (RFC 3261 §13.3.1.4), over every transport.
public struct AnswerRetransmitter: Hashable, Sendable {
    public enum Event: Hashable, Sendable { case ackReceived, deadlineReached }
    public enum Effect: Hashable, Sendable {
        /// Send the 2xx again, the same bytes.
        case resend
        /// 64×T1 passed without an ACK: the dialog is confirmed, but the session is to be ended with BYE.
        case giveUp
    }
    public enum State: Hashable, Sendable {
        case waiting(interval: Duration, resendAt: Moment, giveUpAt: Moment)
        case acknowledged
        case abandoned
    }

    public private(set) var state: State
    private let t2: Duration

    /// The 2xx was sent for the first time at `sentAt`.
    public init(timers: SIPTimers, sentAt: Moment) {
        t2 = timers.t2
        state = .waiting(
            interval: timers.t1, resendAt: sentAt.advanced(by: timers.t1), giveUpAt: sentAt.advanced(by: timers.t1 * 64)
        )
    }

    /// When the driver must send `.deadlineReached`; nil once there is nothing left to wait for.
    public var nextDeadline: Moment? {
        guard case .waiting(_, let resendAt, let giveUpAt) = state else { return nil }
        return min(resendAt, giveUpAt)
    }

    public mutating func handle(_ event: Event, now: Moment) -> [Effect] {
        // A second ACK, or a timer that lost the race, is normal traffic and not an error.
        guard case .waiting(let interval, let resendAt, let giveUpAt) = state else { return [] }
        switch event {
        case .ackReceived:
            state = .acknowledged
            return []
        case .deadlineReached where now >= giveUpAt:
            state = .abandoned
            return [.giveUp]
        case .deadlineReached:
            guard now >= resendAt else { return [] }  // woken early
            let next: Duration = min(interval * 2, t2)
            state = .waiting(interval: next, resendAt: now.advanced(by: next), giveUpAt: giveUpAt)
            return [.resend]
        }
    }
}
