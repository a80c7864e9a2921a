internal import Basics
internal import Codecs
internal import Signals

/// A player in the graph: what it plays, where it is, and who hears it.
struct PlayerNode: ~Copyable {
    enum Item {
        case loading
        case clip(AudioClip)
        /// In samples.
        case silence(Int)
        /// A tone from its start on, for so many samples; nil for as long as it has.
        case tone(TonePattern, Int?)
        case failed
    }

    /// The tone that sounds.
    private var generator: ToneGenerator?

    let plan: PlaybackPlan
    /// Those that were asked for this content; more than one where it is shared.
    var ids: [MediaPlayerID]
    var phase: Int = 0
    /// Its work in a tick.
    var weight: Int32 = 1
    /// The recording that plays, in G.711; nil while nobody hears it so, and while something else plays.
    var encoded: UnsafeMutablePointer<EncodedClip>?
    var firstListener: EndpointPointer?
    /// In Hz; 0 until somebody listens.
    private(set) var rate: Int = 0
    private var items: [Item] = []
    private var index: Int = 0
    /// Samples of the item that were played.
    private var offset: Int = 0
    private var round: UInt32 = 0
    private var toSkip: Int = 0
    /// Nothing was played in this round: a list that can't be played is not tried for ever.
    private var playedInRound: Bool = false
    private(set) var failure: String?
    /// 20 ms, made once a tick.
    let frame: UnsafeMutablePointer<Int16>
    /// What is encoded once for all listeners of a coding, where the content is shared.
    var groups: [UnsafeMutablePointer<SharedPacker>] = []
    let gain: Int32

    init(_ plan: PlaybackPlan) {
        self.plan = plan
        ids = [plan.id]
        frame = .allocate(capacity: 960)
        gain = gainFactor(plan.gainDb)
    }

    deinit {
        frame.deallocate()
        encoded?.pointee.users -= 1
        for group in groups { group.free() }
    }

    /// Samples of a tick.
    var count: Int { rate / 50 }
    var isStarted: Bool { rate != 0 }

    /// Fixes the rate, when the first listener comes.
    /// - Returns: the prompts to be loaded, with their places in the list.
    mutating func start(rate: Int) -> [(place: Int, name: PromptName)] {
        self.rate = rate
        toSkip = Int(clamping: plan.startAt.wholeMilliseconds) * rate / 1000
        var wanted: [(place: Int, name: PromptName)] = []
        for (place, item) in plan.items.enumerated() {
            switch item {
            case .prompt(let name):
                wanted.append((place, name))
                items.append(.loading)
            case .silence(let duration): items.append(.silence(Int(clamping: duration.wholeMilliseconds) * rate / 1000))
            case .tone(let tone, let country, let duration):
                items.append(
                    .tone(
                        CallTones.pattern(tone, country: country),
                        duration.map { Int(clamping: $0.wholeMilliseconds) * rate / 1000 }))
            case .digits(let digits, let toneMs, let gapMs):
                items.append(.tone(DTMF.pattern(digits, toneMs: UInt32(toneMs), gapMs: UInt32(gapMs)), nil))
            }
        }
        return wanted
    }

    /// The prompts that are still waited for, with their places in the list.
    var missing: [(place: Int, name: PromptName)] {
        items.indices.compactMap { place in
            guard case .loading = items[place], case .prompt(let name) = plan.items[place] else { return nil }
            return (place, name)
        }
    }

    mutating func supply(_ place: Int, _ clip: Result<AudioClip, PromptError>) {
        guard place < items.count, case .loading = items[place] else { return }
        switch clip {
        case .success(let clip) where clip.sampleRate == rate: items[place] = .clip(clip)
        case .success: items[place] = .failed
        case .failure(let error):
            failure = failure ?? error.description
            items[place] = .failed
        }
    }

    /// Makes the next 20 ms.
    /// - Returns: false when the list came to its end before any of it; a rest is filled with silence.
    mutating func render() -> Bool {
        var made = 0
        while made < count {
            if index >= items.count {
                round &+= 1
                let isLast: Bool = plan.repeats.map { round >= $0 } ?? false
                if isLast || !playedInRound { break }
                (index, offset, playedInRound) = (0, 0, false)
            }
            guard index < items.count, let taken = take(upTo: count - made, at: made) else { break }
            made += taken
        }
        if made < count { (frame + made).update(repeating: 0, count: count - made) }
        if gain != unityGain { applyGain(frame, count: made, gain) }
        return made > 0
    }

    /// Takes samples of the current item; nil while it is being loaded... then the tick is silence.
    private mutating func take(upTo most: Int, at place: Int) -> Int? {
        switch items[index] {
        case .loading:
            (frame + place).update(repeating: 0, count: most)
            return most
        case .failed:
            next()
            return 0
        case .silence(let length):
            let taken: Int = advance(length, most)
            (frame + place).update(repeating: 0, count: taken)
            return taken
        case .tone(let pattern, let length): return sound(pattern, length, upTo: most, at: place)
        case .clip(let clip):
            let from: Int = skip(clip.samples.count)
            let taken: Int = min(most, clip.samples.count - from)
            if taken > 0, let base = clip.samples.baseAddress {
                (frame + place).update(from: base + from, count: taken)
                playedInRound = true
            }
            offset = from + taken
            if offset >= clip.samples.count { next() }
            return taken
        }
    }

    private mutating func sound(_ pattern: TonePattern, _ length: Int?, upTo most: Int, at place: Int) -> Int {
        if generator == nil {
            generator = ToneGenerator(pattern, sampleRate: UInt32(rate))
            let skipped: Int = min(toSkip, length ?? toSkip)
            generator!.skip(skipped)
            (offset, toSkip) = (skipped, toSkip - skipped)
        }
        let wanted: Int = min(most, (length ?? .max) - offset)
        let made: Int =
            wanted > 0 ? generator!.generate(into: UnsafeMutableBufferPointer(start: frame + place, count: wanted)) : 0
        offset += made
        if made > 0 { playedInRound = true }
        if made < wanted || wanted < most { next() }
        return made
    }

    private mutating func skip(_ length: Int) -> Int {
        guard toSkip > 0 else { return offset }
        let skipped: Int = min(toSkip, length - offset)
        toSkip -= skipped
        return offset + skipped
    }

    private mutating func advance(_ length: Int, _ most: Int) -> Int {
        let from: Int = skip(length)
        let taken: Int = min(most, length - from)
        offset = from + taken
        if taken > 0 { playedInRound = true }
        if offset >= length { next() }
        return max(0, taken)
    }

    private mutating func next() {
        (index, offset) = (index + 1, 0)
        generator = nil
        forgetEncoded()
    }

    // MARK: Recordings in G.711

    /// The recording that plays now, where it can be played as it is.
    var plainClip: AudioClip? {
        guard rate == EncodedClip.rate, index < items.count, case .clip(let clip) = items[index] else { return nil }
        return clip
    }

    /// The next 20 ms of ``encoded``; nil where they have to be made: at a recording's beginning, and where it is joined to what follows.
    mutating func nextEncoded() -> UnsafeRawBufferPointer? {
        guard let encoded, toSkip == 0, let payload = encoded.pointee.payload(at: offset) else { return nil }
        offset += EncodedClip.packet
        playedInRound = true
        return payload
    }

    mutating func forgetEncoded() {
        encoded?.pointee.users -= 1
        encoded = nil
    }
}

typealias PlayerPointer = UnsafeMutablePointer<PlayerNode>

/// 4 096ths of the amplitude.
let unityGain: Int32 = 4096

/// -60 ... +20 dB as a factor of ``unityGain``.
func gainFactor(_ decibels: Float) -> Int32 {
    if decibels == 0 { return unityGain }
    // 10^(x/20) by halving steps of 6.02 dB and a polynomial between them, as this floor has no maths library.
    let bits: Float = max(-60, min(20, decibels)) / 6.020_6
    let whole: Float = bits.rounded(.down)
    let rest: Float = bits - whole
    let between: Float = 1 + rest * (0.695_98 + rest * (0.224_94 + rest * 0.079_08))
    return Int32((Float(unityGain) * between * Float(sign: .plus, exponent: Int(whole), significand: 1)).rounded())
}

func applyGain(_ samples: UnsafeMutablePointer<Int16>, count: Int, _ gain: Int32) {
    for index in 0..<count {
        samples[index] = Int16(truncatingIfNeeded: max(-32768, min(32767, Int32(samples[index]) &* gain >> 12)))
    }
}
