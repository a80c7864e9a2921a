import Basics
import MediaSession
import Signals
import Testing

struct ConverterCase: CustomTestStringConvertible {
    var testDescription: String
    var speaker: DigitTransport
    var listener: DigitTransport?
    var steps: String
    var expected: String
    init(_ name: String, _ speaker: DigitTransport, _ listener: DigitTransport?, _ steps: String, _ expected: String) {
        testDescription = name
        (self.speaker, self.listener, self.steps, self.expected) = (speaker, listener, steps, expected)
    }
}

@Suite("digits from one leg to its listener")
struct DigitConverterTests {
    static let ways: [ConverterCase] = [
        ConverterCase(
            "events to events", .events, .events, "e+5@20 e-5@120:100", "20:tell5 20:hold5 120:release100"),
        ConverterCase(
            "events to tones", .events, .inBand, "e+5@20 e-5@120:100", "20:tell5 20:hold5 120:release100"),
        ConverterCase("events to INFO", .events, .info, "e+5@20 e-5@120:100", "20:tell5 120:info5/100"),
        ConverterCase("events to nobody", .events, nil, "e+5@20 e-5@120:100", "20:tell5"),
        ConverterCase("events to one who takes none", .events, DigitTransport.none, "e+5@20 e-5@120:100", "20:tell5"),
        ConverterCase(
            "tones to events", .inBand, .events, "t+5@60 t-5@160:100", "60:tell5 60:hold5 160:release100"),
        ConverterCase("tones to tones pass in the audio", .inBand, .inBand, "t+5@60 t-5@160:100", "60:tell5"),
        ConverterCase("tones to INFO", .inBand, .info, "t+5@60 t-5@160:100", "60:tell5 160:info5/100"),
        ConverterCase(
            "INFO to events", .info, .events, "i5@500:160", "500:tell5 500:hold5 500:release160"),
        ConverterCase("INFO to INFO", .info, .info, "i5@500:160", "500:tell5 500:info5/160"),
        ConverterCase(
            "a flash has no tone", .events, .inBand, "e+!@20 e-!@120:100", "20:tell!"),
        ConverterCase("a flash to INFO", .events, .info, "e+!@20 e-!@120:100", "20:tell! 120:info!/100"),
    ]

    static let twice: [ConverterCase] = [
        ConverterCase(
            "tones beside events, behind them", .events, .events, "e+5@20 t+5@160 e-5@120:100 t-5@260:100",
            "20:tell5 20:hold5 120:release100"),
        ConverterCase(
            "events behind tones", .inBand, .events, "t+5@60 e+5@200 t-5@160:100 e-5@300:100",
            "60:tell5 60:hold5 160:release100"),
        ConverterCase(
            "the same digit twice, quickly, by events alone", .events, .events,
            "e+1@20 e-1@80:60 e+1@160 e-1@220:60",
            "20:tell1 20:hold1 80:release60 160:tell1 160:hold1 220:release60"),
        ConverterCase(
            "the same digit twice, quickly, by events and by tones behind", .events, .events,
            "e+1@20 e-1@80:60 e+1@160 t+1@170 e-1@220:60 t-1@230:60 t+1@310 t-1@370:60",
            "20:tell1 20:hold1 80:release60 160:tell1 160:hold1 220:release60"),
        ConverterCase(
            "the same digit twice, the tones before", .inBand, .events,
            "t+1@60 t-1@120:60 t+1@200 e+1@210 t-1@260:60 e-1@270:60 e+1@350 e-1@410:60",
            "60:tell1 60:hold1 120:release60 200:tell1 200:hold1 260:release60"),
        ConverterCase(
            "of two tones one is not found", .events, .events,
            "e+1@20 e-1@80:60 e+1@160 e-1@220:60 t+1@310 t-1@370:60",
            "20:tell1 20:hold1 80:release60 160:tell1 160:hold1 220:release60"),
        ConverterCase(
            "other digits between", .events, nil, "e+1@20 e-1@80:60 e+2@160 t+1@200 e-2@220:60 t-1@260:60 t+2@340",
            "20:tell1 160:tell2"),
        ConverterCase(
            "INFO behind events", .events, .events, "e+7@20 e-7@120:100 i7@900:160", "20:tell7 20:hold7 120:release100"),
        ConverterCase(
            "INFO before events, which are late", .info, .events, "i7@100:160 e+7@300 e-7@400:100",
            "100:tell7 100:hold7 100:release160"),
        ConverterCase(
            "INFO, events and tones alike, pressed twice", .events, nil,
            "e+7@20 e-7@120:100 t+7@180 e+7@220 t-7@280:100 e-7@320:100 t+7@380 i7@600:160 i7@700:160 t-7@480:100",
            "20:tell7 220:tell7"),
        ConverterCase(
            "a tone long after an event is a key of its own", .events, nil, "e+5@20 e-5@120:100 t+5@800 t-5@900:100",
            "20:tell5 800:tell5"),
        ConverterCase(
            "INFO long after an event is a key of its own", .events, nil, "e+5@20 e-5@120:100 i5@2400:160",
            "20:tell5 2400:tell5"),
        ConverterCase(
            "a long key by events, its INFO at the release", .events, .info,
            "e+5@20 e-5@5000:4980 i5@5100:250", "20:tell5 5000:info5/4980"),
    ]

    static let open: [ConverterCase] = [
        ConverterCase(
            "tones pass, and the event of the same key adds nothing", .inBand, .inBand,
            "e+5@20 t+5@160 e-5@120:100 t-5@260:100", "20:tell5"),
        ConverterCase(
            "tones should pass, but only an event came: its tone is made", .inBand, .inBand, "e+5@20 e-5@120:100",
            "20:tell5 320:press5/100"),
        ConverterCase(
            "the same while the key is held", .inBand, .inBand, "e+5@20 e-5@1020:1000",
            "20:tell5 320:hold5 1020:release1000"),
        ConverterCase(
            "a key without an end is released", .events, .events, "e+5@20", "20:tell5 20:hold5 60000:release60000"),
        ConverterCase(
            "the next key releases the one that is held", .events, .events, "e+5@20 e+6@300 e-6@400:100",
            "20:tell5 20:hold5 300:tell6 300:release300 300:hold6 400:release100"),
        ConverterCase("an end without a begin", .events, .events, "e-5@100:80 t-5@100:80", ""),
        ConverterCase(
            "only the way that began a key ends it", .events, .events, "e+5@20 t+5@60 t-5@90:30 e-5@120:100",
            "20:tell5 20:hold5 120:release100"),
    ]

    @Test("each way to each listener", arguments: ways + twice + open)
    func table(row: ConverterCase) {
        var script = ConverterScript(from: row.speaker, to: row.listener)
        let steps: [String] = row.steps.split(separator: " ").map(String.init)
            .sorted { ConverterCase.time($0) < ConverterCase.time($1) }
        #expect(script.run(steps.joined(separator: " ")) == row.expected)
    }

    @Test("a new listener hears no key that was pressed for another, and later ones in its own way")
    func newListener() {
        var script = ConverterScript(from: .events, to: .events)
        _ = script.run("e+5@20", until: 40)
        script.listen(.info, at: 60)
        _ = script.run("e-5@120:100 e+6@200 e-6@300:100", until: 400)
        #expect(script.lines.joined(separator: " ") == "20:tell5 20:hold5 60:release60 200:tell6 300:info6/100")
    }

    @Test("audio is held back where tones are taken out of it, and only there")
    func lookAhead() {
        for speaker: DigitTransport in [.events, .inBand, .info, .none] {
            for listener: DigitTransport? in [.events, .inBand, .info, DigitTransport.none, nil] {
                let expected: Int = speaker == .inBand && listener != nil && listener != .inBand ? 40 : 0
                #expect(DigitConverter(from: speaker, to: listener).lookAheadMs == expected)
            }
        }
    }

    @Test("many keys at once lose none")
    func crowd() {
        var converter = DigitConverter(from: .events, to: nil)
        var told = 0
        for step: Int64 in 0..<500 {
            let now = Moment.zero.advanced(by: .milliseconds(step))
            converter.cameByInfo(Digit(rawValue: UInt8(step % 17))!, durationMs: 0, now: now)
            while let effect = converter.nextEffect() { if case .tell = effect { told += 1 } }
        }
        #expect(told == 500)
    }
}

extension ConverterCase {
    static func time(_ step: String) -> Int64 {
        Int64(step.split(separator: "@")[1].split(separator: ":")[0]) ?? 0
    }
}
