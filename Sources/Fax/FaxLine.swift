/// The sound of a fax as its packets come, made steady for a modem: a fixed delay, nothing stretched and nothing made up.
///
/// Clocks that differ are made up for in silence alone. Owned by one thread; allocates nothing after `init`.
public struct FaxLine: ~Copyable {
    /// Samples at 8 kHz.
    private static let size: Int = 8192
    private static let frame: Int = T38Gateway.frameLength
    /// How long a packet may be late; in samples.
    private static let delay: Int = 800
    private static let mostDelay: Int = 2400
    /// The depth is looked at after so many frames: 2 s.
    private static let watchedFrames: Int = 100
    /// What a mean amplitude below this is, nobody sends.
    private static let silence: Int = 120

    private let samples: UnsafeMutablePointer<Int16>
    private let marks: UnsafeMutablePointer<Bool>
    private let output: UnsafeMutablePointer<Int16>
    private var isRunning: Bool = false
    /// Of the next sample to be taken out, and of the one after the newest.
    private var next: UInt32 = 0
    private var end: UInt32 = 0
    private var target: Int = FaxLine.delay
    private var leastDepth: Int = .max
    private var watched: Int = 0
    /// Samples to be waited (positive) or left out (negative) in the next silence.
    private var correction: Int = 0
    /// The frame before was silence: one that is missing after it is too.
    private var wasQuiet: Bool = true
    /// Packets that came after their time.
    public private(set) var late: UInt64 = 0
    /// Frames that were waited or left out.
    public private(set) var slips: UInt64 = 0

    public init() {
        samples = .allocate(capacity: Self.size)
        samples.initialize(repeating: 0, count: Self.size)
        marks = .allocate(capacity: Self.size)
        marks.initialize(repeating: false, count: Self.size)
        output = .allocate(capacity: Self.frame)
        output.initialize(repeating: 0, count: Self.frame)
    }

    deinit {
        samples.deallocate()
        marks.deallocate()
        output.deallocate()
    }

    /// Another stream follows.
    public mutating func restart() {
        isRunning = false
        marks.update(repeating: false, count: Self.size)
        (leastDepth, watched, correction) = (.max, 0, 0)
    }

    /// Puts a packet's samples where their time is.
    /// - Parameter timestamp: of the first sample, by a clock of 8 kHz.
    public mutating func put(_ packet: UnsafeBufferPointer<Int16>, timestamp: UInt32) {
        guard packet.count > 0, packet.count <= Self.size / 4 else { return }
        if isRunning {
            let ahead = Int(Int32(bitPattern: timestamp &- next))
            if ahead + packet.count > Self.size || ahead < -Self.size { restart() }
        }
        if !isRunning {
            isRunning = true
            next = timestamp &- UInt32(target)
            end = timestamp
        }
        let ahead = Int(Int32(bitPattern: timestamp &- next))
        if ahead < 0 {
            late &+= 1
            // Silence is waited for to wait for packets like this.
            correction = max(correction, min(Self.mostDelay - target, -ahead + Self.frame))
        }
        for index in max(0, -ahead)..<max(packet.count, max(0, -ahead)) {
            let place = Int(truncatingIfNeeded: timestamp &+ UInt32(index)) & (Self.size - 1)
            samples[place] = packet[index]
            marks[place] = true
        }
        let after: UInt32 = timestamp &+ UInt32(packet.count)
        if Int32(bitPattern: after &- end) > 0 { end = after }
    }

    /// The next 20 ms; nil where all of it is missing. Good until the next call.
    public mutating func take() -> UnsafeBufferPointer<Int16>? {
        guard isRunning else { return nil }
        var found: Int = read()
        watch()
        let isQuiet: Bool = found == 0 ? wasQuiet : isSilent
        wasQuiet = isQuiet
        if correction != 0, isQuiet {
            slips &+= 1
            if correction > 0 {
                // This frame is given as silence, and once more later.
                correction = max(0, correction - Self.frame)
                target = min(Self.mostDelay, target + Self.frame)
                output.update(repeating: 0, count: Self.frame)
                return UnsafeBufferPointer(start: output, count: Self.frame)
            }
            correction = min(0, correction + Self.frame)
            target = max(Self.delay, target - Self.frame)
            clear()
            found = read()
        }
        clear()
        return found == 0 ? nil : UnsafeBufferPointer(start: output, count: Self.frame)
    }

    /// Copies the next frame; how many of its samples are there.
    private func read() -> Int {
        var found = 0
        for index in 0..<Self.frame {
            let place = Int(truncatingIfNeeded: next &+ UInt32(index)) & (Self.size - 1)
            output[index] = marks[place] ? samples[place] : 0
            found += marks[place] ? 1 : 0
        }
        return found
    }

    private mutating func clear() {
        for index in 0..<Self.frame { marks[Int(truncatingIfNeeded: next &+ UInt32(index)) & (Self.size - 1)] = false }
        next &+= UInt32(Self.frame)
        // A sender that pauses is waited for where it stopped to be.
        if Int32(bitPattern: next &- end) > Int32(Self.size / 2) { restart() }
    }

    private var isSilent: Bool {
        var sum = 0
        for index in 0..<Self.frame { sum += abs(Int(output[index])) }
        return sum < Self.silence * Self.frame
    }

    /// Looks whether the sender's clock runs away from ours.
    private mutating func watch() {
        leastDepth = min(leastDepth, Int(Int32(bitPattern: end &- next)))
        watched += 1
        guard watched >= Self.watchedFrames else { return }
        if leastDepth > target + Self.frame, correction == 0 { correction = -Self.frame }
        if leastDepth < target / 2, leastDepth > 0, correction == 0 { correction = Self.frame }
        (leastDepth, watched) = (.max, 0)
    }
}
