public import Basics

/// Collects the digits somebody presses at a prompt, until a terminator, the most that are wanted, or a time without one.
public struct DigitCollector: Equatable, Sendable {
    public struct Settings: Equatable, Sendable {
        /// How many digits are the most; 1 ... 64. With the last one it is over.
        public var longest: Int
        /// How many are the least: with fewer, a terminator or a timeout gives ``Outcome/tooFew(_:)``.
        public var shortest: Int
        /// What ends the input and is no part of it; `#` by default.
        public var terminators: Set<Digit>
        /// What clears the input, so that it can be entered anew; none by default.
        public var clear: Digit?
        /// From the start (or the end of the prompt) to the first digit.
        public var firstTimeout: Duration
        /// From one digit to the next.
        public var interDigitTimeout: Duration

        public init(
            longest: Int, shortest: Int = 1, terminators: Set<Digit> = Set([Digit("#")].compactMap { $0 }),
            clear: Digit? = nil, firstTimeout: Duration = .seconds(10), interDigitTimeout: Duration = .seconds(4)
        ) {
            self.longest = min(max(longest, 1), 64)
            self.shortest = min(max(shortest, 0), self.longest)
            self.terminators = terminators
            self.clear = clear
            self.firstTimeout = firstTimeout
            self.interDigitTimeout = interDigitTimeout
        }
    }

    public enum Outcome: Equatable, Sendable {
        /// All that was wanted came; `terminator` is the key that ended it, if one did.
        case collected([Digit], terminator: Digit?)
        /// Fewer than wanted came before the terminator or the timeout.
        case tooFew([Digit])
        /// Not one key was pressed in time.
        case nothing
    }

    private enum State: Equatable {
        /// The prompt still plays: no time runs.
        case prompting
        case waiting(deadline: Moment)
        case over(Outcome)
    }

    public let settings: Settings
    /// What was pressed so far.
    public private(set) var digits: [Digit] = []
    private var state: State

    /// - Parameter prompting: whether a prompt plays first; its end is told by ``promptEnded(now:)``. A key ends the wait for it.
    public init(_ settings: Settings, prompting: Bool = false, now: Moment) {
        self.settings = settings
        state = prompting ? .prompting : .waiting(deadline: now.advanced(by: settings.firstTimeout))
    }

    /// What came of it; nil while it goes on.
    public var outcome: Outcome? {
        if case .over(let outcome) = state { return outcome }
        return nil
    }

    /// When ``tick(now:)`` has something to do; nil while a prompt plays and when it is over.
    public var nextDeadline: Moment? {
        if case .waiting(let deadline) = state { return deadline }
        return nil
    }

    /// The prompt is over: the time for the first digit begins, unless one came already.
    public mutating func promptEnded(now: Moment) {
        guard case .prompting = state else { return }
        state = .waiting(deadline: now.advanced(by: settings.firstTimeout))
    }

    /// A key was pressed.
    ///
    /// - Returns: the outcome, if it is over with this key; keys after that change nothing.
    public mutating func press(_ digit: Digit, now: Moment) -> Outcome? {
        // The deadline may be past when the timer's event is late: what was pressed after it does not count.
        if let outcome = tick(now: now) { return outcome }
        guard outcome == nil else { return nil }
        if settings.terminators.contains(digit) { return finish(by: digit) }
        if digit == settings.clear {
            digits = []
            state = .waiting(deadline: now.advanced(by: settings.firstTimeout))
            return nil
        }
        digits.append(digit)
        guard digits.count < settings.longest else { return finish(by: nil) }
        state = .waiting(deadline: now.advanced(by: settings.interDigitTimeout))
        return nil
    }

    /// Looks at the time; needed at ``nextDeadline``.
    ///
    /// - Returns: the outcome, if it is over now.
    public mutating func tick(now: Moment) -> Outcome? {
        guard case .waiting(let deadline) = state, now >= deadline else { return nil }
        return finish(by: nil)
    }

    private mutating func finish(by terminator: Digit?) -> Outcome {
        let result: Outcome =
            digits.count >= settings.shortest && (!digits.isEmpty || terminator != nil)
            ? .collected(digits, terminator: terminator)
            : digits.isEmpty && terminator == nil ? .nothing : .tooFew(digits)
        state = .over(result)
        return result
    }
}
