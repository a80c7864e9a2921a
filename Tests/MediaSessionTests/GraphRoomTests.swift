import Basics
import Codecs
import MediaSession
import RTP
import Testing

@Suite("Rooms")
struct GraphRoomTests {
    static let id = MediaRoomID(call: CallID(epoch: 1, shard: ShardID(0), number: 1), number: 1)

    /// A room of 8 kHz with `count` telephones of A-law in it.
    static func room(_ count: Int, _ change: (inout RoomPlan) -> Void = { _ in }) -> Studio {
        var studio = Studio()
        var plan = RoomPlan(id: id, announces: false, sampleRate: 8000)
        change(&plan)
        studio.graph.perform(.openRoom(plan), now: .zero)
        for _ in 0..<count {
            let line: Int = studio.open { ($0.incoming, $0.outgoing) = ([pcmaFormat], [pcmaFormat]) }
            studio.graph.perform(.enter(id, RoomMember(endpoint: Studio.id(line))), now: .zero)
        }
        return studio
    }

    /// A-law of a square wave of 500 Hz, `level` high.
    static func tone(_ level: Int16, _ number: UInt16) -> [UInt8] {
        let samples: [Int16] = (0..<160).map { ($0 / 8) % 2 == 0 ? level : -level }
        var payload = [UInt8](repeating: 0, count: 160)
        samples.withUnsafeBufferPointer { from in
            payload.withUnsafeMutableBytes { to in _ = G711.encode(from, law: .a, into: to) }
        }
        return Array(rtp(number, timestamp: UInt32(number) * 160).prefix(12)) + payload
    }

    /// The mean level each line heard in the last `ticks` packets, by line, while `talkers` say tones for `ms`.
    static func talk(_ studio: inout Studio, _ talkers: [Int: Int16], ms: Int64, from start: Int64 = 0) -> [Int: Int] {
        var heard: [Int: [Int]] = [:]
        var next: Int64 = start
        while next < start + ms {
            for (line, level) in talkers {
                heardBy(studio.send(tone(level, UInt16(next / 20)), from: line, at: next), &heard)
            }
            while let due = studio.graph.nextTick, due <= at(next + 19) {
                studio.graph.tick(now: due)
                heardBy(studio.take(), &heard)
            }
            next += 20
        }
        return heard.mapValues { levels in levels.suffix(10).reduce(0, +) / max(1, levels.suffix(10).count) }
    }

    private static func heardBy(_ sent: [Sent], _ heard: inout [Int: [Int]]) {
        for one in sent where !one.isRTCP {
            var samples = [Int16](repeating: 0, count: 160)
            one.payload.withUnsafeBytes { from in
                samples.withUnsafeMutableBufferPointer { to in _ = G711.decode(from, law: .a, into: to) }
            }
            let level: Int = samples.reduce(0) { $0 + abs(Int($1)) } / 160
            heard[one.line, default: []].append(level)
        }
    }

    @Test("each party hears all but itself")
    func mixMinus() {
        var studio = Self.room(3)
        let heard: [Int: Int] = Self.talk(&studio, [0: 1000, 1: 3000], ms: 1000)
        #expect((2800...3200).contains(heard[0] ?? 0), "\(heard)")
        #expect((900...1100).contains(heard[1] ?? 0), "\(heard)")
        #expect((3800...4200).contains(heard[2] ?? 0), "\(heard)")
    }

    @Test("a muted member is not heard, a listener neither, and a whisper by one alone")
    func roles() {
        var studio = Self.room(4)
        var muted = RoomMember(endpoint: Studio.id(0))
        muted.isMuted = true
        studio.graph.perform(.enter(Self.id, muted), now: .zero)
        studio.graph.perform(
            .enter(Self.id, RoomMember(endpoint: Studio.id(3), role: .whisper(to: Studio.id(1)))), now: .zero)
        let heard: [Int: Int] = Self.talk(&studio, [0: 8000, 3: 2000], ms: 1000)
        #expect((1800...2200).contains(heard[1] ?? 0), "\(heard)")
        #expect((heard[0] ?? 99) < 20 && (heard[2] ?? 99) < 20 && (heard[3] ?? 99) < 20, "\(heard)")
    }

    @Test("listeners get the same bytes, encoded once, and each its own stream; talkers are told of")
    func listeners() {
        var studio = Self.room(5)
        for line in 1..<5 {
            studio.graph.perform(
                .enter(Self.id, RoomMember(endpoint: Studio.id(line), role: .listener)), now: .zero)
        }
        _ = Self.talk(&studio, [0: 5000], ms: 500)
        _ = studio.send(Self.tone(5000, 25), from: 0, at: 500)
        var sent: [Sent] = []
        while let due = studio.graph.nextTick, due <= at(519) {
            studio.graph.tick(now: due)
            sent += studio.take().filter { !$0.isRTCP && $0.line > 0 }
        }
        #expect(sent.count == 4 && Set(sent.map(\.payload)).count == 1 && Set(sent.map(\.header.ssrc)).count == 4)
        #expect(studio.graph.facts.contains(.talking(Self.id, Studio.id(0), true)))
    }

    @Test("legs of different codings meet in one room")
    func codings() {
        var studio = Self.room(1) { $0.sampleRate = 16_000 }
        let g722 = MediaFormat(payloadType: 9, .audio(.g722))
        let wide: Int = studio.open { ($0.incoming, $0.outgoing) = ([g722], [g722]) }
        studio.graph.perform(.enter(Self.id, RoomMember(endpoint: Studio.id(wide))), now: .zero)
        _ = Self.talk(&studio, [0: 4000], ms: 600)
        _ = studio.send(Self.tone(4000, 30), from: 0, at: 600)
        var sent: [Sent] = []
        while let due = studio.graph.nextTick, due <= at(619) {
            studio.graph.tick(now: due)
            sent += studio.take().filter { !$0.isRTCP && $0.line == wide }
        }
        #expect(sent.count == 1 && sent[0].header.payloadType == 9 && sent[0].payload.count == 160)
        #expect(Set(sent[0].payload).count > 20, "it is no silence")
    }

    @Test("the pauses of a member that describes their noise (RFC 3389) sound like it, until the member is gone")
    func comfortNoise() {
        var studio = Self.room(0)
        for incoming in [[pcmaFormat, noiseFormat], [pcmaFormat]] {
            let line: Int = studio.open { ($0.incoming, $0.outgoing) = (incoming, [pcmaFormat]) }
            studio.graph.perform(.enter(Self.id, RoomMember(endpoint: Studio.id(line))), now: .zero)
        }
        _ = Self.talk(&studio, [0: 1000], ms: 500)
        // -40 dBov: a hundredth of full scale.
        _ = studio.send(words([0x800D_0019, 25 * 160, 7]) + [40], from: 0, at: 500)
        let pause: [Int: Int] = Self.talk(&studio, [:], ms: 8000, from: 500)
        #expect((200...400).contains(pause[1] ?? 0), "\(pause)")
        #expect((pause[0] ?? 99) < 20, "\(pause)")
        // Nothing was made up in place of lost packets.
        let concealed: [UInt32] = studio.graph.facts.compactMap { fact in
            if case .quality(Studio.id(0), let quality) = fact { quality.concealedMs } else { nil }
        }
        #expect(concealed == [0], "\(concealed)")
        let after: [Int: Int] = Self.talk(&studio, [:], ms: 3000, from: 8500)
        #expect((after[1] ?? 99) < 20, "\(after)")
    }

    @Test("the pauses of a member of G.729 with Annex B are the noise its descriptions make")
    func pauses() throws {
        var studio = Self.room(1)
        let line: Int = studio.open { ($0.incoming, $0.outgoing) = ([g729Format], [g729Format]) }
        studio.graph.perform(.enter(Self.id, RoomMember(endpoint: Studio.id(line))), now: .zero)
        var encoder = try AudioEncoder(.g729(annexB: true), settings: AudioEncoderSettings(dtx: true))
        var seed: UInt32 = 1
        var levels: [Int] = []
        var number: UInt16 = 0
        for slot in 0..<250 {
            let samples: [Int16] = voice(20, rate: 8000, isTalk: slot < 50, seed: &seed)
            var payload = [UInt8](repeating: 0, count: 100)
            let count: Int = samples.withUnsafeBufferPointer { samples in
                payload.withUnsafeMutableBytes { encoder.encode(samples, into: $0) ?? -1 }
            }
            if count > 0 {
                let stamp = UInt32(slot) * 160 + UInt32(encoder.skippedSamples)
                let header: [UInt8] = words([0x8012_0000 | UInt32(number), stamp, 7])
                _ = studio.send(header + payload.prefix(count), from: line, at: Int64(slot) * 20)
                number += 1
            }
            while let due = studio.graph.nextTick, due <= at(Int64(slot) * 20 + 19) {
                studio.graph.tick(now: due)
                for sent in studio.take() where !sent.isRTCP && sent.line == 0 {
                    var heard = [Int16](repeating: 0, count: 160)
                    sent.payload.withUnsafeBytes { from in
                        heard.withUnsafeMutableBufferPointer { to in _ = G711.decode(from, law: .a, into: to) }
                    }
                    levels.append(heard.reduce(0) { $0 + abs(Int($1)) } / 160)
                }
            }
        }
        #expect(number < 120)
        // Of 80 at most, by chance: silence of A-law is 8.
        let noise: ArraySlice<Int> = levels.suffix(125)
        #expect(noise.allSatisfy { $0 > 12 && $0 < 400 }, "\(noise)")
    }

    @Test("one who waits alone hears music until another comes; coming and going are told by a tone")
    func waiting() {
        var studio = Self.room(1) {
            $0.music = PromptName("music")
            $0.announces = true
        }
        studio.graph.tick(now: studio.graph.nextTick!)
        #expect(studio.graph.requests.map(\.name.name) == ["music"])
        let clip = AudioClip(sampleRate: 8000, samples: (0..<8000).map { ($0 / 8) % 2 == 0 ? 2000 : -2000 })
        for request in studio.graph.requests { studio.graph.supply(request, .success(clip)) }
        #expect((1200...2200).contains(Self.talk(&studio, [:], ms: 1000)[0] ?? 0))
        let second: Int = studio.open { ($0.incoming, $0.outgoing) = ([pcmaFormat], [pcmaFormat]) }
        studio.graph.perform(.enter(Self.id, RoomMember(endpoint: Studio.id(second))), now: at(1000))
        let tone: [Int: Int] = Self.talk(&studio, [:], ms: 100, from: 1000)
        #expect((tone[0] ?? 0) > 100 && (tone[second] ?? 0) > 100, "\(tone)")
        let after: [Int: Int] = Self.talk(&studio, [:], ms: 3000, from: 1100)
        #expect((after[0] ?? 99) < 20 && (after[second] ?? 99) < 20, "\(after)")
    }

    @Test("a full room and one that is not there say so, and one who leaves hears nothing")
    func refusals() {
        var studio = Self.room(2) { $0.memberLimit = 2 }
        let third: Int = studio.open()
        studio.graph.perform(.enter(Self.id, RoomMember(endpoint: Studio.id(third))), now: .zero)
        let other = MediaRoomID(call: Self.id.call, number: 9)
        studio.graph.perform(.enter(other, RoomMember(endpoint: Studio.id(third))), now: .zero)
        #expect(
            studio.graph.facts == [
                .failed(Studio.id(third), "the conference is full: 2 are in it"),
                .failed(Studio.id(third), "the conference is not open"),
            ])
        studio.graph.perform(.leave(Self.id, Studio.id(1)), now: .zero)
        let heard: [Int: Int] = Self.talk(&studio, [0: 4000, 1: 4000], ms: 400)
        #expect(heard[1] == nil && (heard[0] ?? 99) < 20)
        studio.graph.perform(.closeRoom(Self.id), now: at(400))
        #expect(Self.talk(&studio, [0: 4000], ms: 200, from: 400).isEmpty)
    }
}
