import AudioFiles
import CSndfile
import Foundation
import Prompts
import Testing

@Suite("Loudness and silence of prompts")
struct PreparedSoundTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let sound: [Float]
        var limits: AudioLimits = .prompt
    }

    /// Mostly quiet, with claps at full scale.
    private static let claps: [Float] = Sounds.voice(seconds: 8, rate: 16_000, level: 0.01).enumerated().map {
        index, value in
        index % 16_000 < 40 ? (index % 2 == 0 ? 0.99 : -0.99) : value
    }

    private static let rows: [Row] = [
        Row(testDescription: "loud speech", sound: Sounds.voice(seconds: 4, rate: 16_000, level: 0.95)),
        Row(testDescription: "quiet speech", sound: Sounds.voice(seconds: 4, rate: 16_000, level: 0.01)),
        Row(testDescription: "one word of 0.3 s", sound: Sounds.voice(seconds: 0.3, rate: 16_000, level: 0.2)),
        Row(
            testDescription: "clipped speech",
            sound: Sounds.voice(seconds: 4, rate: 16_000, level: 3).map { min(1, max(-1, $0)) }),
        Row(testDescription: "quiet speech with loud claps", sound: claps),
        Row(testDescription: "music", sound: Sounds.tone(440, seconds: 5, rate: 16_000, level: 0.9), limits: .music),
    ]

    @Test("everything is brought within 1 LU of the target, and no peak between samples above -2 dBTP", arguments: rows)
    func target(row: Row) throws {
        let prepared = try PreparedSound(row.sound, limits: row.limits)
        let measured = Sounds.loudness(prepared.samples, rate: 16_000)
        #expect(abs(measured - row.limits.loudness) < 1, "\(measured) LUFS")
        #expect(abs(measured - prepared.loudness) < 0.3)
        #expect(prepared.truePeak <= -1.9)
        #expect(prepared.samples.allSatisfy { abs(Int($0)) <= 26_100 })
    }

    @Test("silence at both ends is cut, 30 ms before and 80 ms after the sound stay")
    func trimming() throws {
        let silence = [Float](repeating: 0.0001, count: 16_000)
        let sound = silence + Sounds.tone(800, seconds: 1, rate: 16_000) + silence + silence
        let prepared = try PreparedSound(sound, limits: .prompt)
        #expect(abs(prepared.samples.count - 16_000 - 480 - 1280) <= 320)
        // No click at either end.
        #expect(abs(Int(prepared.samples[0])) < 10 && abs(Int(prepared.samples[prepared.samples.count - 1])) < 10)
    }

    @Test("pauses within, and the silence around music, stay")
    func pauses() throws {
        let tone = Sounds.tone(800, seconds: 1, rate: 16_000)
        let sound = tone + [Float](repeating: 0, count: 32_000) + tone
        #expect(try PreparedSound(sound, limits: .prompt).samples.count >= 64_000)
        #expect(try PreparedSound([Float](repeating: 0, count: 8000) + tone, limits: .music).samples.count == 24_000)
    }

    @Test("a constant offset, which would click at every join, is taken out")
    func offset() throws {
        let prepared = try PreparedSound(
            Sounds.tone(800, seconds: 1, rate: 16_000).map { $0 * 0.5 + 0.3 }, limits: .music)
        let mean = prepared.samples.reduce(0) { $0 + Int($1) } / prepared.samples.count
        #expect(abs(mean) < 20)
    }
}
