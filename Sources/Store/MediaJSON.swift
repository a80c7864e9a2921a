import Basics
import CallControl
import Fax
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
            if let fax = facts.fax { text += ",\"fax\":\(encode(fax))" }
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
            let fax: Fax?
        }
        let rows = try JSONText.decode([Facts].self, text, of: "the media of call record \(id)")
        return rows.map { facts in
            var leg = LegMediaFacts(
                leg: facts.leg, packetsIn: facts.packetsIn, packetsOut: facts.packetsOut,
                packetsLost: facts.packetsLost,
                jitterMicroseconds: facts.jitterMicroseconds, roundTripMicroseconds: facts.roundTripMicroseconds,
                codec: facts.codec ?? "", isTranscoded: facts.transcoded ?? false,
                encryption: facts.encryption.flatMap { MediaEncryption(rawValue: $0) }, verdict: facts.verdict ?? "")
            leg.fax = facts.fax?.facts
            return leg
        }
    }

    private static func encode(_ fax: LegFaxFacts) -> String {
        var text: String = "{\"way\":\"\(fax.way.rawValue)\""
        if let result = fax.result {
            text += ",\"result\":\"\(result.rawValue)\",\"sends\":\(fax.sends),\"pages\":\(fax.pages)"
            text += ",\"bitRate\":\(fax.bitRate),\"errorCorrection\":\(fax.errorCorrection)"
            if fax.repeated > 0 { text += ",\"repeated\":\(fax.repeated)" }
            if fax.refusedPages > 0 { text += ",\"refusedPages\":\(fax.refusedPages)" }
            if fax.trainingFailures > 0 { text += ",\"trainingFailures\":\(fax.trainingFailures)" }
            if fax.packetsLost > 0 { text += ",\"packetsLost\":\(fax.packetsLost)" }
        }
        return text + ",\"words\":\(quoted(fax.words))}"
    }

    /// As ``encode(_:)`` writes it; the words are made anew.
    private struct Fax: Decodable {
        let way: String
        let result: String?
        let sends, errorCorrection: Bool?
        let pages, bitRate, repeated, refusedPages, trainingFailures, packetsLost: UInt32?

        var facts: LegFaxFacts? {
            guard let way = LegFaxFacts.Way(rawValue: way) else { return nil }
            var facts = LegFaxFacts(way: way)
            facts.result = result.flatMap { FaxFigures.Result(rawValue: $0) }
            (facts.sends, facts.errorCorrection) = (sends ?? false, errorCorrection ?? false)
            (facts.pages, facts.bitRate, facts.repeated) = (pages ?? 0, bitRate ?? 0, repeated ?? 0)
            (facts.refusedPages, facts.trainingFailures) = (refusedPages ?? 0, trainingFailures ?? 0)
            facts.packetsLost = packetsLost ?? 0
            return facts
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
