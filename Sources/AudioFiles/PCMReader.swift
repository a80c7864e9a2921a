/// Reads WAV files of 16-bit PCM in one channel: those that are kept here, and what espeak-ng writes into a pipe.
enum PCMReader {
    /// nil for any other file. A header that announces more than there is counts as written into a pipe.
    static func sound(_ bytes: [UInt8]) -> (samples: [Int16], sampleRate: Int)? {
        guard let (range, rate) = audio(bytes) else { return nil }
        let samples: [Int16] = .init(unsafeUninitializedCapacity: range.count / 2) { target, count in
            bytes.withUnsafeBytes { raw in
                UnsafeMutableRawBufferPointer(target).copyMemory(from: UnsafeRawBufferPointer(rebasing: raw[range]))
            }
            count = range.count / 2
        }
        return (samples, rate)
    }

    /// Where the audio is, in whole samples.
    private static func audio(_ bytes: [UInt8]) -> (Range<Int>, sampleRate: Int)? {
        func text(_ offset: Int) -> String { String(decoding: bytes[offset..<offset + 4], as: UTF8.self) }
        func number(_ offset: Int, _ count: Int) -> Int {
            (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << ($1 * 8) }
        }
        guard bytes.count >= 44, text(0) == "RIFF", text(8) == "WAVE" else { return nil }
        var rate: Int?
        var offset: Int = 12
        while offset + 8 <= bytes.count {
            let (name, length) = (text(offset), number(offset + 4, 4))
            let body: Int = offset + 8
            if name == "fmt ", length >= 16, body + 16 <= bytes.count {
                guard number(body, 2) == 1, number(body + 2, 2) == 1, number(body + 14, 2) == 16 else { return nil }
                rate = number(body + 4, 4)
            } else if name == "data" {
                guard let rate, (8000...192_000).contains(rate) else { return nil }
                let count: Int = min(length, bytes.count - body)
                return (body..<body + count / 2 * 2, rate)
            }
            offset = body + length + length % 2
        }
        return nil
    }
}
