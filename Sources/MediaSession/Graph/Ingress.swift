internal import Codecs
internal import RTP

/// The audio of one endpoint's peer, decoded as its packets come: in order, gaps filled as far as that sounds well.
struct Ingress: ~Copyable {
    /// One stretch of audio, good until the next packet.
    struct Audio {
        let samples: UnsafeBufferPointer<Int16>
        let rate: Int
        /// Time without packets before it, in RTP timestamps of the source: a pause it made, or a loss too long to fill.
        var gap: UInt32
        let clockRate: UInt32
        /// How much at the front was made up, in samples.
        var concealed: Int

        var gapMs: Int { Int(UInt64(gap) * 1000 / UInt64(max(clockRate, 1))) }
    }

    /// Losses up to this are filled; longer ones are a gap. In milliseconds.
    static let concealedMs: UInt32 = 80

    private(set) var codec: AudioCodec?
    private var payloadType: UInt8 = 0xFF
    private var decoder: AudioDecoder?
    private var clockRate: UInt32 = 8000
    private var rate: Int = 8000
    private let memory: UnsafeMutablePointer<Int16>
    private static let size: Int = AudioDecoder.mostSamples + 4800
    private var ssrc: UInt32 = 0
    private var isRunning: Bool = false
    private var nextSequence: UInt16 = 0
    private var nextTimestamp: UInt32 = 0
    /// What was made up so far, in samples at the RTP clock; packets that came after their place was filled; payloads no decoder took.
    private(set) var concealedUnits: UInt64 = 0
    private(set) var discarded: UInt64 = 0
    private(set) var illegal: UInt64 = 0

    /// What is decoded is wanted at this rate, in Hz, where the codec has it; 0 is the codec's own.
    private let wantedRate: UInt32

    init(sampleRate: UInt32 = 0) {
        wantedRate = sampleRate
        memory = .allocate(capacity: Self.size)
    }

    deinit { memory.deallocate() }

    /// What follows is another stream, or follows a change nobody should hear as a loss.
    mutating func restart() { isRunning = false }

    /// Takes in a packet of audio.
    ///
    /// - Parameter codecOf: the coding of a payload type, asked when it changes.
    /// - Returns: nil where there is nothing to be heard: a late packet, an illegal one, one without a decoder.
    mutating func receive(
        _ header: RTPHeader, _ packet: UnsafeRawBufferPointer, codecOf: (UInt8) -> AudioCodec?
    ) -> Audio? {
        if header.payloadType != payloadType || decoder == nil {
            guard let codec = codecOf(header.payloadType), let fresh = makeDecoder(codec) else { return nil }
            (self.codec, payloadType, clockRate) = (codec, header.payloadType, codec.clockRate)
            rate = fresh.sampleRate
            decoder = consume fresh
            isRunning = false
        }
        guard let range = header.payload(of: packet), !range.isEmpty else { return nil }
        let payload = UnsafeRawBufferPointer(rebasing: packet[range])
        if header.ssrc != ssrc { (ssrc, isRunning) = (header.ssrc, false) }
        let ahead = Int16(bitPattern: header.sequenceNumber &- nextSequence)
        if isRunning, ahead < 0, ahead > -1000 {
            discarded &+= 1
            return nil
        }
        let room = UnsafeMutableBufferPointer(start: memory, count: Self.size)
        var filled = 0
        var gap: UInt32 = 0
        if isRunning {
            (gap, filled) = bridge(header, payload, lost: Int(ahead), into: room)
        } else {
            decoder!.reset()
        }
        let rest = UnsafeMutableBufferPointer(start: memory + filled, count: Self.size - filled)
        guard let count = decoder!.decode(payload, into: rest) else {
            illegal &+= 1
            return nil
        }
        isRunning = true
        nextSequence = header.sequenceNumber &+ 1
        nextTimestamp = header.timestamp &+ UInt32(truncatingIfNeeded: count &* Int(clockRate) / rate)
        return Audio(
            samples: UnsafeBufferPointer(start: memory, count: filled + count), rate: rate, gap: gap,
            clockRate: clockRate, concealed: filled)
    }

    private func makeDecoder(_ codec: AudioCodec) -> AudioDecoder? {
        if wantedRate > 0, let decoder = try? AudioDecoder(codec, sampleRate: wantedRate) { return decoder }
        return try? AudioDecoder(codec)
    }

    /// Fills the time between the last packet and this one where packets were lost.
    private mutating func bridge(
        _ header: RTPHeader, _ payload: UnsafeRawBufferPointer, lost: Int, into room: UnsafeMutableBufferPointer<Int16>
    ) -> (gap: UInt32, filled: Int) {
        let missing: UInt32 = header.timestamp &- nextTimestamp
        // Backwards or minutes ahead: a new series of timestamps.
        guard missing != 0, missing < clockRate &* 60 else { return (0, 0) }
        guard lost > 0 else { return (missing, 0) }
        let most: UInt32 = clockRate / 1000 &* Self.concealedMs
        guard missing <= most else {
            decoder!.reset()
            return (missing, 0)
        }
        let samples: Int = Int(missing) * rate / Int(clockRate)
        concealedUnits &+= UInt64(missing)
        // Of several lost packets the last one may be in this one, and those before it are made up.
        if let count = decoder!.recover(samples: samples, from: payload, into: room) { return (0, count) }
        return (0, decoder!.conceal(samples: samples, into: room))
    }
}
