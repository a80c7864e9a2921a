import Basics
public import CallControl

/// What a call's audio was like, as text: a line of scores and one of losses per leg, marks, figures, and the verdict.
public struct QualityTimeline: Sendable {
    /// What the lines are drawn with.
    public enum Style: Sendable {
        /// Block characters; for terminals that show UTF-8.
        case blocks
        /// Digits and punctuation.
        case ascii
    }

    private static let width: Int = 120
    private static let margin: Int = 8
    /// The least time a column stands for: an interval of the media plane.
    private static let interval: UInt32 = 5_000

    private let quality: CallQuality
    private let style: Style
    private let language: QualityLanguage
    /// Of a column, in milliseconds.
    private let step: UInt32
    private let columns: Int

    public init(_ quality: CallQuality, style: Style = .blocks, language: QualityLanguage = .english) {
        (self.quality, self.style, self.language) = (quality, style, language)
        let length: UInt32 = max(quality.endedMs, quality.answeredMs) - quality.answeredMs
        let room = UInt32(QualityTimeline.width - QualityTimeline.margin - 2)
        var step: UInt32 = QualityTimeline.interval
        // Steps that the eye can divide: 5 s, 10 s, 15 s, 30 s, 1 min …
        for seconds: UInt32 in [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600] {
            step = seconds * 1000
            if length <= step * room { break }
        }
        self.step = step
        columns = Int(min(room, max(1, (length + step - 1) / step)))
    }

    /// Every line ended by a newline.
    public var text: String {
        var lines: [String] = []
        lines.append("Audio from the answer on; a column is \(QualityTimeline.length(step)). \(legend)")
        lines.append("")
        lines.append(axis)
        for leg in quality.legs {
            lines += draw(leg)
            lines.append("")
        }
        lines += QualityTimeline.broken("Verdict: " + quality.verdict(in: language))
        return lines.map { QualityTimeline.trimmed($0) + "\n" }.joined()
    }

    private var legend: String {
        switch style {
        case .blocks: "MOS ▁ 1 to █ 4.4, loss ▁ 1 % to █ 30 %; · silent, ═ on hold."
        case .ascii: "MOS in whole points, loss in %, # from 10 on; ! silent, = on hold."
        }
    }

    /// `00:00` at every twelfth column.
    private var axis: String {
        var row = [Character](repeating: " ", count: QualityTimeline.margin + columns + 8)
        for column in stride(from: 0, to: columns, by: 12) {
            let time: String = QualityTimeline.clock(UInt32(column) * step)
            for (offset, character) in time.enumerated() { row[QualityTimeline.margin + column + offset] = character }
        }
        return String(row)
    }

    // MARK: A leg

    private func draw(_ leg: LegQuality) -> [String] {
        let letter: String = CallQuality.letter(leg.leg)
        let cells: [[QualitySpan]] = (0..<columns).map { column in
            let from: UInt32 = quality.answeredMs + UInt32(column) * step
            return leg.spans.filter { $0.fromMs < from + step && $0.toMs > from && $0.toMs > quality.answeredMs }
        }
        var lines: [String] = [row("leg \(letter)", cells.map(score))]
        if cells.contains(where: { $0.contains { $0.packetsLost > 0 } }) {
            lines.append(row("  loss", cells.map(loss)))
        }
        let marks: [QualityMark] = leg.marks.filter { $0.atMs < quality.endedMs }
        if !marks.isEmpty { lines.append(row("  marks", places(of: marks))) }
        lines.append(indented(figures(leg)))
        var said: String = ""
        for mark in marks where mark.kind != .codec || mark.atMs > quality.answeredMs + step {
            said += (said.isEmpty ? "" : ", ") + words(mark)
        }
        if !said.isEmpty { lines += QualityTimeline.broken(said, indent: QualityTimeline.margin) }
        return lines
    }

    private func row(_ title: String, _ cells: [Character]) -> String {
        QualityTimeline.padded(title, QualityTimeline.margin) + String(cells)
    }

    private func indented(_ text: String) -> String { QualityTimeline.padded("", QualityTimeline.margin) + text }

    private func score(_ spans: [QualitySpan]) -> Character {
        if spans.isEmpty { return " " }
        if spans.allSatisfy({ $0.state == .idle }) { return style == .blocks ? "═" : "=" }
        // The worst of a column is shown: what was bad for a moment must be seen.
        if spans.contains(where: { $0.state == .silent }) { return style == .blocks ? "·" : "!" }
        guard let mos = spans.filter({ $0.state == .heard }).compactMap({ $0.worstMOS ?? $0.mos }).min() else {
            return style == .blocks ? "▬" : "?"
        }
        guard style == .blocks else { return Character(String(max(1, min(5, (Int(mos) + 50) / 100)))) }
        return QualityTimeline.block(max(0, Int(mos) - 100), of: 340)
    }

    private func loss(_ spans: [QualitySpan]) -> Character {
        let rate: Double = spans.filter { $0.state == .heard }.map(\.lossRate).max() ?? 0
        guard rate > 0 else { return " " }
        switch style {
        case .ascii:
            let percent = Int((rate * 100).rounded())
            return percent == 0 ? "." : percent < 10 ? Character(String(percent)) : "#"
        case .blocks:
            // Steps a listener tells apart: each is about half as much again.
            let steps: [Double] = [0.005, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.3]
            return QualityTimeline.block(steps.lastIndex { rate >= $0 } ?? 0, of: 7)
        }
    }

    /// One of eight, by how much `value` is of `whole`.
    private static func block(_ value: Int, of whole: Int) -> Character {
        let blocks: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
        return blocks[max(0, min(7, (value * 7 + whole / 2) / whole))]
    }

    // MARK: Marks and figures

    private func letter(_ kind: QualityMark.Kind) -> Character {
        switch kind {
        case .latch: "L"
        case .codec: "C"
        case .hold: "H"
        case .resume: "R"
        }
    }

    private func places(of marks: [QualityMark]) -> [Character] {
        var row = [Character](repeating: " ", count: columns)
        for mark in marks {
            let since: UInt32 = mark.atMs > quality.answeredMs ? mark.atMs - quality.answeredMs : 0
            let column = min(Int(since / step), columns - 1)
            row[column] = row[column] == " " || row[column] == letter(mark.kind) ? letter(mark.kind) : "*"
        }
        return row
    }

    private func words(_ mark: QualityMark) -> String {
        let time: String =
            mark.atMs < quality.answeredMs ? "before the answer" : QualityTimeline.clock(mark.atMs - quality.answeredMs)
        switch mark.kind {
        case .latch: return "\(time) latched to \(mark.text)"
        case .codec: return "\(time) \(mark.text)"
        case .hold: return "\(time) held"
        case .resume: return "\(time) resumed"
        }
    }

    private func figures(_ leg: LegQuality) -> String {
        let totals: LegQuality.Totals = leg.totals
        guard totals.packetsReceived > 0 else { return "nothing came from this leg" }
        var parts: [String] = []
        if let mos = totals.mos {
            var text = "MOS \(QualityTimeline.points(mos))"
            if let worst = totals.worstMOS, worst < mos { text += " (worst \(QualityTimeline.points(worst)))" }
            parts.append(text)
        }
        if !leg.codecs.isEmpty { parts.append(leg.codecs.joined(separator: ", ")) }
        let permille = Int((totals.lossRate * 1000).rounded())
        parts.append("\(permille / 10).\(permille % 10) % lost")
        parts.append("jitter up to \(totals.jitterMs) ms")
        if let trip = totals.roundTripMs { parts.append("round trip \(trip) ms") }
        if totals.badMs > 0 {
            parts.append("\((totals.badMs + 500) / 1000) s of \((totals.expectedMs + 500) / 1000) s bad")
        }
        return parts.joined(separator: ", ")
    }

    // MARK: Text

    private static func points(_ hundredths: UInt16) -> String {
        "\(hundredths / 100).\(Basics.padded(Int(hundredths % 100), 2))"
    }

    private static func length(_ ms: UInt32) -> String {
        let seconds: UInt32 = ms / 1000
        return seconds < 60 ? "\(seconds) s" : seconds < 3600 ? "\(seconds / 60) min" : "\(seconds / 3600) h"
    }

    private static func clock(_ ms: UInt32) -> String {
        let seconds = Int((ms + 500) / 1000)
        let minutes: String = Basics.padded(seconds / 60 % 60, 2) + ":" + Basics.padded(seconds % 60, 2)
        return seconds < 3600 ? minutes : "\(seconds / 3600):\(minutes)"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func trimmed(_ text: String) -> String {
        var text = text
        while text.last == " " { text.removeLast() }
        return text
    }

    /// Broken between words at the page's width; further lines are indented.
    private static func broken(_ text: String, indent: Int = 0) -> [String] {
        var lines: [String] = []
        var line = String(repeating: " ", count: indent)
        var isEmpty = true
        for word in text.split(separator: " ") {
            if !isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = String(repeating: " ", count: max(indent, 9))
                isEmpty = true
            }
            line += isEmpty ? String(word) : " " + word
            isEmpty = false
        }
        lines.append(line)
        return lines
    }
}
