import Basics
import CallControl
import Foundation

/// The media facts of a call as JSON: in the database's column, and in exports.
enum MediaJSON {
    /// By hand: every call that ends passes here.
    static func encode(_ media: [LegMediaFacts]) -> String {
        if media.isEmpty { return "[]" }
        var text: String = "["
        for (index, facts) in media.enumerated() {
            if index > 0 { text += "," }
            text += "{\"leg\":\(facts.leg),\"packetsIn\":\(facts.packetsIn),\"packetsOut\":\(facts.packetsOut)"
            text += ",\"packetsLost\":\(facts.packetsLost),\"jitterMicroseconds\":\(facts.jitterMicroseconds)"
            if let roundTrip = facts.roundTripMicroseconds { text += ",\"roundTripMicroseconds\":\(roundTrip)" }
            if !facts.codec.isEmpty { text += ",\"codec\":\(quoted(facts.codec))" }
            if facts.isTranscoded { text += ",\"transcoded\":true" }
            if let encryption = facts.encryption { text += ",\"encryption\":\"\(encryption.rawValue)\"" }
            if !facts.verdict.isEmpty { text += ",\"verdict\":\(quoted(facts.verdict))" }
            text += "}"
        }
        return text + "]"
    }

    static func decode(_ text: String, of id: CallID) throws -> [LegMediaFacts] {
        if text == "[]" { return [] }
        struct Facts: Decodable {
            let leg: UInt16
            let packetsIn, packetsOut, packetsLost: UInt64
            let jitterMicroseconds: UInt32
            let roundTripMicroseconds: UInt32?
            let codec: String?
            let transcoded: Bool?
            let encryption: String?
            let verdict: String?
        }
        let rows = try JSONText.decode([Facts].self, text, of: "the media of call record \(id)")
        return rows.map { facts in
            LegMediaFacts(
                leg: facts.leg, packetsIn: facts.packetsIn, packetsOut: facts.packetsOut,
                packetsLost: facts.packetsLost,
                jitterMicroseconds: facts.jitterMicroseconds, roundTripMicroseconds: facts.roundTripMicroseconds,
                codec: facts.codec ?? "", isTranscoded: facts.transcoded ?? false,
                encryption: facts.encryption.flatMap { MediaEncryption(rawValue: $0) }, verdict: facts.verdict ?? "")
        }
    }

    /// A JSON string (RFC 8259 §7).
    static func quoted(_ text: String) -> String {
        var result: String = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                if scalar.value < 0x20 {
                    let digits = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}
