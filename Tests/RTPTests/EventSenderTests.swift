import RTP
import Testing

/// What a sender gives, tick by tick, in short: `time:timestamp/duration` with M for the marker and E for the end.
func run(
    _ sender: inout EventSender, from start: UInt32 = 1000, ticks: Int, packetMs: UInt32 = 20,
    at: [Int: (inout EventSender) -> Void] = [:]
) -> [String] {
    var lines: [String] = []
    for tick in 0..<ticks {
        at[tick]?(&sender)
        let now: UInt32 = start &+ UInt32(tick) &* packetMs &* (sender.clockRate / 1000)
        sender.tick(timestamp: now)
        while let packet = sender.nextPacket() {
            lines.append(
                "\(tick): \(packet.event.event) \(packet.timestamp)/\(packet.event.duration)"
                    + (packet.marker ? " M" : "") + (packet.event.isEnd ? " E" : ""))
        }
    }
    return lines
}

@Suite("sending keys as events (RFC 4733 §2.5.1)")
struct EventSenderTests {
    @Test("a key is told every 20 ms with one timestamp and growing duration, its end three times")
    func oneKey() {
        var sender = EventSender(clockRate: 8000)
        sender.press(5, durationMs: 70)
        let lines: [String] = run(&sender, ticks: 8)
        #expect(
            lines == [
                "0: 5 1000/160 M", "1: 5 1000/320", "2: 5 1000/480", "3: 5 1000/560 E", "4: 5 1000/560 E",
                "5: 5 1000/560 E",
            ])
        #expect(sender.isIdle)
    }

    @Test(
        "durations are of the clock",
        arguments: [(UInt32(16_000), UInt16(320), UInt16(1600)), (48_000, 960, 4800)])
    func clocks(clock: UInt32, first: UInt16, last: UInt16) {
        var sender = EventSender(clockRate: clock)
        sender.press(0, durationMs: 100)
        let lines: [String] = run(&sender, ticks: 12)
        #expect(lines.first == "0: 0 1000/\(first) M")
        #expect(
            lines.suffix(3).map { String($0.split(separator: " ", maxSplits: 2)[2]) }
                == Array(repeating: "1000/\(last) E", count: 3))
    }

    @Test("the next key waits for the end of the one before and for a pause")
    func pause() {
        var sender = EventSender(clockRate: 8000, gapMs: 60)
        sender.press(1, durationMs: 60)
        sender.press(1, durationMs: 60)
        let lines: [String] = run(&sender, ticks: 20)
        #expect(
            lines == [
                "0: 1 1000/160 M", "1: 1 1000/320", "2: 1 1000/480 E", "3: 1 1000/480 E", "4: 1 1000/480 E",
                "6: 1 1960/160 M", "7: 1 1960/320", "8: 1 1960/480 E", "9: 1 1960/480 E", "10: 1 1960/480 E",
            ])
    }

    @Test("the events stand in place of audio while the key sounds, and audio goes on when it is over")
    func replacesAudio() {
        var sender = EventSender(clockRate: 8000)
        sender.press(1, durationMs: 60)
        var sounding: [Bool] = []
        for tick: UInt32 in 0..<6 {
            sender.tick(timestamp: tick * 160)
            sounding.append(sender.isSounding)
            while sender.nextPacket() != nil {}
        }
        #expect(sounding == [true, true, true, false, false, false])
    }

    @Test("a key longer than a report can say is split; the segments have no marker and follow each other (§2.5.1.3)")
    func segments() {
        var sender = EventSender(clockRate: 48_000)
        sender.press(9, durationMs: 2000)
        let lines: [String] = run(&sender, from: 0, ticks: 110)
        #expect(lines.prefix(2) == ["0: 9 0/960 M", "1: 9 0/1920"])
        // 65 535 lies in the 69th packet time; the full segment is repeated beside the next one.
        #expect(
            lines.filter { $0.hasPrefix("68:") || $0.hasPrefix("69:") || $0.hasPrefix("70:") || $0.hasPrefix("71:") }
                == [
                    "68: 9 0/65535", "68: 9 65535/705", "69: 9 0/65535", "69: 9 65535/1665", "70: 9 0/65535",
                    "70: 9 65535/2625", "71: 9 65535/3585",
                ])
        #expect(lines.suffix(3) == ["99: 9 65535/30465 E", "100: 9 65535/30465 E", "101: 9 65535/30465 E"])
        #expect(lines.filter { $0.contains("M") }.count == 1)
    }

    @Test("a key that is held ends when it is released, and is never shorter than what receivers take")
    func held() {
        var sender = EventSender(clockRate: 8000)
        sender.hold(3)
        let lines: [String] = run(&sender, ticks: 10, at: [5: { $0.release(durationMs: nil) }]).suffix(4)
        #expect(
            lines == [
                "4: 3 1000/800", "5: 3 1000/800 E", "6: 3 1000/800 E", "7: 3 1000/800 E",
            ])
        sender.hold(4)
        sender.release(durationMs: 1)
        let last: String? = run(&sender, from: 9000, ticks: 6).last
        #expect(last == "4: 4 9000/400 E")
    }

    @Test("a key that was shorter than what was told already does not shrink")
    func neverShrinks() {
        var sender = EventSender(clockRate: 8000)
        sender.hold(3)
        let lines: [String] = run(&sender, ticks: 8, at: [5: { $0.release(durationMs: 60) }])
        #expect(lines.suffix(4) == ["4: 3 1000/800", "5: 3 1000/800 E", "6: 3 1000/800 E", "7: 3 1000/800 E"])
    }

    @Test("a key that is held while others wait keeps its turn and its length")
    func heldInQueue() {
        var sender = EventSender(clockRate: 8000)
        sender.press(1, durationMs: 60)
        sender.hold(2)
        sender.release(durationMs: 80)
        let lines: [String] = run(&sender, ticks: 20)
        #expect(lines.contains("6: 2 1960/160 M"))
        #expect(lines.last == "11: 2 1960/640 E")
    }

    @Test("timestamps run over 2³² without a break")
    func wrap() {
        var sender = EventSender(clockRate: 8000)
        sender.press(7, durationMs: 100)
        let lines: [String] = run(&sender, from: .max - 200, ticks: 8)
        #expect(lines.last == "6: 7 \(UInt32.max - 200)/800 E")
    }

    @Test("no more keys wait than there is room for; stopping tells the end of what sounds and forgets the rest")
    func limits() {
        var sender = EventSender(clockRate: 8000)
        for _ in 0..<EventSender.queueLimit { sender.press(1, durationMs: 100) }
        let more: Bool = sender.press(1, durationMs: 100)
        #expect(!more)
        let lines: [String] = run(&sender, ticks: 12, at: [3: { $0.stop() }])
        #expect(lines.suffix(3) == ["3: 1 1000/480 E", "4: 1 1000/480 E", "5: 1 1000/480 E"])
        #expect(sender.isIdle)
    }

    @Test("a jump of the timestamps ends the key where it was")
    func jump() {
        var sender = EventSender(clockRate: 8000)
        sender.hold(1)
        _ = run(&sender, from: 1000, ticks: 3)
        let lines: [String] = run(&sender, from: 3_000_000_000, ticks: 4)
        #expect(
            lines == [
                "0: 1 1000/480 E", "1: 1 1000/480 E", "2: 1 1000/480 E",
            ])
    }
}
