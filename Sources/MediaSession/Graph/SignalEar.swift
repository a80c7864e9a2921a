internal import Basics
internal import Codecs
internal import RTP
internal import Signals

/// How the server listens to one endpoint's peer for anything but words: keys as tones, machines, voice.
///
/// It decodes for itself, at 8 kHz, as what it listens for lies below 2.3 kHz; nobody hears that audio.
struct SignalEar: ~Copyable {
    static let rate: Int = 8000
    /// A tone whose packets stop coming is over after so long: a network that stalls for less does not make two keys of one.
    static let patience: Duration = .milliseconds(400)

    private var ingress = Ingress(sampleRate: UInt32(SignalEar.rate))
    private var resampler: Resampler?
    private var resampledFrom: Int = SignalEar.rate
    private let scratch: UnsafeMutableBufferPointer<Int16>
    private let quiet: UnsafeMutableBufferPointer<Int16>
    private var keys: DTMFDetector?
    private var machines: MachineToneDetector?
    private var activity: VoiceActivity?
    /// As it was told, and as it is.
    private var isVoice: Bool = false
    private var isVoiceNow: Bool = false
    private var heardAt: Moment = .zero
    /// What call control is told of the peer's keys.
    var converter: DigitConverter
    /// The packets that wait until their tones are known.
    var held: UnsafeMutablePointer<HeldPackets>?

    init(digits: DigitTransport) {
        converter = DigitConverter(from: digits, to: nil)
        scratch = .allocate(capacity: Self.rate / 2)
        scratch.initialize(repeating: 0)
        quiet = .allocate(capacity: Self.rate / 50)
        quiet.initialize(repeating: 0)
    }

    deinit {
        scratch.deallocate()
        quiet.deallocate()
        held?.deinitialize(count: 1)
        held?.deallocate()
    }

    /// - Parameter phase: of the wheel, entered for it.
    mutating func hold(phase: Int) {
        let fresh = UnsafeMutablePointer<HeldPackets>.allocate(capacity: 1)
        fresh.initialize(to: HeldPackets(phase: phase))
        held = fresh
    }

    mutating func endHolding() {
        held?.deinitialize(count: 1)
        held?.deallocate()
        held = nil
    }

    /// What is wanted of it, from the next packet on: a listener that changes its source for a moment changes nothing.
    struct Task: Equatable {
        var keys: Bool = false
        var listensFor: MediaListening = []
        /// Somebody who hears the peer is to be spared its tones.
        var spares: Bool = false
        var isNothing: Bool { !keys && listensFor.isEmpty }
    }
    var wanted = Task()
    private(set) var task = Task()

    /// Begins and ends to listen, as is wanted; what is listened for already goes on.
    mutating func settle() {
        guard wanted != task else { return }
        task = wanted
        if task.keys != hasKeys {
            hasKeys = task.keys
            keys = task.keys ? DTMFDetector(sampleRate: UInt32(Self.rate)) : nil
            converter = DigitConverter(from: converter.speaker, to: nil)
            (position, isSounding) = (0, false)
        }
        if task.listensFor.contains(.machines) != hasMachines {
            hasMachines.toggle()
            machines = hasMachines ? MachineToneDetector(sampleRate: UInt32(Self.rate)) : nil
        }
        if !task.listensFor.contains(.voice) {
            (activity, isVoice, isVoiceNow) = (nil, false, false)
        } else if activity == nil {
            activity = VoiceActivity(sampleRate: UInt32(Self.rate))
        }
    }

    private(set) var hasKeys: Bool = false
    private var hasMachines: Bool = false
    /// Samples the detector of keys was fed.
    private(set) var position: Int64 = 0
    /// Whether a key's tone sounds.
    private(set) var isSounding: Bool = false

    /// Listens to a packet.
    /// - Returns: the samples of it, lost ones before it included, by ``position``; empty where it holds no audio.
    mutating func hear(
        _ header: RTPHeader, _ packet: UnsafeRawBufferPointer, now: Moment, codecOf: (UInt8) -> AudioCodec?
    ) -> Range<Int64> {
        let start: Int64 = position
        guard let audio = ingress.receive(header, packet, codecOf: codecOf) else { return start..<start }
        heardAt = now
        if audio.gap > 0 { hearNothing(ms: min(audio.gapMs, 200)) }
        if audio.rate != resampledFrom {
            resampledFrom = audio.rate
            resampler = Resampler.ifNeeded(from: audio.rate, to: Self.rate)
        }
        if resampler != nil {
            let made: Int = resampler!.resample(audio.samples, into: scratch)
            feed(UnsafeBufferPointer(start: scratch.baseAddress, count: made))
        } else if audio.rate == Self.rate {
            feed(audio.samples)
        }
        return start..<position
    }

    /// Looks at the time: what comes no more is over.
    mutating func tick(now: Moment) {
        guard now >= heardAt.advanced(by: Self.patience) else { return }
        if isSounding || isVoice { hearNothing(ms: 60) }
    }

    private mutating func hearNothing(ms: Int) {
        var left: Int = ms * Self.rate / 1000
        while left > 0 {
            let count: Int = min(left, quiet.count)
            feed(UnsafeBufferPointer(start: quiet.baseAddress, count: count))
            left -= count
        }
    }

    private mutating func feed(_ samples: UnsafeBufferPointer<Int16>) {
        if hasKeys {
            keys!.process(samples)
            position += Int64(samples.count)
            isSounding = keys!.isSounding()
        }
        if hasMachines { machines!.process(samples) }
        if activity != nil { isVoiceNow = activity!.process(samples).isVoice }
    }

    // MARK: What was found

    mutating func nextKey() -> DTMFDetector.Event? {
        guard hasKeys else { return nil }
        return keys!.nextEvent()
    }

    mutating func nextMachine() -> MachineTone? {
        guard hasMachines, let found = machines!.nextFound() else { return nil }
        return MachineTone(found.tone)
    }

    /// Whether the peer began or ended to speak; nil when it is as it was.
    mutating func changeOfVoice() -> Bool? {
        guard isVoiceNow != isVoice else { return nil }
        isVoice = isVoiceNow
        return isVoice
    }
}

extension DTMFDetector {
    /// Mutating, as what lies in an optional cannot be lent out otherwise.
    fileprivate mutating func isSounding() -> Bool { current != nil }
}

typealias SignalEarPointer = UnsafeMutablePointer<SignalEar>
