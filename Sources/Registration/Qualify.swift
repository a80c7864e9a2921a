public import Basics

/// Says which bindings are due a keep-alive or a qualify request, and tells from the outcomes who is reachable.
public struct Qualify: Sendable {
    public enum Probe: Hashable, Sendable {
        /// An OPTIONS, whose answer of whatever status proves the phone and measures the round trip.
        case options
        /// CR LF CR LF, which only keeps a NAT or a connection open (RFC 5626 §4.4.1).
        case crlf
    }

    public struct Request: Hashable, Sendable {
        public let ref: BindingRef
        public let probe: Probe
    }

    public enum Verdict: Hashable, Sendable {
        /// It answered; `changed` when it was not known to be reachable before.
        case reachable(roundTrip: Duration, changed: Bool)
        /// It is silent; `changed` with the failure that made it so.
        case unreachable(changed: Bool)
        /// A failure that proves nothing yet, or an outcome of a binding that is no longer watched.
        case undecided
    }

    private struct Watch: Sendable {
        var probe: Probe
        var interval: Duration
        var sentAt: Moment?
        var failures: Int = 0
        var isReachable: Bool?
    }

    /// Failures in a row that make a phone unreachable; at least 1.
    private let failureLimit: Int
    private var watches: [BindingRef: Watch] = [:]
    private var deadlines = DeadlineQueue<BindingRef>()

    public init(failureLimit: Int = 3) { self.failureLimit = max(failureLimit, 1) }

    public var count: Int { watches.count }
    /// When ``due(now:limit:random:)`` has something to give; nil while nothing is watched.
    public var nextDeadline: Moment? { deadlines.next }

    /// Watches a binding from now on. The first probe comes somewhere in the first interval, so that phones that register
    /// together are not probed together. A binding already watched so keeps its time.
    /// - Parameter interval: between probes; at least a second. Each is shortened by up to 10 %.
    public mutating func watch(
        _ ref: BindingRef, probe: Probe, every interval: Duration, now: Moment, random: inout AnyRandom
    ) {
        let interval = max(interval, .seconds(1))
        if let old = watches[ref], old.probe == probe, old.interval == interval { return }
        watches[ref] = Watch(probe: probe, interval: interval, isReachable: watches[ref]?.isReachable)
        let first = Int64.random(in: 0...interval.wholeNanoseconds, using: &random)
        deadlines.set(ref, to: now.advanced(by: .nanoseconds(first)))
    }

    /// A phone that registered from another place: what was known of it counts no longer.
    public mutating func renew(_ ref: BindingRef) {
        watches[ref]?.failures = 0
        watches[ref]?.isReachable = nil
    }

    /// Forgets a binding that ended or whose connection is gone.
    public mutating func forget(_ ref: BindingRef) {
        watches[ref] = nil
        deadlines.remove(ref)
    }

    /// What is due, at most `limit`; each is due again an interval later.
    public mutating func due(now: Moment, limit: Int = 100, random: inout AnyRandom) -> [Request] {
        var requests: [Request] = []
        while requests.count < limit, let ref = deadlines.popDue(now: now) {
            guard var watch = watches[ref] else { continue }
            let interval: Int64 = watch.interval.wholeNanoseconds
            let next = interval - Int64.random(in: 0...(interval / 10), using: &random)
            deadlines.set(ref, to: now.advanced(by: .nanoseconds(next)))
            // An OPTIONS still on its way is not doubled: its transaction ends by itself.
            guard watch.sentAt == nil else { continue }
            if watch.probe == .options { watch.sentAt = now }
            watches[ref] = watch
            requests.append(Request(ref: ref, probe: watch.probe))
        }
        return requests
    }

    /// A final response of any status came.
    public mutating func answered(_ ref: BindingRef, now: Moment) -> Verdict {
        guard var watch = watches[ref], let sentAt = watch.sentAt else { return .undecided }
        let changed = watch.isReachable != true
        (watch.sentAt, watch.failures, watch.isReachable) = (nil, 0, true)
        watches[ref] = watch
        return .reachable(roundTrip: now.since(sentAt), changed: changed)
    }

    /// The transaction timed out, or sending failed.
    public mutating func failed(_ ref: BindingRef) -> Verdict {
        guard var watch = watches[ref], watch.sentAt != nil else { return .undecided }
        watch.sentAt = nil
        watch.failures += 1
        defer { watches[ref] = watch }
        guard watch.failures >= failureLimit else { return .undecided }
        let changed = watch.isReachable != false
        watch.isReachable = false
        return .unreachable(changed: changed)
    }
}
