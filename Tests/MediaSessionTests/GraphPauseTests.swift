import Basics
import Codecs
import MediaSession
import RTP
import Testing

let noiseFormat = MediaFormat(payloadType: 13, .comfortNoise(clockRate: 8000))
let g729Format = MediaFormat(payloadType: 18, .audio(.g729(annexB: true)))

/// What a telephone hears, with the time each packet left at, in ms.
struct HeardLine {
    var packets: [(at: Int64, sent: Sent)] = []
    var first: RTPHeader { packets[0].sent.header }
    /// Timestamps from the first packet on.
    var stamps: [UInt32] { packets.map { $0.sent.header.timestamp &- first.timestamp } }

    func audio(_ times: Range<Int64>) -> [Int16] {
        packets.filter { times.contains($0.at) && $0.sent.header.payloadType == 0 }.flatMap { packet in
            [Int16](unsafeUninitializedCapacity: packet.sent.payload.count) { room, count in
                count = packet.sent.payload.withUnsafeBytes { G711.decode($0, law: .mu, into: room) }
            }
        }
    }

    /// dB below an overload of full scale.
    func level(_ times: Range<Int64>) -> Double { levelOf(audio(times)) }
}

func levelOf(_ samples: [Int16]) -> Double {
    let power: Double = samples.reduce(0) { $0 + Double($1) * Double($1) } / Double(max(samples.count, 1))
    var level = 0.0
    var bound: Double = 1_073_741_824
    while bound > power, level < 127 {
        bound *= 0.977_237_2  // a tenth of a dB
        level += 0.1
    }
    return level
}

/// Speech is loud and changes its loudness; silence is noise of another level.
func voice(_ ms: Int, rate: Int, isTalk: Bool, seed: inout UInt32) -> [Int16] {
    (0..<(ms * rate / 1000)).map { index in
        seed = seed &* 1_664_525 &+ 1_013_904_223
        let noise = Int32(bitPattern: seed) >> 16
        guard isTalk else { return Int16(noise / 400) }
        let syllable: Int32 = Int32(index * 1000 / rate / 80 % 3) + 1
        let pitch: Int32 = index * 130 / rate % 2 == 0 ? 1 : -1
        return Int16(clamping: pitch * (2000 * syllable + Int32(index * 131 % 997)) + noise / 16)
    }
}

extension Studio {
    /// Lets time go on; what leaves for telephone 1 meanwhile.
    mutating func wait(until milliseconds: Int64, _ line: inout HeardLine) {
        while let due = graph.nextTick, due <= at(milliseconds) {
            graph.tick(now: due)
            note(due.nanoseconds / 1_000_000, &line)
        }
    }

    mutating func note(_ milliseconds: Int64, _ line: inout HeardLine) {
        line.packets += take().filter { !$0.isRTCP && $0.line == 1 }.map { (milliseconds, $0) }
    }

    mutating func say(_ bytes: [UInt8], at milliseconds: Int64, _ line: inout HeardLine) {
        wait(until: milliseconds, &line)
        line.packets += send(bytes, from: 0, at: milliseconds).filter { !$0.isRTCP && $0.line == 1 }.map {
            (milliseconds, $0)
        }
    }

    /// 20 ms a packet of what an encoder makes of talk and silence; it may leave packets out.
    mutating func speak(
        _ codec: AudioCodec, type: UInt8, _ spurts: [(ms: Int, isTalk: Bool)], _ line: inout HeardLine
    ) throws {
        var encoder = try AudioEncoder(codec, settings: AudioEncoderSettings(dtx: true))
        var seed: UInt32 = 1
        var number: UInt16 = 100
        var slot: Int64 = 0
        for spurt in spurts {
            for _ in 0..<(spurt.ms / 20) {
                let samples: [Int16] = voice(20, rate: encoder.sampleRate, isTalk: spurt.isTalk, seed: &seed)
                var payload = [UInt8](repeating: 0, count: 1500)
                let count: Int = samples.withUnsafeBufferPointer { samples in
                    payload.withUnsafeMutableBytes { encoder.encode(samples, into: $0) ?? -1 }
                }
                let skipped = UInt32(encoder.skippedSamples)
                let stamp = UInt32(slot) * codec.clockRate / 50 + skipped
                if count > 0 {
                    let header: [UInt8] = words([0x8000_0000 | UInt32(type) << 16 | UInt32(number), stamp, 7])
                    say(header + payload.prefix(count), at: slot * 20, &line)
                    number &+= 1
                }
                slot += 1
            }
        }
        wait(until: slot * 20, &line)
    }
}

@Suite("Silence that a sender leaves out")
struct GraphPauseTests {
    /// Telephone 0 speaks one coding, and 1 µ-law.
    func studio(_ format: MediaFormat, _ more: [MediaFormat] = [], takes: [MediaFormat] = [pcmuFormat]) -> Studio {
        var studio = Studio()
        _ = studio.open {
            $0.incoming = [format] + more
            $0.outgoing = $0.incoming
            $0.clockRate = format.codec?.clockRate ?? 8000
        }
        _ = studio.open { ($0.incoming, $0.outgoing) = (takes, takes) }
        studio.graph.join(studio.nodes[0], studio.nodes[1])
        return studio
    }

    @Test(
        "is noise of its level for a listener of another coding, in packets like any others, and talk has its place after it",
        arguments: [
            g729Format,
            MediaFormat(payloadType: 107, .audio(.opus(OpusParameters(maxPlaybackRate: 16_000, dtx: true)))),
        ])
    func noise(format: MediaFormat) throws {
        let codec: AudioCodec = try #require(format.codec)
        var studio = studio(format)
        var line = HeardLine()
        try studio.speak(
            codec, type: format.payloadType,
            [(1000, true), (4000, false), (1000, true), (3000, false), (1000, true)], &line)
        #expect(line.packets.count >= 495 && line.packets.count <= 500)
        #expect(line.stamps == (0..<line.packets.count).map { UInt32($0) * 160 })
        let numbers: [UInt16] = line.packets.map { $0.sent.header.sequenceNumber &- line.first.sequenceNumber }
        #expect(numbers == (0..<line.packets.count).map { UInt16($0) })
        #expect(line.packets.dropFirst().allSatisfy { !$0.sent.header.marker })
        // Each packet leaves when its time has come, and not much later.
        for (at, sent) in line.packets {
            let late: Int64 = at - Int64(sent.header.timestamp &- line.first.timestamp) / 8
            #expect((-10...60).contains(late), "packet of \(at) ms")
        }
        var seed: UInt32 = 9
        let wanted: Double = levelOf(voice(2000, rate: 8000, isTalk: false, seed: &seed))
        for pause in [Int64(2000)..<4900, 7000..<8900] {
            #expect(abs(line.level(pause) - wanted) < 8, "\(line.level(pause)) for \(wanted) -dBov")
        }
        #expect(line.level(5100..<5900) < wanted - 15)
    }

    @Test("is not made for a sender that leaves nothing out: talk that comes late after silence stays at its time")
    func lateInSilence() throws {
        let opus = MediaFormat(payloadType: 107, .audio(.opus(OpusParameters(maxPlaybackRate: 16_000))))
        var studio = studio(opus)
        var line = HeardLine()
        var encoder = try AudioEncoder(try #require(opus.codec))
        var seed: UInt32 = 1
        var sent = 0
        for slot in 0..<200 {
            let isTalk: Bool = slot < 50 || slot >= 102
            let samples: [Int16] = voice(20, rate: encoder.sampleRate, isTalk: isTalk, seed: &seed)
            var payload = [UInt8](repeating: 0, count: 1500)
            let count: Int = samples.withUnsafeBufferPointer { samples in
                payload.withUnsafeMutableBytes { encoder.encode(samples, into: $0) ?? -1 }
            }
            // The last two of the silence are lost, and the first of the talk is 40 ms late; those behind it are held up by it.
            if slot == 100 || slot == 101 { continue }
            let header: [UInt8] = words([0x806B_0000 | UInt32(slot), UInt32(slot) * 960, 7])
            let held: Int64 = slot >= 102 && slot <= 104 ? Int64(104 - slot) * 20 : 0
            studio.say(header + payload.prefix(count), at: Int64(slot) * 20 + held, &line)
            sent += 1
        }
        studio.wait(until: 4100, &line)
        #expect(sent == 198 && line.packets.count == 200)
        #expect(line.stamps == (0..<200).map { UInt32($0) * 160 })
        // What is said later is where it was said.
        let talk = try #require(line.packets.first { $0.at >= 3000 })
        #expect(talk.at == 3000 && talk.sent.header.timestamp &- line.first.timestamp == 24_000)
    }

    @Test("is made late for the first pause of a sender nobody asked to leave it out, and in time from then on")
    func unasked() throws {
        var studio = studio(MediaFormat(payloadType: 107, .audio(.opus(OpusParameters(maxPlaybackRate: 16_000)))))
        var line = HeardLine()
        let dtx = AudioCodec.opus(OpusParameters(maxPlaybackRate: 16_000, dtx: true))
        try studio.speak(
            dtx, type: 107, [(1000, true), (3000, false), (1000, true), (3000, false), (1000, true)], &line)
        #expect(line.packets.count >= 445 && line.packets.count <= 450)
        #expect(line.stamps == (0..<line.packets.count).map { UInt32($0) * 160 })
        let late: [(at: Int64, by: Int64)] = line.packets.map { at, sent in
            (at, at - Int64(sent.header.timestamp &- line.first.timestamp) / 8)
        }
        #expect(late.allSatisfy { $0.by <= 140 }, "\(late.map(\.by).max() ?? 0)")
        #expect(late.contains { $0.by > 60 })
        #expect(late.filter { $0.at > 4000 }.allSatisfy { $0.by <= 60 })
    }

    @Test("is told to a listener that takes comfort noise, with its level, when it begins and now and then")
    func told() throws {
        var studio = studio(g729Format, takes: [pcmuFormat, noiseFormat])
        var line = HeardLine()
        try studio.speak(.g729(annexB: true), type: 18, [(1000, true), (6000, false), (1000, true)], &line)
        let told = line.packets.filter { $0.sent.header.payloadType == 13 }
        #expect((3...12).contains(told.count))
        let begun: Int64 = try #require(told.first).at
        #expect((1000..<1600).contains(begun))
        var seed: UInt32 = 9
        let wanted: Double = levelOf(voice(2000, rate: 8000, isTalk: false, seed: &seed))
        for packet in told where packet.at > 2000 {
            #expect(abs(Double(packet.sent.payload[0]) - wanted) < 6, "\(packet.sent.payload[0]) for \(wanted)")
            #expect(packet.sent.payload.count == 11)
        }
        let within = line.packets.filter { $0.at > begun && $0.at < 7000 && $0.sent.header.payloadType == 0 }
        #expect(within.count < 30, "\(within.map(\.at))")
        // Every packet stands at its time, and the first of the talk is marked.
        for (at, sent) in line.packets {
            let late: Int64 = at - Int64(sent.header.timestamp &- line.first.timestamp) / 8
            #expect((-10...60).contains(late), "packet of \(at) ms")
        }
        let talk = try #require(line.packets.first { $0.at >= 7000 && $0.sent.header.payloadType == 0 })
        #expect(talk.sent.header.marker && talk.at <= 7040)
    }

    @Test("described by comfort noise packets it sounds as they say, follows them, and ends with the talk")
    func comfortNoise() throws {
        var studio = studio(pcmaFormat, [noiseFormat])
        var line = HeardLine()
        var number: UInt16 = 1
        func say(_ payload: [UInt8], type: UInt8, at milliseconds: Int64) {
            let header: [UInt8] = words([
                0x8000_0000 | UInt32(type) << 16 | UInt32(number), UInt32(milliseconds) * 8, 7,
            ])
            studio.say(header + payload, at: milliseconds, &line)
            number += 1
        }
        let talk = [UInt8](repeating: 0xA5, count: 160)
        for slot in 0..<10 { say(talk, type: 8, at: Int64(slot) * 20) }
        say([50], type: 13, at: 200)
        say([40], type: 13, at: 2200)
        for slot in 0..<10 { say(talk, type: 8, at: 4200 + Int64(slot) * 20) }
        studio.wait(until: 5000, &line)
        #expect(line.packets.count == 220)
        #expect(line.stamps == (0..<220).map { UInt32($0) * 160 })
        #expect(abs(line.level(400..<2000) - 50) < 1.5, "\(line.level(400..<2000))")
        #expect(abs(line.level(2600..<4000) - 40) < 1.5, "\(line.level(2600..<4000))")
        // The talk's own packets, unchanged and at once.
        for slot in 0..<10 {
            let sent = line.packets[210 + slot]
            #expect(sent.at == 4200 + Int64(slot) * 20 && Set(sent.sent.payload) == Set(line.packets[0].sent.payload))
        }
    }

    @Test("a sender that is gone is not noise for ever: it fades out, and a return is at its time")
    func gone() throws {
        var studio = studio(pcmaFormat, [noiseFormat])
        var line = HeardLine()
        studio.say(rtp(1, timestamp: 0), at: 0, &line)
        studio.say(words([0x800D_0002, 160, 7]) + [40], at: 20, &line)
        studio.wait(until: 30_000, &line)
        let last = try #require(line.packets.last)
        #expect((9900...10_200).contains(last.at))
        let end: [Int16] = line.audio(last.at..<last.at + 1)
        #expect(abs(Int(end[159])) < 40 && levelOf(end) > 41)
        studio.say(rtp(3, timestamp: 30_000 * 8), at: 30_000, &line)
        #expect(line.stamps.last == UInt32(240_000))
        #expect(line.packets.last?.sent.header.marker == true)
        // Reports show that it is there.
        studio.say(words([0x800D_0004, 30_020 * 8, 7]) + [40], at: 30_020, &line)
        for second in 31..<60 {
            studio.wait(until: Int64(second) * 1000, &line)
            _ = studio.send(receiverReport(), from: 0, at: Int64(second) * 1000, isRTCP: true)
        }
        #expect(line.packets.filter { $0.at > 30_000 }.count > 1440)
    }

    @Test("talk that comes late after noise took its place is at its time again after the next silence")
    func late() throws {
        var studio = studio(pcmaFormat, [noiseFormat])
        var line = HeardLine()
        studio.say(rtp(1, timestamp: 0), at: 0, &line)
        studio.say(words([0x800D_0002, 160, 7]) + [40], at: 20, &line)
        // 60 ms late; then on time.
        studio.say(rtp(3, timestamp: 1000 * 8), at: 1060, &line)
        let ahead: UInt32 = try #require(line.stamps.last) &- 8000
        #expect(ahead > 0 && ahead <= 480)
        for slot in 1..<20 {
            studio.say(rtp(3 + UInt16(slot), timestamp: 8000 + UInt32(slot) * 160), at: 1060 + Int64(slot) * 20, &line)
        }
        #expect(line.stamps.last == 8000 + 19 * 160 + ahead)
        studio.say(words([0x800D_0017, 8000 + 20 * 160, 7]) + [40], at: 1400, &line)
        studio.say(rtp(24, timestamp: 16_000), at: 2000, &line)
        #expect(line.stamps.last == 16_000)
        #expect(zip(line.stamps, line.stamps.dropFirst()).allSatisfy { $1 &- $0 == 160 })
    }
}
