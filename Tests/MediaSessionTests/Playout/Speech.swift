import Foundation

/// Audio for tests.
enum Speech {
    /// Something like speech from a seed: syllables of a voice with a moving pitch and four harmonics, and pauses with faint noise.
    static func synthetic(seconds: Int, rate: Int = 8000) -> [Int16] {
        var samples: [Int16] = []
        samples.reserveCapacity(seconds * rate)
        var phase = 0.0
        var noise: UInt32 = 1
        for index in 0..<(seconds * rate) {
            let time: Double = Double(index) / Double(rate)
            let syllable: Double = max(sin(time * 2 * .pi * 3.1), 0) * (sin(time * 2 * .pi * 0.35) > -0.4 ? 1 : 0)
            phase += 2 * .pi * (120 + 25 * sin(time * 2.1)) / Double(rate)
            noise = noise &* 1_664_525 &+ 1_013_904_223
            var value: Double = Double(noise >> 16) / 65_536 * 16 - 8
            for harmonic in 1...4 { value += sin(phase * Double(harmonic)) * 5000 / Double(harmonic) * syllable }
            samples.append(Int16(value))
        }
        return samples
    }

    static let folder = "/usr/share/asterisk/sounds/en_US_f_Allison/"
    static let recordings: [String] = ["vm-intro", "conf-adminmenu", "demo-congrats", "basic-pbx-ivr-main"]
    static var isInstalled: Bool { recordings.allSatisfy { recording($0) != nil } }

    /// A prompt of Debian's asterisk-core-sounds-en-wav: 8 kHz, mono.
    static func recording(_ name: String) -> [Int16]? {
        guard let data = FileManager.default.contents(atPath: folder + name + ".wav"), data.count > 44 else {
            return nil
        }
        return data.dropFirst(44).withUnsafeBytes { bytes in
            (0..<bytes.count / 2).map { bytes.loadUnaligned(fromByteOffset: $0 * 2, as: Int16.self) }
        }
    }
}
