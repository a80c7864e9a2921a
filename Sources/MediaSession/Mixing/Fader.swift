/// Joins one source of a leg's audio to the next without a click: within 10 ms the old one goes and the new one comes.
///
/// Everything the leg hears passes through it. Where the old source can still give what it would have said (a player), the two
/// are cross-faded; where it cannot (it is gone, or stopped), what it said last falls to 0 in the same time.
public struct Fader: Sendable {
    private let length: Int
    /// Samples of the present change that are done; ``length`` while there is none.
    private var done: Int
    /// The last sample that passed.
    private var last: Int16 = 0
    /// The one at which the old source ended.
    private var from: Int16 = 0

    /// - Parameters:
    ///   - sampleRate: of the audio, in Hz.
    ///   - milliseconds: how long a change takes; 1 ... 10.
    public init(sampleRate: UInt32, milliseconds: Int = 10) {
        length = max(Int(sampleRate) * min(max(milliseconds, 1), 10) / 1000, 1)
        done = length
    }

    /// What passes next is of another source.
    public mutating func change() {
        from = last
        done = 0
    }

    /// A change is not over.
    public var isChanging: Bool { done < length }

    /// What was heard last does not end in silence: before nothing is sent any more, ``finish(_:)``.
    public var isSounding: Bool { last != 0 }

    /// Audio of the present source passes, and is changed where it is a new one.
    ///
    /// - Parameter old: what the old source would have said at the same time, as far as it still does.
    public mutating func pass(_ samples: UnsafeMutableBufferPointer<Int16>, old: UnsafeBufferPointer<Int16>? = nil) {
        guard let final = samples.last else { return }
        defer { last = samples[samples.count - 1] }
        guard done < length else {
            last = final
            return
        }
        let changed: Int = min(length - done, samples.count)
        let scale: Int = length + 1
        for index in 0..<changed {
            let share: Int = done + index + 1
            let before: Int
            if let old, index < old.count { before = Int(old[index]) } else { before = Int(from) }
            let sum: Int = Int(samples[index]) * share + before * (scale - share)
            samples[index] = Int16(truncatingIfNeeded: sum / scale)
        }
        if let old, old.count > 0 { from = old[min(changed, old.count) - 1] }
        done += changed
    }

    /// The end of all audio: fills `samples` with what was heard last as it falls to 0, and silence.
    public mutating func finish(_ samples: UnsafeMutableBufferPointer<Int16>) {
        change()
        samples.update(repeating: 0)
        pass(samples)
    }
}
