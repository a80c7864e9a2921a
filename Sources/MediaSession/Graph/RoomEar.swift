internal import Basics
internal import Codecs
internal import RTP

/// How a room hears one member: its packets wait in a jitter buffer, and each tick takes 20 ms out, at the room's rate.
struct RoomEar: ~Copyable {
    private var stage: PlayoutStage?
    private var decoder: AudioDecoder?
    private var resampler: Resampler?
    private var codec: AudioCodec?
    private var payloadType: UInt8 = 0xFF
    private var ssrc: UInt32 = 0
    private var decodedRate: Int = 0
    private let roomRate: Int
    private let scratch: UnsafeMutableBufferPointer<Int16>
    private var toldMs: UInt64 = 0

    init(roomRate: Int) {
        self.roomRate = roomRate
        scratch = .allocate(capacity: 960)
        scratch.initialize(repeating: 0)
    }

    deinit { scratch.deallocate() }

    /// Takes a packet of audio, or of comfort noise (RFC 3389) at the clock of the audio before it; others are left alone.
    ///
    /// - Parameter noise: the payload type of comfort noise and its clock in Hz.
    mutating func insert(
        _ header: RTPHeader, _ packet: UnsafeRawBufferPointer, noise: (type: UInt8, clockRate: UInt32), now: Moment,
        codecOf: (UInt8) -> AudioCodec?
    ) {
        let isNoise: Bool = header.payloadType == noise.type
        if isNoise {
            guard header.ssrc == ssrc, noise.clockRate == codec?.clockRate else { return }
        } else if header.payloadType != payloadType || stage == nil {
            guard let codec = codecOf(header.payloadType) else { return }
            change(to: codec, payloadType: header.payloadType)
        }
        guard stage != nil, let codec, let range = header.payload(of: packet), !range.isEmpty else { return }
        if header.ssrc != ssrc {
            ssrc = header.ssrc
            stage!.reset()
        }
        let payload = UnsafeRawBufferPointer(rebasing: packet[range])
        _ = stage!.insert(
            payload, sequence: header.sequenceNumber, timestamp: header.timestamp, marker: header.marker,
            kind: isNoise ? .comfortNoise : JitterPacketKind(codec: codec, payloadLength: payload.count), arrival: now)
    }

    private mutating func change(to codec: AudioCodec, payloadType: UInt8) {
        guard let fresh = try? AudioDecoder(codec, sampleRate: RoomEar.rate(of: codec, room: roomRate)) else { return }
        self.codec = codec
        self.payloadType = payloadType
        decodedRate = fresh.sampleRate
        stage = PlayoutStage(clockRate: codec.clockRate, sampleRate: UInt32(decodedRate))
        resampler = Resampler.ifNeeded(from: decodedRate, to: roomRate)
        decoder = consume fresh
    }

    /// Opus is decoded at the room's own rate; the others at theirs.
    private static func rate(of codec: AudioCodec, room: Int) -> UInt32? {
        if case .opus = codec { return UInt32(room) }
        return nil
    }

    /// The next 20 ms. The noise of a pause is heard like anything else, for as long as the member is there.
    ///
    /// - Parameter isGone: nothing came from it for long, reports included.
    /// - Returns: false when there is nothing but silence.
    mutating func pull(into output: UnsafeMutableBufferPointer<Int16>, now: Moment, isGone: Bool) -> Bool {
        guard stage != nil, decoder != nil else { return false }
        let count: Int = decodedRate / 50
        guard resampler != nil else { return pull(count, into: output, now: now, isGone: isGone) }
        guard pull(count, into: scratch, now: now, isGone: isGone) else { return false }
        let made: Int = resampler!.resample(
            UnsafeBufferPointer(start: scratch.baseAddress, count: count), into: output)
        if made < output.count, let rest = output.baseAddress {
            (rest + made).update(repeating: 0, count: output.count - made)
        }
        return true
    }

    private mutating func pull(
        _ count: Int, into output: UnsafeMutableBufferPointer<Int16>, now: Moment, isGone: Bool
    ) -> Bool {
        let content: PlayoutInfo.Content = stage!.pull(count, now: now, into: output, decoder: &decoder!).content
        return content != .silence || !isGone && stage!.isNoisy()
    }

    /// Milliseconds of audio made up since this was last asked.
    mutating func takeConcealedMs() -> UInt32 {
        guard stage != nil else { return 0 }
        let total: UInt64 = stage!.concealedMs()
        defer { toldMs = total }
        return UInt32(truncatingIfNeeded: total &- toldMs)
    }
}

extension PlayoutStage {
    /// Mutating, as what lies in an optional cannot be lent out otherwise.
    fileprivate mutating func concealedMs() -> UInt64 { statistics.concealedMs }
    fileprivate mutating func isNoisy() -> Bool { makesNoise }
}
