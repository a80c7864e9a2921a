/// What a file is by its first bytes: only these go to the decoder, which knows many more.
enum SoundFormat: String {
    case wav = "WAV"
    case mp3 = "MP3"
    case flac = "FLAC"
    case ogg = "Ogg"
    case aiff = "AIFF"

    /// - Parameter head: the first bytes, 16 or more where the file has them.
    init?(_ head: [UInt8]) {
        func has(_ text: String, at offset: Int = 0) -> Bool { head.dropFirst(offset).starts(with: text.utf8) }
        if (has("RIFF") || has("RIFX") || has("RF64")) && has("WAVE", at: 8) {
            self = .wav
        } else if has("ID3") || SoundFormat.isFrameOfMP3(head) {
            self = .mp3
        } else if has("fLaC") {
            self = .flac
        } else if has("OggS") {
            self = .ogg
        } else if has("FORM") && (has("AIFF", at: 8) || has("AIFC", at: 8)) {
            self = .aiff
        } else {
            return nil
        }
    }

    /// A frame header of MPEG audio, layers 1 to 3 (ISO/IEC 11172-3 §2.4.1.3), with no reserved value in it.
    private static func isFrameOfMP3(_ head: [UInt8]) -> Bool {
        guard head.count >= 4, head[0] == 0xFF, head[1] & 0xE0 == 0xE0 else { return false }
        let (version, layer) = (head[1] >> 3 & 3, head[1] >> 1 & 3)
        let (bitrate, rate) = (head[2] >> 4, head[2] >> 2 & 3)
        return version != 1 && layer != 0 && bitrate != 15 && rate != 3
    }

    /// How much audio the header of a WAV file announces, and how much is there; nil where it announces none, as programs that
    /// write into a pipe can't know.
    static func announcedAudio(_ head: [UInt8], fileBytes: Int) -> (announced: UInt64, found: UInt64)? {
        let isBig: Bool = head.starts(with: "RIFX".utf8)
        func number(_ offset: Int) -> UInt64 {
            let bytes = head[offset..<offset + 4]
            return (isBig ? Array(bytes) : bytes.reversed()).reduce(0) { $0 << 8 | UInt64($1) }
        }
        var offset: Int = 12
        while offset + 8 <= head.count {
            let length: UInt64 = number(offset + 4)
            if head[offset..<offset + 4].elementsEqual("data".utf8) {
                // 0 and values of 2 GiB and more stand for "unknown".
                guard length > 0, length < 0x7FFF_F000 else { return nil }
                return (length, UInt64(max(0, fileBytes - offset - 8)))
            }
            guard length < 1 << 31 else { return nil }
            offset += 8 + Int(length + length % 2)
        }
        return nil
    }
}
