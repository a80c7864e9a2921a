internal import MediaSession
internal import SIPMessage

/// A digit in a SIP INFO, in the two forms phones use: `application/dtmf-relay` and `application/dtmf`. Both are older than RFC 6086 and
/// have no specification of their own.
struct InfoDigit: Hashable, Sendable {
    let digit: Digit
    /// 40 ... 5000.
    let durationMs: UInt16

    /// How long a key is taken to be pressed where nothing is said, in milliseconds.
    static let usualDurationMs: UInt16 = 160
    static let contentType: String = "application/dtmf-relay"

    init(_ digit: Digit, durationMs: UInt16 = InfoDigit.usualDurationMs) {
        (self.digit, self.durationMs) = (digit, min(max(durationMs, 40), 5000))
    }

    enum Reading: Hashable, Sendable {
        /// The INFO is about something else.
        case none
        case digit(InfoDigit)
        /// A digit that can't be read.
        case malformed
    }

    static func read(_ request: SIPMessage) -> Reading {
        guard request.method == .info, let type = try? request.contentType(), type.type == "application" else {
            return .none
        }
        switch type.subtype {
        case "dtmf-relay", "dtmf":
            guard let digit = read(String(decoding: request.body.prefix(256), as: UTF8.self)) else { return .malformed }
            return .digit(digit)
        case "hook-flash": return Digit("!").map { .digit(InfoDigit($0)) } ?? .malformed
        default: return .none
        }
    }

    /// `Signal=5`, `Duration=160`, a line each; or the key alone.
    private static func read(_ text: String) -> InfoDigit? {
        var digit: Digit?
        var duration: UInt16 = usualDurationMs
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: "=", maxSplits: 1).map { part in part.filter { $0 != " " && $0 != "\t" } }
            switch (parts.first?.lowercased(), parts.count) {
            case ("signal", 2): digit = key(parts[1])
            case ("duration", 2): duration = UInt16(parts[1]) ?? usualDurationMs
            case (let key?, 1) where digit == nil: digit = self.key(key)
            default: continue
            }
        }
        return digit.map { InfoDigit($0, durationMs: duration) }
    }

    /// A key by its character, or by its event code of two digits (RFC 4733 §3.2).
    private static func key(_ text: String) -> Digit? {
        if text.count == 1, let character = text.first { return Digit(character) }
        return text.count == 2 ? UInt8(text).flatMap { $0 >= 10 ? Digit(rawValue: $0) : nil } : nil
    }

    var body: [UInt8] { Array("Signal=\(digit)\r\nDuration=\(durationMs)\r\n".utf8) }
}
