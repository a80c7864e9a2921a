/// Tells when nobody has spoken for a time, and when somebody does again: for messages that end by silence.
///
/// A plain value; feeding it allocates nothing.
public struct SilenceDetector: Sendable {
    public enum Event: Equatable, Sendable {
        /// Nobody has spoken since the sample `since`, counted from the first ever fed.
        case silence(since: Int64)
        /// Somebody speaks, after silence was told.
        case voice
    }

    private var activity: VoiceActivity
    private let limit: Int64
    private var position: Int64 = 0
    private var lastVoice: Int64 = 0
    private var isTold: Bool = false

    /// - Parameters:
    ///   - afterMs: how long silence must be to be told; 500 or more, as words have pauses.
    ///   - sampleRate: in Hz.
    public init(afterMs: UInt32, sampleRate: UInt32) {
        activity = VoiceActivity(sampleRate: sampleRate)
        limit = Int64(max(afterMs, 500)) * Int64(activity.sampleRate) / 1000
    }

    /// Whether somebody spoke since the start.
    public private(set) var hasHeardVoice: Bool = false

    /// Takes a frame of any length.
    public mutating func process(_ samples: UnsafeBufferPointer<Int16>) -> Event? {
        let isVoice: Bool = activity.process(samples).isVoice
        position += Int64(samples.count)
        if isVoice {
            hasHeardVoice = true
            lastVoice = position
            guard isTold else { return nil }
            isTold = false
            return .voice
        }
        guard !isTold, position - lastVoice >= limit else { return nil }
        isTold = true
        return .silence(since: lastVoice)
    }
}
