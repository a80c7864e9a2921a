/// The settings for people who read: the table of the documentation page, made from ``Setting/all``.
public enum SettingsPage {
    /// Markdown: a heading and a table for each group.
    public static var text: String {
        var text: String = ""
        for group in Setting.Group.allCases {
            let rows = Setting.all.filter { $0.group == group }
            text +=
                "## \(group.rawValue)\n\n| key | value | default | for | what it does | source |\n|---|---|---|---|---|---|\n"
            for setting in rows { text += row(setting) }
            text += "\n"
        }
        return text
    }

    private static func row(_ setting: Setting) -> String {
        let cells: [String] = [
            "`\(setting.key)`", range(setting.kind), setting.kind.text(setting.standard),
            SettingScope.allCases.filter { setting.scopes.contains($0) }.map(\.rawValue).joined(separator: ", "),
            setting.help + meanings(setting.kind), setting.source,
        ]
        return "| " + cells.joined(separator: " | ") + " |\n"
    }

    private static func range(_ kind: SettingKind) -> String {
        switch kind {
        case .flag: return "`on`, `off`"
        case .number(let range, let unit, let zero):
            let what: String =
                switch unit {
                case .seconds: " s"
                case .percent: " %"
                case .count: ""
                }
            return "\(range.lowerBound) to \(range.upperBound)\(what)" + (zero.map { "; 0: \($0)" } ?? "")
        case .choice(let words): return words.map { "`\($0.name)`" }.joined(separator: ", ")
        case .list: return kind.expected
        }
    }

    private static func meanings(_ kind: SettingKind) -> String {
        guard case .choice(let words) = kind else { return "" }
        return ": " + words.map { "`\($0.name)` \($0.meaning)" }.joined(separator: "; ")
    }
}
