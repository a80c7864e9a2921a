/// Comma-separated values (RFC 4180): rows with the place of every field, and fields written so that they read back.
public enum CSV {
    public struct Field: Hashable, Sendable {
        public let text: String
        /// Where the field begins; the first character of a line is 1.
        public let column: Int
    }

    public struct Row: Hashable, Sendable {
        /// The line the row begins on; the first is 1.
        public let line: Int
        public let fields: [Field]
    }

    /// What is wrong in a file, and where.
    public struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
        /// 1 for the first.
        public let line: Int
        /// In characters, 1 for the first of the line.
        public let column: Int
        public let rule: String

        public init(line: Int, column: Int, rule: String) { (self.line, self.column, self.rule) = (line, column, rule) }

        public var description: String { "line \(line), column \(column): \(rule)" }
    }

    /// Reads a whole file in UTF-8, with or without a byte order mark; CRLF, LF and CR end lines, and empty lines are left out.
    public static func read(_ bytes: [UInt8]) throws(Problem) -> [Row] {
        var text = String(decoding: bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...], as: UTF8.self)
        text.makeContiguousUTF8()
        var reader = Reader(Array(text.unicodeScalars))
        return try reader.rows()
    }

    /// One line with its CRLF; fields are quoted where they must be.
    public static func line(_ fields: [String]) -> String {
        fields.map(field).joined(separator: ",") + "\r\n"
    }

    private static func field(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0 == "," || $0 == "\"" || $0 == "\r" || $0 == "\n" }) else {
            return text
        }
        var result: String = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" { result += "\"\"" } else { result.unicodeScalars.append(scalar) }
        }
        return result + "\""
    }

    private struct Reader {
        private let text: [Unicode.Scalar]
        private var position: Int = 0
        private var line: Int = 1
        private var lineStart: Int = 0

        init(_ text: [Unicode.Scalar]) { self.text = text }

        private var column: Int { position - lineStart + 1 }

        mutating func rows() throws(Problem) -> [Row] {
            var rows: [Row] = []
            while position < text.count {
                let rowLine: Int = line
                var fields: [Field] = [try field()]
                while position < text.count, text[position] == "," {
                    position += 1
                    fields.append(try field())
                }
                endLine()
                if fields.count > 1 || !fields[0].text.isEmpty { rows.append(Row(line: rowLine, fields: fields)) }
            }
            return rows
        }

        private mutating func field() throws(Problem) -> Field {
            let start: Int = column
            var value = String.UnicodeScalarView()
            guard position < text.count, text[position] == "\"" else {
                while position < text.count, text[position] != ",", text[position] != "\r", text[position] != "\n" {
                    guard text[position] != "\"" else {
                        throw Problem(
                            line: line, column: column,
                            rule: "a quotation mark inside a field needs the whole field in quotation marks")
                    }
                    value.append(text[position])
                    position += 1
                }
                return Field(text: String(value), column: start)
            }
            let opening = Problem(line: line, column: start, rule: "the quotation mark is never closed")
            position += 1
            while true {
                guard position < text.count else { throw opening }
                let scalar: Unicode.Scalar = text[position]
                if scalar == "\"" {
                    position += 1
                    guard position < text.count, text[position] == "\"" else { break }
                } else if scalar == "\n"
                    || (scalar == "\r" && !(position + 1 < text.count && text[position + 1] == "\n"))
                {
                    line += 1
                    lineStart = position + 1
                }
                value.append(text[position])
                position += 1
            }
            guard position == text.count || text[position] == "," || text[position] == "\r" || text[position] == "\n"
            else {
                throw Problem(
                    line: line, column: column,
                    rule: "a comma or the end of the line must follow the closing quotation mark")
            }
            return Field(text: String(value), column: start)
        }

        private mutating func endLine() {
            guard position < text.count else { return }
            if text[position] == "\r", position + 1 < text.count, text[position + 1] == "\n" { position += 1 }
            position += 1
            line += 1
            lineStart = position
        }
    }
}
