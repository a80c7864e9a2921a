/// The header of the 16-bit PCM files that are written here: RIFF, and RF64 beyond 4 GiB (EBU Tech 3306).
///
/// It always has 80 bytes: what RF64 needs is reserved from the beginning, so that a file that grows never moves its audio.
package struct WAVHeader: Equatable {
    package static let size: Int = 80

    package var sampleRate: Int
    package var channels: Int
    /// Of audio.
    package var dataBytes: UInt64

    package var bytesPerFrame: Int { channels * 2 }
    package var frames: UInt64 { dataBytes / UInt64(max(1, bytesPerFrame)) }

    package var bytes: [UInt8] {
        let isLong: Bool = dataBytes + UInt64(WAVHeader.size) > UInt64(UInt32.max)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(WAVHeader.size)
        func text(_ text: String) { bytes.append(contentsOf: text.utf8) }
        func number(_ value: UInt64, _ count: Int) {
            for shift in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (UInt64(shift) * 8))) }
        }
        text(isLong ? "RF64" : "RIFF")
        let riffBytes: UInt64 = dataBytes + UInt64(WAVHeader.size) - 8
        number(isLong ? UInt64(UInt32.max) : riffBytes, 4)
        text("WAVE")
        text(isLong ? "ds64" : "JUNK")
        number(28, 4)
        number(isLong ? riffBytes : 0, 8)
        number(isLong ? dataBytes : 0, 8)
        number(isLong ? frames : 0, 8)
        number(0, 4)
        text("fmt ")
        number(16, 4)
        number(1, 2)
        number(UInt64(channels), 2)
        number(UInt64(sampleRate), 4)
        number(UInt64(sampleRate * bytesPerFrame), 4)
        number(UInt64(bytesPerFrame), 2)
        number(16, 2)
        text("data")
        number(isLong ? UInt64(UInt32.max) : dataBytes, 4)
        return bytes
    }

    package init(sampleRate: Int, channels: Int, dataBytes: UInt64 = 0) {
        (self.sampleRate, self.channels, self.dataBytes) = (sampleRate, channels, dataBytes)
    }

    /// Reads what ``bytes`` writes; nil for any other header.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count >= WAVHeader.size else { return nil }
        func text(_ offset: Int) -> String { String(decoding: bytes[offset..<offset + 4], as: UTF8.self) }
        func number(_ offset: Int, _ count: Int) -> UInt64 {
            (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << (UInt64($1) * 8) }
        }
        let isLong: Bool = text(0) == "RF64"
        guard isLong || text(0) == "RIFF", text(8) == "WAVE", text(12) == (isLong ? "ds64" : "JUNK"),
            number(16, 4) == 28, text(48) == "fmt ", number(52, 4) == 16, number(56, 2) == 1, number(70, 2) == 16,
            text(72) == "data", (1...2).contains(number(58, 2)), (1...768_000).contains(number(60, 4))
        else { return nil }
        channels = Int(number(58, 2))
        sampleRate = Int(number(60, 4))
        dataBytes = isLong ? number(28, 8) : number(76, 4)
    }
}
