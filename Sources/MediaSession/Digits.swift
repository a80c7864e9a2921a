/// A key of a telephone: `0`-`9`, `*`, `#`, `A`-`D`, or a hook flash (RFC 4733 §3.2).
public struct Digit: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The event code of RFC 4733 §3.2: 0 ... 16.
    public let rawValue: UInt8
    public init?(rawValue: UInt8) {
        guard rawValue <= 16 else { return nil }
        self.rawValue = rawValue
    }

    private static let characters: [Character] = Array("0123456789*#ABCD!")
    /// Of a character; letters in either case, `!` is the flash.
    public init?(_ character: Character) {
        guard let upper = character.uppercased().first, let index = Digit.characters.firstIndex(of: upper) else {
            return nil
        }
        rawValue = UInt8(index)
    }
    public var character: Character { Digit.characters[Int(rawValue)] }
    public var description: String { String(character) }
}

/// How digits travel on a leg.
public enum DigitTransport: Hashable, Sendable {
    /// RFC 4733 events.
    case events
    /// Tones in the audio.
    case inBand
    /// SIP INFO: digits come by the plan's commands and leave as facts.
    case info
    /// No digits.
    case none
}
