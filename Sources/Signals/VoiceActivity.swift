import Glibc

/// Tells voice from the noise of a line, frame by frame, and how loud each frame is.
///
/// Voice is what is well above the noise and not steady. The noise is the softest that was heard over the last 3.2 s; what stays
/// within 5 dB for half a second is noise too, so that a line that gets louder is followed soon, and tones are no voice. Voice
/// lasts 200 ms longer than it is heard, as words end softly.
///
/// A plain value; feeding it allocates nothing.
public struct VoiceActivity: Sendable {
    public struct Frame: Equatable, Sendable {
        /// In dB below the overload point, 0 ... 127: 127 is digital silence, a sine at full scale is 3 (RFC 6464 §3).
        public var level: UInt8
        public var isVoice: Bool
    }

    /// How long voice lasts after it was last heard, in ms.
    public static let hangoverMs: Int = 200
    /// Softer than this is never voice, in dBov.
    static let softest: Float = -56
    /// Louder noise than this is not taken for noise, in dBov.
    static let loudestNoise: Float = -34
    /// By how much voice is above the noise, in dB: of a soft one, and of a loud one.
    static let marginSoft: Float = 10
    static let marginLoud: Float = 6

    /// In Hz.
    public let sampleRate: UInt32

    // Steps of 10 ms.
    private let step: Int
    private var filled: Int = 0
    private var sum: Float = 0
    private var lastIn: Float = 0
    private var lastOut: Float = 0
    private let pole: Float
    private var smooth: Float = 0
    /// The softest smoothed step of each of the last eight times 400 ms; at first a quiet line (-55 dBov), so that a word at the
    /// very start is heard.
    private var softest: SIMD8<Float> = SIMD8(repeating: 3e-6)
    private var slot: Int = 0
    private var slotSteps: Int = 0
    private var isPrimed: Bool = false
    /// The softest and loudest smoothed step in dBov since it was last unsteady, and how many there were.
    private var steadyLow: Float = .infinity
    private var steadyHigh: Float = -.infinity
    private var steadySteps: Int = 0
    /// Steps in a row that were above the noise.
    private var run: Int = 0
    private var hangover: Int = 0

    /// - Parameter sampleRate: in Hz; 8 000 ... 48 000.
    public init(sampleRate: UInt32) {
        self.sampleRate = min(max(sampleRate, 8000), 48_000)
        step = Int(self.sampleRate) / 100
        // A first-order high pass at 120 Hz: without offset and hum.
        pole = Float(exp(-2 * Double.pi * 120 / Double(self.sampleRate)))
    }

    /// Whether somebody speaks, as of the last sample fed.
    public private(set) var isVoice: Bool = false

    /// The level of the noise in dBov, as far as is known.
    public var noiseDbov: Float { VoiceActivity.dbov(max(floor, 1e-13)) }

    /// Takes a frame of any length; the verdict is of its loudest 10 ms, the level of all of it.
    public mutating func process(_ samples: UnsafeBufferPointer<Int16>) -> Frame {
        var energy: Float = 0
        var spoken: Bool = isVoice && samples.isEmpty
        let gain: Float = (1 + pole) / 2
        for index in 0..<samples.count {
            let sample: Float = Float(samples[index]) * (1 / 32_768)
            energy += sample * sample
            lastOut = gain * (sample - lastIn) + pole * lastOut
            lastIn = sample
            sum += lastOut * lastOut
            filled += 1
            if filled == step {
                judge(sum / Float(step))
                (filled, sum) = (0, 0)
                spoken = spoken || isVoice
            }
        }
        if samples.count < step { spoken = spoken || isVoice }
        let mean: Float = samples.isEmpty ? 0 : energy / Float(samples.count)
        let level: Float = min(max(-VoiceActivity.dbov(mean), 0), 127)
        return Frame(level: UInt8(level.rounded()), isVoice: spoken)
    }

    private var floor: Float { min(softest.min(), Float(pow(10, VoiceActivity.loudestNoise / 10))) }

    /// Judges one step by its mean square.
    private mutating func judge(_ power: Float) {
        smooth = isPrimed ? smooth + 0.3 * (power - smooth) : power
        isPrimed = true
        softest[slot] = min(softest[slot], max(smooth, 1e-10))
        slotSteps += 1
        if slotSteps == 40 {
            slotSteps = 0
            slot = (slot + 1) & 7
            softest[slot] = .infinity
        }
        let isSteady: Bool = isSteady()
        let level: Float = VoiceActivity.dbov(max(power, 1e-13))
        let noise: Float = noiseDbov
        // The louder the noise, the less there is above it.
        let part: Float = min(max((noise + 75) / 40, 0), 1)
        let margin: Float = VoiceActivity.marginSoft + part * (VoiceActivity.marginLoud - VoiceActivity.marginSoft)
        let isAbove: Bool = !isSteady && level > max(noise + margin, VoiceActivity.softest)
        run = isAbove ? run + 1 : 0
        if run >= 2 {
            // A click of 20 ms leaves less behind than a word.
            hangover = run >= 5 ? VoiceActivity.hangoverMs / 10 : max(hangover, 5)
        } else if hangover > 0 {
            hangover -= 1
        }
        isVoice = run >= 2 || hangover > 0
    }

    /// Whether the signal has stayed as it is for half a second.
    private mutating func isSteady() -> Bool {
        let level: Float = VoiceActivity.dbov(max(smooth, 1e-13))
        steadyLow = min(steadyLow, level)
        steadyHigh = max(steadyHigh, level)
        steadySteps += 1
        if steadyHigh - steadyLow > 5 { (steadyLow, steadyHigh, steadySteps) = (level, level, 0) }
        guard steadySteps >= 50 else { return false }
        // What follows it is judged by it, unless it is a tone.
        if level < VoiceActivity.loudestNoise { softest = SIMD8(repeating: pow(10, steadyLow / 10)) }
        return true
    }

    static func dbov(_ meanSquare: Float) -> Float { meanSquare > 0 ? 10 * log10f(meanSquare) : -127 }
}
