import Basics
import MediaSession

/// A room at 8 kHz in which each member says what its voice gives.
struct RoomBench: ~Copyable {
    var mixer: ConferenceMixer
    /// By seat: what is said in the next tick; nil for nothing.
    var voices: [Int: [Int16]] = [:]

    static let room = MediaRoomID(call: CallID(epoch: 1, shard: ShardID(0), number: 1), number: 0)

    init(_ plan: RoomPlan = RoomPlan(id: room), rate: UInt32 = 8000, settings: ConferenceSettings = .standard) {
        mixer = ConferenceMixer(plan: plan, sampleRate: rate, settings: settings)
    }

    static func endpoint(_ number: Int) -> MediaEndpointID {
        MediaEndpointID(
            leg: LegID(call: CallID(epoch: 1, shard: ShardID(0), number: UInt32(number)), index: 0), stream: 0)
    }

    static func member(
        _ number: Int, _ role: RoomMember.Role = .talker, _ change: (inout RoomMember) -> Void = { _ in }
    )
        -> RoomMember
    {
        var member = RoomMember(endpoint: endpoint(number), role: role)
        change(&member)
        return member
    }

    @discardableResult
    mutating func join(
        _ number: Int, _ role: RoomMember.Role = .talker, _ change: (inout RoomMember) -> Void = { _ in }
    ) -> Int {
        mixer.set(Self.member(number, role, change)) ?? -1
    }

    mutating func tick(music: [Int16]? = nil, tone: [Int16]? = nil) {
        for (seat, voice) in voices {
            let input: UnsafeMutableBufferPointer<Int16> = mixer.input(seat)
            for index in input.indices { input[index] = voice[index % voice.count] }
            mixer.speak(seat)
        }
        (music ?? []).withUnsafeBufferPointer { music in
            (tone ?? []).withUnsafeBufferPointer { tone in mixer.mix(music: music, announcement: tone) }
        }
    }

    mutating func ticks(_ count: Int) {
        for _ in 0..<count { tick() }
    }

    func hears(_ seat: Int) -> [Int16] { Array(mixer.output(mixer.group(seat))) }

    /// The sample heard last: where all voices are constant, their sum.
    func level(_ seat: Int) -> Int { Int(hears(seat).last ?? 0) }

    func wantsMusic() -> Bool { mixer.wantsMusic }
}
