internal import Basics
internal import Signals

/// A conference in the graph: its mixer, and the endpoints of its members.
struct RoomNode: ~Copyable {
    var mixer: ConferenceMixer
    let phase: Int
    /// By seat.
    var seats: [EndpointPointer?] = []
    /// What is encoded once for those who hear the same for good.
    var groups: [UnsafeMutablePointer<SharedPacker>] = []
    /// The music of a room with one member.
    var music: PlayerPointer?
    private var tone: ToneGenerator?
    private let toneFrame: UnsafeMutableBufferPointer<Int16>

    init(_ plan: RoomPlan, phase: Int) {
        mixer = ConferenceMixer(plan: plan, sampleRate: plan.sampleRate)
        self.phase = phase
        toneFrame = .allocate(capacity: mixer.frameLength)
        toneFrame.initialize(repeating: 0)
    }

    deinit {
        toneFrame.deallocate()
        for group in groups { group.free() }
        music?.deinitialize(count: 1)
        music?.deallocate()
    }

    /// The next 20 ms of the tone that tells of somebody's coming or going; nil when none sounds.
    mutating func nextTone() -> UnsafeBufferPointer<Int16>? {
        if let announcement = mixer.takeAnnouncement() {
            let kind: ProgressTone = announcement == .joined ? .conferenceJoin : .conferenceLeave
            tone = ToneGenerator(
                CallTones.pattern(kind, country: mixer.plan.country), sampleRate: mixer.sampleRate)
        }
        guard tone != nil else { return nil }
        let made: Int = tone!.generate(into: toneFrame)
        if made < toneFrame.count {
            tone = nil
            guard made > 0, let rest = toneFrame.baseAddress else { return nil }
            (rest + made).update(repeating: 0, count: toneFrame.count - made)
        }
        return UnsafeBufferPointer(toneFrame)
    }
}

typealias RoomPointer = UnsafeMutablePointer<RoomNode>
