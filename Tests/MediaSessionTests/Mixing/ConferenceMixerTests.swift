import Basics
import MediaSession
import Testing

@Suite("Conference mixer")
struct ConferenceMixerTests {
    @Test(
        "each talker hears the exact sum of all but itself, listeners the sum of all",
        arguments: [8000, 16_000, 48_000])
    func mixesMinus(rate: UInt32) {
        var bench = RoomBench(rate: rate)
        var random = SeededRandom(seed: 5)
        for number in 0..<12 { bench.join(number, number < 9 ? .talker : .listener) }
        for seat in 0..<9 {
            bench.voices[seat] = (0..<Int(rate / 50)).map { _ in Int16.random(in: -3000...3000, using: &random) }
        }
        bench.ticks(3)
        for seat in 0..<12 {
            let expected: [Int16] = (0..<Int(rate / 50)).map { index in
                (0..<9).filter { $0 != seat }.map { bench.voices[$0]?[index] ?? 0 }.reduce(0, +)
            }
            #expect(bench.hears(seat) == expected, "seat \(seat)")
        }
        #expect((0..<9).allSatisfy { bench.mixer.group($0) == $0 + 1 })
        #expect((9..<12).allSatisfy { bench.mixer.group($0) == 0 })
    }

    @Test("muted, silent and absent talkers are heard by nobody and share what listeners hear")
    func shares() {
        var bench = RoomBench()
        bench.join(0)
        bench.join(1) { $0.isMuted = true }
        bench.join(2)
        bench.join(3, .listener)
        bench.join(4)
        bench.voices = [0: [1000], 1: [2000], 2: [0], 3: [4000]]
        bench.ticks(3)
        #expect((0..<5).map { bench.mixer.group($0) } == [1, 0, 0, 0, 0])
        #expect((0..<5).map { bench.level($0) } == [0, 1000, 1000, 1000, 1000])
        #expect((0..<5).map { bench.mixer.isHeard($0) } == [true, false, true, false, true])
        #expect((0..<5).map { bench.mixer.sharesForGood($0) } == [false, true, false, true, false])
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let members: [RoomMember]
        /// What each hears while member n says 1000 * 2^n.
        let heard: [Int]
    }

    static let matrices: [Row] = [
        Row(testDescription: "two talkers", members: [member(0), member(1)], heard: [2000, 1000]),
        Row(
            testDescription: "one of three is muted", members: [member(0), member(1) { $0.isMuted = true }, member(2)],
            heard: [4000, 5000, 1000]),
        Row(
            testDescription: "a gain of 6.02 dB and of -6.02 dB",
            members: [member(0) { $0.gainDb = 6.0206 }, member(1) { $0.gainDb = -6.0206 }, member(2)],
            heard: [5000, 6000, 3000]),
        Row(
            testDescription: "a volume of -6.02 dB and of none",
            members: [member(0) { $0.volumeDb = -6.0206 }, member(1), member(2) { $0.volumeDb = -60 }],
            heard: [3000, 5000, 0]),
        Row(
            testDescription: "a supervisor listens", members: [member(0), member(1), member(2, .listener)],
            heard: [2000, 1000, 3000]),
        Row(
            testDescription: "a supervisor whispers to the agent: the caller hears the agent alone",
            members: [member(0), member(1), member(2, .whisper(to: RoomBench.endpoint(1)))],
            heard: [2000, 5000, 3000]),
        Row(
            testDescription: "two whisper to one that is muted",
            members: [
                member(0, .whisper(to: RoomBench.endpoint(1))), member(1) { $0.isMuted = true },
                member(2, .whisper(to: RoomBench.endpoint(1))), member(3),
            ],
            heard: [8000, 13_000, 8000, 0]),
        Row(
            testDescription: "a whisper to nobody here",
            members: [member(0), member(1), member(2, .whisper(to: RoomBench.endpoint(9)))],
            heard: [2000, 1000, 3000]),
        Row(
            testDescription: "a muted whisper",
            members: [member(0), member(1, .whisper(to: RoomBench.endpoint(0))) { $0.isMuted = true }],
            heard: [0, 1000]),
    ]

    private static func member(
        _ number: Int, _ role: RoomMember.Role = .talker, _ change: (inout RoomMember) -> Void = { _ in }
    ) -> RoomMember { RoomBench.member(number, role, change) }

    @Test("who hears whom, how loud", arguments: matrices)
    func matrix(row: Row) {
        var bench = RoomBench()
        for (seat, member) in row.members.enumerated() {
            #expect(bench.mixer.set(member) == seat)
            bench.voices[seat] = [Int16(1000 << seat)]
        }
        bench.ticks(3)
        let heard: [Int] = row.members.indices.map { bench.level($0) }
        #expect(zip(heard, row.heard).allSatisfy { abs($0 - $1) <= 2 }, "\(heard)")
    }

    @Test("thirty who shout at once are turned down, not cut off, and the gain comes back without pumping")
    func limits() {
        var bench = RoomBench()
        for number in 0..<31 { bench.join(number, number < 30 ? .talker : .listener) }
        var random = SeededRandom(seed: 3)
        func shout(_ amplitude: Int16) {
            for seat in 0..<30 {
                bench.voices[seat] = (0..<160).map { _ in Int16.random(in: -amplitude...amplitude, using: &random) }
            }
        }
        var peaks: [Int] = []
        for tick in 0..<100 {
            shout(tick < 50 ? 20_000 : 2000)
            bench.tick()
            peaks.append(bench.hears(30).map { abs(Int($0)) }.max() ?? 0)
        }
        #expect(peaks[..<50].allSatisfy { $0 < 32_767 })
        #expect(peaks[5..<50].allSatisfy { $0 > 12_000 })
        // 200 ms after the noise not half of what was lost is back: no breathing.
        let later: Double = Double(peaks[55..<60].reduce(0, +)) / Double(max(peaks[95..<100].reduce(0, +), 1))
        #expect(later < 0.8, "\(later)")
        for seat in 0..<30 { #expect(bench.hears(seat).allSatisfy { abs(Int($0)) <= 32_767 }) }
    }

    @Test("full scale from five hundred overflows nothing")
    func survivesFullScale() {
        var bench = RoomBench(settings: ConferenceSettings(loudest: 500))
        for number in 0..<500 {
            bench.join(number) { $0.gainDb = 20 }
            bench.voices[number] = number % 3 == 0 ? [32_767, -32_768] : [-32_768]
        }
        #expect(bench.mixer.set(RoomBench.member(500)) == nil)
        bench.ticks(5)
        #expect(bench.hears(0).allSatisfy { $0 != 0 })
    }

    @Test("in a big room the loudest are heard; others take their place when they are clearly louder")
    func choosesTheLoudest() {
        var bench = RoomBench(settings: ConferenceSettings(loudest: 3))
        for number in 0..<10 {
            bench.join(number)
            bench.voices[number] = [Int16(1000 + number)]
        }
        bench.join(10, .listener)
        bench.ticks(2)
        // All sound alike: whoever came first stays.
        #expect(bench.level(10) == 1007 + 1008 + 1009)
        bench.voices[0] = [1300]
        bench.ticks(50)
        #expect(bench.level(10) == 1007 + 1008 + 1009)
        bench.voices[0] = [2000]
        bench.ticks(2)
        #expect(bench.level(10) == 2000 + 1008 + 1009)
        #expect(bench.level(0) == 1008 + 1009 && bench.level(7) == 2000 + 1008 + 1009)
        #expect(bench.mixer.group(7) == 0)
        bench.voices[0] = nil
        bench.ticks(2)
        #expect(bench.level(10) == 1007 + 1008 + 1009)
    }

    @Test("one alone hears music until the first other comes, and again when it is alone")
    func waits() {
        var plan = RoomPlan(id: RoomBench.room)
        plan.music = PromptName("music")
        var bench = RoomBench(plan)
        let music = [Int16](repeating: 500, count: 160)
        #expect(bench.wantsMusic() == false)
        bench.join(0)
        bench.join(1, .listener) { $0.isSilent = true }
        #expect(bench.wantsMusic() == true)
        bench.tick(music: music)
        bench.tick(music: music)
        #expect(bench.level(0) == 500 && bench.mixer.group(0) == 0)
        bench.join(2)
        // It fades out.
        #expect(bench.wantsMusic() == true)
        bench.tick(music: music)
        #expect(bench.hears(0)[0] > 400 && bench.level(0) == 0 && !bench.wantsMusic())
        bench.mixer.remove(RoomBench.endpoint(0))
        #expect(bench.wantsMusic() == true)
        #expect(RoomBench().wantsMusic() == false)
    }

    @Test("comings and goings are announced once, those of silent members are not, and all hear the tone")
    func announces() {
        var bench = RoomBench()
        bench.join(0)
        #expect(bench.mixer.takeAnnouncement() == nil)
        bench.join(1, .listener) { $0.isSilent = true }
        #expect(bench.mixer.takeAnnouncement() == nil)
        bench.join(2)
        #expect(bench.mixer.takeAnnouncement() == .joined)
        #expect(bench.mixer.takeAnnouncement() == nil)
        bench.tick(tone: [Int16](repeating: 300, count: 160))
        #expect((0..<3).map { bench.level($0) } == [300, 300, 300])
        bench.mixer.remove(RoomBench.endpoint(2))
        #expect(bench.mixer.takeAnnouncement() == .left)
        bench.mixer.remove(RoomBench.endpoint(1))
        #expect(bench.mixer.takeAnnouncement() == nil)
        var plan = RoomPlan(id: RoomBench.room)
        plan.announces = false
        bench.mixer.update(plan)
        bench.join(3)
        #expect(bench.mixer.takeAnnouncement() == nil)
    }

    @Test("who talks is told at changes only")
    func tellsTalkers() {
        var bench = RoomBench()
        bench.join(0)
        bench.join(1)
        var facts: [String] = []
        func run(_ ticks: Int) {
            for _ in 0..<ticks {
                bench.tick()
                while let change = bench.mixer.nextTalkerChange() {
                    facts.append("\(change.member.leg.call.number) \(change.isTalking)")
                }
            }
        }
        bench.voices = [0: [20, -20], 1: [20, -20]]
        run(100)
        #expect(facts == [] && !bench.mixer.isTalking(0))
        bench.voices[0] = [3000, -3000]
        run(2)
        #expect(facts == [])
        run(10)
        #expect(facts == ["0 true"] && bench.mixer.isTalking(0) && abs(bench.mixer.level(0) + 20.8) < 0.1)
        bench.voices[0] = [20, -20]
        run(20)
        bench.voices[0] = [3000, -3000]
        run(20)
        #expect(facts == ["0 true"])
        bench.voices[0] = [20, -20]
        run(40)
        #expect(facts == ["0 true", "0 false"])
        bench.voices[1] = [3000, -3000]
        run(5)
        _ = bench.mixer.set(RoomBench.member(1) { $0.isMuted = true })
        run(1)
        bench.voices[0] = [3000, -3000]
        run(5)
        bench.mixer.remove(RoomBench.endpoint(0))
        bench.voices[0] = nil
        run(1)
        #expect(facts == ["0 true", "0 false", "1 true", "1 false", "0 true", "0 false"])
    }

    @Test("a noise that stays is no talk after some seconds")
    func noiseIsNoTalk() {
        var detector = TalkerDetector()
        for _ in 0..<100 { _ = detector.hear(power: 900) }
        for _ in 0..<10 { _ = detector.hear(power: 9_000) }
        #expect(!detector.isTalking)
        for _ in 0..<10 { _ = detector.hear(power: 900_000) }
        #expect(detector.isTalking)
        for _ in 0..<1000 { _ = detector.hear(power: 900_000) }
        #expect(!detector.isTalking)
    }
}
