public import Basics

/// Plays one received stream: packets come in as the network brings them, and every pull gets exactly the audio it asks for.
///
/// Belongs to one thread. A pull allocates nothing. Memory: the jitter buffer's and 185 ms of samples, together about 20 KiB
/// for 8 kHz audio, 23 KiB for 16 kHz and 35 KiB for 48 kHz.
public struct PlayoutStage: ~Copyable {
    /// What the audio made last was.
    enum Run {
        case audio, concealment, silence
    }
    /// What fills a pause.
    enum Pause {
        case silence
        /// The decoder makes comfort noise of its own.
        case decoder
        case comfortNoise
    }

    var buffer: JitterBuffer
    var queue: SampleQueue
    var noise = NoiseSource()
    let sampleRate: Int
    let clockRate: Int

    var run: Run = .silence
    /// Samples of the present run.
    var runLength: Int
    var pause: Pause = .silence
    /// The audio made last is that of a lost packet, by its copy.
    var wasRecovered: Bool = false
    /// Made up since the last packet, and not yet known to have been needed.
    var unproved: Int = 0
    var concealed: UInt64 = 0
    var shortened: UInt64 = 0
    var lengthened: UInt64 = 0
    var figures = PlayoutStatistics()

    let stretcher: TimeStretcher
    /// By what the delay at which packets are asked for changes, and what is decoded beyond that, in samples.
    var step: Int
    var surplus: Int = 0
    /// The delays of the last pulls, in nanoseconds.
    var delays = SIMD4<Int64>()
    var comparedPulls: Int = 0
    var sinceStretch: Int = 0
    /// How much more delay than aimed at there was a while ago, and since how many pulls.
    var earlierMargin: Int64 = .min / 2
    var sinceMargin: Int = 0
    /// Pulls for which the delay should have been another.
    var waited: Int = 0
    /// Mean power of the audio at the front, and of its background.
    var power: Float = 0
    var background: Float = 1000

    /// - Parameters:
    ///   - clockRate: of the stream's RTP timestamps, in Hz.
    ///   - sampleRate: of the decoder's audio and of what is pulled; 8 000 ... 48 000 Hz.
    public init(clockRate: UInt32, sampleRate: UInt32, settings: PlayoutSettings = .standard) {
        buffer = JitterBuffer(clockRate: clockRate, settings: settings)
        self.sampleRate = Int(min(max(sampleRate, 8_000), 48_000))
        self.clockRate = Int(buffer.clockRate)
        // Less than 30 ms wait when a packet of up to 120 ms is decoded, and up to 15 ms are put in.
        stretcher = TimeStretcher(sampleRate: self.sampleRate)
        step = self.sampleRate / 50
        // As if it had been silent for long.
        runLength = self.sampleRate
        queue = SampleQueue(capacity: self.sampleRate * 165 / 1000, history: self.sampleRate * 20 / 1000)
    }

    /// Takes a packet in; see ``JitterBuffer/insert(_:sequence:timestamp:marker:kind:arrival:)``.
    @discardableResult
    public mutating func insert(
        _ payload: UnsafeRawBufferPointer, sequence: UInt16, timestamp: UInt32, marker: Bool,
        kind: JitterPacketKind = .speech, arrival: Moment
    ) -> JitterVerdict {
        buffer.insert(
            payload, sequence: sequence, timestamp: timestamp, marker: marker, kind: kind, arrival: arrival)
    }

    /// The stream has a new source (SSRC): its packets are forgotten, what was decoded is still played.
    public mutating func reset() {
        buffer.reset()
        unproved = 0
    }

    /// The figures so far.
    public var statistics: PlayoutStatistics {
        var result: PlayoutStatistics = figures
        result.packets = buffer.statistics
        result.concealedMs = milliseconds(concealed)
        result.shortenedMs = milliseconds(shortened)
        result.lengthenedMs = milliseconds(lengthened)
        return result
    }

    /// What fills the pause pulled last is noise, as the sender described it or as its decoder makes it.
    public var makesNoise: Bool { run == .silence && pause != .silence }

    /// How long after the fastest packets' arrival audio is meant to be played.
    public var targetNanoseconds: Int64 { buffer.targetNanoseconds }

    private func milliseconds(_ samples: UInt64) -> UInt64 {
        samples &* 1000 / UInt64(sampleRate)
    }

    @inline(__always)
    func ticks(_ samples: Int) -> Int64 { Int64(samples) &* Int64(clockRate) / Int64(sampleRate) }

    @inline(__always)
    func samples(_ ticks: Int64) -> Int { Int(truncatingIfNeeded: ticks &* Int64(sampleRate) / Int64(clockRate)) }
}
