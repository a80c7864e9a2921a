/// One thing the server needs in order to serve, and how it is.
public struct HealthCheck: Hashable, Sendable {
    /// A short fixed name: `store`, `listeners`, `draining`.
    public let name: String
    public let isPassed: Bool
    /// What is wrong, in words an operator can act on; empty when all is well.
    public let detail: String

    public init(_ name: String, isPassed: Bool, detail: String = "") {
        (self.name, self.isPassed, self.detail) = (name, isPassed, detail)
    }
}

/// The body of a health answer.
enum HealthPage {
    static let live: String = "{\"status\":\"live\"}\n"

    /// Ready when every check is passed.
    static func ready(_ checks: [HealthCheck]) -> (isReady: Bool, body: String) {
        let isReady: Bool = checks.allSatisfy(\.isPassed)
        var rows: [String] = []
        for check in checks {
            var row: String = "{\"name\":\(quoted(check.name)),\"passed\":\(check.isPassed)"
            if !check.detail.isEmpty { row += ",\"detail\":\(quoted(check.detail))" }
            rows.append(row + "}")
        }
        let status: String = isReady ? "ready" : "not ready"
        return (isReady, "{\"status\":\"\(status)\",\"checks\":[\(rows.joined(separator: ","))]}\n")
    }

    /// A JSON string (RFC 8259 §7).
    private static func quoted(_ text: String) -> String {
        var result: String = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
