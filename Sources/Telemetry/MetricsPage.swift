/// What a metric is, in the words of the text format.
public enum MetricKind: String, Sendable {
    case counter, gauge, histogram
}

/// One observation of a metric family.
public struct MetricSample: Sendable {
    /// Names from a closed set with their values, in the order they are written.
    public var labels: [(name: String, value: String)]
    public var value: Double

    public init(_ value: Double, _ labels: [(name: String, value: String)] = []) {
        (self.labels, self.value) = (labels, value)
    }
}

/// Counts of a histogram as they stand; the page makes them cumulative.
public struct HistogramSnapshot: Sendable {
    /// Upper bounds in rising order, in the metric's unit.
    public var bounds: [Double]
    /// Observations per bucket, not cumulative: one more than `bounds`, the last for those above every bound.
    public var counts: [UInt64]
    /// Sum of all observed values.
    public var sum: Double
    public var labels: [(name: String, value: String)]

    public init(bounds: [Double], counts: [UInt64], sum: Double, labels: [(name: String, value: String)] = []) {
        (self.bounds, self.counts, self.sum, self.labels) = (bounds, counts, sum, labels)
    }
}

/// Builds a page of metrics in the Prometheus text exposition format 0.0.4.
///
/// A pure value: the figures are snapshots others hand in. A name given twice keeps its first help and kind, and its samples
/// stand together, as the format asks.
public struct MetricsPage: Sendable {
    /// The `Content-Type` of ``text``.
    public static let contentType: String = "text/plain; version=0.0.4; charset=utf-8"

    private struct Family: Sendable {
        let name: String
        let kind: MetricKind
        let help: String
        var lines: String = ""
    }

    private var families: [Family] = []
    private var positions: [String: Int] = [:]

    public init() {}

    public mutating func counter(_ name: String, _ help: String, _ value: UInt64) {
        samples(name, .counter, help, [MetricSample(Double(value))])
    }

    public mutating func gauge(_ name: String, _ help: String, _ value: Double) {
        samples(name, .gauge, help, [MetricSample(value)])
    }

    /// Adds samples of one family; characters a name may not hold become `_`.
    public mutating func samples(_ name: String, _ kind: MetricKind, _ help: String, _ samples: [MetricSample]) {
        let name = MetricsPage.legal(name)
        let position = family(name, kind, help)
        for sample in samples {
            families[position].lines += MetricsPage.line(name, sample.labels, sample.value)
        }
    }

    public mutating func histogram(_ name: String, _ help: String, _ snapshots: [HistogramSnapshot]) {
        let name = MetricsPage.legal(name)
        let position = family(name, .histogram, help)
        for snapshot in snapshots {
            var lines = ""
            var total: UInt64 = 0
            for (index, bound) in snapshot.bounds.enumerated() {
                total &+= index < snapshot.counts.count ? snapshot.counts[index] : 0
                let labels = snapshot.labels + [(name: "le", value: MetricsPage.number(bound))]
                lines += MetricsPage.line(name + "_bucket", labels, Double(total))
            }
            for count in snapshot.counts.dropFirst(snapshot.bounds.count) { total &+= count }
            lines += MetricsPage.line(name + "_bucket", snapshot.labels + [(name: "le", value: "+Inf")], Double(total))
            lines += MetricsPage.line(name + "_sum", snapshot.labels, snapshot.sum)
            lines += MetricsPage.line(name + "_count", snapshot.labels, Double(total))
            families[position].lines += lines
        }
    }

    /// The page; families in the order they were first named.
    public var text: String {
        var text = ""
        for family in families {
            text += "# HELP \(family.name) \(MetricsPage.escaped(family.help, quotes: false))\n"
            text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
            text += family.lines
        }
        return text
    }

    private mutating func family(_ name: String, _ kind: MetricKind, _ help: String) -> Int {
        if let position = positions[name] { return position }
        families.append(Family(name: name, kind: kind, help: help))
        positions[name] = families.count - 1
        return families.count - 1
    }

    private static func line(_ name: String, _ labels: [(name: String, value: String)], _ value: Double) -> String {
        guard !labels.isEmpty else { return "\(name) \(number(value))\n" }
        let pairs: [String] = labels.map { "\(legal($0.name))=\"\(escaped($0.value, quotes: true))\"" }
        return "\(name){\(pairs.joined(separator: ","))} \(number(value))\n"
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    private static func legal(_ name: String) -> String {
        var bytes: [UInt8] = []
        for byte in name.utf8 {
            let isLetter: Bool = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7A
            let isDigit: Bool = byte >= 0x30 && byte <= 0x39
            let isLegal: Bool =
                isLetter || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ":") || (isDigit && !bytes.isEmpty)
            bytes.append(isLegal ? byte : UInt8(ascii: "_"))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
