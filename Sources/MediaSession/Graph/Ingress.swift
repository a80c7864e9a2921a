internal import Codecs
internal import RTP

/// The audio of one endpoint's peer, decoded as its packets come: in order, gaps filled as far as that sounds well.
struct Ingress: ~Copyable {
    /// One stretch of audio, good until the next packet.
    struct Audio {
        var samples: UnsafeBufferPointer<Int16>
        let rate: Int
        /// The packet's own length, in RTP timestamps of the source.
        let units: UInt32
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
    /// Of the last packet of audio.
    private(set) var payloadType: UInt8 = 0xFF
    private var decoder: AudioDecoder?
    private(set) var clockRate: UInt32 = 8000
    private var rate: Int = 8000
    private let memory: UnsafeMutablePointer<Int16>
    private static let size: Int = AudioDecoder.mostSamples + 4800
    /// The decoder for another rate: it gets to know the stream, unheard, before it takes over.
    private var heir: AudioDecoder?
    private var heirPackets: Int = 0
    private var heirRate: Int = 8000
    private static let packetsToKnow: Int = 3
    private var ssrc: UInt32 = 0
    private var isRunning: Bool = false
    private var nextSequence: UInt16 = 0
    private var nextTimestamp: UInt32 = 0
    /// What was made up so far, in samples at the RTP clock; packets that came after their place was filled; payloads no decoder took.
    private(set) var concealedUnits: UInt64 = 0
    private(set) var discarded: UInt64 = 0
    private(set) var illegal: UInt64 = 0

    /// Whether the sender leaves silence out, and what that sounds like where packets of comfort noise tell.
    private(set) var pause: AudioDecoder.Pause = .none
    private(set) var isComfort: Bool = false
    /// The sender was seen to leave something out: time went on between two packets that follow each other.
    private var hasLeftOut: Bool = false
    private var comfort: ComfortNoiseDecoder?
    private var comfortRate: Int = 0
    /// Noise that was made since the last packet, and how much of it was too much: what came after it is later by that, until silence
    /// is left out of it.
    private var madeUnits: UInt32 = 0
    private var surplus: UInt32 = 0

    /// What is decoded is wanted at this rate, in Hz, where the codec has it; 0 is the codec's own.
    private var wantedRate: UInt32

    init(sampleRate: UInt32 = 0) {
        wantedRate = sampleRate
        memory = .allocate(capacity: Self.size + AudioDecoder.mostSamples)
    }

    deinit { memory.deallocate() }

    /// What follows is another stream, or follows a change nobody should hear as a loss.
    mutating func restart() { (isRunning, pause) = (false, .none) }

    /// What is decoded is wanted at another rate, in Hz: from some packets on, without a click.
    mutating func want(sampleRate: UInt32) {
        guard sampleRate != wantedRate else { return }
        wantedRate = sampleRate
        heir = nil
        guard let codec, decoder != nil, codec.hasSeveralRates, let fresh = makeDecoder(codec), fresh.sampleRate != rate
        else { return }
        (heirRate, heirPackets) = (fresh.sampleRate, 0)
        heir = consume fresh
    }

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
            heir = nil
            isRunning = false
        }
        guard let range = header.payload(of: packet), !range.isEmpty else { return nil }
        let payload = UnsafeRawBufferPointer(rebasing: packet[range])
        follow(header.ssrc)
        let ahead = Int16(bitPattern: header.sequenceNumber &- nextSequence)
        if isRunning, ahead < 0, ahead > -1000 {
            discarded &+= 1
            return nil
        }
        if isRunning, ahead == 0 { lookForPause(before: header) }
        let room = UnsafeMutableBufferPointer(start: memory, count: Self.size)
        var filled = 0
        var gap: UInt32 = 0
        if heir != nil { succeed() }
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
        if heir != nil {
            let unheard = UnsafeMutableBufferPointer(start: memory + Self.size, count: AudioDecoder.mostSamples)
            _ = heir!.decode(payload, into: unheard)
            heirPackets += 1
        }
        isRunning = true
        nextSequence = header.sequenceNumber &+ 1
        let units = UInt32(truncatingIfNeeded: count &* Int(clockRate) / rate)
        nextTimestamp = header.timestamp &+ units
        (pause, isComfort, madeUnits) = (decoder!.lastPause(), false, 0)
        var audio = Audio(
            samples: UnsafeBufferPointer(start: memory, count: filled + count), rate: rate, units: units, gap: gap,
            clockRate: clockRate, concealed: filled)
        if surplus > 0, pause != .none, filled == 0, units <= surplus {
            // Noise was heard in its place.
            surplus -= units
            audio.samples = UnsafeBufferPointer(start: memory, count: 0)
        }
        return audio
    }

    /// Another source is another sender, of whom nothing is known.
    private mutating func follow(_ source: UInt32) {
        if source != ssrc { (ssrc, isRunning, hasLeftOut) = (source, false, false) }
    }

    // MARK: Silence that is left out

    /// Whether the sender may leave silence out without a word: it was asked to, or was seen to.
    var expectsPauses: Bool {
        if case .opus(let parameters) = codec, parameters.dtx { return true }
        return hasLeftOut
    }

    private mutating func lookForPause(before header: RTPHeader) {
        let left: UInt32 = header.timestamp &- (nextTimestamp &- madeUnits)
        if left >= clockRate / 100, left < clockRate &* 60 { hasLeftOut = true }
    }

    /// Takes in a packet of comfort noise (RFC 3389).
    ///
    /// - Parameter noiseClock: the RTP clock of the payload type, in Hz.
    /// - Returns: false where it says nothing, or comes late.
    mutating func receiveNoise(_ header: RTPHeader, _ payload: UnsafeRawBufferPointer, clockRate noiseClock: UInt32)
        -> Bool
    {
        guard decoder != nil, noiseClock == clockRate, !payload.isEmpty else { return false }
        follow(header.ssrc)
        let ahead = Int16(bitPattern: header.sequenceNumber &- nextSequence)
        if isRunning, ahead < 0, ahead > -1000 {
            discarded &+= 1
            return false
        }
        if !isRunning {
            decoder!.reset()
            (nextTimestamp, isRunning) = (header.timestamp, true)
        }
        if comfortRate != rate {
            comfortRate = rate
            comfort = try? ComfortNoiseDecoder(sampleRate: rate, clockRate: noiseClock, seed: ssrc)
        } else if !isComfort {
            comfort?.reset()
        }
        guard comfort?.decode(payload) == true else { return false }
        nextSequence = header.sequenceNumber &+ 1
        (pause, isComfort) = (.announced, true)
        return true
    }

    /// How much of a pause lies before a packet that was not heard yet, in RTP timestamps; 0 where packets were lost there instead.
    func pauseLeft(before header: RTPHeader) -> UInt32 {
        guard isRunning, header.ssrc == ssrc, header.sequenceNumber == nextSequence else { return 0 }
        let left: UInt32 = header.timestamp &- nextTimestamp
        return left < clockRate &* 60 ? left - min(left, surplus) : 0
    }

    /// Noise that was too much before is left out of what is made now.
    /// - Returns: whether time goes on without any being made.
    mutating func leaveOut(units: UInt32) -> Bool {
        guard surplus >= units, units > 0, isRunning else { return false }
        surplus -= units
        nextTimestamp &+= units
        madeUnits &+= units
        return true
    }

    /// Makes the silence that the sender leaves out, as it described it.
    ///
    /// - Parameter fades: it ends here, and nothing follows.
    /// - Returns: nil while nothing is left out.
    mutating func makeNoise(units: UInt32, fades: Bool = false) -> Audio? {
        guard isRunning, pause != .none, decoder != nil, units <= clockRate / 10 else { return nil }
        var count: Int = Int(units) * rate / Int(clockRate)
        let room = UnsafeMutableBufferPointer(start: memory, count: count)
        if isComfort { comfort?.generate(into: room) } else { count = decoder!.conceal(samples: count, into: room) }
        guard count > 0 else { return nil }
        if fades {
            for index in 0..<count {
                memory[index] = Int16(truncatingIfNeeded: Int(memory[index]) * (count - index) / count)
            }
        }
        let made = UInt32(truncatingIfNeeded: count * Int(clockRate) / rate)
        nextTimestamp &+= made
        madeUnits &+= made
        return Audio(
            samples: UnsafeBufferPointer(start: memory, count: count), rate: rate, units: made, gap: 0,
            clockRate: clockRate, concealed: 0)
    }

    private func makeDecoder(_ codec: AudioCodec) -> AudioDecoder? {
        if wantedRate > 0, wantedRate < codec.sampleRate,
            let decoder = try? AudioDecoder(codec, sampleRate: wantedRate)
        {
            return decoder
        }
        return try? AudioDecoder(codec)
    }

    /// Lets the decoder of the other rate take over, once it knows the stream or where a new one begins.
    private mutating func succeed() {
        if isRunning, heirPackets < Self.packetsToKnow { return }
        swap(&decoder, &heir)
        heir = nil
        rate = heirRate
    }

    /// Fills the time between the last packet and this one where packets were lost.
    private mutating func bridge(
        _ header: RTPHeader, _ payload: UnsafeRawBufferPointer, lost: Int, into room: UnsafeMutableBufferPointer<Int16>
    ) -> (gap: UInt32, filled: Int) {
        var missing: UInt32 = header.timestamp &- nextTimestamp
        if 0 &- missing <= madeUnits, missing != 0 {
            surplus &+= 0 &- missing
            return (0, 0)
        }
        if missing < clockRate &* 60 {
            let taken: UInt32 = min(surplus, missing)
            (surplus, missing) = (surplus - taken, missing - taken)
        }
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

extension AudioCodec {
    /// Whether it can be decoded at other rates than its own.
    fileprivate var hasSeveralRates: Bool {
        switch self {
        case .g722, .opus: true
        case .pcmu, .pcma, .g729, .l16: false
        }
    }
}

extension AudioDecoder {
    /// Mutating, as what lies in an optional cannot be lent out otherwise.
    fileprivate mutating func lastPause() -> Pause { pause }
}
