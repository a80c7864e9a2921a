public import Basics

/// Holds the packets of one RTP stream until their time, puts them in order and decides how long that is.
///
/// Times: each packet has a place on one axis of RTP ticks that begins with the first packet and has no wraps or jumps. The
/// *delay* is how long after the fastest packets' arrival audio is played; see ``DelayEstimator`` for the one aimed at.
/// ``PlayoutStage`` stretches audio to move towards it; the buffer alone moves in pauses, and at once where packets are missing.
///
/// Memory: 64 slots, an arena of 64-byte pieces (``PlayoutSettings/arenaBytes``), a scratch payload and a histogram, together
/// about 17 KiB, allocated once. When the arena is full the oldest packets make room: what is new matters more.
public struct JitterBuffer: ~Copyable {
    static let slotCount: Int = 64
    static let pieceLength: Int = 64
    /// The largest payload, in bytes.
    public static let largestPayload: Int = 1536
    static let none: UInt8 = .max
    /// A sequence number further ahead, or further behind, belongs to another series (RFC 3550 §A.1).
    static let farAhead: Int16 = 1000
    static let farBehind: Int16 = -100

    struct Slot {
        /// Extended; -1 in a free slot.
        var sequence: Int64 = -1
        /// On the axis of ticks.
        var ticks: Int64 = 0
        var arrival: Int64 = 0
        var timestamp: UInt32 = 0
        var length: UInt16 = 0
        var firstPiece: UInt8 = JitterBuffer.none
        var kind: JitterPacketKind = .speech
        var marker: Bool = false
    }

    enum Phase {
        /// The next packet starts a talkspurt: it waits for its time, whatever was played before.
        case starting
        case playing
        /// The sender said that it may send nothing for a while.
        case paused
    }

    let slots: UnsafeMutablePointer<Slot>
    let arena: UnsafeMutableRawPointer
    let pieces: UnsafeMutablePointer<UInt8>
    let scratch: UnsafeMutableRawPointer
    var freePiece: UInt8
    var freePieces: Int
    let pieceCount: Int

    let clockRate: Int64
    let settings: PlayoutSettings
    let minimumDelay: Int64
    let maximumDelay: Int64
    var estimator: DelayEstimator

    /// Nothing came yet.
    var isEmptySeries: Bool = true
    /// Of the newest packet: extended sequence number, wire timestamp and its place on the axis.
    var highestSequence: Int64 = 0
    var highestTimestamp: UInt32 = 0
    var highestTicks: Int64 = 0
    var lastArrival: Int64 = 0
    /// Which of the 64 before and with the newest came.
    var seen: UInt64 = 0
    /// The series that a packet far away would begin.
    var strayNext: UInt16 = 0
    var hasStray: Bool = false

    var phase: Phase = .starting
    /// Something of this series was played.
    var hasPlayed: Bool = false
    /// The extended sequence number that is played next, and the place on the axis of the next sample.
    var nextSequence: Int64 = 0
    var position: Int64 = 0
    /// Packets were given up since the last one that was played.
    var hasDropped: Bool = false
    /// Ticks that were made up since the last packet was played.
    var made: Int64 = 0
    /// Ticks of the last packet that was played.
    var packetTicks: Int64
    /// Other packets (events) were passed since the last audio.
    var passedOther: Int64 = 0

    /// The delay aimed at: grows at once, falls slowly.
    var target: Int64
    var targetAt: Int64 = .min

    public internal(set) var statistics = JitterStatistics()

    /// - Parameter clockRate: of the stream's timestamps; 8 000 ... 192 000 Hz.
    public init(clockRate: UInt32, settings: PlayoutSettings = .standard) {
        self.settings = settings
        self.clockRate = Int64(min(max(clockRate, 8_000), 192_000))
        minimumDelay = min(max(settings.minimumDelay.wholeNanoseconds, 0), 480_000_000)
        maximumDelay = min(max(settings.maximumDelay.wholeNanoseconds, minimumDelay), 480_000_000)
        target = minimumDelay
        packetTicks = max(settings.packetTime.wholeNanoseconds &* self.clockRate / 1_000_000_000, 1)
        pieceCount = min(max(settings.arenaBytes, 1024), 16_320) / Self.pieceLength
        slots = .allocate(capacity: Self.slotCount)
        slots.initialize(repeating: Slot(), count: Self.slotCount)
        arena = .allocate(byteCount: pieceCount * Self.pieceLength, alignment: 16)
        pieces = .allocate(capacity: pieceCount)
        scratch = .allocate(byteCount: Self.largestPayload, alignment: 16)
        for piece in 0..<pieceCount { (pieces + piece).initialize(to: UInt8(truncatingIfNeeded: piece + 1)) }
        pieces[pieceCount - 1] = Self.none
        freePiece = 0
        freePieces = pieceCount
        estimator = DelayEstimator(quantile: settings.quantile, forgetting: settings.forgetting)
    }

    deinit {
        slots.deallocate()
        arena.deallocate()
        pieces.deallocate()
        scratch.deallocate()
    }

    /// Forgets all packets: the stream has a new source (SSRC), or is not played for a while. What is known of the network stays.
    public mutating func reset() {
        dropAll()
        isEmptySeries = true
        hasStray = false
        phase = .starting
        passedOther = 0
        made = 0
        estimator.restart()
    }

    /// How long after the fastest packets' arrival audio should be played, in nanoseconds, as of the last step.
    public var targetNanoseconds: Int64 { target }

    /// Packets that wait.
    public var count: Int {
        var count = 0
        for index in 0..<Self.slotCount where slots[index].sequence >= 0 { count += 1 }
        return count
    }

    /// The audio that waits, in ticks of the RTP clock: up to the newest packet's end.
    public var waitingTicks: Int64 {
        isEmptySeries || phase == .starting ? 0 : max(highestTicks &+ packetTicks &- position, 0)
    }

    @inline(__always)
    func slot(_ sequence: Int64) -> UnsafeMutablePointer<Slot> {
        slots + Int(truncatingIfNeeded: sequence & Int64(Self.slotCount - 1))
    }

    /// Ticks as nanoseconds; exact within a second, whatever the call's age.
    @inline(__always)
    func nanoseconds(_ ticks: Int64) -> Int64 {
        let (seconds, rest) = ticks.quotientAndRemainder(dividingBy: clockRate)
        return seconds &* 1_000_000_000 &+ rest &* 1_000_000_000 / clockRate
    }

    @inline(__always)
    func ticks(_ nanoseconds: Int64) -> Int64 {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return seconds &* clockRate &+ rest &* clockRate / 1_000_000_000
    }

    // MARK: Payload memory

    /// Puts a payload into pieces; false when it does not fit.
    mutating func store(_ payload: UnsafeRawBufferPointer, in slot: UnsafeMutablePointer<Slot>) -> Bool {
        let needed: Int = (payload.count + Self.pieceLength - 1) / Self.pieceLength
        guard needed <= freePieces else { return false }
        slot.pointee.length = UInt16(truncatingIfNeeded: payload.count)
        slot.pointee.firstPiece = needed == 0 ? Self.none : freePiece
        guard let source = payload.baseAddress else { return true }
        var last: UInt8 = Self.none
        for index in 0..<needed {
            let offset: Int = index * Self.pieceLength
            let length: Int = min(Self.pieceLength, payload.count - offset)
            (arena + Int(freePiece) * Self.pieceLength).copyMemory(from: source + offset, byteCount: length)
            last = freePiece
            freePiece = pieces[Int(freePiece)]
        }
        if last != Self.none { pieces[Int(last)] = Self.none }
        freePieces -= needed
        return true
    }

    /// A slot's payload in one piece; legible until the next call.
    func payload(of slot: UnsafeMutablePointer<Slot>) -> UnsafeRawBufferPointer {
        let length = Int(slot.pointee.length)
        var piece: UInt8 = slot.pointee.firstPiece
        var offset = 0
        while offset < length, piece != Self.none {
            let part: Int = min(Self.pieceLength, length - offset)
            (scratch + offset).copyMemory(from: arena + Int(piece) * Self.pieceLength, byteCount: part)
            offset += part
            piece = pieces[Int(piece)]
        }
        return UnsafeRawBufferPointer(start: scratch, count: length)
    }

    mutating func free(_ slot: UnsafeMutablePointer<Slot>) {
        var piece: UInt8 = slot.pointee.firstPiece
        while piece != Self.none {
            let next: UInt8 = pieces[Int(piece)]
            pieces[Int(piece)] = freePiece
            freePiece = piece
            freePieces += 1
            piece = next
        }
        slot.pointee.firstPiece = Self.none
        slot.pointee.sequence = -1
    }

    mutating func dropAll() {
        for index in 0..<Self.slotCount where slots[index].sequence >= 0 { free(slots + index) }
    }
}
