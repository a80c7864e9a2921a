import Glibc
import Signals
import Testing

/// Recordings made by sox (µ-law, 8 kHz), and beside each what the detectors say of it.
@Suite("golden recordings")
struct GoldenTests {
    static let folder: String = String(#filePath.dropLast("GoldenTests.swift".count)) + "Golden/"
    static let names: [String] = [
        "answering", "answering-reversed", "busy-FR", "digits", "digits-faint-FR", "fax-calling", "information-DE",
        "near-digits", "ringback-US", "words",
    ]

    static func bytes(_ name: String) -> [UInt8] {
        guard let file = fopen(folder + name, "rb") else { return [] }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 100_000)
        return Array(buffer[..<fread(&buffer, 1, buffer.count, file)])
    }

    /// µ-law as ITU-T G.711 has it.
    static func sample(_ byte: UInt8) -> Int16 {
        let bits: UInt8 = ~byte
        let magnitude: Int = ((Int(bits & 0x0F) << 3) + 132) << Int(bits >> 4 & 7) - 132
        return Int16(bits & 0x80 != 0 ? -magnitude : magnitude)
    }

    /// What all detectors say, a line each, times in ms.
    static func report(_ pcm: [Int16], country: String) -> String {
        var lines: [String] = []
        for told in detect(pcm) {
            switch told.event {
            case .began: break
            case .ended(let code, let start, let end): lines.append("key \(code) \(start / 8) \(end / 8)")
            }
        }
        for found in MachineToneTests.detect(pcm) { lines.append("machine \(found.tone) \(found.position / 8)") }
        for event in CallProgressTests.detect(pcm, country) {
            switch event {
            case .began(let tone, let position): lines.append("+\(tone) \(position / 8)")
            case .ended(let tone, let position): lines.append("-\(tone) \(position / 8)")
            }
        }
        let frames: [VoiceActivity.Frame] = VoiceActivityTests.frames(pcm)
        lines.append("voice " + frames.map { $0.isVoice ? "v" : "-" }.joined())
        return lines.joined(separator: "\n") + "\n"
    }

    @Test("say what is written beside them", arguments: names)
    func golden(name: String) {
        let recording: [UInt8] = GoldenTests.bytes(name + ".ul")
        #expect(!recording.isEmpty)
        let country: String = name.split(separator: "-").last.map(String.init) ?? ""
        let report: String = GoldenTests.report(recording.map(GoldenTests.sample), country: country)
        let expected = String(decoding: GoldenTests.bytes(name + ".txt"), as: UTF8.self)
        #expect(report == expected)
    }
}
