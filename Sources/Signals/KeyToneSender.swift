import Glibc

/// Sends keys as tones in audio: what it sounds takes the place of the samples it is given. Keys that are told while another sounds
/// wait for their turn, as with events (`RTP.EventSender`).
///
/// Owned by one thread. Filling allocates nothing.
public struct KeyToneSender: Sendable {
    /// How many keys can wait.
    public static let queueLimit: Int = 64
    /// A key is never shorter: what every receiver takes (ITU-T Q.24), and a margin.
    public static let shortestMs: UInt32 = 60
    /// How long silence follows a key before the next one or other audio.
    public static let gapMs: UInt32 = 60

    /// In Hz.
    public let sampleRate: UInt32

    private struct Key {
        var code: UInt8 = 0
        /// In samples; nil while it is held.
        var length: Int?
        /// Of the upper frequency, in dBm0.
        var level: Double = 0
    }
    private var keys: InlineArray<64, Key> = InlineArray(repeating: Key())
    private var head: Int = 0
    private var waiting: Int = 0
    private var taken: Int = 0
    /// The number of the key that is held, counted from the first ever.
    private var held: Int?
    /// Samples of the first key that were made; nil before it begins.
    private var played: Int?
    /// Samples of silence still to come.
    private var gapLeft: Int = 0
    /// Of both frequencies, in 2³² of a turn.
    private var phases: SIMD2<UInt32> = .zero
    private var steps: SIMD2<UInt32> = .zero
    private var peaks: SIMD2<Double> = .zero
    private let level: Double
    /// In samples: how long a tone takes to rise and to fall, 1 ms.
    private let ramp: Int

    /// - Parameters:
    ///   - sampleRate: in Hz, a multiple of 1000.
    ///   - levelDbm0: of the upper frequency; the lower is ``DTMF/standardTwistDb`` below.
    public init(sampleRate: UInt32, levelDbm0: Double = DTMF.standardLevelDbm0) {
        self.sampleRate = max(sampleRate / 1000 * 1000, 8000)
        ramp = Int(self.sampleRate / 1000)
        level = levelDbm0
    }

    /// The level of the upper frequency, in dBm0, where both together have the volume of an event (RFC 4733 §2.3.4): 0 ... 63 dB below
    /// 0 dBm0. Made no louder than -3 dBm0, which lines bear, and no softer than -25, which every receiver takes (ITU-T Q.24).
    public static func level(volume: UInt8) -> Double {
        let lower: Double = pow(10, -DTMF.standardTwistDb / 10)
        return -Double(min(max(volume, 3), 25)) - 10 * log10(1 + lower)
    }

    /// Presses a key (its code of RFC 4733 §3.2, 0 ... 15) for `durationMs`, 60 ms or more and 60 s at most, after those that wait.
    ///
    /// - Returns: false when too many wait, or it has no tone; the key is then left out.
    @discardableResult
    public mutating func press(_ code: UInt8, durationMs: UInt32) -> Bool {
        add(Key(code: code, length: length(durationMs), level: level))
    }

    /// Presses a key and holds it until ``release(durationMs:)``. One that is held is released.
    ///
    /// - Parameter volume: of the event that is sounded, by ``level(volume:)``; nil takes the level of all others.
    @discardableResult
    public mutating func hold(_ code: UInt8, volume: UInt8? = nil) -> Bool {
        release(durationMs: nil)
        let level: Double = volume.map { Self.level(volume: $0) } ?? level
        guard add(Key(code: code, length: nil, level: level)) else { return false }
        held = taken + waiting - 1
        return true
    }

    /// Releases the key that is held, if one is; `durationMs` is how long it was held, where that is known.
    public mutating func release(durationMs: UInt32?) {
        guard let number = held else { return }
        held = nil
        let place: Int = (head + number - taken) & 63
        let known: Int = durationMs.map { length($0) } ?? length(0)
        keys[place].length = max(known, number == taken ? (played ?? 0) + ramp : 0)
    }

    /// Ends what sounds, softly, and forgets what waits.
    public mutating func stop() {
        held = nil
        if let played {
            keys[head].length = min(keys[head].length ?? .max, played + ramp)
            waiting = 1
        } else {
            waiting = 0
        }
    }

    /// Whether nothing sounds or waits, and the silence after the last key is over.
    public var isIdle: Bool { waiting == 0 && gapLeft == 0 }

    /// Puts what sounds in the place of `samples`; leaves those alone in which nothing does.
    public mutating func fill(_ samples: UnsafeMutableBufferPointer<Int16>) {
        var index = 0
        while index < samples.count {
            if gapLeft > 0 {
                let count: Int = min(gapLeft, samples.count - index)
                for place in index..<(index + count) { samples[place] = 0 }
                gapLeft -= count
                index += count
                continue
            }
            guard waiting > 0 else { return }
            if played == nil { begin() }
            let done: Int = played ?? 0
            let left: Int = keys[head].length.map { max($0 - done, 0) } ?? .max
            let count: Int = min(left, samples.count - index)
            sound(samples, from: index, count: count, done: done)
            played = done + count
            index += count
            if count == left { end() }
        }
    }

    private mutating func begin() {
        played = 0
        phases = .zero
        let (low, high) = DTMF.frequencies(keys[head].code) ?? (0, 0)
        let turn: Double = 4_294_967_296 / Double(sampleRate)
        steps = SIMD2(UInt32(low * turn), UInt32(high * turn))
        let level: Double = keys[head].level
        peaks = SIMD2(32_768 * sinePeak(dbm0: level - DTMF.standardTwistDb), 32_768 * sinePeak(dbm0: level))
    }

    private mutating func end() {
        played = nil
        gapLeft = Int(KeyToneSender.gapMs * (sampleRate / 1000))
        if held == taken { held = nil }
        head = (head + 1) & 63
        taken += 1
        waiting -= 1
    }

    private mutating func sound(_ samples: UnsafeMutableBufferPointer<Int16>, from: Int, count: Int, done: Int) {
        let turn: Double = 2 * .pi / 4_294_967_296
        var (last, before, factor) = (SIMD2<Double>.zero, SIMD2<Double>.zero, SIMD2<Double>.zero)
        for lane in 0..<2 {
            let (phase, step) = (Double(phases[lane]) * turn, Double(steps[lane]) * turn)
            last[lane] = sin(phase - step)
            before[lane] = sin(phase - 2 * step)
            factor[lane] = 2 * cos(step)
        }
        let end: Int = keys[head].length ?? .max
        for place in 0..<count {
            let now: SIMD2<Double> = factor * last - before
            before = last
            last = now
            let edge: Int = min(done + place + 1, end - done - place, ramp)
            samples[from + place] = Int16(saturating: (now * peaks).sum() * Double(edge) / Double(ramp))
        }
        phases = phases &+ steps &* SIMD2(repeating: UInt32(truncatingIfNeeded: count))
    }

    private mutating func add(_ key: Key) -> Bool {
        guard waiting < KeyToneSender.queueLimit, key.code <= 15 else { return false }
        keys[(head + waiting) & 63] = key
        waiting += 1
        return true
    }

    private func length(_ ms: UInt32) -> Int {
        Int(min(max(ms, KeyToneSender.shortestMs), 60_000)) * Int(sampleRate / 1000)
    }
}
