public import Basics
import SIPTransaction

/// Targets that did not answer, each avoided for a while (RFC 3263 §4.3).
public struct DeadTargets: Sendable {
    private struct Key: Hashable {
        var transport: SIPTransportKind
        var endpoint: IPEndpoint
    }
    private var until: [Key: Moment] = [:]
    private let denyTime: Duration
    private static let capacity = 10_000

    public init(denyTime: Duration = .seconds(60)) { self.denyTime = denyTime }

    /// After a timeout, a transport error or a 503 (RFC 3263 §4.3).
    public mutating func markDead(_ candidate: LocationCandidate, now: Moment, for time: Duration? = nil) {
        if until.count >= DeadTargets.capacity { until = until.filter { $0.value > now } }
        guard until.count < DeadTargets.capacity else { return }
        until[key(candidate)] = now.advanced(by: time ?? denyTime)
    }

    public mutating func markAlive(_ candidate: LocationCandidate) { until[key(candidate)] = nil }

    public func isDead(_ candidate: LocationCandidate, now: Moment) -> Bool {
        until[key(candidate)].map { now < $0 } ?? false
    }

    /// The same places, the dead ones last: when all are dead, they are tried all the same.
    public func order(_ plan: LocationPlan, now: Moment) -> LocationPlan {
        guard !until.isEmpty else { return plan }
        var ordered = plan
        ordered.places =
            plan.places.filter { !isDead($0.candidate, now: now) }
            + plan.places.filter { isDead($0.candidate, now: now) }
        return ordered
    }

    private func key(_ candidate: LocationCandidate) -> Key {
        Key(transport: candidate.transport, endpoint: candidate.endpoint)
    }
}
