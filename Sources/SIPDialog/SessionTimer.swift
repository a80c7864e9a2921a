public import Basics
public import SIPMessage

/// Notices that a session's other end is gone, by refreshing the session or by waiting for its refreshes (RFC 4028).
///
/// One per dialog, kept from the INVITE on. Each INVITE or UPDATE within the session renews it, in either direction:
/// the caller puts ``SessionTimerFields`` on what it sends and feeds what it receives.
public struct SessionTimer: Hashable, Sendable {
    public enum State: Hashable, Sendable {
        /// No timer was agreed, or none yet.
        case inactive
        /// `refreshAt` is set where we are the refresher and no refresh is under way.
        case running(interval: UInt32, refresher: SessionSide, refreshAt: Moment?, byeAt: Moment)
        /// The session expired or was ended.
        case ended
    }
    public enum Event: Hashable, Sendable {
        case deadlineReached
        /// Our refresh was refused for now (491, 500 with Retry-After, 503): try again in so much time.
        case refreshFailed(retryAfter: Duration)
        /// The session is over.
        case sessionEnded
    }
    public enum Effect: Hashable, Sendable {
        /// Send a refresh: UPDATE without a description where the peer allows it, else re-INVITE with the last one (RFC
        /// 4028 §7.4).
        case refresh(SIPMethod)
        /// End the session with BYE, and `Reason: SIP;cause=408` or the like (RFC 4028 §10).
        case expired
    }

    public let policy: SessionTimerPolicy
    public internal(set) var state: State = .inactive
    /// UPDATE where the peer's Allow names it, INVITE until then (RFC 4028 §7.4).
    public var refreshMethod: SIPMethod = .invite
    /// The largest Min-SE seen in this call, in seconds; at least the policy's own minimum.
    public internal(set) var minimum: UInt32

    public init(policy: SessionTimerPolicy) {
        self.policy = policy
        minimum = policy.minimum
    }

    /// Seconds agreed; nil while no timer runs.
    public var interval: UInt32? {
        guard case .running(let interval, _, _, _) = state else { return nil }
        return interval
    }

    /// Who refreshes; nil while no timer runs.
    public var refresher: SessionSide? {
        guard case .running(_, let refresher, _, _) = state else { return nil }
        return refresher
    }

    /// When the driver must send `.deadlineReached`; nil while no timer runs.
    public var nextDeadline: Moment? {
        guard case .running(_, _, let refreshAt, let byeAt) = state else { return nil }
        return refreshAt.map { min($0, byeAt) } ?? byeAt
    }

    public mutating func handle(_ event: Event, now: Moment) -> [Effect] {
        // Before a timer was agreed and after the end, late events are normal traffic.
        guard case .running(let interval, let refresher, let refreshAt, let byeAt) = state else {
            if event == .sessionEnded { state = .ended }
            return []
        }
        switch event {
        case .sessionEnded:
            state = .ended
            return []
        case .deadlineReached where now >= byeAt:
            state = .ended
            return [.expired]
        case .deadlineReached:
            guard let refreshAt, now >= refreshAt else { return [] }  // woken early
            state = .running(interval: interval, refresher: refresher, refreshAt: nil, byeAt: byeAt)
            return [.refresh(refreshMethod)]
        case .refreshFailed(let delay):
            guard refresher == .local, refreshAt == nil else { return [] }  // the refresher changed meanwhile
            state = .running(
                interval: interval, refresher: .local, refreshAt: now.advanced(by: max(delay, .zero)), byeAt: byeAt)
            return []
        }
    }

    /// Starts the clock anew: refresh at half the interval, BYE a third of it, at most 32 s, before the end (RFC 4028
    /// §7.2, §10).
    mutating func start(interval: UInt32, refresher: SessionSide, now: Moment) {
        guard state != .ended else { return }
        let whole: Duration = .seconds(Int64(interval))
        let lead: Duration = min(.seconds(32), whole / 3)
        state = .running(
            interval: interval, refresher: refresher,
            refreshAt: refresher == .local ? now.advanced(by: whole / 2) : nil,
            byeAt: now.advanced(by: whole - lead))
    }
}

/// What a session timer asks for and puts up with; in seconds.
public struct SessionTimerPolicy: Hashable, Sendable {
    /// The interval offered, and the most accepted; 90 ... 86 400. 1800 is what RFC 4028 §4 recommends.
    public let preferred: UInt32
    /// The least accepted; 90 ... `preferred`.
    public let minimum: UInt32
    /// Who refreshes where the choice is ours; nil leaves it to the peer's side of the negotiation.
    public let refresher: SessionSide?
    /// Refresh the session ourselves even where the peer knows nothing of session timers.
    public let insists: Bool
    /// Ask for a session timer in requests of ours; else only the peer may.
    public let proposes: Bool

    public static let standard = SessionTimerPolicy()

    /// Values outside of their ranges are brought to the nearest bound.
    public init(
        preferred: UInt32 = 1800, minimum: UInt32 = 90, refresher: SessionSide? = nil, insists: Bool = true,
        proposes: Bool = true
    ) {
        self.preferred = min(max(preferred, 90), 86_400)
        self.minimum = min(max(minimum, 90), self.preferred)
        (self.refresher, self.insists, self.proposes) = (refresher, insists, proposes)
    }
}

/// What a message says of the session timer.
public struct SessionTimerFields: Hashable, Sendable {
    /// Which end of the transaction refreshes: its client or its server (RFC 4028 §4).
    public typealias Refresher = SessionExpires.Refresher

    /// Session-Expires in seconds; nil leaves the field out.
    public var interval: UInt32?
    public var refresher: Refresher?
    /// Min-SE in seconds; nil leaves the field out.
    public var minimum: UInt32?
    /// `timer` belongs into Require. It belongs into the Supported of every INVITE, UPDATE and 2xx of ours anyway.
    public var requiresTimer: Bool

    public init(
        interval: UInt32? = nil, refresher: Refresher? = nil, minimum: UInt32? = nil, requiresTimer: Bool = false
    ) {
        (self.interval, self.refresher, self.minimum, self.requiresTimer) = (
            interval, refresher, minimum, requiresTimer
        )
    }

    /// Adds Session-Expires, Min-SE and Require as they apply.
    public func add(to message: inout SIPMessageBuilder) {
        if let interval {
            message.add(.sessionExpires, SessionExpires(interval: interval, refresher: refresher).description)
        }
        if let minimum { message.add(.minSE, String(minimum)) }
        if requiresTimer { message.add(.require, "timer") }
    }
}
