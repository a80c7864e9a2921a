import Basics
import SIPTransaction

/// The joined story of a call's legs as text: caller, Martinet and callees side by side, time downwards, 120 columns at most.
public struct Ladder: Sendable {
    private static let width: Int = 120
    private static let firstLane: Int = 11
    /// Callees that get a column each; with more of them all share one and every arrow names its leg.
    private static let mostColumns: Int = 3
    private static let blank: UInt8 = 0x20

    private let records: [TraceRecord]
    /// The columns' legs from left to right; Martinet stands between the first and the rest.
    private let callees: [UInt16]
    private let isShared: Bool
    private let lanes: [Int]

    /// - Parameter records: of one call, in order of time.
    public init(_ records: [TraceRecord]) {
        self.records = records
        var legs: Set<UInt16> = []
        for record in records {
            guard case .sip = record.content, let leg = record.leg, leg != 0 else { continue }
            legs.insert(leg)
        }
        callees = legs.sorted()
        isShared = callees.count > Ladder.mostColumns
        let count: Int = 2 + (isShared ? 1 : max(1, callees.count))
        let gap: Int = (Ladder.width - 2 - Ladder.firstLane) / (count - 1)
        lanes = (0..<count).map { Ladder.firstLane + $0 * gap }
    }

    /// The ladder, every line ended by a newline; a sentence where there is nothing to show.
    public var text: String {
        guard let first = records.first else { return "No trace is kept of this call.\n" }
        var lines: [String] = []
        lines.append("Call \(first.call?.description ?? "-"), traced from \(first.at.iso8601)")
        lines.append("")
        lines += header()
        let repeats: [Seen: [WallTime]] = Ladder.times(of: records)
        var drawn: [Seen: Int] = [:]
        for record in records {
            let time: String = Ladder.offset(record.at.since(first.at))
            switch record.content {
            case .note(let note):
                lines += remark(time, leg: record.leg, note)
            case .sip(let direction, let transport, _, let remote, let bytes):
                let key = Seen(leg: record.leg, direction: direction, bytes: bytes)
                let copy: Int = drawn[key, default: 0]
                drawn[key] = copy + 1
                // The message, then one line for all its copies, at the time of the first.
                guard copy < 2 else { continue }
                let summary = SIPSummary(bytes)
                guard let leg = record.leg else {
                    let verb: String = direction == .received ? "received from" : "sent to"
                    lines += remark(time, leg: nil, "\(verb) \(remote) \(transport.rawValue): \(summary.title)")
                    continue
                }
                let again: [WallTime] = copy == 0 ? [] : Array((repeats[key] ?? []).dropFirst())
                lines += arrow(
                    time, leg: leg, isReceived: direction == .received, copy == 0 ? summary.title : summary.short,
                    suffix: again.isEmpty ? "" : again.count == 1 ? " again" : " again, \(again.count) times",
                    copy == 0 ? summary.media + summary.reasons : Ladder.later(again, since: first.at))
            }
        }
        lines.append(rail(""))
        return lines.map { $0 + "\n" }.joined()
    }

    private struct Seen: Hashable {
        let leg: UInt16?
        let direction: TraceRecord.Direction
        let bytes: [UInt8]
    }

    /// When each message was on the wire, copies included.
    private static func times(of records: [TraceRecord]) -> [Seen: [WallTime]] {
        var times: [Seen: [WallTime]] = [:]
        for record in records {
            guard case .sip(let direction, _, _, _, let bytes) = record.content else { continue }
            times[Seen(leg: record.leg, direction: direction, bytes: bytes), default: []].append(record.at)
        }
        return times
    }

    /// When the copies behind the first came: all of the times while they are few, else the first ones and the last.
    private static func later(_ times: [WallTime], since start: WallTime) -> [String] {
        guard times.count > 1 else { return [] }
        let shown: [String] = times.dropFirst().map { offset($0.since(start)).drop { $0 == " " } }.map(String.init)
        guard shown.count > 4 else { return ["and at " + shown.joined(separator: " ")] }
        return ["and at " + shown.prefix(3).joined(separator: " ") + " .. " + shown[shown.count - 1]]
    }

    private func lane(of leg: UInt16) -> Int {
        if leg == 0 { return 0 }
        if isShared { return 2 }
        return 2 + (callees.firstIndex(of: leg) ?? 0)
    }

    private func header() -> [String] {
        var peers: [UInt16: String] = [:]
        for record in records {
            guard case .sip(_, let transport, _, let remote, _) = record.content, let leg = record.leg else { continue }
            if peers[leg] == nil { peers[leg] = "\(remote) \(transport.rawValue)" }
        }
        var names: [String] = ["caller", "Martinet"]
        var addresses: [String] = [peers[0] ?? "", ""]
        if isShared {
            names.append("\(callees.count) callee legs")
            addresses.append("")
        } else if callees.count <= 1 {
            names.append("callee")
            addresses.append(callees.first.flatMap { peers[$0] } ?? "")
        } else {
            for leg in callees {
                names.append("callee, leg \(leg)")
                addresses.append(peers[leg] ?? "")
            }
        }
        var lines: [String] = [centred(names), centred(addresses)]
        if isShared {
            for leg in callees {
                lines.append(String(repeating: " ", count: Ladder.firstLane) + "leg \(leg): \(peers[leg] ?? "")")
            }
        }
        lines.append(rail(""))
        return lines
    }

    /// Each text centred on its lane, moved or cut where it would leave the page or touch its neighbour.
    private func centred(_ texts: [String]) -> String {
        var row = Array(repeating: Character(" "), count: Ladder.width)
        var free: Int = 0
        let gap: Int = lanes[1] - lanes[0]
        for (index, text) in texts.enumerated() {
            let cut = Ladder.cut(text, to: index == 0 ? gap / 2 + Ladder.firstLane : gap - 2)
            let wished: Int = lanes[index] - cut.count / 2
            let start: Int = min(max(free, wished), Ladder.width - cut.count)
            guard start >= 0 else { continue }
            for (offset, character) in cut.enumerated() { row[start + offset] = character }
            free = start + cut.count + 1
        }
        return Ladder.trimmed(row)
    }

    private func rail(_ time: String) -> String { Ladder.trimmed(railRow(time)) }

    private func railRow(_ time: String) -> [Character] {
        var row = Array(repeating: Character(" "), count: Ladder.width)
        for (offset, character) in time.enumerated() where offset < Ladder.firstLane { row[offset] = character }
        for lane in lanes { row[lane] = "|" }
        return row
    }

    /// - Parameters:
    ///   - suffix: stays in full where the title has to be cut.
    ///   - details: a line each below the arrow.
    private func arrow(
        _ time: String, leg: UInt16, isReceived: Bool, _ title: String, suffix: String, _ details: [String]
    ) -> [String] {
        let peer: Int = lanes[lane(of: leg)]
        let (left, right) = (min(peer, lanes[1]), max(peer, lanes[1]))
        let pointsRight: Bool = (peer < lanes[1]) == isReceived
        var row = railRow(time)
        for column in (left + 1)..<right { row[column] = "-" }
        if pointsRight { row[right - 1] = ">" } else { row[left + 1] = "<" }
        let label: String = isShared && leg != 0 ? "leg \(leg): \(title)" : title
        let text: String = Ladder.cut(label, to: right - left - 9 - suffix.count) + suffix
        Ladder.place(" \(text) ", at: left + 4, in: &row)
        var lines: [String] = [Ladder.trimmed(row)]
        for detail in details {
            var row = railRow("")
            for column in (left + 1)..<right { row[column] = " " }
            Ladder.place(Ladder.cut(detail, to: right - left - 6), at: left + 5, in: &row)
            lines.append(Ladder.trimmed(row))
        }
        return lines
    }

    /// A remark across the page, broken between words.
    private func remark(_ time: String, leg: UInt16?, _ note: String) -> [String] {
        let prefix: String = leg.map { $0 == 0 ? "caller: " : "leg \($0): " } ?? ""
        let indent = String(repeating: " ", count: Ladder.firstLane + 2)
        var lines: [String] = []
        var line: String = time + String(repeating: " ", count: max(0, Ladder.firstLane - time.count)) + "*"
        var isEmpty = true
        for word in (prefix + SIPSummary.printable(note)).split(separator: " ") {
            let word = Ladder.cut(String(word), to: Ladder.width - indent.count)
            if line.count + 1 + word.count > Ladder.width, !isEmpty {
                lines.append(line)
                line = indent + word
            } else {
                line += isEmpty ? " " + word : " " + word
            }
            isEmpty = false
        }
        lines.append(line)
        return lines
    }

    private static func place(_ text: String, at start: Int, in row: inout [Character]) {
        for (offset, character) in text.enumerated() where start + offset < row.count {
            row[start + offset] = character
        }
    }

    private static func cut(_ text: String, to limit: Int) -> String {
        text.count <= limit ? text : String(text.prefix(max(0, limit - 2))) + ".."
    }

    private static func trimmed(_ row: [Character]) -> String {
        var end: Int = row.count
        while end > 0, row[end - 1] == " " { end -= 1 }
        return String(row[..<end])
    }

    /// `+0.000` to `+99999.999`: seconds and milliseconds since the first record.
    private static func offset(_ duration: Duration) -> String {
        let milliseconds: Int64 = max(0, duration.wholeMilliseconds)
        let text = "+\(milliseconds / 1000).\(padded(Int(milliseconds % 1000), 3))"
        return text.count >= 9 ? text : String(repeating: " ", count: 9 - text.count) + text
    }
}
