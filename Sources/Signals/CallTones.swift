/// How the tones of a country sound.
///
/// Frequencies and cadences are those of ITU-T E.180 Supplement 2 ("Various tones used in national networks"), where a country has
/// several the one its present exchanges use; for North America Telcordia GR-506. What the supplement does not name for a country
/// is as E.180 recommends: 425 Hz and the cadences of ``NationalTones/recommended``.
public enum CallTones {
    /// The countries (ISO 3166 alpha-2) that have rows of their own.
    public static let countries: [String] = [
        "AT", "BE", "CA", "CH", "DE", "ES", "FR", "GB", "IE", "IT", "LU", "MA", "NL", "PT", "TN", "US",
    ]

    /// The tone of a country; of E.180's recommendation where the country is not known.
    ///
    /// Dial, ringback, busy, congestion, call waiting and special information sound for ever; the others end of their own.
    /// - Parameter country: ISO 3166 alpha-2, in either case.
    public static func pattern(_ tone: ProgressTone, country: String) -> TonePattern {
        let national: NationalTones = .of(country)
        return switch tone {
        case .dial: national.pattern(national.dial, national.dialLevel)
        case .ringback: national.pattern(national.ringback, national.ringbackLevel)
        case .busy: national.pattern(national.busy, national.busyLevel)
        case .congestion: national.pattern(national.congestion, national.busyLevel)
        case .callWaiting: national.pattern(national.callWaiting, national.callWaitingLevel)
        case .specialInformation: specialInformation(national)
        case .confirmation: confirmation(national)
        case .recordBeep: once([1400], national.record.first ?? 400, NationalTones.level)
        case .conferenceJoin: chime(440, 587)
        case .conferenceLeave: chime(587, 440)
        }
    }

    /// The tone that tells both parties while a call is recorded: 1400 Hz every 15 s or so (E.180 §11.2), softly.
    public static func recordingWarning(country: String) -> TonePattern {
        let national: NationalTones = .of(country)
        return national.pattern(NationalTones.Cadence([1400], national.record), NationalTones.level - 7)
    }

    private static func specialInformation(_ national: NationalTones) -> TonePattern {
        var segments: [ToneSegment] = national.special.map { hertz in
            ToneSegment([ToneFrequency(hertz, NationalTones.level)], durationMs: national.specialMs)
        }
        segments.append(.silence(1000))
        return TonePattern(segments)
    }

    private static func confirmation(_ national: NationalTones) -> TonePattern {
        let sines: [ToneFrequency] = national.dial.hertz.map { ToneFrequency($0, national.dialLevel) }
        return TonePattern([ToneSegment(sines, durationMs: 100), .silence(100)], repeats: 3)
    }

    private static func once(_ hertz: [Double], _ durationMs: UInt32, _ level: Double) -> TonePattern {
        TonePattern([ToneSegment(hertz.map { ToneFrequency($0, level) }, durationMs: durationMs)], repeats: 1)
    }

    /// Two notes that do not talk over anybody.
    private static func chime(_ first: Double, _ second: Double) -> TonePattern {
        TonePattern(
            [
                ToneSegment([ToneFrequency(first, -20)], durationMs: 120),
                ToneSegment([ToneFrequency(second, -20)], durationMs: 180),
            ], repeats: 1, rampMs: 10)
    }
}
