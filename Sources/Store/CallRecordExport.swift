import Basics
public import CallControl

/// Call records as text for other programs; one record at a time, so that any number can be written.
public enum CallRecordExport {
    /// The first line of the CSV form, with its CRLF.
    public static let csvHeader: String = CSV.line([
        "call", "tenant_id", "caller_user_id", "caller_uri", "caller_name", "dialled", "callee_user_id", "callee_uri",
        "started_at",
        "ringing_at", "answered_at", "ended_at", "talk_seconds", "outcome", "hangup_by", "sip_status", "reason",
        "media", "mos", "verdict",
    ])

    /// One line of the CSV form, with its CRLF. Times are ISO 8601 in UTC; an open record has no end and no outcome.
    public static func csvLine(_ record: CallRecord) -> String {
        CSV.line([
            "\(record.id)", "\(record.tenant)", record.callerUser?.description ?? "", record.callerURI,
            record.callerDisplay,
            record.dialled, record.calleeUser?.description ?? "", record.calleeURI, record.startedAt.iso8601,
            record.ringingAt?.iso8601 ?? "", record.answeredAt?.iso8601 ?? "", record.endedAt?.iso8601 ?? "",
            talkSeconds(record) ?? "",
            record.outcome?.name ?? "", record.hangupBy?.rawValue ?? "", record.sipStatus.map(String.init) ?? "",
            record.reason,
            record.media.isEmpty ? "" : MediaJSON.encode(record.media),
            score(record.quality?.mos) ?? "", record.quality?.verdict(in: .english) ?? "",
        ])
    }

    /// One JSON object on one line, without a line end; what is not known is left out.
    public static func json(_ record: CallRecord) -> String {
        var members: [String] = ["\"call\":\"\(record.id)\"", "\"tenantId\":\(record.tenant)"]
        func add(_ name: String, _ raw: String?) {
            if let raw { members.append("\"\(name)\":\(raw)") }
        }
        add("callerUserId", record.callerUser?.description)
        add("callerUri", MediaJSON.quoted(record.callerURI))
        add("callerName", record.callerDisplay.isEmpty ? nil : MediaJSON.quoted(record.callerDisplay))
        add("dialled", MediaJSON.quoted(record.dialled))
        add("calleeUserId", record.calleeUser?.description)
        add("calleeUri", record.calleeURI.isEmpty ? nil : MediaJSON.quoted(record.calleeURI))
        add("startedAt", MediaJSON.quoted(record.startedAt.iso8601))
        add("ringingAt", record.ringingAt.map { MediaJSON.quoted($0.iso8601) })
        add("answeredAt", record.answeredAt.map { MediaJSON.quoted($0.iso8601) })
        add("endedAt", record.endedAt.map { MediaJSON.quoted($0.iso8601) })
        add("talkSeconds", talkSeconds(record))
        add("outcome", record.outcome.map { MediaJSON.quoted($0.name) })
        add("hangupBy", record.hangupBy.map { MediaJSON.quoted($0.rawValue) })
        add("sipStatus", record.sipStatus.map(String.init))
        add("reason", record.reason.isEmpty ? nil : MediaJSON.quoted(record.reason))
        add("media", MediaJSON.encode(record.media))
        if let quality = record.quality {
            add("mos", score(quality.mos))
            add("verdict", MediaJSON.quoted(quality.verdict(in: .english)))
            add("quality", "[" + quality.legs.map(leg).joined(separator: ",") + "]")
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    /// What one leg's audio came to.
    private static func leg(_ quality: LegQuality) -> String {
        let totals: LegQuality.Totals = quality.totals
        var members: [String] = ["\"leg\":\(quality.leg)"]
        if let codec = quality.codecs.last { members.append("\"codec\":\(MediaJSON.quoted(codec))") }
        if let mos = score(totals.mos) { members.append("\"mos\":\(mos)") }
        if let worst = score(totals.worstMOS) { members.append("\"worstMos\":\(worst)") }
        members.append("\"lossPermille\":\(Int((totals.lossRate * 1000).rounded()))")
        members.append("\"jitterMs\":\(totals.jitterMs)")
        if let trip = totals.roundTripMs { members.append("\"roundTripMs\":\(trip)") }
        members.append("\"badSeconds\":\(totals.badMs / 1000)")
        return "{" + members.joined(separator: ",") + "}"
    }

    /// `4.41` for 441.
    private static func score(_ hundredths: UInt16?) -> String? {
        hundredths.map { "\($0 / 100).\(padded(Int($0 % 100), 2))" }
    }

    /// With milliseconds; nil for a call never answered or still up.
    private static func talkSeconds(_ record: CallRecord) -> String? {
        guard let talk = record.talkTime else { return nil }
        let milliseconds: Int64 = max(0, talk.wholeMilliseconds)
        return "\(milliseconds / 1000).\(padded(Int(milliseconds % 1000), 3))"
    }
}
