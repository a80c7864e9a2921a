import Basics
import RTP
import Testing

@Suite("RTCP timing")
struct RTCPSchedulerTests {
    /// The times between `count` reports in seconds, the first since the start.
    static func intervals(_ count: Int, seed: UInt64, bytesPerSecond: UInt32 = 0, size: Int = 120) -> [Double] {
        var random = AnyRandom(SeededRandom(seed: seed))
        var now = Moment(nanoseconds: 7_000_000_000)
        var scheduler = RTCPScheduler(bytesPerSecond: bytesPerSecond, now: now, random: &random)
        return (0..<count).map { _ in
            let due: Moment = scheduler.nextDue
            defer {
                now = due
                scheduler.sent(size, at: due, random: &random)
            }
            return due.since(now).inSeconds
        }
    }

    @Test("the first report comes after 1.25 to 3.75 s, later ones every 2.5 to 7.5 s, 5 s in the mean")
    func spread() {
        var all: [Double] = []
        for seed: UInt64 in 0..<200 {
            let intervals = Self.intervals(21, seed: seed)
            #expect((1.25..<3.75).contains(intervals[0]))
            all += intervals.dropFirst()
        }
        #expect(all.allSatisfy { (2.5..<7.5).contains($0) })
        let mean: Double = all.reduce(0, +) / Double(all.count)
        #expect(abs(mean - 5) < 0.1)
        // They use the whole range: a constant would pass the bounds.
        #expect(all.contains { $0 < 2.8 } && all.contains { $0 > 7.2 })
    }

    @Test("where reports would take more than their share, they come later")
    func bandwidth() {
        // 120 bytes of each of two at 20 bytes a second: every 12 s in the mean.
        let intervals = Self.intervals(400, seed: 3, bytesPerSecond: 20).dropFirst(2)
        #expect(intervals.allSatisfy { (6.0..<18.0).contains($0) })
        #expect(Self.intervals(50, seed: 3, bytesPerSecond: 10_000).dropFirst().allSatisfy { $0 < 7.5 })
    }

    @Test("a report sent late counts from when it was sent")
    func late() {
        var random = AnyRandom(SeededRandom(seed: 1))
        var scheduler = RTCPScheduler(now: .zero, random: &random)
        let now = Moment(nanoseconds: 60_000_000_000)
        scheduler.sent(100, at: now, random: &random)
        #expect(scheduler.nextDue >= now.advanced(by: .milliseconds(2500)))
    }
}
