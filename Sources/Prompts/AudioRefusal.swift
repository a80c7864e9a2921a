/// Why audio is refused: the rule it breaks, with the limit, in words. Nothing was changed.
public struct AudioRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Rule: Hashable, Sendable {
        /// The file cannot be opened: why.
        case unreadable(String)
        case empty
        case tooManyBytes(Int, limit: Int)
        /// Neither WAV, MP3, FLAC, Ogg nor AIFF by its first bytes.
        case notAudio
        /// By its first bytes it is audio of this format, and the decoder says that it is broken: why.
        case broken(format: String, String)
        /// Its header announces more audio than there is.
        case cutOff(announced: UInt64, found: UInt64)
        case sampleRate(Int)
        case channels(Int)
        case tooLong(limit: Duration)
        case tooShort(Duration, limit: Duration)
        /// The loudest sample, in dB below full scale; nil where all are zero.
        case silent(peakDb: Double?)
    }

    public let rule: Rule
    public init(_ rule: Rule) { self.rule = rule }

    public var description: String {
        switch rule {
        case .unreadable(let why): why
        case .empty: "it is empty"
        case .tooManyBytes(let bytes, let limit):
            "it has \(bytes.megabytes) MB; at most \(limit.megabytes) MB are taken"
        case .notAudio: "it is not audio: WAV, MP3, FLAC, Ogg and AIFF are taken"
        case .broken(let format, let why): "it begins as \(format) and cannot be read as such: \(why)"
        case .cutOff(let announced, let found):
            "it is cut off: its header announces \(announced) bytes of audio, and \(found) are there; copy it again"
        case .sampleRate(let rate):
            "its sample rate is \(rate) Hz; \(AudioLimits.sampleRates.words) Hz are taken"
        case .channels(let count): "it has \(count) channels; \(AudioLimits.channels.words) are taken"
        case .tooLong(let limit): "it is longer than \(limit.words), the most that is taken"
        case .tooShort(let length, let limit):
            "it holds \(length.words) of sound; at least \(limit.words) are needed"
        case .silent(let peak):
            "it holds only silence: its loudest moment \(peak.map { "is at \(Int($0.rounded())) dB" } ?? "is zero"); "
                + "\(Int(AudioLimits.silence)) dB of full scale are needed"
        }
    }
}

extension Int {
    fileprivate var megabytes: String {
        let tenths = (self * 10 + (1 << 19)) >> 20
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}

extension ClosedRange<Int> {
    fileprivate var words: String { "\(lowerBound) to \(upperBound)" }
}

extension Duration {
    /// `5 min`, `0.1 s`, `72.4 s`
    package var words: String {
        let (seconds, attoseconds) = components
        if seconds >= 60, seconds % 60 == 0, attoseconds == 0 { return "\(seconds / 60) min" }
        let tenths = attoseconds / 100_000_000_000_000_000
        return tenths == 0 ? "\(seconds) s" : "\(seconds).\(tenths) s"
    }
}
