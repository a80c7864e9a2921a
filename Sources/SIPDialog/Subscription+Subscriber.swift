public import Basics
public import SIPTransaction

extension Subscription {
    /// One subscription at the end that sends SUBSCRIBE (RFC 6665 §4.1).
    public struct Subscriber: Hashable, Sendable {
        public enum State: Hashable, Sendable {
            /// SUBSCRIBE sent, no NOTIFY yet; timer N runs from then (RFC 6665 §4.1.2).
            case awaitingNotify(until: Moment)
            case pending(refreshAt: Moment, expiresAt: Moment)
            case active(refreshAt: Moment, expiresAt: Moment)
            /// We unsubscribed and wait for the last NOTIFY.
            case leaving(until: Moment)
            case terminated
        }
        public enum Event: Hashable, Sendable {
            /// A 2xx to our SUBSCRIBE granted so many seconds.
            case accepted(expires: UInt32)
            /// Another final response to it; 408 for a timeout.
            case refused(status: Int, minExpires: UInt32?, retryAfter: Duration?)
            case notified(Status)
            case unsubscribe
            case deadlineReached
        }
        public enum Effect: Hashable, Sendable {
            /// Send SUBSCRIBE within the dialog (the first one: outside of it) with this Expires, in seconds.
            case subscribe(expires: UInt32)
            /// The subscription is over; comes once.
            case ended(EndReason?, Resubscription)
        }

        public let key: Key
        public private(set) var state: State
        /// Seconds asked for.
        public private(set) var wanted: UInt32
        private let timerN: Duration
        private var hasRaisedExpiry = false

        /// The SUBSCRIBE with `wanted` seconds (1 or more) is sent at `now`. For the subscription a REFER makes it was
        /// the REFER.
        public init(_ key: Key, wanted: UInt32, timers: SIPTimers, now: Moment) {
            self.key = key
            self.wanted = max(1, wanted)
            timerN = timers.t1 * 64
            state = .awaitingNotify(until: now.advanced(by: timers.t1 * 64))
        }

        /// When the driver must send `.deadlineReached`; nil once terminated.
        public var nextDeadline: Moment? {
            switch state {
            case .awaitingNotify(let until), .leaving(let until): until
            case .pending(let refreshAt, let expiresAt), .active(let refreshAt, let expiresAt):
                min(refreshAt, expiresAt)
            case .terminated: nil
            }
        }

        /// Whether a NOTIFY for this subscription is answered 200; 481 once it is over (RFC 6665 §4.1.3).
        public var acceptsNotify: Bool { state != .terminated }

        public mutating func handle(_ event: Event, now: Moment) -> [Effect] {
            guard state != .terminated else { return [] }  // late events are normal traffic
            switch event {
            case .accepted(let expires): return accepted(expires, now: now)
            case .refused(let status, let minExpires, let retryAfter):
                return refused(status, minExpires: minExpires, retryAfter: retryAfter, now: now)
            case .notified(let status): return notified(status, now: now)
            case .unsubscribe: return unsubscribe(now: now)
            case .deadlineReached: return deadlineReached(now: now)
            }
        }

        private mutating func accepted(_ expires: UInt32, now: Moment) -> [Effect] {
            switch state {
            case .awaitingNotify, .leaving, .terminated:
                // NOTIFY, not the 2xx, makes and ends a subscription (RFC 6665 §4.1.2.4); it brings the time left.
                return []
            case .pending:
                let times: (refresh: Moment, end: Moment) = schedule(min(expires, wanted), now: now)
                state = .pending(refreshAt: times.refresh, expiresAt: times.end)
            case .active:
                let times: (refresh: Moment, end: Moment) = schedule(min(expires, wanted), now: now)
                state = .active(refreshAt: times.refresh, expiresAt: times.end)
            }
            return []
        }

        private mutating func refused(
            _ status: Int, minExpires: UInt32?, retryAfter: Duration?, now: Moment
        ) -> [Effect] {
            if case .leaving = state { return finish(nil, .never) }
            if status == 423, let minExpires, minExpires > wanted, !hasRaisedExpiry {
                hasRaisedExpiry = true
                wanted = minExpires
                if case .awaitingNotify = state { state = .awaitingNotify(until: now.advanced(by: timerN)) }
                return [.subscribe(expires: wanted)]
            }
            let again: Resubscription = retryAfter.map { .after($0) } ?? (status == 481 ? .now : .never)
            switch state {
            case .awaitingNotify:
                return finish(nil, again)
            case .pending(_, let expiresAt), .active(_, let expiresAt):
                // Only a failure that ends the usage ends what a refresh was to prolong (RFC 6665 §4.1.2.2).
                if Subscriber.endsSubscription(status) { return finish(nil, again) }
                let retryAt: Moment = now.advanced(by: max(retryAfter ?? .seconds(32), .seconds(1)))
                setRefresh(min(retryAt, expiresAt))
                return []
            case .leaving, .terminated:
                return []
            }
        }

        private static func endsSubscription(_ status: Int) -> Bool {
            switch status {
            case 404, 405, 408, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 502, 604: true
            default: false
            }
        }

        private mutating func notified(_ status: Status, now: Moment) -> [Effect] {
            switch status {
            case .terminated(let reason, let retryAfter):
                var isLeaving = false
                if case .leaving = state { isLeaving = true }
                let again: Resubscription = reason.resubscription(retryAfter: retryAfter.map { .seconds(Int64($0)) })
                return finish(reason, isLeaving ? .never : again)
            case .pending(let expires):
                if case .leaving = state { return [] }
                let times: (refresh: Moment, end: Moment) = times(expires, now: now)
                state = .pending(refreshAt: times.refresh, expiresAt: times.end)
            case .active(let expires):
                if case .leaving = state { return [] }
                let times: (refresh: Moment, end: Moment) = times(expires, now: now)
                state = .active(refreshAt: times.refresh, expiresAt: times.end)
            }
            return []
        }

        private mutating func unsubscribe(now: Moment) -> [Effect] {
            if case .leaving = state { return [] }
            state = .leaving(until: now.advanced(by: timerN))
            return [.subscribe(expires: 0)]
        }

        private mutating func deadlineReached(now: Moment) -> [Effect] {
            switch state {
            case .awaitingNotify(let until):
                return now >= until ? finish(nil, .now) : []  // timer N
            case .leaving(let until):
                return now >= until ? finish(nil, .never) : []
            case .pending(let refreshAt, let expiresAt), .active(let refreshAt, let expiresAt):
                if now >= expiresAt { return finish(.timeout, .now) }
                guard now >= refreshAt else { return [] }  // woken early
                setRefresh(expiresAt)
                return [.subscribe(expires: wanted)]
            case .terminated:
                return []
            }
        }

        /// Keeps what is running where a NOTIFY does not say how long is left.
        private func times(_ expires: UInt32?, now: Moment) -> (refresh: Moment, end: Moment) {
            if let expires { return schedule(expires, now: now) }
            switch state {
            case .pending(let refreshAt, let expiresAt), .active(let refreshAt, let expiresAt):
                return (refreshAt, expiresAt)
            case .awaitingNotify, .leaving, .terminated:
                return schedule(wanted, now: now)
            }
        }

        /// A refresh a third of the time, at most 60 s, before the end.
        private func schedule(_ expires: UInt32, now: Moment) -> (refresh: Moment, end: Moment) {
            let whole: Duration = .seconds(Int64(expires))
            return (now.advanced(by: whole - min(.seconds(60), whole / 3)), now.advanced(by: whole))
        }

        private mutating func setRefresh(_ moment: Moment) {
            switch state {
            case .pending(_, let expiresAt): state = .pending(refreshAt: moment, expiresAt: expiresAt)
            case .active(_, let expiresAt): state = .active(refreshAt: moment, expiresAt: expiresAt)
            case .awaitingNotify, .leaving, .terminated: break
            }
        }

        private mutating func finish(_ reason: EndReason?, _ again: Resubscription) -> [Effect] {
            state = .terminated
            return [.ended(reason, again)]
        }
    }
}
