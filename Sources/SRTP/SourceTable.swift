/// What one session key knows of one source (SSRC).
struct SourceState {
    var ssrc: UInt32 = 0
    /// Counts up with each packet of the table that was taken, so that the source unused for longest is found.
    var lastUsed: UInt64 = 0
    /// Packets that failed in a row.
    var failures: UInt32 = 0
    /// When sending: the index of the last RTCP packet; 31 bits.
    var rtcpIndex: UInt64 = 0
    var rtp = ReplayWindow()
    var rtcp = ReplayWindow()
}

/// The sources of one session key: few, in place, found by looking at each.
struct SourceTable: ~Copyable {
    /// How many sources at once.
    static let capacity: Int = 8
    /// How many of those that had to leave are remembered, so that nothing of theirs is taken twice.
    private static let memory: Int = 16

    private struct Departed {
        var ssrc: UInt32?
        var rtp: UInt64?
        var rtcp: UInt64?
    }

    private let sources: UnsafeMutablePointer<SourceState>
    private let departed: UnsafeMutablePointer<Departed>
    private var count: Int = 0
    private var departedCount: Int = 0
    private var departedNext: Int = 0
    private var last: Int = 0
    private var clock: UInt64 = 0

    init() {
        sources = .allocate(capacity: Self.capacity)
        sources.initialize(repeating: SourceState(), count: Self.capacity)
        departed = .allocate(capacity: Self.memory)
        departed.initialize(repeating: Departed(), count: Self.memory)
    }

    deinit {
        sources.deallocate()
        departed.deallocate()
    }

    /// The place of a source's state; nil while nothing of it was taken.
    @inline(__always)
    mutating func find(_ ssrc: UInt32) -> UnsafeMutablePointer<SourceState>? {
        if last < count, sources[last].ssrc == ssrc { return sources + last }
        for index in 0..<count where sources[index].ssrc == ssrc {
            last = index
            return sources + index
        }
        return nil
    }

    /// Marks a source as used just now.
    @inline(__always)
    mutating func touch(_ source: UnsafeMutablePointer<SourceState>) {
        clock &+= 1
        source.pointee.lastUsed = clock
    }

    /// What is known of a source that had to leave; nothing of it was lost but the bits of its window.
    func recall(_ ssrc: UInt32) -> SourceState? {
        for index in 0..<departedCount where departed[index].ssrc == ssrc {
            var state = SourceState()
            state.ssrc = ssrc
            if let rtp = departed[index].rtp { state.rtp = ReplayWindow(takenUpTo: rtp) }
            if let rtcp = departed[index].rtcp { state.rtcp = ReplayWindow(takenUpTo: rtcp) }
            return state
        }
        return nil
    }

    /// Takes in a source whose packet was found good.
    /// - Parameter evicts: the source unused for longest leaves a full table. False when sending, where a forgotten index would
    ///   encrypt two packets alike.
    /// - Returns: nil when there is no room.
    mutating func insert(_ state: SourceState, evicts: Bool) -> UnsafeMutablePointer<SourceState>? {
        forget(state.ssrc)
        if count < Self.capacity {
            last = count
            count += 1
        } else {
            guard evicts else { return nil }
            var oldest: Int = 0
            for index in 1..<count where sources[index].lastUsed < sources[oldest].lastUsed { oldest = index }
            remember(sources[oldest])
            last = oldest
        }
        sources[last] = state
        touch(sources + last)
        return sources + last
    }

    private mutating func remember(_ state: SourceState) {
        departed[departedNext] = Departed(
            ssrc: state.ssrc, rtp: state.rtp.isStarted ? state.rtp.highest : nil,
            rtcp: state.rtcp.isStarted ? state.rtcp.highest : nil)
        departedNext = (departedNext + 1) % Self.memory
        departedCount = min(departedCount + 1, Self.memory)
    }

    private func forget(_ ssrc: UInt32) {
        for index in 0..<departedCount where departed[index].ssrc == ssrc { departed[index] = Departed() }
    }
}
