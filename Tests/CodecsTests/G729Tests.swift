import Codecs
import Testing

@Suite("G.729")
struct G729Tests {
    @Test(
        "a voice is encoded to what bcg729 makes of it, and a voice with pauses with Annex B", arguments: [false, true])
    func encodes(annexB: Bool) throws {
        var encoder = try AudioEncoder(.g729(annexB: annexB), settings: AudioEncoderSettings(dtx: true))
        let packets = try encoder.packets(goldenSamples(annexB ? "pauses8.raw" : "voice8.raw"), of: 160)
        let expected = try goldenPackets(annexB ? "g729b.packets" : "g729.packets")
        #expect(packets.count == expected.count)
        for (packet, plain) in zip(packets, expected) {
            // What the bare library gives where a pause ends within a packet begins with its description, which is of no use then.
            #expect(packet == (plain.count == 12 && plain != packet ? Array(plain.dropFirst(2)) : plain))
        }
        if annexB { #expect(packets.contains([]) && packets.contains { $0.count % 10 == 2 }) }
    }

    @Test("packets are decoded to what bcg729 makes of them", arguments: ["g729", "g729b"])
    func decodes(name: String) throws {
        var decoder = try AudioDecoder(.g729(annexB: true))
        var samples: [Int16] = []
        for packet in try goldenPackets("\(name).packets") {
            var part = packet.isEmpty ? [] : decoder.decode(packet) ?? []
            // Silence that was left out is made up.
            if part.count < 160 { part += decoder.conceal(samples: 160 - part.count) }
            samples += part
        }
        let isSame = samples == (try goldenSamples("\(name).raw"))
        #expect(isSame)
    }

    @Test("and nearly to what ffmpeg's decoder makes of them")
    func decodesAsFFmpeg() throws {
        var decoder = try AudioDecoder(.g729(annexB: false))
        let samples = try goldenPackets("g729.packets").compactMap { decoder.decode($0) }.flatMap { $0 }
        let other = try goldenSamples("g729-ffmpeg.raw")
        #expect(samples.count == other.count)
        #expect(likeness(other, samples) > 15)
    }

    @Test("a voice stays intelligible: its loudness follows the original's in steps of 20 ms")
    func envelope() throws {
        let voice = try goldenSamples("voice8.raw")
        var encoder = try AudioEncoder(.g729(annexB: false))
        var decoder = try AudioDecoder(.g729(annexB: false))
        let heard = try encoder.packets(voice, of: 80).compactMap { decoder.decode($0) }.flatMap { $0 }
        // 5 ms of looking ahead, and 5 more of filters.
        for start in stride(from: 0, to: voice.count - 480, by: 160) where loudness(voice[start..<(start + 160)]) > 500
        {
            let before = loudness(voice[start..<(start + 160)])
            let after = loudness(heard[(start + 60)..<(start + 220)])
            #expect(abs(decibels(after / before)) < 5)
        }
    }

    @Test(
        "lengths that are no whole number of frames, with a frame of silence at the end, are refused",
        arguments: [
            (0, nil), (1, nil), (2, 80), (3, nil), (9, nil), (10, 80), (11, nil), (12, 160), (14, nil), (20, 160),
            (22, 240), (60, 480), (62, 560),
        ]
            as [(Int, UInt32?)])
    func lengths(bytes: Int, samples: UInt32?) throws {
        let payload = [UInt8](repeating: 0x5A, count: bytes)
        #expect(duration(payload, .g729(annexB: true)) == samples)
        var decoder = try AudioDecoder(.g729(annexB: true))
        #expect(decoder.decode(payload)?.count == samples.map { Int($0) })
    }

    @Test(
        "silence is left out where both sides want it, and described by two bytes", arguments: [true, false],
        [true, false])
    func leavesOutSilence(annexB: Bool, dtx: Bool) throws {
        var encoder = try AudioEncoder(.g729(annexB: annexB), settings: AudioEncoderSettings(dtx: dtx))
        var seed: UInt32 = 3
        // The library takes noise twice as loud for speech, until it has heard it for more than a second.
        let quiet = (0..<16_000).map { _ -> Int16 in
            seed = seed &* 1_664_525 &+ 1_013_904_223
            return Int16(truncatingIfNeeded: Int32(bitPattern: seed) >> 27)
        }
        let packets = try encoder.packets(quiet, of: 160)
        let left = packets.filter(\.isEmpty).count
        if annexB && dtx { #expect(left > 90) } else { #expect(packets.allSatisfy { $0.count == 20 }) }
    }

    @Test("a pause's noise goes on while nothing comes, about as loud as it was")
    func comfortNoise() throws {
        var encoder = try AudioEncoder(.g729(annexB: true), settings: AudioEncoderSettings(dtx: true))
        var decoder = try AudioDecoder(.g729(annexB: true))
        var seed: UInt32 = 3
        let noise = (0..<16_000).map { _ -> Int16 in
            seed = seed &* 1_664_525 &+ 1_013_904_223
            return Int16(truncatingIfNeeded: Int32(bitPattern: seed) >> 23)
        }
        var heard: [Int16] = []
        for packet in try encoder.packets(noise, of: 160) {
            var part = packet.isEmpty ? [] : decoder.decode(packet) ?? []
            if part.count < 160 { part += decoder.conceal(samples: 160 - part.count) }
            heard += part
        }
        #expect(abs(decibels(loudness(heard[8_000...]) / loudness(noise))) < 4)
    }

    @Test("a packet in which speech begins starts as much later as its speech")
    func speechBegins() throws {
        var encoder = try AudioEncoder(.g729(annexB: true), settings: AudioEncoderSettings(dtx: true, packetTimeMs: 40))
        let sound = try goldenSamples("pauses8.raw")
        var packets: [(bytes: [UInt8], skipped: Int)] = []
        for start in stride(from: 0, to: sound.count - 319, by: 320) {
            let packet = encoder.encode(Array(sound[start..<(start + 320)]))
            packets.append((try #require(packet), encoder.skippedSamples))
        }
        #expect(packets.contains { $0.skipped > 0 && $0.bytes.count >= 10 })
        for (bytes, skipped) in packets where !bytes.isEmpty {
            let held = try #require(duration(bytes, .g729(annexB: true)))
            #expect(skipped + Int(held) <= 320)
            // Speech at the end reaches the end.
            if bytes.count % 10 == 0 { #expect(skipped + Int(held) == 320) }
        }
    }

    @Test("after a reset both ends start anew")
    func reset() throws {
        let voice = try goldenSamples("voice8.raw")
        var encoder = try AudioEncoder(.g729(annexB: false))
        var decoder = try AudioDecoder(.g729(annexB: false))
        _ = try encoder.packets(voice, of: 160).map { decoder.decode($0) }
        encoder.reset()
        decoder.reset()
        let packets = try encoder.packets(voice, of: 160)
        #expect(packets == (try goldenPackets("g729.packets")))
        let isSame = packets.compactMap { decoder.decode($0) }.flatMap { $0 } == (try goldenSamples("g729.raw"))
        #expect(isSame)
    }
}
