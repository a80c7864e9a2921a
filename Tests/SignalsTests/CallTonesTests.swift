import Signals
import Testing

@Suite("tones of countries (ITU-T E.180)")
struct CallTonesTests {
    /// A pattern in short: `440 1500, - 3500`, with `..` where it repeats for ever.
    static func text(_ pattern: TonePattern) -> String {
        let parts: [String] = pattern.segments.map { segment in
            let sines: String = segment.frequencies.map { "\(Int($0.hertz))" }.joined(separator: "+")
            return (sines.isEmpty ? "-" : sines) + (segment.durationMs.map { " \($0)" } ?? "")
        }
        return parts.joined(separator: ", ") + (pattern.repeats.map { " x\($0)" } ?? " ..")
    }

    @Test(
        "sound as the table of E.180 Supplement 2 says",
        arguments: [
            ("FR", ProgressTone.ringback, "440 1500, - 3500 .."), ("FR", .busy, "440 500, - 500 .."),
            ("FR", .dial, "440 .."), ("FR", .specialInformation, "950 300, 1400 300, 1800 300, - 1000 .."),
            ("DE", .busy, "425 480, - 480 .."), ("DE", .congestion, "425 240, - 240 .."),
            ("CH", .ringback, "425 1000, - 4000 .."), ("CH", .congestion, "425 200, - 200 .."),
            ("AT", .ringback, "420 1000, - 5000 .."), ("BE", .ringback, "425 1000, - 3000 .."),
            ("IT", .dial, "425 200, - 200, 425 600, - 1000 .."), ("ES", .busy, "425 200, - 200 .."),
            ("GB", .ringback, "400+450 400, - 200, 400+450 400, - 2000 .."), ("GB", .busy, "400 375, - 375 .."),
            ("US", .ringback, "440+480 2000, - 4000 .."), ("CA", .busy, "480+620 500, - 500 .."),
            ("us", .congestion, "480+620 250, - 250 .."), ("MA", .ringback, "425 1700, - 3300 .."),
            ("XX", .ringback, "425 1000, - 4000 .."), ("", .busy, "425 500, - 500 .."),
            ("FR", .confirmation, "440 100, - 100 x3"), ("FR", .recordBeep, "1400 500 x1"),
            ("FR", .conferenceJoin, "440 120, 587 180 x1"), ("FR", .conferenceLeave, "587 120, 440 180 x1"),
        ])
    func table(country: String, tone: ProgressTone, expected: String) {
        #expect(CallTonesTests.text(CallTones.pattern(tone, country: country)) == expected)
    }

    @Test(
        "every tone of every country is in the band, at a sane level, and never clips", arguments: CallTones.countries)
    func sane(country: String) {
        for tone in ProgressTone.allCases {
            let pattern: TonePattern = CallTones.pattern(tone, country: country)
            #expect(!pattern.segments.isEmpty)
            for segment in pattern.segments {
                #expect(segment.frequencies.count <= 4)
                for sine in segment.frequencies {
                    #expect((300...2000).contains(sine.hertz) && (-25 ... -10).contains(sine.levelDbm0), "\(tone)")
                }
            }
            let all: [Int16] = samples(pattern, limit: 24_000)
            let peak: Int = all.map { abs(Int($0)) }.max() ?? 0
            #expect((1500...12_000).contains(peak), "\(tone) has a peak of \(peak)")
        }
    }

    @Test("tones of progress sound for ever, those that answer a deed end")
    func ends() {
        for tone in ProgressTone.allCases {
            let endless: Bool = CallTones.pattern(tone, country: "FR").durationMs == nil
            switch tone {
            case .dial, .ringback, .busy, .congestion, .callWaiting, .specialInformation: #expect(endless)
            case .confirmation, .recordBeep, .conferenceJoin, .conferenceLeave: #expect(!endless)
            }
        }
    }

    @Test("the warning of a recording comes back every 15 s or so, softly")
    func warning() {
        let pattern: TonePattern = CallTones.recordingWarning(country: "BE")
        #expect(CallTonesTests.text(pattern) == "1400 500, - 15000 ..")
        #expect(pattern.segments[0].frequencies[0].levelDbm0 == -20)
    }
}
