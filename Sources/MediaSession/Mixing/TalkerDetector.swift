/// Tells whether somebody talks, from the level of each 20 ms: at once enough to be seen, slowly enough not to flicker.
///
/// Speech is what is 9 dB above the background and above -50 dB of full scale, for 60 ms; it ends 600 ms after the last of it. The
/// background follows the quietest moments, down at once, up by 2 dB a second: the pauses between syllables hold it down, and a
/// noise that stays is no talk after some seconds.
public struct TalkerDetector: Sendable {
    private static let least: Float = 32_768 * 32_768 * 1e-5
    private static let ratio: Float = 8
    private static let rise: Float = 1.009_253
    private static let framesToBegin: UInt8 = 3
    private static let framesToEnd: UInt8 = 30

    public private(set) var isTalking: Bool = false
    /// Mean power of the background.
    private var background: Float = 1000
    private var loudFrames: UInt8 = 0
    private var quietFrames: UInt8 = 0

    public init() {}

    /// Takes the mean power of 20 ms of samples; 0 for silence.
    ///
    /// - Returns: whether ``isTalking`` changed.
    public mutating func hear(power: Float) -> Bool {
        let isLoud: Bool = power > max(background * Self.ratio, Self.least)
        if power < background {
            background = max(power, 10)
        } else {
            background *= Self.rise
        }
        if isLoud {
            loudFrames = min(loudFrames + 1, Self.framesToBegin)
            quietFrames = 0
        } else {
            loudFrames = 0
            quietFrames = min(quietFrames + 1, Self.framesToEnd)
        }
        if isTalking ? quietFrames < Self.framesToEnd : loudFrames < Self.framesToBegin { return false }
        isTalking.toggle()
        return true
    }

    /// It left, or was muted: it talks no more.
    ///
    /// - Returns: whether ``isTalking`` changed.
    public mutating func stop() -> Bool {
        defer { (isTalking, loudFrames, quietFrames) = (false, 0, 0) }
        return isTalking
    }
}
