internal import Basics

/// The timestamps of packets made for one listener: one after the other while audio flows, by the clock after a pause.
struct MadeClock {
    private var next: UInt32 = 0
    /// Packets are made one after the other.
    private(set) var isRunning: Bool = false
    /// The next packet begins a spurt.
    private(set) var marks: Bool = true

    /// The timestamp of the next packet, `units` long.
    mutating func take(_ units: UInt32, stream: borrowing SentStream, clockRate: UInt32, now: Moment) -> UInt32 {
        if !isRunning {
            next = stream.timestampNow(clockRate: clockRate, now: now)
            (isRunning, marks) = (true, true)
        }
        defer { next &+= units }
        return next
    }

    /// The source made a pause of so many units.
    mutating func skip(_ units: UInt32) {
        next &+= units
        marks = true
    }

    /// Nothing is sent now, but time goes on.
    mutating func pause() { marks = true }

    mutating func sent() { marks = false }

    /// Something else was sent meanwhile, or nothing was heard.
    mutating func stop() { isRunning = false }
}
