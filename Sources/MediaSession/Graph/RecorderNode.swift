internal import Basics
internal import Codecs

/// One channel of a recording: audio is put where its time is, and taken out a while later, so that both channels stay in step
/// whatever the network does.
struct RecordingTrack: ~Copyable {
    private let rate: Int
    private let ring: UnsafeMutablePointer<Int16>
    private let mask: Int
    /// The sample after the last one put.
    private var next: Int = 0
    private var isRunning: Bool = false
    private var resampler: Resampler?
    private var inputRate: Int
    private let scratch: UnsafeMutableBufferPointer<Int16>
    /// How far a stream's own time may differ from ours before it is set anew, in ms.
    static let toleranceMs: Int = 120

    init(rate: Int) {
        self.rate = rate
        inputRate = rate
        var size = 4096
        while size < rate { size *= 2 }
        mask = size - 1
        ring = .allocate(capacity: size)
        ring.initialize(repeating: 0, count: size)
        scratch = .allocate(capacity: rate / 4)
        scratch.initialize(repeating: 0)
    }

    deinit {
        ring.deallocate()
        scratch.deallocate()
    }

    /// Puts audio that ends `now`.
    ///
    /// - Parameters:
    ///   - gap: time before it without audio, in ms.
    ///   - now: in samples since the recording began.
    ///   - taken: what was taken out already.
    mutating func put(_ samples: UnsafeBufferPointer<Int16>, rate: Int, gapMs: Int, now: Int, taken: Int) {
        if rate != inputRate {
            inputRate = rate
            resampler = Resampler.ifNeeded(from: rate, to: self.rate)
        }
        guard resampler != nil else { return write(samples, gapMs: gapMs, now: now, taken: taken) }
        let made: Int = resampler!.resample(samples, into: scratch)
        write(UnsafeBufferPointer(start: scratch.baseAddress, count: made), gapMs: gapMs, now: now, taken: taken)
    }

    private mutating func write(_ samples: UnsafeBufferPointer<Int16>, gapMs: Int, now: Int, taken: Int) {
        guard let base = samples.baseAddress else { return }
        let meant: Int = now - samples.count
        var place: Int = next + gapMs * rate / 1000
        if !isRunning || abs(place - meant) > Self.toleranceMs * rate / 1000 { place = meant }
        isRunning = true
        next = place + samples.count
        let first: Int = max(place, taken)
        let last: Int = min(next, taken + mask + 1)
        guard first < last else { return }
        for position in first..<last { ring[position & mask] = base[position - place] }
    }

    /// Takes samples out, every `stride`th place of `output`.
    mutating func take(from start: Int, count: Int, into output: UnsafeMutablePointer<Int16>, stride: Int) {
        for index in 0..<count {
            let place: Int = (start + index) & mask
            output[index * stride] = ring[place]
            ring[place] = 0
        }
    }

    mutating func takeMixed(from start: Int, count: Int, into output: UnsafeMutablePointer<Int16>) {
        for index in 0..<count {
            let place: Int = (start + index) & mask
            output[index] = Int16(clamping: Int32(output[index]) + Int32(ring[place]))
            ring[place] = 0
        }
    }
}

/// A recorder in the graph.
struct RecorderNode: ~Copyable {
    private(set) var plan: RecordingPlan
    let node: EndpointPointer
    var phase: Int
    let sink: RecordingSink
    var next: UnsafeMutablePointer<RecorderNode>?
    var peer: RecordingTrack
    var heard: RecordingTrack
    /// In Hz.
    let rate: Int
    private let start: Moment
    /// Samples taken out of the tracks, and of those the ones that were written, pauses left out.
    private(set) var taken: Int = 0
    private var written: Int = 0
    private var soundAt: Int = 0
    private let output: UnsafeMutablePointer<Int16>
    /// What is written is so old, that late packets find their place.
    static let lagMs: Int = 240
    static let chunkMs: Int = 100

    init(_ plan: RecordingPlan, node: EndpointPointer, sink: RecordingSink, phase: Int, now: Moment) {
        self.plan = plan
        self.node = node
        self.sink = sink
        self.phase = phase
        rate = sink.sampleRate
        start = now
        peer = RecordingTrack(rate: rate)
        heard = RecordingTrack(rate: rate)
        output = .allocate(capacity: 2 * rate)
        output.initialize(repeating: 0, count: 2 * rate)
    }

    deinit { output.deallocate() }

    var id: MediaRecorderID { plan.id }
    var wantsHeard: Bool { plan.content != .peer }

    mutating func change(_ plan: RecordingPlan) { self.plan = plan }

    /// In samples since the beginning.
    func position(_ now: Moment) -> Int {
        let (seconds, rest) = max(0, now.nanoseconds &- start.nanoseconds).quotientAndRemainder(
            dividingBy: 1_000_000_000)
        return Int(seconds) * rate + Int(rest) * rate / 1_000_000_000
    }

    mutating func putPeer(_ samples: UnsafeBufferPointer<Int16>, rate: Int, gapMs: Int, now: Moment) {
        peer.put(samples, rate: rate, gapMs: gapMs, now: position(now), taken: taken)
    }

    mutating func putHeard(_ samples: UnsafeBufferPointer<Int16>, rate: Int, gapMs: Int, now: Moment) {
        heard.put(samples, rate: rate, gapMs: gapMs, now: position(now), taken: taken)
    }

    /// Writes what is old enough; how the recording ends, where it does.
    mutating func run(now: Moment) -> RecordingResult.End? {
        let upTo: Int = position(now) - Self.lagMs * rate / 1000
        guard upTo - taken >= Self.chunkMs * rate / 1000 else { return sink.isClosed ? .stopped : nil }
        return write(upTo: upTo) ?? (sink.isClosed ? .stopped : nil)
    }

    /// Writes all there is.
    mutating func finish(now: Moment) { _ = write(upTo: position(now)) }

    private mutating func write(upTo end: Int) -> RecordingResult.End? {
        while taken < end {
            var count: Int = min(end - taken, rate)
            if let limit = plan.limit, !plan.isPaused {
                count = min(count, Int(clamping: limit.wholeMilliseconds) * rate / 1000 - written)
                guard count > 0 else { return .limit }
            }
            let stride: Int = plan.content == .both ? 2 : 1
            peer.take(from: taken, count: count, into: output, stride: stride)
            noteSound(count, stride: stride)
            switch plan.content {
            case .peer: break
            case .both: heard.take(from: taken, count: count, into: output + 1, stride: 2)
            case .mixed: heard.takeMixed(from: taken, count: count, into: output)
            }
            taken += count
            guard !plan.isPaused else { continue }
            written += count
            sink.write(UnsafeBufferPointer(start: output, count: count * stride))
        }
        guard let limit = plan.silenceLimit, !plan.isPaused else { return nil }
        return taken - soundAt > Int(clamping: limit.wholeMilliseconds) * rate / 1000 ? .silence : nil
    }

    /// Speech is louder than a mean of -46 dB of full scale.
    private mutating func noteSound(_ count: Int, stride: Int) {
        guard plan.silenceLimit != nil else { return }
        var sum = 0
        for index in 0..<count { sum += abs(Int(output[index * stride])) }
        if plan.isPaused || sum > 160 * count { soundAt = taken + count }
    }
}

typealias RecorderPointer = UnsafeMutablePointer<RecorderNode>
