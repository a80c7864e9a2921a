import Codecs
import Foundation
import Testing

/// A file of Golden; `make.py` there says which program made it.
func golden(_ name: String) throws -> [UInt8] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")
    return Array(try Data(contentsOf: folder.appendingPathComponent(name)))
}

/// Raw samples, low byte first.
func goldenSamples(_ name: String) throws -> [Int16] {
    let bytes = try golden(name)
    return (0..<(bytes.count / 2)).map { Int16(bitPattern: UInt16(bytes[2 * $0]) | UInt16(bytes[2 * $0 + 1]) << 8) }
}

/// Packets behind their lengths.
func goldenPackets(_ name: String) throws -> [[UInt8]] {
    var rest = try golden(name)[...]
    var packets: [[UInt8]] = []
    while let high = rest.popFirst(), let low = rest.popFirst() {
        let size = Int(high) << 8 | Int(low)
        packets.append(Array(rest.prefix(size)))
        rest = rest.dropFirst(size)
    }
    return packets
}

extension AudioDecoder {
    /// Exactly as much room as the largest packet needs, unless told otherwise.
    mutating func decode(_ payload: [UInt8], room: Int = AudioDecoder.mostSamples) -> [Int16]? {
        var samples = [Int16](repeating: 0, count: room)
        let count = samples.withUnsafeMutableBufferPointer { samples in
            payload.withUnsafeBytes { decode($0, into: samples) }
        }
        return count.map { Array(samples[..<$0]) }
    }

    mutating func conceal(samples wanted: Int) -> [Int16] {
        var samples = [Int16](repeating: 0, count: wanted)
        let count = samples.withUnsafeMutableBufferPointer { conceal(samples: wanted, into: $0) }
        return Array(samples[..<count])
    }

    mutating func recover(samples wanted: Int, from next: [UInt8]) -> [Int16]? {
        var samples = [Int16](repeating: 0, count: max(0, wanted))
        let count = samples.withUnsafeMutableBufferPointer { samples in
            next.withUnsafeBytes { recover(samples: wanted, from: $0, into: samples) }
        }
        return count.map { Array(samples[..<$0]) }
    }
}

extension AudioEncoder {
    mutating func encode(_ samples: [Int16], room: Int = 12_000) -> [UInt8]? {
        var payload = [UInt8](repeating: 0, count: room)
        let count = payload.withUnsafeMutableBytes { payload in
            samples.withUnsafeBufferPointer { encode($0, into: payload) }
        }
        return count.map { Array(payload[..<$0]) }
    }

    /// In packets of so many samples; what is left at the end is not encoded.
    mutating func packets(_ samples: [Int16], of size: Int) throws -> [[UInt8]] {
        var packets: [[UInt8]] = []
        for start in stride(from: 0, to: samples.count - size + 1, by: size) {
            packets.append(try #require(encode(Array(samples[start..<(start + size)]))))
        }
        return packets
    }
}

extension Resampler {
    mutating func resample(_ samples: [Int16]) -> [Int16] {
        var out = [Int16](repeating: 0, count: mostOutput(of: samples.count))
        let count = samples.withUnsafeBufferPointer { samples in
            out.withUnsafeMutableBufferPointer { resample(samples, into: $0) }
        }
        return Array(out[..<count])
    }
}

func duration(_ payload: [UInt8], _ codec: AudioCodec) -> UInt32? {
    payload.withUnsafeBytes { AudioDecoder.duration(of: $0, codec: codec) }
}

func sine(_ hertz: Double, rate: Int, samples: Int, loudness: Double = 10_000, from start: Int = 0) -> [Int16] {
    (start..<(start + samples)).map { Int16(loudness * sin(2 * .pi * hertz * Double($0) / Double(rate))) }
}

/// The size of a signal: its root mean square.
func loudness(_ samples: some Sequence<Int16>) -> Double {
    var (sum, count) = (0.0, 0.0)
    for sample in samples {
        sum += Double(sample) * Double(sample)
        count += 1
    }
    return count == 0 ? 0 : (sum / count).squareRoot()
}

func decibels(_ ratio: Double) -> Double { 20 * log10(max(ratio, 1e-9)) }

/// How far above the difference of the two the first one is, in dB; over their common length.
func likeness(_ samples: some Collection<Int16>, _ other: some Collection<Int16>) -> Double {
    let difference = zip(samples, other).map { Int16(clamping: Int($0) - Int($1)) }
    return decibels(loudness(samples) / max(loudness(difference), 1e-3))
}

/// The largest step from one sample to the next.
func largestStep(_ samples: some Collection<Int16>) -> Int {
    zip(samples, samples.dropFirst()).map { abs(Int($0) - Int($1)) }.max() ?? 0
}

/// The loudness of one frequency.
func strength(of hertz: Double, rate: Int, in samples: some Collection<Int16>) -> Double {
    var (real, imaginary) = (0.0, 0.0)
    for (index, sample) in samples.enumerated() {
        let phase = 2 * .pi * hertz * Double(index) / Double(rate)
        real += Double(sample) * cos(phase)
        imaginary += Double(sample) * sin(phase)
    }
    return 2 * (real * real + imaginary * imaginary).squareRoot() / Double(samples.count)
}
