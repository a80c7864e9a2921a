import Basics
import MediaSession

/// One stream as it is sent, carried and played, in virtual time.
struct Listener {
    /// Of the audio and of its timestamps.
    var rate: Int = 8000
    var packetMs: Double = 20
    var network = Network("even", .even)
    var seed: UInt64 = 1
    /// The sender's clock against ours, in millionths; positive is too fast.
    var driftPpm: Double = 0
    /// When the first pull is, after the first packet was sent, in milliseconds.
    var firstPull: Double = 3
    var settings = PlayoutSettings.standard
    var hasCopies: Bool = false
    /// Talks and pauses in turn, for so many milliseconds each; never pauses at 0.
    var talkMs: Double = 0
    var pauseMs: Double = 0

    struct Played {
        var samples: [Int16] = []
        var contents: [PlayoutInfo.Content] = []
        /// Per pull that gave audio, in milliseconds.
        var delays: [Double] = []
        var statistics = PlayoutStatistics()
        var sent: Int = 0
        var lost: Int = 0

        var concealedRatio: Double { Double(statistics.concealedMs) / (Double(contents.count) * 20) }
        func meanDelay(from: Double = 0.1, to: Double = 1) -> Double {
            let part = delays[Int(Double(delays.count) * from)..<Int(Double(delays.count) * to)]
            return part.reduce(0, +) / Double(max(part.count, 1))
        }
        func delayPercentile(_ quantile: Double) -> Double {
            let sorted: [Double] = delays.dropFirst(delays.count / 10).sorted()
            return sorted.isEmpty ? 0 : sorted[min(Int(quantile * Double(sorted.count)), sorted.count - 1)]
        }
    }

    /// - Parameter signal: the sample at an index of the sender's audio.
    func listen(seconds: Double, _ signal: (Int) -> Int16) -> Played {
        var stage = PlayoutStage(clockRate: UInt32(rate), sampleRate: UInt32(rate), settings: settings)
        let perPacket = Int(packetMs * Double(rate) / 1000)
        var decoder = PlainDecoder(ownSamples: hasCopies ? perPacket : 0)
        var played = Played()
        var (times, packets): ([Double], [Int]) = ([], [])
        for packet in 0..<Int(seconds * 1000 / packetMs) {
            let own: Double = Double(packet) * packetMs
            if pauseMs > 0, own.truncatingRemainder(dividingBy: talkMs + pauseMs) >= talkMs { continue }
            // Sent once its last sample was taken.
            times.append(own / (1 + driftPpm * 1e-6))
            packets.append(packet)
        }
        played.sent = times.count
        let deliveries: [Network.Delivery] = network.deliver(times, seed: seed)
        var next = 0
        var output = [Int16](repeating: 0, count: rate / 50)
        var payload: [Int16] = []
        for tick in 0..<Int(seconds * 50) {
            let now: Double = firstPull + Double(tick) * 20
            while next < deliveries.count, deliveries[next].at <= now {
                let sent: Int = deliveries[next].packet
                let start: Int = packets[sent] * perPacket
                payload.removeAll(keepingCapacity: true)
                for index in 0..<perPacket { payload.append(signal(start + index)) }
                if hasCopies { for index in 0..<perPacket { payload.append(signal(start - perPacket + index)) } }
                let marker: Bool = sent == 0 || packets[sent] != packets[sent - 1] + 1
                payload.withUnsafeBytes { bytes in
                    _ = stage.insert(
                        bytes, sequence: UInt16(truncatingIfNeeded: 65_000 + sent),
                        timestamp: UInt32(truncatingIfNeeded: 4_294_900_000 + start), marker: marker,
                        arrival: moment(deliveries[next].at))
                }
                next += 1
            }
            output.withUnsafeMutableBufferPointer { buffer in
                let info: PlayoutInfo = stage.pull(rate / 50, now: moment(now), from: &decoder, into: buffer)
                played.contents.append(info.content)
                if info.content == .audio { played.delays.append(Double(info.delayNanoseconds) / 1e6) }
            }
            played.samples.append(contentsOf: output)
        }
        played.statistics = stage.statistics
        return played
    }

    func moment(_ milliseconds: Double) -> Moment { Moment(nanoseconds: Int64(milliseconds * 1e6)) }
}

/// A signal of which every stretch of a few samples is found at one place only.
func ramp(_ index: Int) -> Int16 { Int16(truncatingIfNeeded: index &* 3 &+ 1) }
