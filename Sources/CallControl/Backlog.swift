internal import Basics

/// How long messages wait for a shard, and since when without a break.
struct Backlog: Hashable, Sendable {
    /// How long the last message waited.
    private(set) var delay: Duration = .zero
    /// Since when every message has waited too long, and when the last of them was heard of; nil where the last did not.
    private var since: Moment?
    private var last: Moment = .zero

    /// Notes how long a message waited that is handled `now`.
    ///
    /// A message that came when the one before had been done for longer than `slack` met no queue, but a stall of its own.
    mutating func note(_ delay: Duration, limit: Duration, slack: Duration, now: Moment) {
        let isNew: Bool = now.since(last) > delay + slack
        (self.delay, last) = (delay, now)
        since = delay > limit ? (isNew ? nil : since) ?? now : nil
    }

    /// For how long messages have waited too long.
    func age(at now: Moment) -> Duration { since.map { now.since($0) } ?? .zero }
}
