import Signals
import Testing

/// MV-MEDIA-01 names the sending and receiving of DTMF. partly: MV-MEDIA-01
@Suite("DTMF made (ITU-T Q.23)")
struct DTMFTests {
    static let keys: [(Character, UInt8, Double, Double)] = [
        ("1", 1, 697, 1209), ("2", 2, 697, 1336), ("3", 3, 697, 1477), ("A", 12, 697, 1633),
        ("4", 4, 770, 1209), ("5", 5, 770, 1336), ("6", 6, 770, 1477), ("B", 13, 770, 1633),
        ("7", 7, 852, 1209), ("8", 8, 852, 1336), ("9", 9, 852, 1477), ("C", 14, 852, 1633),
        ("*", 10, 941, 1209), ("0", 0, 941, 1336), ("#", 11, 941, 1477), ("D", 15, 941, 1633),
    ]

    @Test("a key is its row and column, at the level and twist asked for", arguments: keys)
    func key(character: Character, code: UInt8, low: Double, high: Double) {
        #expect(DTMF.code(character) == code)
        let all: [Int16] = samples(DTMF.pattern("\(character)", toneMs: 1100, gapMs: 100, levelDbm0: -8, twistDb: 3))
        #expect(all.count == 9600)
        #expect(abs(level(all[400..<8400], low) + 11) < 0.02)
        #expect(abs(level(all[400..<8400], high) + 8) < 0.02)
    }

    @Test("a twist below 0 lowers the upper frequency")
    func reverseTwist() {
        let all: [Int16] = samples(DTMF.pattern("5", toneMs: 1100, gapMs: 100, levelDbm0: -8, twistDb: -3))
        #expect(abs(level(all[400..<8400], 770) + 8) < 0.02)
        #expect(abs(level(all[400..<8400], 1336) + 11) < 0.02)
    }

    @Test("digits come in order, each with its pause; a comma is a second, what is no key is left out")
    func string() {
        #expect(DTMF.pattern("1x2", toneMs: 70, gapMs: 50).durationMs == 240)
        #expect(DTMF.pattern("1,2", toneMs: 70, gapMs: 50).durationMs == 1240)
        #expect(DTMF.pattern("", toneMs: 70, gapMs: 50).durationMs == 0)
        #expect(DTMF.pattern("a", toneMs: 70, gapMs: 50) == DTMF.pattern("A", toneMs: 70, gapMs: 50))
        #expect(DTMF.frequencies(16) == nil)
        let found: [UInt8] = codes(detect(samples(DTMF.pattern("159D*0#", toneMs: 50, gapMs: 50))))
        #expect(found == [1, 5, 9, 15, 10, 0, 11])
    }
}
