public import Basics

/// A tone that tells a room of a coming or going.
public enum RoomAnnouncement: Hashable, Sendable {
    case joined, left
}

/// The limits of one room's mixing.
public struct ConferenceSettings: Hashable, Sendable {
    /// How many are mixed at once, the loudest of all that make a sound; 32 by default, 1 ... 500.
    public var loudest: Int
    public init(loudest: Int = 32) { self.loudest = loudest }
    public static let standard = ConferenceSettings()
}

/// Mixes a room: each tick takes 20 ms of what each member says and makes what each hears.
///
/// Members have a *seat*, a small number that stays theirs. Those that hear the same share one output, group 0: listeners, and
/// talkers that make no sound, as long as their volume is that of all. Who is heard gets an output without itself, its own group.
/// Whoever encodes does so once per group and codec. A member comes into group 0 and leaves it without a step in what it hears; only
/// an encoder with a memory has to be aware (``sharesForGood(_:)``).
///
/// Nothing steps: every gain, of joining, muting, being one of the loudest or not any more, and every volume takes 10 ms to change; a
/// sound that breaks off falls to 0 within 5 ms.
///
/// Belongs to one thread. A tick allocates nothing; joining may. Memory: a frame of samples in and one out per member (640 bytes
/// at 8 kHz).
public struct ConferenceMixer: ~Copyable {
    static let chunk: Int = 16

    /// Of audio in and out, in Hz.
    public let sampleRate: UInt32
    /// Samples of a frame: 20 ms.
    public let frameLength: Int
    let settings: ConferenceSettings
    public internal(set) var plan: RoomPlan

    /// Seats in use and free, up to `seatCount`.
    var voices: UnsafeMutablePointer<Voice>
    var seatCount: Int = 0
    /// Of every seat: what it says, then what it hears.
    var frames: UnsafeMutablePointer<Int16>
    let shared: UnsafeMutablePointer<Int16>
    let sums: UnsafeMutablePointer<Int32>
    let rest: UnsafeMutablePointer<Int32>

    /// Members in the room.
    public internal(set) var count: Int = 0
    /// Members that others know of.
    var audience: Int = 0
    /// One waits for the first other, with music.
    var isWaiting: Bool = false
    var limiter = Limiter()
    /// The sum of the samples at which those broke off that left.
    var tail: Int32 = 0
    /// How loud the music is: 0 or 1, or on the way.
    var musicGain: Float = 0
    var announcement: RoomAnnouncement?
    var changes: Int = 0
    /// Nothing is to be heard by those who hear all.
    public internal(set) var isSilent: Bool = true

    /// - Parameter sampleRate: 8 000, 16 000 or 48 000 Hz.
    public init(plan: RoomPlan, sampleRate: UInt32, settings: ConferenceSettings = .standard) {
        self.plan = plan
        self.sampleRate = min(max(sampleRate, 8_000), 48_000)
        self.settings = settings
        frameLength = Int(self.sampleRate / 50)
        voices = .allocate(capacity: 0)
        frames = .allocate(capacity: 0)
        shared = .allocate(capacity: frameLength)
        shared.initialize(repeating: 0, count: frameLength)
        sums = .allocate(capacity: frameLength)
        sums.initialize(repeating: 0, count: frameLength)
        rest = .allocate(capacity: frameLength)
        rest.initialize(repeating: 0, count: frameLength)
    }

    deinit {
        voices.deallocate()
        frames.deallocate()
        shared.deallocate()
        sums.deallocate()
        rest.deallocate()
    }

    // MARK: Of a tick

    /// Where a member's next 20 ms go; ``speak(_:)`` tells that they are there. Changed by mixing.
    public func input(_ seat: Int) -> UnsafeMutableBufferPointer<Int16> {
        guard seat >= 0, seat < seatCount else { return UnsafeMutableBufferPointer(start: nil, count: 0) }
        return UnsafeMutableBufferPointer(start: said(seat), count: frameLength)
    }

    /// The member's input is there. To be called in each tick in which it says something; silence otherwise.
    public mutating func speak(_ seat: Int) {
        guard seat >= 0, seat < seatCount else { return }
        voices[seat].hasSpoken = true
    }

    /// Whether anybody may hear the member, so that its audio has to be decoded.
    public func isHeard(_ seat: Int) -> Bool {
        guard seat >= 0, seat < seatCount, voices[seat].isPresent else { return false }
        return voices[seat].canSpeak && !voices[seat].isMuted || voices[seat].gain > 0
    }

    /// Which output a member hears: 0 is shared.
    public func group(_ seat: Int) -> Int {
        guard seat >= 0, seat < seatCount, voices[seat].hearsOwn else { return 0 }
        return seat + 1
    }

    /// Whether a member stays in group 0 until its part in the room is changed, and may share an encoder that has a memory.
    public func sharesForGood(_ seat: Int) -> Bool {
        guard seat >= 0, seat < seatCount, !voices[seat].hearsOwn else { return false }
        return !isHeard(seat) && voices[seat].volumeAimedAt == 1 && voices[seat].whisperers == 0
    }

    /// What a group hears, after ``mix(music:announcement:)``.
    public func output(_ group: Int) -> UnsafeBufferPointer<Int16> {
        guard group > 0, group <= seatCount else { return UnsafeBufferPointer(start: shared, count: frameLength) }
        return UnsafeBufferPointer(start: heard(group - 1), count: frameLength)
    }

    /// How loud a member is, in dB of full scale, before its gain; -96 ... 0.
    public func level(_ seat: Int) -> Float {
        guard seat >= 0, seat < seatCount else { return -96 }
        return decibels(power: voices[seat].power)
    }

    public func isTalking(_ seat: Int) -> Bool {
        seat >= 0 && seat < seatCount && voices[seat].detector.isTalking
    }

    /// Who began or ended to talk since this was last asked; nil when all is told. Also told of a member that left.
    public mutating func nextTalkerChange() -> (member: MediaEndpointID, isTalking: Bool)? {
        var seat = 0
        while changes > 0, seat < seatCount {
            if voices[seat].isTold != voices[seat].detector.isTalking {
                voices[seat].isTold.toggle()
                changes &-= 1
                return (voices[seat].member.endpoint, voices[seat].isTold)
            }
            seat &+= 1
        }
        changes = 0
        return nil
    }

    /// The room wants music: one who waits is alone. True until it has faded out.
    public var wantsMusic: Bool { isWaiting || musicGain > 0 }

    /// The tone that is to be played into the room, if any. It is taken: several at once are one.
    public mutating func takeAnnouncement() -> RoomAnnouncement? {
        defer { announcement = nil }
        return announcement
    }

    // MARK: Memory

    @inline(__always)
    func said(_ seat: Int) -> UnsafeMutablePointer<Int16> { frames + 2 * seat * frameLength }

    @inline(__always)
    func heard(_ seat: Int) -> UnsafeMutablePointer<Int16> { frames + (2 * seat + 1) * frameLength }
}

/// One member's part in the mix.
struct Voice {
    var member: RoomMember
    var isPresent: Bool = false
    /// By its role: it is no listener.
    var canSpeak: Bool = false
    /// Nobody but one seat hears it: -1 for all, -2 for nobody as that one is not there.
    var whispersTo: Int32 = -1
    /// How many whisper to it.
    var whisperers: Int = 0
    /// The sum of the samples at which whispers to it broke off.
    var tail: Int32 = 0
    var isMuted: Bool = false

    /// What it says came in this tick, and in the last one.
    var hasSpoken: Bool = false
    /// Its frame is part of the mix of this tick.
    var isInMix: Bool = false
    /// It is one of the loudest.
    var isChosen: Bool = false
    /// Of what it says, as it should be while it is heard; and as it is.
    var gainAimedAt: Float = 1
    var gain: Float = 0
    /// Of what it hears.
    var volumeAimedAt: Float = 1
    var volume: Float = 1
    /// The last sample of its part in the mix.
    var last: Int16 = 0
    /// Mean power of the last frame; and what falls from it by 12 dB a second.
    var power: Float = 0
    var loudness: Float = 0
    var detector = TalkerDetector()
    /// ``TalkerDetector/isTalking`` as it was told.
    var isTold: Bool = false

    /// It hears an output of its own.
    var hearsOwn: Bool = false
    var limiter = Limiter()

    init(_ member: RoomMember) { self.member = member }
}
