/// Audio that is held back for a fixed time, so that what is found in it later can still be taken out.
///
/// Owned by one thread. Passing audio through it allocates nothing.
public struct HeldAudio: ~Copyable {
    /// By how much it holds back, in samples.
    public let delay: Int
    private let ring: UnsafeMutableBufferPointer<Int16>
    private var place: Int = 0

    /// - Parameters:
    ///   - delayMs: 0 ... 200.
    ///   - sampleRate: in Hz.
    public init(delayMs: Int, sampleRate: UInt32) {
        delay = min(max(delayMs, 0), 200) * Int(sampleRate / 1000)
        ring = .allocate(capacity: max(delay, 1))
        ring.initialize(repeating: 0)
    }

    deinit { ring.deallocate() }

    /// Takes samples in and puts those from ``delay`` samples before in their place; silence at first.
    public mutating func pass(_ samples: UnsafeMutableBufferPointer<Int16>) {
        guard delay > 0 else { return }
        for index in 0..<samples.count {
            let sample: Int16 = samples[index]
            samples[index] = ring[place]
            ring[place] = sample
            place += 1
            if place == delay { place = 0 }
        }
    }
}
