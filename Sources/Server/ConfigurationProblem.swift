/// One thing wrong in a configuration file: where, which rule, and what to do.
public struct ConfigurationProblem: Hashable, Sendable, CustomStringConvertible {
    /// 1 for the first; 0 where the file as a whole is meant.
    public let line: Int
    /// The way to the value, such as `sip[1].port`; empty where no key is meant.
    public let key: String
    /// The rule that is broken, and what would be right.
    public let rule: String

    public init(line: Int, key: String, rule: String) { (self.line, self.key, self.rule) = (line, key, rule) }

    public var description: String {
        let place: String = line > 0 ? "line \(line): " : ""
        return key.isEmpty ? place + rule : "\(place)\(key): \(rule)"
    }
}

/// Why a configuration is refused; nothing was changed.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file's path.
    public let file: String
    /// At least one, by line.
    public let problems: [ConfigurationProblem]

    public init(file: String, problems: [ConfigurationProblem]) {
        self.file = file
        self.problems = problems.sorted { $0.line < $1.line }
    }

    /// One line for each problem.
    public var description: String { problems.map { "\(file): \($0)" }.joined(separator: "\n") }
}

/// Finds what was probably meant.
enum NearestName {
    /// The candidate nearest to `text`, if it is near: at most a third of its characters differ (two in a short one).
    static func of(_ text: String, among candidates: [String]) -> String? {
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let distance: Int = editDistance(Array(text.lowercased().utf8), Array(candidate.utf8))
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        guard let best, best.distance <= max(2, best.name.utf8.count / 3), best.distance < best.name.utf8.count else {
            return nil
        }
        return best.name
    }

    /// Insertions, deletions and replacements from one to the other (Levenshtein).
    private static func editDistance(_ from: [UInt8], _ to: [UInt8]) -> Int {
        var row: [Int] = Array(0...to.count)
        for (index, byte) in from.enumerated() {
            var diagonal: Int = row[0]
            row[0] = index + 1
            for (column, other) in to.enumerated() {
                let replaced: Int = diagonal + (byte == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
            }
        }
        return row[to.count]
    }
}
