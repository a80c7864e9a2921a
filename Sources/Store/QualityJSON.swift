import Basics
import CallControl

/// A call's quality as JSON. Spans are arrays of numbers, since a bad hour has many of them.
enum QualityJSON {
    // MARK: Writing, by hand: every call that ends passes here

    static func encode(_ legs: [LegQuality]) -> String {
        "[" + legs.map(encode).joined(separator: ",") + "]"
    }

    private static func encode(_ leg: LegQuality) -> String {
        var text: String = "{\"leg\":\(leg.leg),\"codecs\":["
        text += leg.codecs.map(MediaJSON.quoted).joined(separator: ",") + "]"
        if let source = leg.source { text += ",\"source\":\(MediaJSON.quoted(source.description))" }
        if let elsewhere = leg.elsewhere { text += ",\"elsewhere\":\(MediaJSON.quoted(elsewhere.description))" }
        text += ",\"spans\":["
        for (index, span) in leg.spans.enumerated() {
            if index > 0 { text += "," }
            append(span, to: &text)
        }
        text += "],\"marks\":["
        text += leg.marks.map {
            "{\"at\":\($0.atMs),\"kind\":\"\($0.kind.rawValue)\",\"text\":\(MediaJSON.quoted($0.text))}"
        }
        .joined(separator: ",")
        return text + "]}"
    }

    /// In the order of ``span(_:)``; what is not known is -1.
    private static func append(_ span: QualitySpan, to text: inout String) {
        func optional<Number: FixedWidthInteger>(_ value: Number?) -> Int64 { value.map { Int64($0) } ?? -1 }
        let numbers: [Int64] = [
            Int64(span.state.rawValue), Int64(span.fromMs), Int64(span.toMs), optional(span.mos),
            optional(span.worstMOS),
            Int64(span.packetsExpected), Int64(span.packetsLost), Int64(span.packetsLostInBursts),
            Int64(span.packetsReceived), Int64(span.packetsSent), Int64(span.jitterMs), Int64(span.variationMs),
            optional(span.roundTripMs), optional(span.reportedLoss), Int64(span.gapMs), Int64(span.silentMs),
            Int64(span.pauseMs), Int64(span.packetsFromElsewhere), Int64(span.packetsOfUnknownType),
            optional(span.codec),
        ]
        text += "["
        for (index, number) in numbers.enumerated() { text += index == 0 ? "\(number)" : ",\(number)" }
        text += "]"
    }

    static func encode(_ findings: [QualityFinding]) -> String {
        "[" + findings.map(encode).joined(separator: ",") + "]"
    }

    private static func encode(_ finding: QualityFinding) -> String {
        var text: String = "{\"cause\":\"\(finding.cause.rawValue)\""
        if let leg = finding.leg { text += ",\"leg\":\(leg)" }
        if let from = finding.fromMs { text += ",\"from\":\(from)" }
        if let to = finding.toMs { text += ",\"to\":\(to)" }
        if let value = finding.value { text += ",\"value\":\(value)" }
        if finding.isBursty { text += ",\"bursts\":true" }
        if let address = finding.address { text += ",\"address\":\(MediaJSON.quoted(address))" }
        if let elsewhere = finding.elsewhere { text += ",\"elsewhere\":\(MediaJSON.quoted(elsewhere))" }
        return text + "}"
    }

    // MARK: Reading

    private struct Leg: Decodable {
        struct Mark: Decodable {
            let at: UInt32
            let kind, text: String
        }
        let leg: UInt16
        let codecs: [String]
        let source, elsewhere: String?
        let spans: [[Int64]]
        let marks: [Mark]
    }

    private struct Finding: Decodable {
        let cause: String
        let leg: UInt16?
        let from, to, value: UInt32?
        let bursts: Bool?
        let address, elsewhere: String?
    }

    static func legs(_ text: String, of id: CallID) throws -> [LegQuality] {
        try JSONText.decode([Leg].self, text, of: "the quality of call \(id)").map { row in
            var leg = LegQuality(leg: row.leg)
            leg.codecs = row.codecs
            leg.source = row.source.flatMap { IPEndpoint($0) }
            leg.elsewhere = row.elsewhere.flatMap { IPEndpoint($0) }
            leg.spans = try row.spans.map { numbers in
                guard let span = span(numbers) else {
                    throw StoreError(.unreadable, "the quality of call \(id) has a span that is none")
                }
                return span
            }
            leg.marks = row.marks.compactMap { mark in
                QualityMark.Kind(rawValue: mark.kind).map { QualityMark(kind: $0, atMs: mark.at, text: mark.text) }
            }
            return leg
        }
    }

    private static func span(_ numbers: [Int64]) -> QualitySpan? {
        guard numbers.count >= 20, let state = QualitySpan.State(rawValue: UInt8(clamping: numbers[0])) else {
            return nil
        }
        func optional<Number: FixedWidthInteger>(_ value: Int64) -> Number? {
            value < 0 ? nil : Number(clamping: value)
        }
        var span = QualitySpan(state, fromMs: UInt32(clamping: numbers[1]), toMs: UInt32(clamping: numbers[2]))
        (span.mos, span.worstMOS) = (optional(numbers[3]), optional(numbers[4]))
        span.packetsExpected = UInt32(clamping: numbers[5])
        span.packetsLost = UInt32(clamping: numbers[6])
        span.packetsLostInBursts = UInt32(clamping: numbers[7])
        span.packetsReceived = UInt32(clamping: numbers[8])
        span.packetsSent = UInt32(clamping: numbers[9])
        (span.jitterMs, span.variationMs) = (UInt16(clamping: numbers[10]), UInt16(clamping: numbers[11]))
        (span.roundTripMs, span.reportedLoss) = (optional(numbers[12]), optional(numbers[13]))
        span.gapMs = UInt32(clamping: numbers[14])
        span.silentMs = UInt32(clamping: numbers[15])
        span.pauseMs = UInt32(clamping: numbers[16])
        span.packetsFromElsewhere = UInt32(clamping: numbers[17])
        span.packetsOfUnknownType = UInt32(clamping: numbers[18])
        span.codec = optional(numbers[19])
        return span
    }

    static func findings(_ text: String, of id: CallID) throws -> [QualityFinding] {
        // A cause of a newer version is left out: what it would say is not known here.
        try JSONText.decode([Finding].self, text, of: "the findings on call \(id)").compactMap { row in
            QualityCause(rawValue: row.cause).map { cause in
                QualityFinding(
                    cause, leg: row.leg, fromMs: row.from, toMs: row.to, value: row.value,
                    isBursty: row.bursts ?? false,
                    address: row.address, elsewhere: row.elsewhere)
            }
        }
    }
}
