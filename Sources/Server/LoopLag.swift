package import Basics

/// How late an event loop is, by a timer that should be on time.
///
/// What is read from a connection has waited in its socket for a round of the loop, whatever its transport; only UDP sockets tell
/// that by themselves.
package struct LoopLag: Sendable {
    /// Between two looks.
    package static let period: Duration = .milliseconds(50)

    private var due: Moment
    private var last: Duration = .zero

    package init(now: Moment) { due = now.advanced(by: LoopLag.period) }

    /// The timer ran; the next is due a period from now.
    package mutating func ran(now: Moment) {
        last = max(.zero, now.since(due))
        due = now.advanced(by: LoopLag.period)
    }

    /// The lag of the last round, or of the one that goes on, where that is longer already.
    package func delay(now: Moment) -> Duration { max(last, now.since(due)) }
}

/// The highest of what was noted in the last ten to twenty seconds.
package struct RecentPeak: Sendable {
    package static let window: Duration = .seconds(10)

    private var began: Moment
    private var before: Duration = .zero
    private var current: Duration = .zero

    package init(now: Moment) { began = now }

    package mutating func note(_ value: Duration, now: Moment) {
        turn(now)
        current = max(current, value)
    }

    package mutating func value(now: Moment) -> Duration {
        turn(now)
        return max(before, current)
    }

    private mutating func turn(_ now: Moment) {
        let age = now.since(began)
        guard age >= RecentPeak.window else { return }
        before = age < RecentPeak.window * 2 ? current : .zero
        (current, began) = (.zero, now)
    }
}
