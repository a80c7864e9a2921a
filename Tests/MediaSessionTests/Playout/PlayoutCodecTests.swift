import Basics
import Codecs
import MediaSession
import Testing

@Suite("Playout through codecs")
struct PlayoutCodecTests {
    struct Played {
        var heard: [Int16] = []
        var contents: [PlayoutInfo.Content] = []
        var statistics = PlayoutStatistics()
        /// A pull of 20 ms, in the middle of all.
        var median: Duration = .zero
        /// What the decoder alone gives.
        var decoded: [Int16] = []
        /// Lost packets that the next one, which came, has a copy of.
        var recoverable: Int = 0
    }

    /// Speech through a codec and a network; talks for `talk` seconds of every `period`.
    static func play(
        _ codec: AudioCodec, _ network: Network, seconds: Double = 20, expectedLoss: UInt8 = 0, dtx: Bool = false,
        packetMs: UInt8 = 20, minimumDelay: Duration = .milliseconds(20)
    ) throws -> Played {
        let settings = AudioEncoderSettings(expectedLossPercent: expectedLoss, dtx: dtx, packetTimeMs: packetMs)
        var encoder = try AudioEncoder(codec, settings: settings)
        var decoder = try AudioDecoder(codec)
        var plain = try AudioDecoder(codec)
        var scratch = try AudioDecoder(codec)
        var hasCopy: [Bool] = []
        let rate: Int = decoder.sampleRate
        let speech: [Int16] = Speech.synthetic(seconds: Int(seconds), rate: encoder.sampleRate)
        let perPacket: Int = encoder.sampleRate * Int(packetMs) / 1000
        var payloads: [[UInt8]] = []
        var times: [Double] = []
        var units: [Int] = []
        var played = Played()
        for packet in 0..<(speech.count / perPacket) {
            var payload = [UInt8](repeating: 0, count: 4000)
            let count: Int = payload.withUnsafeMutableBytes { bytes in
                speech[(packet * perPacket)..<((packet + 1) * perPacket)].withUnsafeBufferPointer {
                    encoder.encode($0, into: bytes) ?? 0
                }
            }
            guard count > 0 else { continue }
            payloads.append(Array(payload[..<count]))
            times.append(Double(packet) * Double(packetMs))
            units.append(packet * Int(codec.clockRate) * Int(packetMs) / 1000)
            var out = [Int16](repeating: 0, count: AudioDecoder.mostSamples)
            hasCopy.append(
                payload[..<count].withUnsafeBytes { bytes in
                    out.withUnsafeMutableBufferPointer {
                        scratch.recover(samples: perPacket, from: bytes, into: $0) != nil
                    }
                })
            let samples: Int = payload[..<count].withUnsafeBytes { bytes in
                out.withUnsafeMutableBufferPointer { plain.decode(bytes, into: $0) ?? 0 }
            }
            played.decoded += out[..<samples]
        }
        var stage = PlayoutStage(
            clockRate: codec.clockRate, sampleRate: UInt32(rate), settings: PlayoutSettings(minimumDelay: minimumDelay))
        let deliveries: [Network.Delivery] = network.deliver(times, seed: 4)
        let came = Set(deliveries.map { $0.packet })
        played.recoverable = hasCopy.indices.dropFirst().count {
            hasCopy[$0] && came.contains($0) && !came.contains($0 - 1)
        }
        var next = 0
        var output = [Int16](repeating: 0, count: rate / 50)
        let clock = ContinuousClock()
        var times20: [Duration] = []
        for tick in 0..<Int(seconds * 50) {
            let now = Double(tick) * 20 + 5
            let moment = Moment(nanoseconds: Int64(now * 1e6))
            while next < deliveries.count, deliveries[next].at <= now {
                let packet: Int = deliveries[next].packet
                payloads[packet].withUnsafeBytes {
                    _ = stage.insert(
                        $0, sequence: UInt16(truncatingIfNeeded: packet), timestamp: UInt32(units[packet]),
                        marker: false, kind: JitterPacketKind(codec: codec, payloadLength: $0.count),
                        arrival: Moment(nanoseconds: Int64(deliveries[next].at * 1e6)))
                }
                next += 1
            }
            output.withUnsafeMutableBufferPointer { buffer in
                var info = PlayoutInfo(content: .silence, delayNanoseconds: 0)
                let time = clock.measure { info = stage.pull(rate / 50, now: moment, into: buffer, decoder: &decoder) }
                times20.append(time)
                played.contents.append(info.content)
            }
            played.heard += output
        }
        played.median = times20.sorted()[times20.count / 2]
        played.statistics = stage.statistics
        return played
    }

    static let codecs: [AudioCodec] = [
        .pcmu, .pcma, .g722, .g729(annexB: false), .opus(OpusParameters(maxPlaybackRate: 8000)),
        .opus(OpusParameters(inBandFEC: true)), .l16(sampleRate: 16_000, channels: 1),
    ]

    @Test("what is played is exactly what the decoder gives", arguments: codecs, [20, 60] as [UInt8])
    func isExact(codec: AudioCodec, packetMs: UInt8) throws {
        if case .l16 = codec, packetMs > 40 { return }
        let played: Played = try Self.play(codec, Network("even", .even), packetMs: packetMs)
        let first: Int = played.contents.firstIndex(of: .audio) ?? 0
        let heard: ArraySlice<Int16> = played.heard[(first * played.heard.count / played.contents.count)...]
        let settled: Int = heard.count / 10
        #expect(heard.dropFirst(settled).elementsEqual(played.decoded.dropFirst(settled).prefix(heard.count - settled)))
        #expect(played.statistics.concealedMs == 0)
        print("playout, \(codec.name) in \(packetMs) ms: \(played.median) for a pull, decoding and all")
    }

    @Test("lost packets are concealed and time is kept", arguments: codecs)
    func conceals(codec: AudioCodec) throws {
        let played: Played = try Self.play(codec, Network("10 % loss", .even, loss: 0.1))
        let lost: Double = Double(played.statistics.concealedMs) / 20_000
        #expect(lost > 0.07 && lost < 0.13, "\(played.statistics)")
        #expect(played.contents.dropFirst(5).allSatisfy { $0 != .silence })
        // Loss alone moves nothing.
        #expect(played.statistics.lengthenings + played.statistics.shortenings <= 4, "\(played.statistics)")
        func energy(_ samples: [Int16]) -> Double { samples.reduce(0) { $0 + Double($1) * Double($1) } }
        let ratio: Double = energy(played.heard) / energy(played.decoded)
        // A decoder that predicts from what it made up goes astray for a while.
        #expect(ratio > 0.6 && ratio < 1.1, "\(ratio)")
    }

    @Test("Opus packets that are lost are played from the copy in the next one")
    func recovers() throws {
        let codec = AudioCodec.opus(OpusParameters(maxPlaybackRate: 16_000, inBandFEC: true))
        let network = Network("10 % loss and jitter", .uniform(40), loss: 0.1)
        let played: Played = try Self.play(codec, network, expectedLoss: 20, minimumDelay: .milliseconds(60))
        #expect(played.recoverable > 20)
        #expect(played.statistics.recovered == UInt64(played.recoverable), "\(played.statistics)")
    }

    @Test("pauses that Opus leaves out are its comfort noise, and no loss")
    func pauses() throws {
        let codec = AudioCodec.opus(OpusParameters(maxPlaybackRate: 16_000, dtx: true))
        let played: Played = try Self.play(codec, Network("even", .even), seconds: 30, dtx: true)
        #expect(played.decoded.count < played.heard.count * 95 / 100)
        #expect(played.statistics.concealedMs <= 100, "\(played.statistics)")
    }
}
