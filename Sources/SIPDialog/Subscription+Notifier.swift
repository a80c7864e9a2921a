public import Basics

extension Subscription {
    /// One subscription at the end that sends NOTIFY (RFC 6665 §4.2).
    ///
    /// One NOTIFY is under way at a time: changes that come meanwhile make one more when it is answered, with the state
    /// of then.
    public struct Notifier: Hashable, Sendable {
        public enum State: Hashable, Sendable {
            case pending(until: Moment)
            case active(until: Moment)
            case terminated
        }
        public enum Event: Hashable, Sendable {
            /// A SUBSCRIBE refreshed the subscription, or ended it with 0; its 200 went out just before.
            case subscribed(expires: UInt32)
            /// The owner of the resource agreed.
            case approved
            /// The state subscribed to changed.
            case changed
            /// We end it.
            case ended(EndReason, retryAfter: UInt32?)
            /// A final response to our NOTIFY; 408 for a timeout, 503 for a transport error.
            case notifyAnswered(status: Int, hasRetryAfter: Bool)
            case deadlineReached
        }
        public enum Effect: Hashable, Sendable {
            /// Send NOTIFY with this Subscription-State and the resource's present state.
            case notify(Status)
            /// The subscription is over and nothing of it is left; comes once.
            case finished
        }

        public let key: Key
        public private(set) var state: State
        private var isNotifyPending = false
        /// What is to be told once the NOTIFY under way is answered.
        private var next: Follow = .nothing
        private var isFinished = false

        private enum Follow: Hashable, Sendable { case nothing, present, last(EndReason, retryAfter: UInt32?) }

        /// Starts a subscription whose SUBSCRIBE was just answered 200; `effects` is its first NOTIFY, due even where
        /// nothing is to be told yet (RFC 6665 §4.2.1.2). With `expires` 0 it is a fetch: one NOTIFY and the end
        /// (§4.4.3).
        ///
        /// - Parameters:
        ///   - expires: seconds granted.
        ///   - isApproved: false while the resource's owner has not agreed yet.
        public static func start(
            _ key: Key, expires: UInt32, isApproved: Bool, now: Moment
        ) -> (notifier: Notifier, effects: [Effect]) {
            let until: Moment = now.advanced(by: .seconds(Int64(expires)))
            var notifier = Notifier(key: key, state: isApproved ? .active(until: until) : .pending(until: until))
            let effects: [Effect] =
                expires == 0 ? notifier.end(.timeout, retryAfter: nil) : notifier.tell(now: now)
            return (notifier, effects)
        }

        private init(key: Key, state: State) { (self.key, self.state) = (key, state) }

        /// When the driver must send `.deadlineReached`; nil once terminated.
        public var nextDeadline: Moment? {
            switch state {
            case .pending(let until), .active(let until): until
            case .terminated: nil
            }
        }

        public mutating func handle(_ event: Event, now: Moment) -> [Effect] {
            if case .notifyAnswered(let status, let hasRetryAfter) = event {
                return notifyAnswered(status: status, hasRetryAfter: hasRetryAfter, now: now)
            }
            guard let until = nextDeadline else { return [] }  // over: late events are normal traffic
            switch event {
            case .subscribed(expires: 0):
                return end(.timeout, retryAfter: nil)
            case .subscribed(let expires):
                let renewed: Moment = now.advanced(by: .seconds(Int64(expires)))
                if case .pending = state { state = .pending(until: renewed) } else { state = .active(until: renewed) }
                return tell(now: now)
            case .approved:
                guard case .pending = state else { return [] }
                state = .active(until: until)
                return tell(now: now)
            case .changed:
                // Pending subscribers learn nothing of the resource (RFC 6665 §4.2.1.2).
                guard case .active = state else { return [] }
                return tell(now: now)
            case .ended(let reason, let retryAfter):
                return end(reason, retryAfter: retryAfter)
            case .deadlineReached:
                return now >= until ? end(.timeout, retryAfter: nil) : []
            case .notifyAnswered:
                return []  // handled above
            }
        }

        private func status(now: Moment) -> Status {
            switch state {
            case .pending(let until): .pending(expires: seconds(until: until, now: now))
            case .active(let until): .active(expires: seconds(until: until, now: now))
            case .terminated: .terminated(.timeout, retryAfter: nil)
            }
        }

        private func seconds(until: Moment, now: Moment) -> UInt32 {
            UInt32(clamping: max(0, until.since(now).wholeSeconds))
        }

        private mutating func tell(now: Moment) -> [Effect] {
            guard !isNotifyPending else {
                next = .present
                return []
            }
            isNotifyPending = true
            return [.notify(status(now: now))]
        }

        private mutating func end(_ reason: EndReason, retryAfter: UInt32?) -> [Effect] {
            state = .terminated
            guard !isNotifyPending else {
                next = .last(reason, retryAfter: retryAfter)
                return []
            }
            isNotifyPending = true
            return [.notify(.terminated(reason, retryAfter: retryAfter))]
        }

        private mutating func notifyAnswered(status: Int, hasRetryAfter: Bool, now: Moment) -> [Effect] {
            guard isNotifyPending else { return [] }
            isNotifyPending = false
            let follow: Follow = next
            next = .nothing
            // A subscriber that does not know the subscription, or is not there, has none (RFC 6665 §4.2.2, RFC 5057
            // §5.1).
            let isLost: Bool = status >= 300 && Notifier.endsSubscription(status) && !hasRetryAfter
            if isLost { state = .terminated }
            if isLost || (state == .terminated && follow == .nothing) {
                guard !isFinished else { return [] }
                isFinished = true
                return [.finished]
            }
            switch follow {
            case .nothing: return []
            case .present: return tell(now: now)
            case .last(let reason, let retryAfter): return end(reason, retryAfter: retryAfter)
            }
        }

        private static func endsSubscription(_ status: Int) -> Bool {
            switch status {
            case 404, 405, 408, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 502, 503, 604: true
            default: false
            }
        }
    }
}
