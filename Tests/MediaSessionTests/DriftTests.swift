import Basics
import Codecs
import MediaSession
import RTP
import Testing

/// A telephone of A-law that says a short tone each ten seconds, by a clock of its own, and is silent between.
private struct Metronome {
    /// Of its clock against ours, in millionths; positive is too fast.
    let ppm: Double
    var packetMs = 20
    /// Packets that come, of each hundred.
    var percent: UInt64 = 100
    /// Each packet takes up to so much longer than the fastest, in milliseconds.
    var jitterMs: UInt64 = 0
    /// Packets of these numbers within each ten seconds are left out as silence, their time passes.
    var pause: Range<Int> = 0..<0
    private var number: UInt16 = 0
    private var sent = 0
    private var random = SeededRandom(seed: 5)

    init(ppm: Double) { self.ppm = ppm }

    /// By its clock, in milliseconds.
    static let period = 10_000

    /// When the next packet arrives, in nanoseconds, and the packet; nil where it does not.
    mutating func next() -> (at: Int64, bytes: [UInt8]?) {
        let millisecond: Int = sent * packetMs
        let ideal = Double(millisecond + packetMs) * 1_000_000 / (1 + ppm / 1_000_000)
        let late = Int64(jitterMs == 0 ? 0 : random.next() % (jitterMs * 1_000_000))
        sent += 1
        let place: Int = millisecond % Self.period / packetMs
        if pause.contains(place) { return (Int64(ideal) + late, nil) }
        number &+= 1
        guard random.next() % 100 < percent || place == 0 else { return (Int64(ideal) + late, nil) }
        let head: [UInt8] = Array(rtp(number, timestamp: UInt32(truncatingIfNeeded: millisecond * 8)).prefix(12))
        let isTone: Bool = millisecond % Self.period < 20
        let tone: [UInt8] = (0..<(packetMs * 8)).map { $0 / 8 % 2 == 0 ? 0xA5 : 0x25 }
        return (Int64(ideal) + late, head + (isTone ? tone : [UInt8](repeating: 0xD5, count: packetMs * 8)))
    }
}

/// What one line heard: where its tones begin, in milliseconds of its RTP clock since its first packet.
private final class Heard {
    let clockRate: Double
    private var decoder: AudioDecoder
    private var first: RTPHeader?
    private(set) var last: RTPHeader?
    private(set) var tones: [(place: Double, at: Double)] = []
    private var quiet = 10_000
    private var samples = [Int16](repeating: 0, count: AudioDecoder.mostSamples)

    init(_ codec: AudioCodec) throws {
        clockRate = Double(codec.clockRate)
        decoder = try AudioDecoder(codec)
    }

    func take(_ packet: Sent, at now: Moment) {
        let header: RTPHeader = packet.header
        if first == nil { first = header }
        if let last { #expect(header.sequenceNumber == last.sequenceNumber &+ 1) }
        last = header
        let count: Int = packet.payload.withUnsafeBytes { payload in
            samples.withUnsafeMutableBufferPointer { decoder.decode(payload, into: $0) ?? 0 }
        }
        for index in 0..<count {
            quiet += 1
            guard abs(Int(samples[index])) > 3000 else { continue }
            if quiet > decoder.sampleRate / 10 {
                let ahead = Double(index) * 1000 / Double(decoder.sampleRate)
                // In an hour of 48 kHz timestamps pass no 2^31.
                let units = Double(header.timestamp &- (first?.timestamp ?? 0))
                tones.append((units * 1000 / clockRate + ahead, Double(now.nanoseconds) / 1_000_000 + ahead))
            }
            quiet = 0
        }
    }
}

@Suite("In an hour the audio does not drift")
struct DriftTests {
    static let hour: Int64 = 3_600_000_000_000

    /// Lets telephones send and the graph tick, in the order of time, for an hour.
    private static func run(
        _ studio: inout Studio, _ telephones: [(line: Int, sender: Metronome)], _ hear: (Sent, Moment) -> Void
    ) {
        var telephones = telephones
        var coming = telephones.indices.map { telephones[$0].sender.next() }
        while true {
            let tick: Int64 = studio.graph.nextTick?.nanoseconds ?? .max
            let soonest: Int? = coming.indices.min { coming[$0].at < coming[$1].at }
            let arrival: Int64 = soonest.map { coming[$0].at } ?? .max
            guard min(tick, arrival) <= hour else { return }
            if tick <= arrival {
                studio.graph.tick(now: Moment(nanoseconds: tick))
                for packet in studio.take() where !packet.isRTCP { hear(packet, Moment(nanoseconds: tick)) }
            } else if let soonest {
                if let bytes = coming[soonest].bytes {
                    for packet in studio.send(bytes, from: telephones[soonest].line, nanoseconds: arrival)
                    where !packet.isRTCP { hear(packet, Moment(nanoseconds: arrival)) }
                }
                coming[soonest] = telephones[soonest].sender.next()
            }
            studio.graph.facts.removeAll()
        }
    }

    @Test(
        "transcoded, each tone stays where its speaker said it, whatever is lost and left out",
        arguments: [
            (.pcmu, 20), (.g722, 20), (.l16(sampleRate: 44_100, channels: 1), 20), (.pcmu, 60), (.g722, 30),
        ] as [(AudioCodec, UInt8)])
    func transcoded(codec: AudioCodec, packetTimeMs: UInt8) throws {
        var studio = Studio()
        _ = studio.open { $0.incoming = [pcmaFormat] }
        _ = studio.open {
            ($0.outgoing, $0.packetTimeMs) = ([MediaFormat(payloadType: 100, .audio(codec))], packetTimeMs)
        }
        studio.graph.join(studio.nodes[0], studio.nodes[1])
        var speaker = Metronome(ppm: 100)
        // Of 10 ms and a pause of an odd number of them, so that no packet ends with the pause.
        (speaker.packetMs, speaker.percent, speaker.pause) = (10, 98, 333..<600)
        let heard = try Heard(codec)
        Self.run(&studio, [(0, speaker)]) { heard.take($0, at: $1) }
        #expect(heard.tones.count >= 360)
        let first: Double = heard.tones[0].place
        for (index, tone) in heard.tones.enumerated() {
            let drift: Double = tone.place - first - Double(index * Metronome.period)
            #expect(abs(drift) < 1, "tone \(index) is \(drift) ms off")
        }
    }

    @Test("played, each tone comes at its time by the clock and by its timestamp")
    func played() throws {
        var studio = lawsStudio()
        var sound = [Int16](repeating: 0, count: 80_000)
        for index in 0..<160 { sound[index] = index / 8 % 2 == 0 ? 8000 : -8000 }
        GraphPlayingTests.start(&studio, [.prompt(PromptName("tone"))]) { $0.repeats = nil }
        studio.graph.perform(.hear(Studio.id(1), .player(GraphPlayingTests.id)), now: .zero)
        GraphPlayingTests.supply(&studio, ["tone": AudioClip(sampleRate: 8000, samples: sound)])
        let heard = try Heard(.pcmu)
        Self.run(&studio, []) { heard.take($0, at: $1) }
        #expect(heard.tones.count >= 360)
        for (index, tone) in heard.tones.enumerated() {
            #expect(
                abs(tone.place - Double(index * 10_000)) < 1
                    && abs(tone.at - heard.tones[0].at - Double(index * 10_000)) < 1)
        }
    }

    @Test(
        "in a room, what a telephone with a clock of its own says is heard as late after an hour as at first",
        arguments: [100.0, -100, 30, 0], [0, 30] as [UInt64])
    func room(ppm: Double, jitterMs: UInt64) throws {
        var studio = GraphRoomTests.room(3)
        var (speaker, other) = (Metronome(ppm: ppm), Metronome(ppm: -ppm))
        (speaker.jitterMs, other.jitterMs) = (jitterMs, jitterMs)
        // The other's clock is off the other way; it says nothing.
        other.pause = 0..<1
        let heard = try Heard(.pcma)
        Self.run(&studio, [(0, speaker), (1, other)]) { packet, now in
            if packet.line == 2 { heard.take(packet, at: now) }
        }
        // How long after it was said, by our clock; a packet is sent when it is full.
        let delays: [Double] = heard.tones.enumerated().map { index, tone in
            tone.at - Double(index * Metronome.period + 20) / (1 + ppm / 1_000_000)
        }
        #expect(delays.count >= 359)
        // The first minute is for finding the delay.
        let settled: [Double] = Array(delays.dropFirst(6))
        let drift: Double = Self.slope(settled) * 360
        #expect(abs(drift) < 20, "\(drift) ms in an hour")
        // As packets of 20 ms are taken out each 20 ms, the delay swings by one of them, and by what is borne before it is corrected.
        let (least, most) = (settled.min() ?? 0, settled.max() ?? 0)
        #expect(most - least < 27 + Double(jitterMs), "delays of \(least) to \(most) ms")
        #expect(least > 0 && most < 120, "delays of \(least) to \(most) ms")
    }

    /// By how much the values rise from one to the next, by the least squares.
    private static func slope(_ values: [Double]) -> Double {
        let (count, middle) = (Double(values.count), Double(values.count - 1) / 2)
        let mean: Double = values.reduce(0, +) / count
        let product: Double = values.enumerated().reduce(0) { $0 + (Double($1.offset) - middle) * ($1.element - mean) }
        let square: Double = values.indices.reduce(0) { $0 + (Double($1) - middle) * (Double($1) - middle) }
        return product / square
    }
}
