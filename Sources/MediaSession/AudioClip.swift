/// A recording in memory: one channel of 16-bit samples that never change, so that any thread reads them without a lock
/// or a copy.
public final class AudioClip: Sendable {
    /// In Hz: 8 000, 16 000 or 48 000.
    public let sampleRate: Int
    /// The samples; valid as long as the clip is held.
    public nonisolated(unsafe) let samples: UnsafeBufferPointer<Int16>

    /// Allocates `count` samples once and lets `fill` write them; they are silence where it doesn't.
    public init(
        sampleRate: Int, count: Int, filledBy fill: (UnsafeMutableBufferPointer<Int16>) throws -> Void
    ) rethrows {
        let memory: UnsafeMutableBufferPointer<Int16> = .allocate(capacity: max(count, 0))
        memory.initialize(repeating: 0)
        self.sampleRate = sampleRate
        samples = UnsafeBufferPointer(memory)
        try fill(memory)
    }

    public convenience init(sampleRate: Int, samples: [Int16]) {
        self.init(sampleRate: sampleRate, count: samples.count) { _ = $0.update(fromContentsOf: samples) }
    }

    deinit { samples.deallocate() }

    /// How long it plays.
    public var duration: Duration { .seconds(samples.count, of: sampleRate) }
}

extension Duration {
    /// The time `frames` take at `rate` frames a second, rounded down to the microsecond; zero when there is no rate.
    package static func seconds(_ frames: Int, of rate: Int) -> Duration {
        guard rate > 0 else { return .zero }
        let (whole, rest) = frames.quotientAndRemainder(dividingBy: rate)
        return .seconds(whole) + .microseconds(rest * 1_000_000 / rate)
    }
}
