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
