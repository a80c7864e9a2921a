import Basics
import Codecs
import MediaSession
import RTP
import Signals

/// A telephone at a studio: what it says, in packets of 20 ms.
struct Handset: ~Copyable {
    let line: Int
    let format: MediaFormat
    /// Events it sends, if any.
    let events: MediaFormat?
    private var encoder: AudioEncoder
    private var number: UInt16 = 100
    private var timestamp: UInt32 = 5000
    private var tones: ToneGenerator?
    private var place: Int = 0
    /// A hum of 300 Hz it says when no key sounds; its peak.
    var hum: Double = 500
    var sender: EventSender?
    /// Of packets, by their number since the start.
    var lost: (Int, TelephoneEvent?) -> Bool = { _, _ in false }
    private var count: Int = 0
    /// Events take the place of audio; false for a telephone that sends both.
    var isEither: Bool = true

    init(_ line: Int, _ format: MediaFormat, events: MediaFormat? = nil) {
        self.line = line
        self.format = format
        self.events = events
        encoder = try! AudioEncoder(format.codec!)
        if case .telephoneEvent(let clockRate)? = events?.content { sender = EventSender(clockRate: clockRate) }
    }

    /// Sounds keys in its audio from now on.
    mutating func sound(_ keys: String, ms: UInt32 = 80, gap: UInt32 = 120, level: Double = -7) {
        sound(DTMF.pattern(keys, toneMs: ms, gapMs: gap, levelDbm0: level))
    }

    mutating func sound(_ pattern: TonePattern) {
        tones = ToneGenerator(pattern, sampleRate: UInt32(encoder.sampleRate))
    }

    mutating func press(_ keys: String, ms: UInt32 = 100, volume: UInt8 = 10) {
        for key in keys { _ = sender?.press(Digit(key)!.rawValue, volume: volume, durationMs: ms) }
    }

    /// The next 20 ms: packets as they leave.
    mutating func packets() -> [[UInt8]] {
        var result: [[UInt8]] = []
        let clockRate: UInt32 = format.codec!.clockRate
        var isSounding = false
        if sender != nil {
            sender!.tick(timestamp: timestamp)
            while let packet = sender!.nextPacket() {
                isSounding = true
                count += 1
                defer { number &+= 1 }
                guard !lost(count, packet.event) else { continue }
                result.append(
                    Self.packet(number, packet.timestamp, type: events!.payloadType, marker: packet.marker)
                        + [
                            packet.event.event, (packet.event.isEnd ? 0x80 : 0) | packet.event.volume,
                            UInt8(packet.event.duration >> 8), UInt8(packet.event.duration & 0xFF),
                        ])
            }
        }
        let payload: [UInt8] = audio()
        defer { timestamp &+= clockRate / 50 }
        if isSounding, isEither { return result }
        count += 1
        defer { number &+= 1 }
        if !lost(count, nil) { result.append(Self.packet(number, timestamp, type: format.payloadType) + payload) }
        return result
    }

    private mutating func audio() -> [UInt8] {
        let rate: Int = encoder.sampleRate
        var samples = [Int16](repeating: 0, count: rate / 50)
        let made: Int = samples.withUnsafeMutableBufferPointer { tones == nil ? 0 : tones!.generate(into: $0) }
        if made < samples.count { tones = nil }
        for index in samples.indices {
            let phase: Int = (place + index) * 300 % rate
            // A triangle does as well as a sine.
            let hum: Double = self.hum * (4 * abs(Double(phase) / Double(rate) - 0.5) - 1)
            samples[index] &+= Int16(hum)
        }
        place += samples.count
        var bytes = [UInt8](repeating: 0, count: 4000)
        let length: Int = samples.withUnsafeBufferPointer { from in
            bytes.withUnsafeMutableBytes { encoder.encode(from, into: $0) ?? 0 }
        }
        return Array(bytes.prefix(length))
    }

    private static func packet(_ number: UInt16, _ timestamp: UInt32, type: UInt8, marker: Bool = false) -> [UInt8] {
        words([0x8000_0000 | UInt32(marker ? 0x80 | type : type) << 16 | UInt32(number), timestamp, 7])
    }
}

/// What the peer of one line got.
struct Reception {
    var packets: [(at: Int64, sent: Sent)] = []

    mutating func take(_ sent: [Sent], at time: Int64, line: Int) {
        packets += sent.filter { !$0.isRTCP && $0.line == line }.map { (time, $0) }
    }

    func audio(_ format: MediaFormat) -> [(at: Int64, sent: Sent)] {
        packets.filter { $0.sent.header.payloadType == format.payloadType }
    }

    struct Key: Equatable {
        var key: Character
        var durationMs: UInt32
        var ends: Int
    }

    /// The keys it got as events: each series of packets with one timestamp is one.
    func keys(_ format: MediaFormat) -> [Key] {
        guard case .telephoneEvent(let clockRate) = format.content else { return [] }
        var result: [(stamp: UInt32, key: Key)] = []
        for (_, sent) in packets where sent.header.payloadType == format.payloadType {
            let event: TelephoneEvent = sent.payload.withUnsafeBytes { TelephoneEvent($0)! }
            if result.last?.stamp != sent.header.timestamp {
                let key = Key(key: Digit(rawValue: event.event)!.character, durationMs: 0, ends: 0)
                result.append((sent.header.timestamp, key))
            }
            result[result.count - 1].key.durationMs =
                TelephoneEvent.scale(UInt32(event.duration), from: clockRate, to: 1000)
            if event.isEnd { result[result.count - 1].key.ends += 1 }
        }
        return result.map(\.key)
    }

    /// Its audio as it would be played, with silence where timestamps leave a gap.
    func samples(_ format: MediaFormat) -> (rate: Int, samples: [Int16]) {
        var decoder = try! AudioDecoder(format.codec!)
        let rate: Int = decoder.sampleRate
        let clock = Int(format.codec!.clockRate)
        var result: [Int16] = []
        var next: UInt32?
        var room = [Int16](repeating: 0, count: AudioDecoder.mostSamples)
        for (_, sent) in audio(format) {
            if let next {
                let gap: Int = Int(Int32(bitPattern: sent.header.timestamp &- next)) * rate / clock
                result += [Int16](repeating: 0, count: min(max(gap, 0), 10 * rate))
            }
            let count: Int = sent.payload.withUnsafeBytes { from in
                room.withUnsafeMutableBufferPointer { decoder.decode(from, into: $0) ?? 0 }
            }
            result += room.prefix(count)
            next = sent.header.timestamp &+ UInt32(count * clock / rate)
        }
        return (rate, result)
    }

    struct Tone: Equatable {
        var key: Character
        var ms: Int
    }

    /// The keys a detector finds in its audio.
    func tones(_ format: MediaFormat) -> [Tone] {
        let (rate, samples) = self.samples(format)
        var detector = DTMFDetector(sampleRate: UInt32(rate))
        var result: [Tone] = []
        var place = 0
        let all: [Int16] = samples + [Int16](repeating: 0, count: rate / 5)
        while place < all.count {
            let end: Int = min(place + rate / 50, all.count)
            all[place..<end].withUnsafeBufferPointer { detector.process($0) }
            while let event = detector.nextEvent() {
                guard case .ended(let code, let start, let end) = event else { continue }
                result.append(Tone(key: Digit(rawValue: code)!.character, ms: Int(end - start) * 1000 / rate))
            }
            place = end
        }
        return result
    }

    /// Whether sequence numbers go up by one, in one stream.
    var isUnbroken: Bool {
        Set(packets.map(\.sent.header.ssrc)).count <= 1
            && zip(packets, packets.dropFirst()).allSatisfy {
                $1.sent.header.sequenceNumber == $0.sent.header.sequenceNumber &+ 1
            }
    }
}

extension Studio {
    /// Keys call control was told of a line.
    func told(_ line: Int) -> String {
        String(
            graph.facts.compactMap {
                if case .digit(Studio.id(line), let digit) = $0 { digit.character } else { nil }
            })
    }

    /// Lets handsets speak from `start` to `end`, in ms; ticks come when they are due.
    mutating func talk(
        _ one: inout Handset, _ other: inout Handset, from start: Int64, to end: Int64, _ heard: inout [Reception]
    ) {
        for time in stride(from: start, to: end, by: 20) {
            for packet in one.packets() { collect(send(packet, from: one.line, at: time), time, &heard) }
            for packet in other.packets() { collect(send(packet, from: other.line, at: time), time, &heard) }
            tick(from: time, to: time + 19, &heard)
        }
    }

    mutating func talk(_ one: inout Handset, from start: Int64, to end: Int64, _ heard: inout [Reception]) {
        for time in stride(from: start, to: end, by: 20) {
            for packet in one.packets() { collect(send(packet, from: one.line, at: time), time, &heard) }
            tick(from: time, to: time + 19, &heard)
        }
    }

    /// Lets time pass.
    mutating func tick(from start: Int64, to end: Int64, _ heard: inout [Reception]) {
        while let due = graph.nextTick, due <= Moment(nanoseconds: end * 1_000_000 + 999_999) {
            graph.tick(now: due)
            collect(take(), due.nanoseconds / 1_000_000, &heard)
        }
    }

    private func collect(_ sent: [Sent], _ time: Int64, _ heard: inout [Reception]) {
        for line in heard.indices { heard[line].take(sent, at: time, line: line) }
    }
}
