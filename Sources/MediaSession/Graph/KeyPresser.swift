internal import RTP
internal import Signals

/// The keys that are pressed towards one leg, as events or as tones. While it is there, the leg hears nothing else: a key is heard once.
struct KeyPresser: ~Copyable {
    var phase: Int
    /// Of the events.
    let payloadType: UInt8
    let clockRate: UInt32
    var events: EventSender?
    var tones: KeyToneSender?
    /// Times 20 ms of silence before the first tone.
    private var leadIn: Int = 0
    /// 20 ms of tones.
    private let frame: UnsafeMutableBufferPointer<Int16>

    /// Keys as events.
    init(payloadType: UInt8, clockRate: UInt32, phase: Int) {
        self.payloadType = payloadType
        self.clockRate = clockRate
        self.phase = phase
        events = EventSender(clockRate: clockRate)
        frame = .allocate(capacity: 1)
        frame.initialize(repeating: 0)
    }

    /// Keys as tones.
    /// - Parameters:
    ///   - sampleRate: in Hz.
    ///   - leadIn: how many times 20 ms of silence go before the first key.
    init(sampleRate: Int, leadIn: Int, phase: Int) {
        (payloadType, clockRate) = (0, 0)
        self.leadIn = leadIn
        self.phase = phase
        let sender = KeyToneSender(sampleRate: UInt32(sampleRate))
        frame = .allocate(capacity: Int(sender.sampleRate) / 50)
        frame.initialize(repeating: 0)
        tones = sender
    }

    deinit { frame.deallocate() }

    var isTones: Bool { tones != nil }
    var isIdle: Bool { events?.isIdle ?? tones?.isIdle ?? true }
    /// Of the tones, in Hz.
    var sampleRate: Int { Int(tones?.sampleRate ?? 0) }

    mutating func press(_ digit: Digit, durationMs: UInt32) {
        _ = events?.press(digit.rawValue, durationMs: durationMs)
        _ = tones?.press(digit.rawValue, durationMs: durationMs)
    }

    /// - Parameter volume: 0 ... 63 dB below 0 dBm0.
    mutating func hold(_ digit: Digit, volume: UInt8) {
        _ = events?.hold(digit.rawValue, volume: volume)
        _ = tones?.hold(digit.rawValue, volume: volume)
    }

    /// - Parameter durationMs: how long it was held, where that is known.
    mutating func release(durationMs: UInt32?) {
        events?.release(durationMs: durationMs)
        tones?.release(durationMs: durationMs)
    }

    /// The next 20 ms of tones and the silence between them, good until the next call.
    mutating func sound() -> UnsafeBufferPointer<Int16> {
        frame.update(repeating: 0)
        if leadIn > 0 { leadIn -= 1 } else { tones?.fill(frame) }
        return UnsafeBufferPointer(frame)
    }
}

typealias PresserPointer = UnsafeMutablePointer<KeyPresser>
