import Codecs
import Testing

/// Bad packets, by seeded chance. Run under the address sanitizer too: payloads and rooms are exactly as large as they say.
@Suite("bad packets")
struct RobustnessTests {
    private struct Chance {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }

        mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }

        mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let codec: AudioCodec
        var rate: UInt32?
        /// A golden file of legal packets to spoil.
        var golden: String?
        var testDescription: String { codec.name + (rate.map { " at \($0) Hz" } ?? "") }
    }

    static let cases = [
        Case(codec: .pcmu), Case(codec: .pcma), Case(codec: .g722, golden: "g722.packets"),
        Case(codec: .g722, rate: 8_000),
        Case(codec: .g729(annexB: true), golden: "g729b.packets"),
        Case(codec: .opus(OpusParameters()), golden: "opus.packets"),
        Case(codec: .opus(OpusParameters()), rate: 8_000, golden: "opus-stereo.packets"),
        Case(codec: .l16(sampleRate: 44_100, channels: 2)), Case(codec: .l16(sampleRate: 8_000, channels: 1)),
    ]

    @Test("100,000 packets of garbage, cut short, or spoilt neither trap nor write out of bounds", arguments: cases)
    func garbage(it: Case) throws {
        let good = try it.golden.map { try goldenPackets($0) } ?? [[UInt8](0..<160)]
        var decoder = try AudioDecoder(it.codec, sampleRate: it.rate)
        var chance = Chance(state: 20_261_121)
        var (taken, wrong) = (0, 0)
        for _ in 0..<100_000 {
            let payload = spoil(good, &chance)
            let room = chance.below(8) == 0 ? chance.below(400) : AudioDecoder.mostSamples
            // Exactly so many bytes and samples, each in memory of its own.
            let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: payload.count, alignment: 1)
            bytes.copyBytes(from: payload)
            let samples = UnsafeMutableBufferPointer<Int16>.allocate(capacity: room)
            defer {
                bytes.deallocate()
                samples.deallocate()
            }
            switch chance.below(16) {
            case 0: _ = decoder.conceal(samples: chance.below(2_000), into: samples)
            case 1:
                _ = decoder.recover(samples: chance.below(2_000), from: UnsafeRawBufferPointer(bytes), into: samples)
            case 2 where chance.below(50) == 0: decoder.reset()
            default:
                let duration = AudioDecoder.duration(of: UnsafeRawBufferPointer(bytes), codec: it.codec)
                let expected = duration.map { Int($0) * decoder.sampleRate / Int(it.codec.clockRate) }
                let given = decoder.decode(UnsafeRawBufferPointer(bytes), into: samples)
                if given != nil { taken += 1 }
                // What is decoded is as long as was said, and what is not was illegal or had no room.
                if given != nil, given != expected { wrong += 1 }
                if given == nil, let expected, expected <= room { wrong += 1 }
            }
        }
        #expect(wrong == 0)
        #expect(taken > 5_000)
    }

    private func spoil(_ good: [[UInt8]], _ chance: inout Chance) -> [UInt8] {
        switch chance.below(4) {
        case 0: return chance.bytes(chance.below(64))
        case 1: return chance.bytes(chance.below(1_500))
        case 2: return Array(good[chance.below(good.count)].prefix(chance.below(160)))
        default:
            var payload = good[chance.below(good.count)]
            for _ in 0..<chance.below(6) where !payload.isEmpty {
                payload[chance.below(payload.count)] = UInt8(truncatingIfNeeded: chance.next())
            }
            if chance.below(3) == 0 { payload += chance.bytes(chance.below(20)) }
            return payload
        }
    }

    @Test("any samples in any number are encoded to what decodes again, or refused", arguments: cases)
    func anySamples(it: Case) throws {
        var encoder = try AudioEncoder(
            it.codec, settings: AudioEncoderSettings(complexity: 0, packetTimeMs: 30), sampleRate: it.rate)
        var decoder = try AudioDecoder(it.codec, sampleRate: it.rate)
        var chance = Chance(state: 7)
        let sizes = [10, 20, 30, 40, 60].map { encoder.sampleRate * $0 / 1_000 }
        for _ in 0..<3_000 {
            let count = chance.below(3) == 0 ? chance.below(3_000) : sizes[chance.below(sizes.count)]
            let loudness = chance.below(16)
            let samples = (0..<count).map { _ in Int16(truncatingIfNeeded: chance.next()) >> Int16(loudness) }
            let room = chance.below(4) == 0 ? chance.below(300) : 12_000
            guard let payload = encoder.encode(samples, room: room) else { continue }
            #expect(payload.count <= room)
            let decoded = decoder.decode(payload)?.count
            #expect(decoded == count)
        }
    }

    @Test("a packet that doesn't fit is refused before anything changes", arguments: cases)
    func noRoom(it: Case) throws {
        let good = try it.golden.map { try goldenPackets($0) } ?? [[UInt8](0..<160)]
        let packet = try #require(good.first { !$0.isEmpty })
        var tight = try AudioDecoder(it.codec, sampleRate: it.rate)
        var free = try AudioDecoder(it.codec, sampleRate: it.rate)
        let expected = free.decode(packet)
        let count = try #require(expected?.count)
        #expect(tight.decode(packet, room: count - 1) == nil)
        let isSame = tight.decode(packet, room: count) == expected
        #expect(isSame)
    }
}
