import Basics
import Codecs
import MediaSession
import RTP
import Testing

let pcmaFormat = MediaFormat(payloadType: 8, .audio(.pcma))
let pcmuFormat = MediaFormat(payloadType: 0, .audio(.pcmu))

/// A graph with a telephone of A-law and one of µ-law.
func lawsStudio() -> Studio {
    var studio = Studio()
    _ = studio.open { ($0.incoming, $0.outgoing) = ([pcmaFormat], [pcmaFormat]) }
    _ = studio.open { ($0.incoming, $0.outgoing) = ([pcmuFormat], [pcmuFormat]) }
    studio.graph.join(studio.nodes[0], studio.nodes[1])
    return studio
}

@Suite("Transcoding at arrival")
struct GraphAudioTests {
    /// Packets of 20 ms with these sequence numbers, one each 20 ms.
    func send(_ numbers: [UInt16], through studio: inout Studio, stamps: ((UInt16) -> UInt32)? = nil) -> [Sent] {
        numbers.enumerated().flatMap { index, number in
            studio.send(
                rtp(number, timestamp: stamps?(number) ?? UInt32(number) * 160), from: 0, at: Int64(index) * 20)
        }
    }

    @Test("each packet is a packet of the other coding, with unbroken sequence and timestamps")
    func steady() {
        var studio = lawsStudio()
        let sent: [Sent] = send(Array(100..<150), through: &studio)
        #expect(sent.count == 50 && sent.allSatisfy { $0.line == 1 && $0.header.payloadType == 0 })
        #expect(sent.allSatisfy { $0.payload.count == 160 && $0.payload.allSatisfy { $0 == sent[0].payload[0] } })
        for (one, next) in zip(sent, sent.dropFirst()) {
            #expect(next.header.sequenceNumber == one.header.sequenceNumber &+ 1)
            #expect(next.header.timestamp == one.header.timestamp &+ 160)
        }
        #expect(sent.map(\.header.marker) == [true] + Array(repeating: false, count: 49))
    }

    @Test("a short loss is filled, a late packet is dropped, a long loss and a pause are gaps in the timestamps")
    func gaps() {
        var studio = lawsStudio()
        let short: [Sent] = send([100, 101, 103, 102, 104], through: &studio)
        #expect(short.map { $0.header.sequenceNumber &- short[0].header.sequenceNumber } == [0, 1, 2, 3, 4])
        #expect(short.map { $0.header.timestamp &- short[0].header.timestamp } == [0, 160, 320, 480, 640])
        let long: [Sent] = send([105, 120], through: &studio)
        #expect(long.map { $0.header.timestamp &- short[0].header.timestamp } == [800, 20 * 160])
        #expect(long.map { $0.header.sequenceNumber &- short[0].header.sequenceNumber } == [5, 6])
        #expect(long.map(\.header.marker) == [false, true])
        let pause: [Sent] = send([121, 122], through: &studio) { 121 * 160 + ($0 == 122 ? 8160 : 0) }
        #expect(pause[1].header.timestamp &- pause[0].header.timestamp == 8160)
        #expect(pause[1].header.marker)
    }

    @Test(
        "pauses of any length leave what follows at its time, in packets of any length",
        arguments: [20, 30, 60] as [UInt8])
    func oddPauses(packetTimeMs: UInt8) {
        var studio = Studio()
        _ = studio.open { $0.incoming = [pcmaFormat] }
        _ = studio.open { ($0.outgoing, $0.packetTimeMs) = ([pcmuFormat], packetTimeMs) }
        studio.graph.join(studio.nodes[0], studio.nodes[1])
        // Each spurt is 20 ms of sound and 40 of silence; after it come pauses of 0, 1, 2, ... ms.
        var stamp: UInt32 = 0
        var begun: [UInt32] = []
        var heard: [UInt32] = []
        var base: UInt32?
        var quiet = 1000
        for spurt in 0..<100 {
            begun.append(stamp)
            for packet in 0..<3 {
                var bytes: [UInt8] = rtp(UInt16(spurt * 3 + packet), timestamp: stamp)
                for index in 12..<bytes.count { bytes[index] = packet == 0 ? 0xA5 : 0xD5 }
                for sent in studio.send(bytes, from: 0, at: Int64(stamp / 8)) {
                    base = base ?? sent.header.timestamp
                    for (index, code) in sent.payload.enumerated() {
                        // Small values of the µ-law have high codes.
                        let isLoud: Bool = code & 0x7F < 0x40
                        if isLoud, quiet > 200 { heard.append(sent.header.timestamp &+ UInt32(index) &- (base ?? 0)) }
                        quiet = isLoud ? 0 : quiet + 1
                    }
                }
                stamp += 160
            }
            stamp += UInt32(spurt * 8)
        }
        #expect(heard.count >= 99 && heard == Array(begun.prefix(heard.count)))
    }

    @Test("loss that the listener tells makes Opus bring each packet twice, until nothing is lost for a while")
    func protection() throws {
        let codec = AudioCodec.opus(OpusParameters(maxPlaybackRate: 16_000, maxAverageBitrate: 32_000, inBandFEC: true))
        var studio = Studio()
        _ = studio.open { $0.incoming = [pcmaFormat] }
        _ = studio.open { $0.outgoing = [MediaFormat(payloadType: 111, .audio(codec))] }
        studio.graph.join(studio.nodes[0], studio.nodes[1])
        var decoder = try AudioDecoder(codec)
        var samples = [Int16](repeating: 0, count: AudioDecoder.mostSamples)
        var number: UInt16 = 0
        /// How many of 50 packets bring the one before them.
        func protected(afterLossOf fraction: UInt8?) -> Int {
            var count = 0
            for step in 0..<50 {
                number += 1
                var bytes: [UInt8] = rtp(number, timestamp: UInt32(number) * 160)
                // Something like a voice: a square wave of changing length.
                let width: Int = 20 + Int(number) % 23
                for index in 12..<bytes.count { bytes[index] = (index / width) % 2 == 0 ? 0xB5 : 0x35 }
                for sent in studio.send(bytes, from: 0, at: Int64(number) * 20) {
                    if step == 0, let fraction {
                        let block: [UInt32] = [0x81C9_0007, 77, sent.header.ssrc, UInt32(fraction) << 24, 0, 0, 0, 0]
                        _ = studio.send(words(block), from: 1, at: Int64(number) * 20 + 1, isRTCP: true)
                    }
                    sent.payload.withUnsafeBytes { payload in
                        samples.withUnsafeMutableBufferPointer { room in
                            if decoder.recover(samples: 320, from: payload, into: room) != nil { count += 1 }
                            _ = decoder.decode(payload, into: room)
                        }
                    }
                }
            }
            return count
        }
        #expect(protected(afterLossOf: nil) == 0)
        #expect(protected(afterLossOf: 25) > 5, "10 %")
        #expect(protected(afterLossOf: nil) > 5)
        #expect(protected(afterLossOf: 0) > 5, "not at once")
        for _ in 0..<8 { _ = protected(afterLossOf: 0) }
        #expect(protected(afterLossOf: nil) == 0)
    }

    @Test("another packet time is cut from what comes")
    func packetTime() {
        var studio = Studio()
        _ = studio.open { $0.incoming = [pcmaFormat] }
        _ = studio.open { ($0.outgoing, $0.packetTimeMs) = ([pcmuFormat], 30) }
        studio.graph.join(studio.nodes[0], studio.nodes[1])
        let sent: [Sent] = send(Array(1...9), through: &studio)
        #expect(sent.map(\.payload.count) == Array(repeating: 240, count: 6))
        #expect(sent.map { $0.header.timestamp &- sent[0].header.timestamp } == (0..<6).map { $0 * 240 })
    }

    @Test("from made audio to relayed packets and back the stream goes on")
    func modes() {
        var studio = Studio()
        _ = studio.open { $0.incoming = [pcmaFormat, pcmuFormat] }
        _ = studio.open { $0.outgoing = [pcmuFormat] }
        studio.graph.join(studio.nodes[0], studio.nodes[1])
        let types: [UInt8] = [8, 8, 0, 0, 8, 8]
        let sent: [Sent] = types.enumerated().flatMap { index, type in
            studio.send(
                rtp(UInt16(index), timestamp: UInt32(index) * 160, type: type), from: 0, at: Int64(index) * 20)
        }
        #expect(sent.map { $0.header.sequenceNumber &- sent[0].header.sequenceNumber } == [0, 1, 2, 3, 4, 5])
        #expect(sent.map { $0.header.timestamp &- sent[0].header.timestamp } == (0..<6).map { $0 * 160 })
        #expect(Set(sent.map(\.header.ssrc)).count == 1)
    }
}

@Suite("Players")
struct GraphPlayingTests {
    static let call = CallID(epoch: 1, shard: ShardID(0), number: 1)
    static let id = MediaPlayerID(call: call, number: 1)

    /// A clip of `ms` whose samples count up in steps of 8, so that they survive no coding but show their order.
    static func clip(ms: Int, value: Int16) -> AudioClip {
        AudioClip(sampleRate: 8000, samples: [Int16](repeating: value, count: ms * 8))
    }

    /// Ticks until `milliseconds`, by the graph's own deadlines.
    static func run(_ studio: inout Studio, until milliseconds: Int64) -> [(Int64, Sent)] {
        var sent: [(Int64, Sent)] = []
        while let due = studio.graph.nextTick, due <= at(milliseconds) {
            studio.graph.tick(now: due)
            sent += studio.take().filter { !$0.isRTCP }.map { (due.nanoseconds / 1_000_000, $0) }
        }
        return sent
    }

    static func start(
        _ studio: inout Studio, _ items: [PlaybackItem], _ change: (inout PlaybackPlan) -> Void = { _ in }
    ) {
        var plan = PlaybackPlan(id: id, items: items)
        change(&plan)
        studio.graph.perform(.play(plan), now: .zero)
    }

    static func supply(_ studio: inout Studio, _ clips: [String: AudioClip]) {
        for request in studio.graph.requests {
            let clip: Result<AudioClip, PromptError> =
                clips[request.name.name].map { .success($0) } ?? .failure(PromptError(request.name, .notFound))
            studio.graph.supply(request, clip)
        }
        studio.graph.requests = []
    }

    @Test("clips are joined without a gap, 20 ms each 20 ms, and the end is told")
    func joins() {
        var studio = lawsStudio()
        Self.start(&studio, [.prompt(PromptName("one")), .silence(.milliseconds(25)), .prompt(PromptName("two"))])
        studio.graph.perform(.hear(Studio.id(1), .player(Self.id)), now: .zero)
        Self.supply(&studio, ["one": Self.clip(ms: 50, value: 8000), "two": Self.clip(ms: 30, value: -8000)])
        let sent = Self.run(&studio, until: 1000)
        #expect(sent.map(\.0) == [0, 20, 40, 60, 80, 100])
        #expect(sent.map { $0.1.header.timestamp &- sent[0].1.header.timestamp } == (0..<6).map { $0 * 160 })
        let audio: [UInt8] = sent.flatMap { $0.1.payload }
        #expect(audio[0..<400].allSatisfy { $0 == audio[0] })
        #expect(audio[400..<600].allSatisfy { $0 == 0xFF })
        #expect(audio[600..<840].allSatisfy { $0 == audio[0] ^ 0x80 })
        #expect(audio[840...].allSatisfy { $0 == 0xFF })
        #expect(studio.graph.facts == [.played(Self.id, .finished)])
        #expect(studio.graph.nextTick != nil, "silence is still looked at")
    }

    @Test("a prompt that is not there is left out, the rest is played, and the end says so")
    func missing() {
        var studio = lawsStudio()
        Self.start(&studio, [.prompt(PromptName("none")), .prompt(PromptName("two"))])
        studio.graph.perform(.hear(Studio.id(1), .player(Self.id)), now: .zero)
        Self.supply(&studio, ["two": Self.clip(ms: 40, value: 100)])
        #expect(Self.run(&studio, until: 500).count == 2)
        #expect(studio.graph.facts == [.played(Self.id, .failed("there is no prompt none"))])
    }

    @Test("a list of nothing that can be played ends, even when it is to be played for ever")
    func nothing() {
        var studio = lawsStudio()
        Self.start(&studio, [.prompt(PromptName("none"))]) { $0.repeats = nil }
        studio.graph.perform(.hear(Studio.id(1), .player(Self.id)), now: .zero)
        Self.supply(&studio, [:])
        #expect(Self.run(&studio, until: 500).isEmpty)
        #expect(studio.graph.facts.count == 1)
    }

    @Test("it begins where asked, repeats, and stops when told")
    func loops() {
        var studio = lawsStudio()
        Self.start(&studio, [.prompt(PromptName("one"))]) {
            $0.startAt = .milliseconds(30)
            $0.repeats = nil
        }
        studio.graph.perform(.hear(Studio.id(1), .player(Self.id)), now: .zero)
        let up = AudioClip(sampleRate: 8000, samples: (0..<400).map { $0 < 240 ? 1000 : 20_000 })
        Self.supply(&studio, ["one": up])
        let audio: [UInt8] = Self.run(&studio, until: 69).flatMap { $0.1.payload }
        #expect(audio.count == 640)
        #expect(audio[0] == audio[159] && audio[160] != audio[159] && audio[160] == audio[399])
        #expect(audio[400] == audio[0])
        studio.graph.perform(.stopPlaying(Self.id), now: at(70))
        #expect(studio.graph.facts == [.played(Self.id, .stopped)])
        #expect(Self.run(&studio, until: 200).isEmpty)
    }

    @Test("listeners of shared music hear the same bytes at the same place, each in its own stream")
    func shared() {
        var studio = lawsStudio()
        _ = studio.open { $0.outgoing = [pcmuFormat] }
        let other = MediaPlayerID(call: CallID(epoch: 1, shard: ShardID(0), number: 2), number: 1)
        for id in [Self.id, other] {
            var plan = PlaybackPlan(id: id, items: [.prompt(PromptName("music"))], repeats: nil, isShared: true)
            plan.gainDb = -6
            studio.graph.perform(.play(plan), now: .zero)
        }
        studio.graph.perform(.hear(Studio.id(1), .player(Self.id)), now: .zero)
        #expect(studio.graph.requests.count == 1)
        Self.supply(&studio, ["music": AudioClip(sampleRate: 8000, samples: (0..<8000).map { Int16($0 * 3) })])
        _ = Self.run(&studio, until: 99)
        studio.graph.perform(.hear(Studio.id(2), .player(other)), now: at(99))
        let sent: [Sent] = Self.run(&studio, until: 139).map(\.1)
        #expect(sent.count == 4)
        for pair in [(0, 1), (2, 3)] {
            #expect(
                sent[pair.0].payload == sent[pair.1].payload && sent[pair.0].header.ssrc != sent[pair.1].header.ssrc)
        }
        studio.graph.perform(.stopPlaying(Self.id), now: at(140))
        #expect(Self.run(&studio, until: 179).map(\.1.line) == [2, 2], "the other's goes on")
    }

    @Test("in an hour the ticks do not drift from the clock, and the stream has neither gap nor step")
    func hour() {
        var studio = lawsStudio()
        Self.start(&studio, [.prompt(PromptName("one"))]) { $0.repeats = nil }
        studio.graph.perform(.hear(Studio.id(1), .player(Self.id)), now: .zero)
        Self.supply(&studio, ["one": Self.clip(ms: 333, value: 500)])
        var count: Int64 = 0
        var last: RTPHeader?
        // The thread comes up to 7 ms late now and then.
        var random = SeededRandom(seed: 3)
        while let due = studio.graph.nextTick, due <= at(3_600_000) {
            let late = Int64(random.next() % 50 == 0 ? random.next() % 7_000_000 : 0)
            studio.graph.tick(now: Moment(nanoseconds: due.nanoseconds + late))
            for sent in studio.take() where !sent.isRTCP {
                let header: RTPHeader = sent.header
                if let last {
                    #expect(header.sequenceNumber == last.sequenceNumber &+ 1)
                    #expect(header.timestamp == last.timestamp &+ 160)
                }
                last = header
                count += 1
            }
        }
        #expect(count == 180_001)
    }

    @Test("a thread that was kept away for long goes on by the clock, with the marker bit")
    func stall() {
        var studio = lawsStudio()
        Self.start(&studio, [.prompt(PromptName("one"))]) { $0.repeats = nil }
        studio.graph.perform(.hear(Studio.id(1), .player(Self.id)), now: .zero)
        Self.supply(&studio, ["one": Self.clip(ms: 333, value: 500)])
        let last: RTPHeader = Self.run(&studio, until: 100).last!.1.header
        studio.graph.tick(now: at(1101))
        let sent: [Sent] = studio.take().filter { !$0.isRTCP }
        #expect(sent.count == 1, "what was due meanwhile is left out")
        #expect(sent[0].header.timestamp &- last.timestamp == 1001 * 8 && sent[0].header.marker)
        #expect(sent[0].header.sequenceNumber == last.sequenceNumber &+ 1)
    }
}
