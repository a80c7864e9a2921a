/// What the first bytes of an Opus packet say without decoding (RFC 6716 §3).
struct OpusPacket {
    /// Samples of one frame at 48 kHz: 120 ... 2 880.
    let frameDuration: UInt32
    /// 1 ... 48.
    let frames: UInt32
    private let configuration: UInt8
    private let isStereo: Bool
    /// The first byte of the first frame; nil where that frame is empty.
    private let firstByte: UInt8?

    /// Samples of the packet at 48 kHz: 120 ... 5 760.
    var duration: UInt32 { frameDuration * frames }

    /// Nil for what breaks a rule of RFC 6716 §3.4.
    init?(_ payload: UnsafeRawBufferPointer) {
        guard let toc = payload.first else { return nil }
        configuration = toc >> 3
        isStereo = toc & 4 != 0
        frameDuration = Self.frameDuration(configuration)
        let layout: Layout?
        switch toc & 3 {
        case 0: layout = Layout(frames: 1, start: 1, first: payload.count - 1)
        case 1:
            let rest = payload.count - 1
            layout = rest % 2 == 0 ? Layout(frames: 2, start: 1, first: rest / 2) : nil
        case 2: layout = Self.twoFrames(payload)
        default: layout = Self.manyFrames(payload)
        }
        guard let layout, layout.first <= 1_275, UInt32(layout.frames) * frameDuration <= 5_760 else { return nil }
        frames = UInt32(layout.frames)
        firstByte = layout.first > 0 ? payload[layout.start] : nil
    }

    /// Whether the first frame brings the one before it once more (LBRR, RFC 6716 §4.2.4).
    ///
    /// The flags stand in the first bits of the frame: one of voice activity for each 20 ms, then the one that is looked for, a group of
    /// them per channel.
    var bringsPreviousFrame: Bool {
        guard configuration < 16, let firstByte else { return false }
        let parts = max(1, frameDuration / 960)
        let mono = firstByte >> UInt8(7 - parts) & 1 != 0
        return isStereo ? mono || firstByte >> UInt8(6 - 2 * parts) & 1 != 0 : mono
    }

    /// Whether the first frame says that nobody speaks in it; frames without such a flag (CELT alone) do not.
    var lacksVoice: Bool {
        guard configuration < 16 else { return false }
        guard let firstByte else { return true }
        let parts = max(1, frameDuration / 960)
        let flags: UInt8 = firstByte >> UInt8(8 - parts)
        guard isStereo else { return flags == 0 }
        let side = UInt8(truncatingIfNeeded: firstByte << UInt8(parts + 1)) >> UInt8(8 - parts)
        return flags == 0 && side == 0
    }

    private struct Layout {
        var frames: Int
        /// Where the first frame starts, and its length in bytes.
        var start: Int
        var first: Int
    }

    private static func frameDuration(_ configuration: UInt8) -> UInt32 {
        let size = UInt32(configuration & 3)
        switch configuration {
        case ..<12: return size == 3 ? 2_880 : 480 << size
        case ..<16: return 480 << (size & 1)
        default: return 120 << size
        }
    }

    /// A frame's length in one or two bytes (RFC 6716 §3.2.1).
    private static func length(_ payload: UnsafeRawBufferPointer, at index: Int) -> (bytes: Int, used: Int)? {
        guard index < payload.count else { return nil }
        let first = Int(payload[index])
        if first < 252 { return (first, 1) }
        guard index + 1 < payload.count else { return nil }
        return (first + 4 * Int(payload[index + 1]), 2)
    }

    private static func twoFrames(_ payload: UnsafeRawBufferPointer) -> Layout? {
        guard let (bytes, used) = length(payload, at: 1) else { return nil }
        let second = payload.count - 1 - used - bytes
        guard second >= 0, second <= 1_275 else { return nil }
        return Layout(frames: 2, start: 1 + used, first: bytes)
    }

    private static func manyFrames(_ payload: UnsafeRawBufferPointer) -> Layout? {
        guard payload.count >= 2 else { return nil }
        let head = payload[1]
        let frames = Int(head & 0x3F)
        guard frames > 0 else { return nil }
        var (start, padding) = (2, 0)
        if head & 0x40 != 0 {
            var byte: UInt8 = 255
            while byte == 255 {
                guard start < payload.count else { return nil }
                byte = payload[start]
                padding += byte == 255 ? 254 : Int(byte)
                start += 1
            }
        }
        guard head & 0x80 != 0 else {
            let rest = payload.count - start - padding
            guard rest >= 0, rest % frames == 0 else { return nil }
            return Layout(frames: frames, start: start, first: rest / frames)
        }
        var (sum, first) = (0, 0)
        for index in 0..<(frames - 1) {
            guard let (bytes, used) = length(payload, at: start) else { return nil }
            start += used
            sum += bytes
            if index == 0 { first = bytes }
        }
        let last = payload.count - start - padding - sum
        guard last >= 0, last <= 1_275 else { return nil }
        return Layout(frames: frames, start: start, first: frames == 1 ? last : first)
    }
}
