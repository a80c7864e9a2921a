import Glibc

func readFile(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "rb") else { fail("cannot read \(path)") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&chunk, 1, chunk.count, file)
        if count == 0 { return bytes }
        bytes += chunk[..<count]
    }
}

func writeFile(_ path: String, _ bytes: [UInt8]) {
    guard let file = fopen(path, "wb") else { fail("cannot write \(path)") }
    let written = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, written == bytes.count else { fail("cannot write \(path)") }
}

/// Raw samples of 16 bits, low byte first.
func readSamples(_ path: String) -> [Int16] {
    let bytes = readFile(path)
    return (0..<(bytes.count / 2)).map { Int16(bitPattern: UInt16(bytes[2 * $0]) | UInt16(bytes[2 * $0 + 1]) << 8) }
}

func writeSamples(_ path: String, _ samples: [Int16]) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(samples.count * 2)
    for sample in samples {
        let bits = UInt16(bitPattern: sample)
        bytes.append(UInt8(truncatingIfNeeded: bits))
        bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
    }
    writeFile(path, bytes)
}

/// Something like a voice at 16 kHz: harmonics of a gliding pitch, in syllables, over a little noise.
func voice(seconds: Int) -> [Int16] {
    var (noise, phase): (UInt32, Double) = (1, 0)
    return (0..<(16_000 * seconds)).map { index in
        let time = Double(index) / 16_000
        phase += (120 + 40 * sin(time * 2.1)) / 16_000
        noise = noise &* 1_664_525 &+ 1_013_904_223
        let syllable = max(0, sin(time * 2 * .pi * 3.3)) * (0.6 + 0.4 * sin(time * 1.3))
        var value = (Double(noise >> 16) / 65_536 - 0.5) * 0.02
        for harmonic in 1...20 {
            value += syllable * sin(2 * .pi * phase * Double(harmonic)) / Double(harmonic + 2) * 0.3
        }
        return Int16(max(-32_767, min(32_767, value * 16_000)))
    }
}
