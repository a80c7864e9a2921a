import ArgumentParser
import Identity
import Store

/// Settings as the commands show and take them.
enum SettingsText {
    /// For the help of a command: every key with what it takes.
    static func help(_ scope: SettingScope) -> String {
        var lines: [String] = []
        for setting in Setting.all(of: scope) {
            lines.append("\(setting.key)=\(setting.kind.text(setting.standard).replacing(" ", with: ""))")
            lines.append("    \(setting.help); \(setting.kind.expected).")
        }
        return "Keys with their defaults; key=default puts one back. Times may be written 90, 90s, 5m or 1h.\n\n"
            + lines.joined(separator: "\n")
    }

    /// One row a setting: its value, and where that comes from.
    static func table(_ scope: SettingScope, _ settings: TenantSettings, from: (Setting) -> String) -> String {
        var table = TextTable(["KEY", "VALUE", "FROM", "MEANING"])
        for setting in Setting.all(of: scope) {
            table.add([
                setting.key, setting.kind.text(setting.value(in: settings)), from(setting), setting.help,
            ])
        }
        return table.text
    }

    /// What was changed, a line each: `no-answer: 120 s -> 30 s`.
    static func changes(
        _ assignments: SettingAssignments, _ change: SettingChange, above: TenantSettings
    ) -> [String] {
        let before: TenantSettings = change.before.applied(to: above, scope: assignments.scope)
        let after: TenantSettings = change.after.applied(to: above, scope: assignments.scope)
        return assignments.list.compactMap { assignment in
            guard let setting = Setting.named(assignment.key) else { return nil }
            let (old, new) = (setting.kind.text(setting.value(in: before)), setting.kind.text(setting.value(in: after)))
            let origin: String =
                assignment.value != nil ? "" : assignments.scope == .tenant ? " (the default)" : " (the tenant's)"
            return old == new
                ? "\(setting.key): \(new)\(origin), as before" : "\(setting.key): \(old) -> \(new)\(origin)"
        }
    }

    /// The assignments of a command line.
    static func assignments(_ texts: [String], _ scope: SettingScope, whose: String) throws -> SettingAssignments {
        do { return try SettingAssignments(texts, scope: scope) } catch { throw failure(error, whose: whose) }
    }

    /// What is said when nothing was changed.
    static func failure(_ refusal: SettingRefusal, whose: String) -> CommandFailure {
        CommandFailure(
            refusal.problems.map { "\(whose): \($0)" }.joined(separator: "\n") + "\nNothing was changed.")
    }

    static let afterwards: String =
        "A running server knows it a second later; calls that are up keep the settings they began with."
}
