import Basics
import MediaSession
import Testing

@Suite("Changes in a conference")
struct ConferenceChangesTests {
    /// The greatest step between two samples heard, while a tone of full height is said by all who talk.
    private static func greatestStep(_ change: (inout RoomBench, Int) -> Void) -> Int {
        var bench = RoomBench(settings: ConferenceSettings(loudest: 2))
        bench.join(0, .listener)
        bench.join(1)
        bench.join(2)
        var (last, greatest): (Int?, Int) = (nil, 0)
        // A slow wave that never crosses zero: 8000 at every frame's end.
        let wave: [Int16] = (0..<160).map { Int16(8000 - abs($0 - 80) * 10 + 800) }
        bench.voices = [1: wave, 2: wave]
        for tick in 0..<40 {
            if tick > 5 { change(&bench, tick) }
            bench.tick()
            for sample in bench.hears(0) {
                if let last { greatest = max(greatest, abs(Int(sample) - last)) }
                last = Int(sample)
            }
            if tick < 3 { (last, greatest) = (Int(bench.level(0)), 0) }
        }
        return greatest
    }

    /// Two waves rise by 20 a sample; 8000 that fall within 40 samples by 200; within 80 by 100.
    static let changes: [(String, Int, @Sendable (inout RoomBench, Int) -> Void)] = [
        ("nothing", 21, { _, _ in }),
        ("mute", 135, { bench, tick in _ = bench.mixer.set(RoomBench.member(1) { $0.isMuted = tick % 4 < 2 }) }),
        (
            "gain", 125,
            { bench, tick in _ = bench.mixer.set(RoomBench.member(1) { $0.gainDb = tick % 4 < 2 ? -20 : 0 }) }
        ),
        (
            "volume", 225,
            { bench, tick in
                _ = bench.mixer.set(RoomBench.member(0, .listener) { $0.volumeDb = tick % 4 < 2 ? -20 : 0 })
            }
        ),
        (
            "join", 125,
            { bench, tick in
                if tick == 10 {
                    let seat: Int = bench.join(3)
                    bench.voices[seat] = bench.voices[1]
                }
            }
        ),
        (
            "leave", 225,
            { bench, tick in
                if tick == 10 {
                    bench.mixer.remove(RoomBench.endpoint(2))
                    bench.voices[2] = nil
                }
            }
        ),
        ("break off", 225, { bench, tick in if tick == 10 { bench.voices[2] = nil } }),
        ("become a listener", 225, { bench, tick in if tick == 10 { bench.join(2, .listener) } }),
        (
            "begin to whisper to another", 225,
            { bench, tick in
                if tick == 10 { bench.join(2, .whisper(to: RoomBench.endpoint(1))) }
            }
        ),
        (
            "whisper to the listener", 225,
            { bench, tick in
                bench.join(2, tick % 4 < 2 ? .whisper(to: RoomBench.endpoint(0)) : .listener)
            }
        ),
        (
            "whisper and leave", 225,
            { bench, tick in
                if tick == 10 { bench.join(2, .whisper(to: RoomBench.endpoint(0))) }
                if tick == 20 {
                    bench.mixer.remove(RoomBench.endpoint(2))
                    bench.voices[2] = nil
                }
            }
        ),
        (
            "a louder one takes a place", 325,
            { bench, tick in
                if tick == 10 {
                    let seat: Int = bench.join(3)
                    bench.voices[seat] = (bench.voices[1] ?? []).map { $0 / 2 * 3 }
                }
            }
        ),
    ]

    @Test("nothing clicks: the greatest step between samples is that of a ramp", arguments: changes.indices)
    func neverClicks(index: Int) {
        let (name, bound, change) = Self.changes[index]
        let step: Int = Self.greatestStep(change)
        print("mixer, \(name): greatest step \(step)")
        #expect(step <= bound, "\(name): \(step)")
    }

    @Test("turning down for loud sounds begins before them: no step when a second one begins to shout")
    func limiterNeverSteps() {
        var bench = RoomBench()
        bench.join(0, .listener)
        bench.join(1)
        bench.join(2)
        var heard: [Int16] = []
        for tick in 0..<40 {
            bench.voices[1] = [20_000]
            bench.voices[2] = tick < 10 ? nil : [30_000]
            bench.tick()
            heard += bench.hears(0)
            bench.tick()
            heard += bench.hears(0)
        }
        let steps: [Int] = zip(heard.dropFirst(800), heard.dropFirst(801)).map { abs(Int($1) - Int($0)) }
        #expect(steps.max() ?? 0 < 500, "\(steps.max() ?? 0)")
        #expect(heard.dropFirst(800).allSatisfy { $0 > 19_000 })
    }

    @Test("a peak within a frame is turned down before it comes, and not bent")
    func limiterLooksAhead() {
        var bench = RoomBench()
        bench.join(0, .listener)
        bench.join(1)
        bench.join(2)
        bench.voices = [1: [15_000], 2: [5000]]
        bench.ticks(5)
        bench.voices[2] = [Int16](repeating: 5000, count: 80) + [Int16](repeating: 30_000, count: 80)
        bench.tick()
        let heard: [Int16] = bench.hears(0)
        // It reaches the threshold of -0.9 dB and does not leave it.
        #expect(heard[80] == 29_491 && heard.max() == 29_491)
        #expect(heard[0] > 19_900 && heard[79] < 14_000)
    }

    @Test("who comes to hear an output of its own goes on at the loudness that all hear")
    func limiterIsTakenOver() {
        var bench = RoomBench()
        bench.join(0, .listener)
        var heard: [Int16] = []
        for number in 1...3 {
            bench.join(number)
            bench.voices[number] = [15_000]
        }
        for tick in 0..<20 {
            if tick == 10 { bench.join(0, .listener) { $0.volumeDb = -0.5 } }
            bench.tick()
            heard += bench.hears(0)
        }
        #expect(bench.mixer.group(0) == 1)
        let steps: [Int] = zip(heard.dropFirst(800), heard.dropFirst(801)).map { abs(Int($1) - Int($0)) }
        #expect(steps.max() ?? 0 < 100, "\(steps.max() ?? 0)")
    }

    @Test("whatever is changed, each hears what a naive mixer gives", arguments: 0..<30)
    func isRightAfterRandomChanges(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var bench = RoomBench(settings: ConferenceSettings(loudest: 500))
        var members: [Int: RoomMember] = [:]
        var amplitudes: [Int: Int] = [:]
        for _ in 0..<60 {
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let number = Int.random(in: 0..<20, using: &random)
                if Int.random(in: 0..<4, using: &random) == 0 {
                    bench.mixer.remove(RoomBench.endpoint(number))
                    members[number] = nil
                    continue
                }
                var member = RoomMember(endpoint: RoomBench.endpoint(number))
                switch Int.random(in: 0..<6, using: &random) {
                case 0: member.role = .listener
                case 1: member.role = .whisper(to: RoomBench.endpoint(Int.random(in: 0..<20, using: &random)))
                case 2: member.isMuted = true
                default: break
                }
                member.volumeDb = Int.random(in: 0..<5, using: &random) == 0 ? -60 : 0
                members[number] = member
                #expect(bench.mixer.set(member) != nil)
                amplitudes[number] = Bool.random(using: &random) ? Int.random(in: 100...1500, using: &random) : 0
            }
            var seats: [Int: Int] = [:]
            bench.voices = [:]
            for number in members.keys {
                guard let seat = bench.mixer.seat(RoomBench.endpoint(number)) else { continue }
                seats[number] = seat
                if Int.random(in: 0..<8, using: &random) == 0 {
                    amplitudes[number] = 0
                } else {
                    bench.voices[seat] = [Int16(amplitudes[number] ?? 0)]
                }
            }
            // The ramps of all changes are over after two ticks.
            bench.ticks(3)
            #expect(bench.mixer.count == members.count && Set(seats.values).count == members.count)
            for (number, member) in members {
                guard let seat = seats[number] else {
                    Issue.record("\(number) has no seat")
                    continue
                }
                let expected: Int = member.volumeDb < 0 ? 0 : naive(number, members, amplitudes)
                #expect(bench.level(seat) == expected, "\(number)")
                #expect(bench.hears(seat).allSatisfy { Int($0) == expected })
                if bench.mixer.sharesForGood(seat) { #expect(bench.mixer.group(seat) == 0) }
            }
        }
    }

    private func naive(_ hearer: Int, _ members: [Int: RoomMember], _ amplitudes: [Int: Int]) -> Int {
        var sum = 0
        for (number, member) in members where number != hearer && !member.isMuted {
            switch member.role {
            case .talker: sum += amplitudes[number] ?? 0
            case .listener: break
            case .whisper(let target):
                if target == RoomBench.endpoint(hearer) { sum += amplitudes[number] ?? 0 }
            }
        }
        return sum
    }
}
