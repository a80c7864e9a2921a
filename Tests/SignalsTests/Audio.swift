import Basics
import Glibc

/// Samples of full scale 1 and what tests do with them.
struct Audio {
    var samples: [Double]
    var rate: Double

    init(_ samples: [Double], rate: Double = 8000) { (self.samples, self.rate) = (samples, rate) }

    static func silence(ms: Double, rate: Double = 8000) -> Audio {
        Audio([Double](repeating: 0, count: Int(ms * rate / 1000)), rate: rate)
    }

    /// Sines of (Hz, dBm0) that begin and end at once.
    static func tone(_ sines: [(Double, Double)], ms: Double, rate: Double = 8000, phase: Double = 0) -> Audio {
        var samples = [Double](repeating: 0, count: Int((ms * rate / 1000).rounded()))
        for (number, (hertz, level)) in sines.enumerated() {
            let peak: Double = pow(10, (level - 3.14) / 20)
            let step: Double = 2 * .pi * hertz / rate
            for index in samples.indices {
                samples[index] += peak * sin(phase * Double(number + 1) + step * Double(index))
            }
        }
        return Audio(samples, rate: rate)
    }

    static func + (one: Audio, two: Audio) -> Audio { Audio(one.samples + two.samples, rate: one.rate) }

    mutating func mix(_ other: Audio, at offset: Int = 0, gain: Double = 1) {
        for (index, value) in other.samples.enumerated() where index + offset < samples.count {
            samples[index + offset] += value * gain
        }
    }

    /// The mean square.
    var power: Double { samples.reduce(0) { $0 + $1 * $1 } / Double(max(samples.count, 1)) }

    /// 16-bit samples, clipped.
    var pcm: [Int16] { samples.map { Int16(max(-32_768, min(32_767, ($0 * 32_768).rounded()))) } }
}

extension SeededRandom {
    /// White noise of mean square 1: the sum of twelve even ones is near enough to Gauss.
    mutating func noise() -> Double {
        var sum: Double = -6
        for _ in 0..<4 {
            let bits: UInt64 = next()
            sum +=
                Double(bits & 0xFFFF) / 65_536 + Double(bits >> 16 & 0xFFFF) / 65_536 + Double(bits >> 32 & 0xFFFF)
                / 65_536
        }
        return sum
    }
    mutating func unit() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }
    mutating func within(_ low: Double, _ high: Double) -> Double { low + (high - low) * unit() }
}

/// G.711 there and back, for the tests alone.
enum G711 {
    static func aLaw(_ sample: Int16) -> Int16 {
        let negative: Bool = sample < 0
        let magnitude: Int = min(negative ? -Int(sample) - 1 : Int(sample), 32_767) >> 3
        var shift = 1
        while magnitude >= 32 << shift { shift += 1 }
        let value: Int = (((magnitude >> shift) << shift) + (1 << (shift - 1))) * 8
        return Int16(clamping: negative ? -value : value)
    }
    static func muLaw(_ sample: Int16) -> Int16 {
        let negative: Bool = sample < 0
        let magnitude: Int = min(negative ? -Int(sample) : Int(sample), 32_635) + 132
        var segment = 7
        while segment > 0, magnitude < 128 << segment { segment -= 1 }
        let shift: Int = segment + 3
        let value: Int = (((magnitude >> shift) << shift) + (1 << (shift - 1))) - 132
        return Int16(clamping: negative ? -value : value)
    }
}

/// Debian's recordings of speech: asterisk-core-sounds-en-wav and -fr-wav.
enum Speech {
    static let folder: String = "/usr/share/asterisk/sounds"

    /// The paths of all 8 kHz recordings, in order.
    static let files: [String] = {
        var found: [String] = []
        var open: [String] = ["\(folder)/en_US_f_Allison", "\(folder)/fr_CA_f_June"]
        while let path = open.popLast() {
            guard let directory = opendir(path) else { continue }
            while let entry = readdir(directory) {
                let name: String = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name.hasPrefix(".") { continue }
                if name.hasSuffix(".wav") {
                    found.append("\(path)/\(name)")
                } else if !name.contains(".") {
                    open.append("\(path)/\(name)")
                }
            }
            closedir(directory)
        }
        return found.sorted()
    }()

    /// Those in which somebody speaks all the time.
    static let spoken: [String] = files.filter { !$0.contains("/silence/") && !$0.contains("beep") }

    /// The samples of a WAV file of 16 bits, mono, 8 kHz.
    static func read(_ path: String) -> [Int16] {
        guard let file = fopen(path, "rb") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count: Int = fread(&buffer, 1, buffer.count, file)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        guard
            let data = (12..<max(bytes.count - 8, 12)).first(where: { Array(bytes[$0..<$0 + 4]) == Array("data".utf8) })
        else { return [] }
        let start: Int = data + 8
        return stride(from: start, to: bytes.count - 1, by: 2).map {
            Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)
        }
    }
}

extension [Int16] {
    /// The same, played `speed` times as fast: pitch and all.
    func faster(_ speed: Double) -> [Int16] {
        var result: [Int16] = []
        result.reserveCapacity(Int(Double(count) / speed) + 1)
        var place = 0.0
        while Int(place) + 1 < count {
            let (index, part) = (Int(place), place - place.rounded(.down))
            result.append(Int16((Double(self[index]) * (1 - part) + Double(self[index + 1]) * part).rounded()))
            place += speed
        }
        return result
    }
}

extension Double {
    func raised(_ exponent: Double) -> Double { pow(self, exponent) }
}
