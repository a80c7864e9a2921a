import Basics
import Yams

/// Collects what is wrong, so that one run shows all of it.
final class ConfigurationProblems {
    private(set) var all: [ConfigurationProblem] = []

    func add(_ node: Node?, _ key: String, _ rule: String) {
        all.append(ConfigurationProblem(line: node?.mark?.line ?? 0, key: key, rule: rule))
    }
}

/// One mapping of a configuration file, read key by key.
///
/// A value that is wrong is noted in ``problems`` and its default given back. What no key was asked for is unknown.
final class ConfigurationSection {
    private let node: Node?
    private let path: String
    private let problems: ConfigurationProblems
    private var values: [String: (key: Node, value: Node)] = [:]
    private var known: [String] = []

    /// - Parameter node: nil for a section that is left out.
    init(_ node: Node?, path: String, problems: ConfigurationProblems) {
        (self.node, self.path, self.problems) = (node, path, problems)
        guard let node else { return }
        if case .scalar(let scalar) = node, ConfigurationSection.isNull(scalar) { return }
        guard case .mapping(let mapping) = node else {
            problems.add(node, path, "must hold keys with values, such as \"key: value\"")
            return
        }
        for (key, value) in mapping {
            guard case .scalar(let scalar) = key else {
                problems.add(key, path, "a key must be a word")
                continue
            }
            values[scalar.string] = (key, value)
        }
    }

    /// Whether the file gives this key.
    func has(_ key: String) -> Bool { values[key] != nil }

    /// To be called when every key has been asked for.
    func finish() {
        let names: String = known.sorted().joined(separator: ", ")
        for (name, pair) in values where !known.contains(name) {
            let near: String = NearestName.of(name, among: known).map { "did you mean \"\($0)\"? " } ?? ""
            problems.add(pair.key, fullPath(name), "unknown key; \(near)Keys here are: \(names)")
        }
    }

    // MARK: Kinds of values

    func string(_ key: String) -> String? {
        guard let scalar = scalar(key, "a text") else { return nil }
        guard !scalar.string.isEmpty else { return refuse(key, "must not be empty; leave the key out instead") }
        return scalar.string
    }

    func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let scalar = scalar(key, "a whole number") else { return nil }
        guard let value = Int(scalar.string), scalar.style != .doubleQuoted, scalar.style != .singleQuoted else {
            return refuse(
                key, "must be a whole number from \(range.lowerBound) to \(range.upperBound), not \"\(scalar.string)\"")
        }
        guard range.contains(value) else {
            return refuse(key, "must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
        }
        return value
    }

    func port(_ key: String, orNone: Bool = false) -> UInt16? {
        integer(key, in: (orNone ? 0 : 1)...65_535).map { UInt16($0) }
    }

    func boolean(_ key: String) -> Bool? {
        guard let scalar = scalar(key, "true or false") else { return nil }
        switch scalar.string.lowercased() {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default: return refuse(key, "must be true or false, not \"\(scalar.string)\"")
        }
    }

    /// One of the texts `choices`.
    func choice(_ key: String, of choices: [String]) -> String? {
        guard let scalar = scalar(key, "one of \(choices.joined(separator: ", "))") else { return nil }
        let text: String = scalar.string.lowercased()
        guard choices.contains(text) else {
            return refuse(key, "must be one of \(choices.joined(separator: ", ")), not \"\(scalar.string)\"")
        }
        return text
    }

    /// One value or a list of them, each read by `read`, which gives nil for what is not `expected`.
    func list<Value>(_ key: String, _ expected: String, _ read: (String) -> Value?) -> [Value]? {
        guard let value = value(key) else { return nil }
        let nodes: [Node] = if case .sequence(let sequence) = value { Array(sequence) } else { [value] }
        var result: [Value] = []
        for (index, node) in nodes.enumerated() {
            let place: String = nodes.count == 1 ? fullPath(key) : "\(fullPath(key))[\(index)]"
            guard case .scalar(let scalar) = node else {
                problems.add(node, place, "must be \(expected)")
                return nil
            }
            guard let element = read(scalar.string) else {
                problems.add(node, place, "must be \(expected), not \"\(scalar.string)\"")
                return nil
            }
            result.append(element)
        }
        return result
    }

    /// One value read by `read`, which gives nil for what is not `expected`.
    func parsed<Value>(_ key: String, _ expected: String, _ read: (String) -> Value?) -> Value? {
        guard let scalar = scalar(key, expected) else { return nil }
        return read(scalar.string) ?? refuse(key, "must be \(expected), not \"\(scalar.string)\"")
    }

    /// A mapping within this one; empty where it is left out.
    func section(_ key: String) -> ConfigurationSection {
        ConfigurationSection(value(key), path: fullPath(key), problems: problems)
    }

    /// A list of mappings; nil where it is left out or is no list.
    func sections(_ key: String) -> [ConfigurationSection]? {
        guard let value = value(key) else { return nil }
        guard case .sequence(let sequence) = value, !sequence.isEmpty else {
            return refuse(key, "must be a list with at least one entry, each beginning with \"- \"")
        }
        return sequence.enumerated().map { index, node in
            ConfigurationSection(node, path: "\(fullPath(key))[\(index)]", problems: problems)
        }
    }

    /// Notes a rule broken by the value of `key`, or by this section where it has none.
    @discardableResult
    func refuse<Value>(_ key: String, _ rule: String) -> Value? {
        problems.add(values[key]?.value ?? node, fullPath(key), rule)
        return nil
    }

    func refuse(_ key: String, _ rule: String) {
        problems.add(values[key]?.value ?? node, fullPath(key), rule)
    }

    // MARK: Parts

    private func value(_ key: String) -> Node? {
        known.append(key)
        guard let value = values[key]?.value else { return nil }
        if case .scalar(let scalar) = value, ConfigurationSection.isNull(scalar) { return nil }
        return value
    }

    private func scalar(_ key: String, _ expected: String) -> Node.Scalar? {
        guard let value = value(key) else { return nil }
        guard case .scalar(let scalar) = value else {
            return refuse(key, "must be \(expected), not a list or further keys")
        }
        return scalar
    }

    private func fullPath(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// A key with nothing behind it counts as left out.
    private static func isNull(_ scalar: Node.Scalar) -> Bool {
        scalar.style == .plain && (scalar.string.isEmpty || scalar.string == "~" || scalar.string == "null")
    }
}
