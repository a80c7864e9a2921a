import Glibc

/// The standard output, written at once: what is shown is there when something waits for it in a pipe.
enum Console {
    static func show(_ text: String) {
        let bytes = Array(text.utf8)
        var offset: Int = 0
        while offset < bytes.count {
            let written: Int = bytes.withUnsafeBytes { raw in
                write(STDOUT_FILENO, raw.baseAddress.map { $0 + offset }, raw.count - offset)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }
            offset += written
        }
    }

    /// Whether the locale says that the terminal shows UTF-8: by the first of its variables that is set (POSIX locale, §8.2).
    static var showsUTF8: Bool {
        for name in ["LC_ALL", "LC_CTYPE", "LANG"] {
            guard let value = getenv(name), value.pointee != 0 else { continue }
            let charset: String = String(cString: value).lowercased()
            return charset.contains("utf-8") || charset.contains("utf8")
        }
        return false
    }

    static func showLine(_ text: String) { show(text + "\n") }

    /// `text` with spaces up to `width` characters.
    static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

/// Rows in aligned columns.
struct TextTable {
    private let header: [String]
    private var rows: [[String]] = []

    init(_ header: [String]) { self.header = header }

    /// One text for each column.
    mutating func add(_ row: [String]) { rows.append(row.map(TextTable.printable)) }

    /// Every line ended by a newline; a column that is empty in every row is left out.
    var text: String {
        let used: [Int] = header.indices.filter { column in rows.contains { column < $0.count && !$0[column].isEmpty } }
        var widths: [Int] = header.map(\.count)
        for row in rows {
            for column in used where column < row.count { widths[column] = max(widths[column], row[column].count) }
        }
        var result: String = ""
        for row in [header] + rows {
            var line: String = used.map { Console.padded($0 < row.count ? row[$0] : "", widths[$0]) }.joined(
                separator: "  ")
            while line.last == " " { line.removeLast() }
            result += line + "\n"
        }
        return result
    }

    /// Without control characters: what a phone sent can't command a terminal.
    private static func printable(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            scalars.append(scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) ? "?" : scalar)
        }
        return String(scalars)
    }
}
