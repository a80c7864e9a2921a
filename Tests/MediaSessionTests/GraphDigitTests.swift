import Basics
import Codecs
import MediaSession
import RTP
import Signals
import Testing

let g722Format = MediaFormat(payloadType: 9, .audio(.g722))
let opusFormat = MediaFormat(payloadType: 111, .audio(.opus(OpusParameters())))
let wideFormat = MediaFormat(payloadType: 112, .audio(.l16(sampleRate: 16_000, channels: 1)))

func eventFormat(_ clockRate: UInt32, _ payloadType: UInt8 = 101) -> MediaFormat {
    MediaFormat(payloadType: payloadType, .telephoneEvent(clockRate: clockRate))
}

/// MV-MEDIA-01 names the sending and receiving of DTMF. partly: MV-MEDIA-01
@Suite("Keys from one leg to another")
struct GraphDigitTests {
    static let keys = "1594*0#A"

    /// Two legs that hear each other: the first has tones alone, the second what `out` says.
    static func studio(
        _ one: MediaFormat, _ other: MediaFormat, _ out: DigitTransport = .events, event: MediaFormat? = nil
    ) -> Studio {
        var studio = Studio()
        _ = studio.open {
            ($0.incoming, $0.outgoing, $0.digitsIn, $0.digitsOut) = ([one], [one], .inBand, .inBand)
        }
        _ = studio.open {
            $0.incoming = [other] + (event.map { [$0] } ?? [])
            ($0.outgoing, $0.digitsIn, $0.digitsOut) = ($0.incoming, out, out)
        }
        studio.graph.join(studio.nodes[0], studio.nodes[1])
        return studio
    }

    static let pairs: [(String, MediaFormat, MediaFormat, UInt32)] = [
        ("A-law relayed", pcmaFormat, pcmaFormat, 8000), ("G.722 relayed", g722Format, g722Format, 8000),
        ("Opus relayed", opusFormat, opusFormat, 48_000), ("A-law to µ-law", pcmaFormat, pcmuFormat, 8000),
        ("G.722 to A-law", g722Format, pcmaFormat, 8000), ("Opus to A-law", opusFormat, pcmaFormat, 8000),
        ("A-law to Opus", pcmaFormat, opusFormat, 48_000), ("A-law to L16", pcmaFormat, wideFormat, 16_000),
    ]

    @Test(
        "tones come out as events at the clock of the listener, once each, and of the tones nothing is heard",
        arguments: pairs)
    func tonesToEvents(name: String, one: MediaFormat, other: MediaFormat, clockRate: UInt32) {
        let event = eventFormat(clockRate)
        var studio = Self.studio(one, other, event: event)
        var heard = [Reception(), Reception()]
        var phone = Handset(0, one)
        studio.talk(&phone, from: 0, to: 400, &heard)
        phone.sound(Self.keys, ms: 80, gap: 160)
        studio.talk(&phone, from: 400, to: 3000, &heard)
        #expect(studio.told(0) == Self.keys, "\(name)")
        let keys: [Reception.Key] = heard[1].keys(event)
        #expect(String(keys.map(\.key)) == Self.keys, "\(name)")
        #expect(keys.allSatisfy { $0.ends == 3 && (70...110).contains($0.durationMs) }, "\(name): \(keys)")
        #expect(heard[1].tones(other).isEmpty, "\(name): \(heard[1].tones(other))")
        let (rate, samples) = heard[1].samples(other)
        // The edges of tones, as codecs smear them.
        let loud: Int = samples.count { abs(Int32($0)) > 2000 }
        #expect(loud * 1000 / rate <= 8, "\(name): \(loud * 1000 / rate) ms of tones are left")
        #expect(samples.count * 1000 / rate > 1500, "\(name): the rest is heard")
        #expect(heard[1].isUnbroken, "\(name)")
        #expect(heard[0].packets.isEmpty)
    }

    @Test(
        "between tones the packets of a shared coding pass as they are, 40 ms later; a stream that stops holds none back"
    )
    func untouched() {
        var studio = Self.studio(pcmaFormat, pcmaFormat, event: eventFormat(8000))
        var heard = [Reception(), Reception()]
        var phone = Handset(0, pcmaFormat)
        studio.talk(&phone, from: 0, to: 200, &heard)
        #expect(heard[1].packets.map(\.at) == stride(from: 40, to: 200, by: 20).map { $0 })
        studio.tick(from: 200, to: 400, &heard)
        #expect(heard[1].packets.count == 10)
        #expect(heard[1].packets.allSatisfy { $0.at < 290 })
        var same = Handset(0, pcmaFormat)
        let said: [[UInt8]] = (0..<10).flatMap { _ in same.packets() }
        #expect(heard[1].packets.map(\.sent.payload) == said.map { Array($0.dropFirst(12)) })
    }

    @Test("a key whose packets stop in the middle is released")
    func cutOff() {
        let event: MediaFormat = eventFormat(8000)
        var studio = Self.studio(pcmaFormat, pcmaFormat, event: event)
        var heard = [Reception(), Reception()]
        var phone = Handset(0, pcmaFormat)
        phone.sound("7", ms: 5000)
        studio.talk(&phone, from: 0, to: 300, &heard)
        studio.tick(from: 300, to: 1000, &heard)
        let keys: [Reception.Key] = heard[1].keys(event)
        #expect(keys.map(\.key) == ["7"] && keys[0].ends == 3 && (560...780).contains(keys[0].durationMs), "\(keys)")
    }

    @Test(
        "events come out as tones in place of the speaker's audio, at their volume and of their length",
        arguments: pairs)
    func eventsToTones(name: String, one: MediaFormat, other: MediaFormat, clockRate: UInt32) {
        let event = eventFormat(clockRate)
        var studio = Self.studio(one, other, event: event)
        var heard = [Reception(), Reception()]
        var phone = Handset(1, other, events: event)
        phone.isEither = false
        studio.talk(&phone, from: 0, to: 400, &heard)
        phone.press(Self.keys, ms: 120, volume: 16)
        studio.talk(&phone, from: 400, to: 3000, &heard)
        #expect(studio.told(1) == Self.keys, "\(name)")
        let tones: [Reception.Tone] = heard[0].tones(one)
        #expect(String(tones.map(\.key)) == Self.keys, "\(name)")
        #expect(tones.allSatisfy { (112...132).contains($0.ms) }, "\(name): \(tones)")
        #expect(heard[0].isUnbroken, "\(name)")
        #expect(heard[0].packets.allSatisfy { $0.sent.header.payloadType == one.payloadType }, "\(name)")
        // Both frequencies at -16 dBm0 in all: a sine at full scale has 3.14 dBm0.
        let (rate, samples) = heard[0].samples(one)
        let loudest: Int =
            (0..<(samples.count / (rate / 50))).map { frame in
                let part: ArraySlice<Int16> = samples[(frame * rate / 50)..<((frame + 1) * rate / 50)]
                return part.reduce(0) { $0 + Int($1) * Int($1) } / part.count
            }.max() ?? 0
        let wanted: Double = 32_768 * 32_768 / 2 * 0.012_2
        #expect((0.75...1.33).contains(Double(loudest) / wanted), "\(name): \(Double(loudest) / wanted)")
        #expect(studio.told(0).isEmpty, "\(name): what is sounded is not heard again")
    }

    @Test("with all ends lost a tone stops within a fifth of a second, and every other loss costs no key")
    func lossy() {
        let event: MediaFormat = eventFormat(8000)
        var studio = Self.studio(pcmaFormat, pcmaFormat, event: event)
        var heard = [Reception(), Reception()]
        var phone = Handset(1, pcmaFormat, events: event)
        phone.lost = { _, event in event?.isEnd ?? false }
        phone.press("5", ms: 200)
        studio.talk(&phone, from: 0, to: 1000, &heard)
        #expect(heard[0].tones(pcmaFormat).map(\.key) == ["5"])
        #expect((190...400).contains(heard[0].tones(pcmaFormat)[0].ms), "\(heard[0].tones(pcmaFormat))")
        var random = SeededRandom(seed: 5)
        phone.lost = { _, _ in random.next() % 3 == 0 }
        phone.press("123456789012345678901234567890", ms: 100)
        studio.talk(&phone, from: 1000, to: 8000, &heard)
        #expect(String(heard[0].tones(pcmaFormat).map(\.key)) == "5123456789012345678901234567890")
        #expect(studio.told(1) == "5123456789012345678901234567890")
    }

    static let clocks: [(UInt32, UInt32, MediaFormat, MediaFormat)] = [
        (48_000, 8000, opusFormat, pcmaFormat), (8000, 48_000, pcmaFormat, opusFormat),
        (16_000, 8000, wideFormat, pcmaFormat), (48_000, 16_000, opusFormat, wideFormat),
        (8000, 8000, pcmaFormat, pcmuFormat),
    ]

    @Test(
        "events of another clock, or beside audio that is made anew, come out once each with their lengths scaled",
        arguments: clocks)
    func scaled(from: UInt32, to: UInt32, one: MediaFormat, other: MediaFormat) {
        var studio = Studio()
        for (format, clock) in [(one, from), (other, to)] {
            _ = studio.open {
                $0.incoming = [format, eventFormat(clock)]
                $0.outgoing = $0.incoming
            }
        }
        studio.graph.join(studio.nodes[0], studio.nodes[1])
        var heard = [Reception(), Reception()]
        var phone = Handset(0, one, events: eventFormat(from))
        phone.isEither = false
        studio.talk(&phone, from: 0, to: 200, &heard)
        phone.press("12#", ms: 140)
        studio.talk(&phone, from: 200, to: 2000, &heard)
        let keys: [Reception.Key] = heard[1].keys(eventFormat(to))
        #expect(keys.map(\.key) == ["1", "2", "#"] && studio.told(0) == "12#")
        #expect(keys.allSatisfy { $0.ends == 3 && (140...160).contains($0.durationMs) }, "\(keys)")
        #expect(heard[1].isUnbroken)
        #expect(heard[1].audio(other).count > 50)
    }

    @Test("with a listener of INFO keys are told, its events are not used, and tones are taken out")
    func info() {
        for way in [DigitTransport.inBand, .events] {
            let event: MediaFormat = eventFormat(8000)
            var studio = Studio()
            _ = studio.open {
                ($0.incoming, $0.outgoing, $0.digitsIn) = ([pcmaFormat, event], [pcmaFormat, event], way)
            }
            _ = studio.open {
                ($0.incoming, $0.outgoing, $0.digitsOut) = ([pcmaFormat, event], [pcmaFormat, event], .info)
            }
            studio.graph.join(studio.nodes[0], studio.nodes[1])
            var heard = [Reception(), Reception()]
            var phone = Handset(0, pcmaFormat, events: event)
            if way == .inBand { phone.sound("0123", ms: 100, gap: 100) } else { phone.press("0123", ms: 100) }
            studio.talk(&phone, from: 0, to: 1500, &heard)
            #expect(studio.told(0) == "0123")
            #expect(heard[1].keys(event).isEmpty && heard[1].tones(pcmaFormat).isEmpty && heard[1].isUnbroken)
            #expect(!heard[1].audio(pcmaFormat).isEmpty)
        }
    }

    @Test("a telephone that sends each key as event and tone presses it once, whatever the other one takes")
    func bothWays() {
        for out in [DigitTransport.events, .inBand] {
            let event: MediaFormat = eventFormat(8000)
            var studio = Studio()
            _ = studio.open {
                ($0.incoming, $0.outgoing, $0.digitsIn) = ([pcmaFormat, event], [pcmaFormat, event], .inBand)
            }
            _ = studio.open {
                ($0.incoming, $0.outgoing, $0.digitsOut) = ([pcmaFormat, event], [pcmaFormat, event], out)
            }
            studio.graph.join(studio.nodes[0], studio.nodes[1])
            var heard = [Reception(), Reception()]
            var phone = Handset(0, pcmaFormat, events: event)
            phone.isEither = false
            phone.press("1123", ms: 100)
            phone.sound("1123", ms: 100, gap: 60)
            studio.talk(&phone, from: 0, to: 1500, &heard)
            #expect(studio.told(0) == "1123")
            let (keys, tones) = (heard[1].keys(event), heard[1].tones(pcmaFormat))
            #expect(String(keys.map(\.key)) == (out == .events ? "1123" : ""), "\(keys)")
            #expect(String(tones.map(\.key)) == (out == .events ? "" : "1123"), "\(tones)")
        }
    }

    @Test("digits that come by INFO are not looked for in the media")
    func ignored() {
        for way in [DigitTransport.info, .none] {
            let event: MediaFormat = eventFormat(8000)
            var studio = Studio()
            for _ in 0..<2 {
                _ = studio.open {
                    ($0.incoming, $0.outgoing, $0.digitsIn) = ([pcmaFormat, event], [pcmaFormat, event], way)
                }
            }
            studio.graph.join(studio.nodes[0], studio.nodes[1])
            var heard = [Reception(), Reception()]
            var phone = Handset(0, pcmaFormat, events: event)
            phone.press("12")
            studio.talk(&phone, from: 0, to: 600, &heard)
            #expect(studio.told(0).isEmpty && heard[1].keys(event).isEmpty)
        }
    }

    @Test("where both sides have the same way packets go on at once, events and tones alike")
    func fast() {
        let event: MediaFormat = eventFormat(8000)
        for way in [DigitTransport.events, .inBand] {
            var studio = Studio()
            for _ in 0..<2 {
                _ = studio.open {
                    $0.incoming = way == .events ? [pcmaFormat, event] : [pcmaFormat]
                    ($0.outgoing, $0.digitsIn, $0.digitsOut) = ($0.incoming, way, way)
                }
            }
            studio.graph.join(studio.nodes[0], studio.nodes[1])
            var heard = [Reception(), Reception()]
            var phone = Handset(0, pcmaFormat, events: way == .events ? event : nil)
            phone.press("12", ms: 100)
            if way == .inBand { phone.sound("12", ms: 100) }
            studio.talk(&phone, from: 0, to: 600, &heard)
            #expect(heard[1].packets.allSatisfy { $0.at % 20 == 0 })
            #expect(studio.graph.nextTick == at(800) || studio.graph.nextTick == at(600), "nothing ticks but the watch")
            #expect(studio.told(0) == (way == .events ? "12" : ""), "nobody asked for tones that pass")
        }
    }
}
