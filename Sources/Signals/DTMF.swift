/// The tones of push-button telephones (ITU-T Q.23), by their event codes (RFC 4733 §3.2): 0-9 are the digits, 10 `*`, 11 `#`,
/// 12-15 `A`-`D`.
public enum DTMF {
    /// The lower frequencies in Hz, by row of the keypad.
    public static let rows: [Double] = [697, 770, 852, 941]
    /// The upper frequencies in Hz, by column of the keypad.
    public static let columns: [Double] = [1209, 1336, 1477, 1633]
    /// The codes by row and column.
    static let keypad: [UInt8] = [1, 2, 3, 12, 4, 5, 6, 13, 7, 8, 9, 14, 10, 0, 11, 15]

    /// The two frequencies of a code in Hz; nil above 15.
    public static func frequencies(_ code: UInt8) -> (low: Double, high: Double)? {
        guard let place = keypad.firstIndex(of: code) else { return nil }
        return (rows[place / 4], columns[place % 4])
    }

    /// The code of a character, letters in either case; nil for any other.
    public static func code(_ character: Character) -> UInt8? {
        switch character {
        case "0"..."9": character.asciiValue.map { $0 - 48 }
        case "*": 10
        case "#": 11
        case "A"..."D": character.asciiValue.map { $0 - 65 + 12 }
        case "a"..."d": character.asciiValue.map { $0 - 97 + 12 }
        default: nil
        }
    }

    /// The level of the louder frequency: what a telephone puts on its line by ETSI ES 201 235-2 (-9 dBV, and -11 dBV for the
    /// lower one), well within what receivers take (ITU-T Q.24 table A-1).
    public static let standardLevelDbm0: Double = -7
    /// By how much the upper frequency is above the lower, in dB; evens out the loss of a subscriber line.
    public static let standardTwistDb: Double = 2

    /// The tone of one code for `durationMs` (nil: until dropped); nil for a code above 15.
    public static func segment(
        _ code: UInt8, durationMs: UInt32?, levelDbm0: Double = standardLevelDbm0, twistDb: Double = standardTwistDb
    ) -> ToneSegment? {
        guard let (low, high) = frequencies(code) else { return nil }
        return ToneSegment(
            [ToneFrequency(low, levelDbm0 - max(twistDb, 0)), ToneFrequency(high, levelDbm0 + min(twistDb, 0))],
            durationMs: durationMs)
    }

    /// Digits one after the other.
    ///
    /// - Parameters:
    ///   - digits: `0`-`9`, `*`, `#`, `A`-`D`; `,` and `w` are a second of silence; others are left out.
    ///   - toneMs: 40 or more is heard by every receiver (ITU-T Q.24 §3); 70 and 70 are usual.
    ///   - gapMs: after every digit, the last too; 40 or more.
    ///   - levelDbm0: of the louder of both frequencies.
    ///   - twistDb: the upper frequency's level over the lower's; -4 ... +4 is heard by every receiver.
    public static func pattern(
        _ digits: String, toneMs: UInt32, gapMs: UInt32, levelDbm0: Double = standardLevelDbm0,
        twistDb: Double = standardTwistDb
    ) -> TonePattern {
        var segments: [ToneSegment] = []
        for character in digits {
            if character == "," || character == "w" {
                segments.append(.silence(1000))
            } else if let code = code(character),
                let tone = segment(code, durationMs: toneMs, levelDbm0: levelDbm0, twistDb: twistDb)
            {
                segments += [tone, .silence(gapMs)]
            }
        }
        return TonePattern(segments, repeats: 1, rampMs: 1)
    }
}
