/// What a ladder shows of one SIP message; made from its bytes alone, so that a malformed one is shown too.
struct SIPSummary {
    /// `INVITE sip:1002@example.com` or `180 Ringing (INVITE)`.
    let title: String
    /// The same in short, for copies: `INVITE` or `180 (INVITE)`.
    let short: String
    /// One line per media stream of the SDP: `audio 192.0.2.10:4000 PCMU PCMA sendrecv`.
    let media: [String]
    /// Why, where the message says: its Reason and Warning fields (RFC 3326, RFC 3261 §20.43), Retry-After and where a 3xx leads.
    let reasons: [String]

    init(_ bytes: [UInt8]) {
        let lines: [String] = SIPSummary.lines(bytes)
        let start: String = lines.first ?? ""
        let blank: Int = lines.firstIndex(of: "") ?? lines.count
        var cseqMethod = ""
        var isSDP = false
        var reasons: [String] = []
        let isRedirection: Bool = start.hasPrefix("SIP/2.0 3")
        for line in lines[..<blank].dropFirst() {
            let field: String = line.lowercased()
            for name in ["reason", "warning", "retry-after"] where field.hasPrefix(name) {
                guard line.dropFirst(name.count).drop(while: { $0 == " " }).first == ":" else { continue }
                reasons.append(SIPSummary.plain(line))
            }
            if isRedirection, field.hasPrefix("contact") || field.hasPrefix("m:") { reasons.append(line) }
            if field.hasPrefix("cseq"), let method = line.split(separator: " ").last { cseqMethod = String(method) }
            if field.hasPrefix("content-type") || field.hasPrefix("c:"), field.contains("application/sdp") {
                isSDP = true
            }
        }
        self.reasons = reasons
        let words = start.split(separator: " ", maxSplits: 2).map(String.init)
        if words.isEmpty {
            title = "(nothing but line ends)"
            short = title
        } else if words[0].hasPrefix("SIP/"), words.count > 1 {
            let method: String = cseqMethod.isEmpty ? "" : " (\(cseqMethod))"
            title = words[1...].joined(separator: " ") + method
            short = words[1] + method
        } else {
            let target: Substring = words.count > 1 ? words[1].prefix { $0 != ";" && $0 != "?" } : ""
            title = target.isEmpty ? words[0] : "\(words[0]) \(target)"
            short = words[0]
        }
        let isMultipart: Bool = !isSDP && lines[blank...].contains { $0.lowercased().contains("application/sdp") }
        media = isSDP || isMultipart ? SIPSummary.media(lines[blank...]) : []
    }

    /// `Reason: SIP 200 Call completed elsewhere` for `Reason: SIP;cause=200;text="Call completed elsewhere"`.
    private static func plain(_ line: String) -> String {
        line.replacing(";cause=", with: " ").replacing(";text=", with: " ").replacing("\"", with: "")
            .split(separator: " ").joined(separator: " ")
    }

    /// The text's lines; control characters, which could steer a terminal, become `?`.
    private static func lines(_ bytes: [UInt8]) -> [String] {
        var lines: [String] = []
        for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            lines.append(printable(String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)))
        }
        return lines
    }

    static func printable(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned,
                .nonspacingMark,
                .enclosingMark:
                result.append("?")
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    private struct Stream {
        let kind: String
        let port: String
        let formats: [String]
        var address: String?
        var names: [String: String] = [:]
        var direction: String?
    }

    private static func media(_ lines: ArraySlice<String>) -> [String] {
        var address = ""
        var direction = "sendrecv"
        var streams: [Stream] = []
        for line in lines {
            if line.hasPrefix("m=") {
                let words = line.dropFirst(2).split(separator: " ").map(String.init)
                guard words.count > 2 else { continue }
                streams.append(Stream(kind: words[0], port: words[1], formats: Array(words[3...])))
            } else if line.hasPrefix("c="), let value = line.split(separator: " ").last {
                if streams.isEmpty {
                    address = String(value)
                } else {
                    streams[streams.count - 1].address = String(value)
                }
            } else if line.hasPrefix("a=rtpmap:"), !streams.isEmpty {
                let words = line.dropFirst(9).split(separator: " ").map(String.init)
                guard words.count > 1 else { continue }
                let name = String(words[1].prefix { $0 != "/" })
                streams[streams.count - 1].names[words[0]] = name.lowercased() == "telephone-event" ? "events" : name
            } else if ["a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive"].contains(line) {
                let value = String(line.dropFirst(2))
                if streams.isEmpty { direction = value } else { streams[streams.count - 1].direction = value }
            }
        }
        return streams.map { stream in
            let formats: [String] = stream.formats.map { stream.names[$0] ?? staticName($0) }
            let host: String = stream.address ?? address
            let shownHost: String = host.contains(":") ? "[\(host)]" : host
            return
                "\(stream.kind) \(shownHost):\(stream.port) \(formats.joined(separator: " ")) \(stream.direction ?? direction)"
        }
    }

    /// The static payload types of RFC 3551 §6 that phones offer without an rtpmap.
    private static func staticName(_ format: String) -> String {
        switch format {
        case "0": "PCMU"
        case "3": "GSM"
        case "4": "G723"
        case "8": "PCMA"
        case "9": "G722"
        case "13": "CN"
        case "18": "G729"
        case "34": "H263"
        default: format
        }
    }
}
