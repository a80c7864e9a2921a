internal import Basics

/// How long messages wait for a shard, and since when without a break.
struct Backlog: Hashable, Sendable {
    /// How long the last message waited.
    private(set) var delay: Duration = .zero
    /// Since when every message has waited too long; nil where the last did not.
    private var since: Moment?
    /// When the last message was taken.
    private var taken: Moment = .zero

    /// Notes how long a message waited that is taken next.
    ///
    /// A message that came when the one before had been done for longer than `slack` met no queue, but a stall of its own.
    mutating func note(_ delay: Duration, limit: Duration, slack: Duration, now: Moment) {
        let meetsNone: Bool = now.since(taken) > delay + slack
        self.delay = delay
        since = delay > limit ? (meetsNone ? nil : since) ?? now : nil
    }

    /// Notes that a message was taken; not every one brings a delay that differs from the one before.
    mutating func take(now: Moment) { taken = now }

    /// For how long messages have waited too long.
    func age(at now: Moment) -> Duration { since.map { now.since($0) } ?? .zero }
}
