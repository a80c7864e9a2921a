internal import Basics

/// When what is made here is due: everything once in 20 ms, spread over phases of 2 ms so that a thread's work is even.
///
/// Deadlines are counted from the start, so they do not drift.
struct TickWheel {
    static let phases: Int = 10
    static let step: Int64 = 2_000_000
    /// A thread that was kept from running for longer leaves out what was due meanwhile.
    static let patience: Int64 = 200_000_000

    /// Work that one phase takes before another is begun, so that a thread with little to do is woken seldom: some 0.3 ms of it.
    static let fill: Int32 = 64
    /// Of what is not known better.
    static let usual: Int32 = 8

    /// The work that is due in each phase.
    private var load: InlineArray<10, Int32> = InlineArray(repeating: 0)
    private var total: Int = 0
    private var origin: Int64 = 0
    /// Steps since the origin; of the next one that may be due.
    private var step: Int64 = 0

    var isIdle: Bool { total == 0 }

    /// A phase for something: the fullest in which it finds room, else the one with the least to do.
    ///
    /// - Parameter weight: its work; 1 is that of one packet of G.711, ``fill`` wants a phase of its own.
    mutating func enter(now: Moment, weight: Int32 = Self.usual) -> Int {
        if total == 0 {
            origin = now.nanoseconds
            step = 0
        }
        var best = 0
        for phase in 1..<Self.phases where suits(load[phase], better: load[best], weight) { best = phase }
        load[best] += weight
        total += 1
        return best
    }

    private func suits(_ load: Int32, better other: Int32, _ weight: Int32) -> Bool {
        let (fits, otherFits): (Bool, Bool) = (load + weight <= Self.fill, other + weight <= Self.fill)
        guard fits == otherFits else { return fits }
        return fits ? load > other : load < other
    }

    mutating func leave(_ phase: Int, weight: Int32 = Self.usual) {
        load[phase] -= weight
        total -= 1
    }

    /// When the next phase with anything to do is due; nil while there is none.
    var next: Moment? {
        guard total > 0 else { return nil }
        for ahead in 0..<Int64(Self.phases) where load[Int((step + ahead) % 10)] > 0 {
            return Moment(nanoseconds: origin + (step + ahead) * Self.step)
        }
        return nil
    }

    /// Leaves out what cannot be made up for; true when there was any.
    mutating func leaveOut(now: Moment) -> Bool {
        let behind: Int64 = now.nanoseconds - (origin + step * Self.step)
        guard total > 0, behind > Self.patience else { return false }
        // The newest round stays.
        step += behind / Self.step - Int64(Self.phases) + 1
        return true
    }

    /// Takes the next phase that is due.
    mutating func take(now: Moment) -> Int? {
        while total > 0, origin + step * Self.step <= now.nanoseconds {
            let phase = Int(step % 10)
            step += 1
            if load[phase] > 0 { return phase }
        }
        return nil
    }
}
