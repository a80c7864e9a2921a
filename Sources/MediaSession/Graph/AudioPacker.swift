internal import Codecs

/// Audio in, payloads of one coding out: brought to the coding's rate, cut into packets, encoded.
///
/// One serves all listeners that hear the same in the same coding.
struct AudioPacker: ~Copyable {
    let codec: AudioCodec
    let packetTimeMs: UInt8
    /// What a packet is in RTP timestamps.
    let packetUnits: UInt32
    /// The rate that is encoded, in Hz: audio of this rate needs no resampling. G.722 takes audio of 8 kHz as its lower band.
    private(set) var sampleRate: Int
    private var encoder: AudioEncoder
    private var resampler: Resampler?
    private var inputRate: Int
    /// The encoder takes this rate as soon as nothing waits.
    private var wantsRate: Bool = false
    /// Samples that wait for a packet to be full.
    private let queue: UnsafeMutablePointer<Int16>
    private let capacity: Int
    private var start: Int = 0
    private(set) var waiting: Int = 0
    private var packetSamples: Int
    private var expectedLoss: UInt8 = 0
    private let payload: UnsafeMutableRawPointer
    static let payloadSize: Int = 6400
    /// Room for any packet but those of L16.
    static let wholeSize: Int = 1536
    private let isSmall: Bool

    /// - Parameter packetTimeMs: 10, 20, 30, 40 or 60.
    init(_ codec: AudioCodec, packetTimeMs: UInt8, settings: AudioEncoderSettings) throws(CodecError) {
        self.codec = codec
        self.packetTimeMs = packetTimeMs
        isSmall = if case .l16 = codec { false } else { true }
        encoder = try AudioEncoder(codec, settings: settings)
        sampleRate = encoder.sampleRate
        inputRate = encoder.sampleRate
        packetSamples = sampleRate * Int(packetTimeMs) / 1000
        packetUnits = codec.clockRate * UInt32(packetTimeMs) / 1000
        // A packet of 120 ms comes in while 60 ms wait.
        capacity = sampleRate / 4
        queue = .allocate(capacity: capacity)
        payload = .allocate(byteCount: Self.payloadSize, alignment: 16)
    }

    deinit {
        queue.deallocate()
        payload.deallocate()
    }

    /// Adds audio; what finds no room any more is left out.
    mutating func push(_ samples: UnsafeBufferPointer<Int16>, rate: Int) {
        if rate != inputRate || wantsRate { changeRate(rate) }
        if start > 0, start + waiting + packetSamples + samples.count * 6 > capacity {
            queue.update(from: queue + start, count: waiting)
            start = 0
        }
        let room = UnsafeMutableBufferPointer(start: queue + start + waiting, count: capacity - start - waiting)
        if resampler != nil {
            waiting += resampler!.resample(samples, into: room)
        } else {
            let count: Int = min(samples.count, room.count)
            guard count > 0, let from = samples.baseAddress, let to = room.baseAddress else { return }
            to.update(from: from, count: count)
            waiting += count
        }
    }

    /// Whether audio is just a packet, so that it need not wait.
    @inline(__always)
    func takesWhole(_ count: Int, rate: Int) -> Bool {
        waiting == 0 && count == packetSamples && rate == sampleRate && rate == inputRate && isSmall
    }

    /// Encodes a packet that ``takesWhole(_:rate:)``.
    /// - Parameter room: of ``wholeSize`` bytes.
    /// - Returns: the bytes written; 0 where nothing is to be sent.
    mutating func encodeWhole(
        _ samples: UnsafeBufferPointer<Int16>, into room: UnsafeMutableRawBufferPointer
    ) -> Int { encoder.encode(samples, into: room) ?? 0 }

    /// Fills what waits up to a whole packet with silence.
    mutating func pad() {
        let over: Int = waiting % packetSamples
        guard over > 0 else { return }
        _ = pause(UInt32(truncatingIfNeeded: packetSamples - over), clock: UInt32(truncatingIfNeeded: sampleRate))
    }

    /// A pause of the source: what waits is filled up with silence to a whole packet, as far as the pause is long.
    /// - Parameters:
    ///   - units: the length of the pause on an RTP clock.
    ///   - clock: that clock, in Hz.
    /// - Returns: what is left of it, on the codec's RTP clock.
    mutating func pause(_ units: UInt32, clock: UInt32) -> UInt32 {
        let length: Int = Int(units) * sampleRate / Int(max(clock, 1))
        let filled: Int = waiting == 0 ? 0 : min(length, packetSamples - waiting % packetSamples)
        if start + waiting + filled > capacity {
            queue.update(from: queue + start, count: waiting)
            start = 0
        }
        (queue + start + waiting).update(repeating: 0, count: filled)
        waiting += filled
        return UInt32(truncatingIfNeeded: (length - filled) * Int(codec.clockRate) / sampleRate)
    }

    /// Forgets what waits.
    mutating func clear() { (start, waiting) = (0, 0) }

    /// The next packet's payload, good until the next call; nil when not enough audio waits. Empty where nothing is to be sent.
    mutating func next() -> UnsafeRawBufferPointer? {
        guard waiting >= packetSamples else { return nil }
        let samples = UnsafeBufferPointer(start: queue + start, count: packetSamples)
        let count: Int =
            encoder.encode(samples, into: UnsafeMutableRawBufferPointer(start: payload, count: Self.payloadSize)) ?? 0
        start += packetSamples
        waiting -= packetSamples
        if waiting == 0 { start = 0 }
        return UnsafeRawBufferPointer(start: payload, count: count)
    }

    /// What the listener says it lost lately: codings that can make up for it do (Opus by in-band FEC, where the listener takes it). What
    /// was lost before counts on for a while.
    mutating func noteLoss(percent: UInt8) {
        expect(max(min(percent, 30), expectedLoss / 4 * 3 + expectedLoss % 4 / 2))
    }

    /// The same, of one listener of several: nothing is forgotten for it.
    mutating func raiseLoss(percent: UInt8) { expect(max(min(percent, 30), expectedLoss)) }

    private mutating func expect(_ loss: UInt8) {
        guard loss != expectedLoss else { return }
        expectedLoss = loss
        encoder.setExpectedLoss(percent: loss)
    }

    private mutating func changeRate(_ rate: Int) {
        inputRate = rate
        // What waits is of the rate it was.
        wantsRate = waiting > 0 && encoder.takes(sampleRate: UInt32(truncatingIfNeeded: rate)) && rate != sampleRate
        if waiting == 0, encoder.change(sampleRate: UInt32(truncatingIfNeeded: rate)) {
            sampleRate = rate
            packetSamples = sampleRate * Int(packetTimeMs) / 1000
        }
        if resampler != nil || rate != sampleRate { resampleAnew(from: rate) }
    }

    private mutating func resampleAnew(from rate: Int) {
        guard resampler?.inputRate != rate || resampler?.outputRate != sampleRate else { return }
        resampler = Resampler.ifNeeded(from: rate, to: sampleRate)
    }
}
